/**
 * The mint: what a token is to carry, sent exactly so; and whether GitHub granted just that. The one rule of sending: a token that
 * arrives is either handed on or revoked, also when it arrives too late or in a response that is wrong. GitHub reads an absent or
 * empty field as "everything", so nothing empty leaves this file.
 */
import { REPOSITORY_NAME } from "../../policies/names.ts";
import { MINT_ANSWER_MAX_BYTES } from "../limits.ts";
import type { App } from "./app.ts";
import type { AppApi } from "./app-jwt.ts";
import type { Api, CallContext } from "./call.ts";
import type { ApiResponse, ApiResult } from "./response.ts";
import { discardToken } from "./revoke.ts";
import { type Installation, type MintResponse, parseMintResponse, tokenIn } from "./shapes.ts";

export const MINT_ROUTE = "POST /app/installations/{installation_id}/access_tokens";

/** What a token is to carry; a policy's `Grant` is one. */
export interface AskedGrant {
  /** Name to level; at least one. */
  readonly permissions: Readonly<Record<string, string>>;
  /**
   * Of the owner, at least one, all by name or all by id; or, by the policy's own word, all that the installation has. One by id
   * must still have its name: whoever asks for it knows it by that.
   */
  readonly repositories: readonly string[] | readonly IdentifiedRepository[] | "all";
  /** If a repository of this name is granted it must be this one, whatever has the name now. */
  readonly mustBe?: IdentifiedRepository;
}

export interface IdentifiedRepository {
  readonly id: number;
  readonly name: string;
}

export interface MintDeps {
  readonly api: Api;
  readonly apps: AppApi;
}

export interface MintRequest {
  readonly app: App;
  readonly installation: Installation;
  readonly grant: AskedGrant;
  /** A read token may be minted twice; the caller's never. */
  readonly retry: boolean;
}

export type Mint =
  | { readonly kind: "token"; readonly token: string; readonly granted: MintResponse }
  /** There is no token, or it is being revoked; where `isUnknown`, GitHub may have made one that nobody saw. */
  | { readonly kind: "refused"; readonly result: ApiResult; readonly isUnknown: boolean };

/** Throws for an empty grant, before anything is sent. */
export async function sendMint(deps: MintDeps, mint: MintRequest, call: CallContext): Promise<Mint> {
  const { app, installation } = mint;
  const request = {
    route: MINT_ROUTE,
    path: { installation_id: installation.id },
    body: mintBody(mint.grant),
    maxBytes: MINT_ANSWER_MAX_BYTES,
    retry: mint.retry,
    onUnused: (unused: ApiResponse) => {
      const token = tokenOf(unused);
      if (token !== undefined) discardToken(deps.api, token, call);
    },
  };
  const { result, response } = await deps.apps.ask({ app, owner: installation.owner, request }, call);
  if (response === undefined) return { kind: "refused", result, isUnknown: false };
  const token = tokenOf(response);
  if (token === undefined) return { kind: "refused", result, isUnknown: mayHaveMinted(response) };
  const granted =
    response.kind === "response" && response.status === 201 ? parseMintResponse(response.json) : undefined;
  if (granted !== undefined) return { kind: "token", token, granted };
  discardToken(deps.api, token, call);
  // What was received may end in the middle of the token.
  return { kind: "refused", result, isUnknown: response.text !== undefined };
}

/** Whatever a response is, and however little of it came: a token in it has to be handed on or revoked. */
function tokenOf(response: ApiResponse): string | undefined {
  const token = response.kind === "response" ? tokenIn(response.json) : undefined;
  return token ?? TOKEN_IN_TEXT.exec(response.text ?? "")?.[0];
}

/** The beginning that GitHub promises, and what its tokens are made of. */
const TOKEN_IN_TEXT = /ghs_[A-Za-z0-9._-]+/;

/** Success without a token that we could read, a failure on the way, or an error after which GitHub may have gone on. */
function mayHaveMinted(response: ApiResponse): boolean {
  if (response.kind === "failure") return true;
  return response.status >= 500 || (response.status >= 200 && response.status < 300);
}

export interface MintBody {
  readonly permissions: Readonly<Record<string, string>>;
  readonly repositories?: readonly string[];
  readonly repository_ids?: readonly number[];
}

const NAME = /^[a-z][a-z0-9_]*$/;
const LEVEL = /^(?:read|write|admin)$/;
const LEVELS = ["read", "write", "admin"];
/** GitHub adds it to every token. */
const ALWAYS_GRANTED = "metadata";

/** The body of the mint. Throws, before anything is sent, for what would be read as more than it says: that is a bug. */
export function mintBody({ permissions, repositories }: AskedGrant): MintBody {
  const entries = Object.entries(permissions);
  if (entries.length === 0) throw new Error("a mint without permissions would grant all of them");
  if (!entries.every(([name, level]) => NAME.test(name) && LEVEL.test(level))) throw new Error("not a permission");
  const asked = { permissions: Object.fromEntries(entries) };
  if (repositories === "all") return asked;
  if (repositories.length === 0) throw new Error("a mint without repositories would grant all of them");
  if (!namesOf(repositories).every((name) => REPOSITORY_NAME.test(name)))
    throw new Error("not the name of a repository");
  const ids = idsOf(repositories);
  if (ids.length === 0) return { ...asked, repositories: distinct(namesOf(repositories)) };
  if (ids.length !== repositories.length || !ids.every(isId)) throw new Error("not the id of a repository");
  return { ...asked, repository_ids: [...new Set(ids)] };
}

type Listed = Exclude<AskedGrant["repositories"], "all">;

export const namesOf = (repositories: Listed): readonly string[] =>
  repositories.map((one) => (typeof one === "string" ? one : one.name));

const idsOf = (repositories: Listed): readonly number[] =>
  repositories.flatMap((one) => (typeof one === "string" ? [] : [one.id]));

const isId = (id: number): boolean => Number.isSafeInteger(id) && id > 0;

/** Undefined when GitHub granted what was asked, no more and no less; else one line without foreign text. */
export function grantProblem(asked: AskedGrant, owner: string, granted: MintResponse): string | undefined {
  return (
    permissionProblem(asked.permissions, granted.permissions) ?? repositoryProblem(asked.repositories, owner, granted)
  );
}

function permissionProblem(
  asked: Readonly<Record<string, string>>,
  granted: ReadonlyMap<string, string>,
): string | undefined {
  const wanted = new Map(Object.entries(asked));
  for (const [name, level] of wanted) {
    if (granted.get(name) !== level) return `not granted as asked: ${name}:${level}`;
  }
  for (const [name, level] of granted) {
    const isUsual = name === ALWAYS_GRANTED && level === "read";
    if (!wanted.has(name) && !isUsual) return "granted a permission that was not asked for";
  }
  return undefined;
}

function repositoryProblem(
  asked: AskedGrant["repositories"],
  owner: string,
  granted: MintResponse,
): string | undefined {
  const { repositories, repositorySelection } = granted;
  if (repositories?.some((repository) => !same(repository.owner, owner)))
    return "granted a repository of another owner";
  if (asked === "all") return undefined;
  if (repositorySelection !== "selected" || repositories === undefined) return "granted all repositories";
  const names = new Set(repositories.map(({ name }) => name.toLowerCase()));
  const wanted = new Set(namesOf(asked).map((name) => name.toLowerCase()));
  if ([...wanted].some((name) => !names.has(name))) return "a repository that was asked for was not granted";
  const ids = new Set(repositories.map(({ id }) => id));
  if (idsOf(asked).some((id) => !ids.has(id))) return "a repository that was asked for was not granted";
  return names.size === wanted.size ? undefined : "granted a repository that was not asked for";
}

/** `name:level` of what the installation does not have, as far as we remember it. Words a refusal; decides none. */
export function missingPermissions(
  asked: Readonly<Record<string, string>>,
  held: Installation["permissions"],
): string[] {
  return Object.entries(asked)
    .filter(([name, level]) => LEVELS.indexOf(held.get(name) ?? "") < LEVELS.indexOf(level))
    .filter(([name]) => name !== ALWAYS_GRANTED)
    .map(([name, level]) => `${name}:${level}`)
    .sort();
}

/** The first spelling of each; GitHub takes names without case. */
function distinct(names: readonly string[]): readonly string[] {
  return names.filter((name, index) => names.findIndex((other) => same(other, name)) === index);
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
