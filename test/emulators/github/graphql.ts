// GraphQL, as far as git's objects go: a real schema and a real executor over the same world. No state of its own.

import type { GraphQLSchema } from "graphql";
import { type Answer, ok } from "./answers.ts";
import type { Git } from "./git.ts";
import { atLeast, type Context, covered, isRecord, type Route } from "./route.ts";
import { findMoved, findRepository, type Repository } from "./state.ts";

/** An excerpt of GitHub's own; a test holds the two against each other. */
export const SCHEMA = `
scalar GitObjectID
type Query {
  repository(owner: String!, name: String!, followRenames: Boolean = true): Repository
}
type Repository {
  name: String!
  object(expression: String, oid: GitObjectID): GitObject
}
interface GitObject { oid: GitObjectID! }
type Commit implements GitObject { oid: GitObjectID! }
type Tree implements GitObject { oid: GitObjectID!, entries: [TreeEntry!] }
type TreeEntry { name: String!, mode: Int!, type: String!, oid: GitObjectID!, size: Int!, object: GitObject }
type Blob implements GitObject {
  oid: GitObjectID!
  byteSize: Int!
  isBinary: Boolean
  isTruncated: Boolean!
  text: String
}`;

/** Beyond this a text is cut. */
const TEXT_MAX = 512_000;

function blob(git: Git, oid: string): object | null {
  const bytes = git.blobs.get(oid);
  if (bytes === undefined) return null;
  const isBinary = bytes.subarray(0, 8_000).includes(0);
  return {
    __typename: "Blob",
    oid,
    byteSize: bytes.length,
    isBinary,
    isTruncated: bytes.length > TEXT_MAX,
    // What is not UTF-8 is converted to it.
    text: isBinary
      ? null
      : new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(bytes.subarray(0, TEXT_MAX)),
  };
}

function tree(git: Git, oid: string): object | null {
  const items = git.trees.get(oid);
  if (items === undefined) return null;
  const entries = () =>
    items.map(({ name, mode, type, sha }) => ({
      name,
      mode: Number.parseInt(mode, 8),
      type,
      oid: sha,
      size: git.blobs.get(sha)?.length ?? 0,
      object: () => byId(git, sha),
    }));
  return { __typename: "Tree", oid, entries };
}

function byId(git: Git, oid: string): object | null {
  return git.commits.has(oid) ? { __typename: "Commit", oid } : (tree(git, oid) ?? blob(git, oid));
}

/** `git rev-parse`: an id, a branch, HEAD, each with a path behind a colon. */
function resolved(git: Git, expression: string): object | null {
  const colon = expression.indexOf(":");
  const name = colon < 0 ? expression : expression.slice(0, colon);
  const commit = git.resolve(name === "HEAD" ? git.defaultBranch : name);
  if (colon < 0) return commit ? { __typename: "Commit", oid: commit.sha } : byId(git, name);
  let oid = commit?.tree;
  const segments = expression.slice(colon + 1).split("/");
  for (const segment of segments[0] === "" ? [] : segments) {
    oid = git.trees.get(oid ?? "")?.find((item) => item.name === segment)?.sha;
  }
  return oid === undefined ? null : byId(git, oid);
}

class Refusal extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

interface Named {
  readonly owner: string;
  readonly name: string;
  readonly followRenames: boolean;
}

function repository(at: Context, { owner, name, followRenames }: Named): object {
  const found = findRepository(at.state, owner, name) ?? (followRenames ? findMoved(at.state, owner, name) : undefined);
  if (found === undefined || !isSeen(at, found)) {
    throw new Refusal("NOT_FOUND", `Could not resolve to a Repository with the name '${owner}/${name}'.`);
  }
  return {
    name: found.name,
    object: ({ expression, oid }: { readonly expression?: string; readonly oid?: string }) => {
      const isOpen = found.visibility === "public";
      const held = at.caller.kind === "token" ? at.caller.token.permissions.contents : undefined;
      if (!isOpen && !atLeast(held, "read")) throw new Refusal("FORBIDDEN", "Resource not accessible by integration");
      return expression === undefined ? byId(found.git, oid ?? "") : resolved(found.git, expression);
    },
  };
}

const isSeen = (at: Context, found: Repository): boolean =>
  found.visibility === "public" || (at.caller.kind === "token" && covered(at.state, at.caller.token, found));

let built: GraphQLSchema | undefined;

/**
 * The library is loaded with the first query: only webhooks ask it, and tests of all else load it not at all. Where waits cost no time
 * it has to be loaded before: a query that loads it would seem to take longer than a call may.
 */
export async function loadGraphql() {
  const { buildSchema, graphql } = await import("graphql");
  built ??= buildSchema(SCHEMA);
  return { graphql, schema: built };
}

const HEADERS = { "x-ratelimit-resource": "graphql" };

async function answer(at: Context): Promise<Answer> {
  const { body, caller } = at;
  if (caller.kind === "anonymous") {
    return { status: 401, body: { message: "This endpoint requires you to be authenticated.", status: "401" } };
  }
  if (!isRecord(body) || typeof body.query !== "string") {
    return ok({ errors: [{ message: "A query attribute must be specified and must be a string." }] }, 200, HEADERS);
  }
  const { graphql, schema } = await loadGraphql();
  const { data, errors } = await graphql({
    schema,
    source: body.query,
    rootValue: { repository: (named: Named) => repository(at, named) },
    variableValues: isRecord(body.variables) ? body.variables : {},
  });
  const told = errors?.map(({ message, path, locations, originalError }) => ({
    ...(originalError instanceof Refusal ? { type: originalError.type } : {}),
    ...(path ? { path } : {}),
    locations,
    message,
  }));
  return ok({ ...(data === undefined ? {} : { data }), ...(told ? { errors: told } : {}) }, 200, HEADERS);
}

export const graphqlRoutes: readonly Route[] = [{ id: "gh.graphql", method: "POST", path: "/graphql", answer }];
