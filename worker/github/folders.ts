/**
 * One folder at several commits in one call, by GraphQL; by REST where that is not to be had: an Enterprise Server that does not
 * answer as it should, a folder that nests too deep.
 */
import * as v from "valibot";
import type { Denial } from "../denial.ts";
import type { CallContext, RepositoryRef, TokenApi } from "./call.ts";
import { readTree, sha, type TreeEntry } from "./git.ts";
import { queryObjects } from "./graphql.ts";
import type { Lookup } from "./response.ts";

/** Paths count from the folder's own root. Empty where the commit has no such folder; undefined where there is no such commit. */
export type Folder = readonly TreeEntry[] | undefined;

export interface FoldersAsked extends RepositoryRef {
  /** From the root, without a slash at its end. */
  readonly folder: string;
  readonly commits: readonly string[];
}

/** Levels of folders that one query lists. */
const LEVELS = 4;
const ENTRY = "name type mode oid size";
const LISTING = Array.from({ length: LEVELS }).reduce<string>(
  (inside) => `entries{${ENTRY}${inside === "" ? "" : ` object{...on Tree{${inside}}}`}}`,
  "",
);
/** Exported for the test that holds it against GitHub's schema. */
export const FOLDER_FIELDS = `...on Tree{${LISTING}}`;

/** In the order of the commits. */
export async function readFolders(
  api: TokenApi,
  token: string,
  asked: FoldersAsked,
  call: CallContext,
): Promise<Lookup<readonly Folder[]>> {
  const { folder, commits } = asked;
  const objects = commits.flatMap((commit) => [
    { expression: commit, fields: "oid" },
    { expression: `${commit}:${folder}`, fields: FOLDER_FIELDS },
  ]);
  const found = await queryObjects(api, token, { ...asked, objects }, call);
  const listed = commits.map((_, i) => folderOf(found?.[2 * i], found?.[2 * i + 1]));
  if (listed.includes("unreadable")) return walkFolders(api, token, asked, call);
  return { kind: "found", value: listed.map((one) => (one === "unreadable" ? undefined : one)) };
}

const entryShape = v.object({
  name: v.pipe(v.string(), v.minLength(1)),
  type: v.picklist(["blob", "tree", "commit"]),
  mode: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  oid: sha,
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  object: v.optional(v.unknown()),
});
/** A file or a link in the folder's place has no entries. */
const treeShape = v.object({ entries: v.optional(v.array(entryShape), []) });

function folderOf(commit: unknown, folder: unknown): Folder | "unreadable" {
  if (commit === null) return undefined;
  if (commit === undefined || folder === undefined) return "unreadable";
  return folder === null ? [] : (entriesIn(folder, "", LEVELS) ?? "unreadable");
}

/** Undefined also where folders nest deeper than was asked. */
function entriesIn(tree: unknown, prefix: string, levels: number): readonly TreeEntry[] | undefined {
  const parsed = v.safeParse(treeShape, tree);
  if (!parsed.success || levels === 0) return undefined;
  const entries: TreeEntry[] = [];
  for (const { name, type, mode, oid, size, object } of parsed.output.entries) {
    const path = prefix + name;
    entries.push({ path, type, mode: mode.toString(8).padStart(6, "0"), sha: oid, size });
    if (type !== "tree") continue;
    const inside = entriesIn(object, `${path}/`, levels - 1);
    if (inside === undefined) return undefined;
    entries.push(...inside);
  }
  return entries;
}

/** One tree after the other, all commits at once. */
async function walkFolders(
  api: TokenApi,
  token: string,
  { folder, commits, ...place }: FoldersAsked,
  call: CallContext,
): Promise<Lookup<readonly Folder[]>> {
  const walked = await Promise.all(commits.map((commit) => walk(api, token, { ...place, folder, commit }, call)));
  const folders: Folder[] = [];
  for (const one of walked) {
    if (one.kind === "denied") return one;
    folders.push(one.kind === "found" ? one.value : undefined);
  }
  return { kind: "found", value: folders };
}

async function walk(
  api: TokenApi,
  token: string,
  { folder, commit, ...place }: RepositoryRef & { readonly folder: string; readonly commit: string },
  call: CallContext,
): Promise<Lookup<readonly TreeEntry[]>> {
  let tree = commit;
  for (const name of folder.split("/")) {
    const listed = await readTree(api, token, { ...place, tree, recursive: false }, call);
    if (listed.kind !== "found") return listed.kind === "absent" && tree !== commit ? INCOMPLETE : listed;
    const inside = listed.value.entries.find(({ path, type }) => path === name && type === "tree");
    if (inside === undefined) return listed.value.truncated ? INCOMPLETE : { kind: "found", value: [] };
    tree = inside.sha;
  }
  const listed = await readTree(api, token, { ...place, tree, recursive: true }, call);
  if (listed.kind === "denied") return listed;
  const isWhole = listed.kind === "found" && !listed.value.truncated;
  return isWhole ? { kind: "found", value: listed.value.entries } : INCOMPLETE;
}

const INCOMPLETE: { readonly kind: "denied"; readonly denial: Denial } = {
  kind: "denied",
  denial: {
    reason: "github_invalid_answer",
    route: "GET /repos/{owner}/{repo}/git/trees/{tree_sha}",
    problem: "the folder has more entries than GitHub lists",
  },
};
