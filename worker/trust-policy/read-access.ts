/**
 * Finding the App installation through which an owner's files are read, and the short-lived `contents: read` token for at most
 * two repositories: the policy's and the owner's policy repository (worker/README.md, "One exchange"). Reads no file.
 */
import { accept, type Denial, type Result, refuse } from "../denial.ts";
import type { Count } from "../event.ts";
import type { App, CallContext, GitHub, Installation } from "../github/github.ts";
import { MINT_ROUTE } from "../github/mint.ts";

/** How one repository's files can be read, or why not. */
export type RepositoryAccess =
  | {
      readonly kind: "token";
      readonly token: string;
      readonly repositoryId: number;
      readonly repositoryIsPublic: boolean;
    }
  | { readonly kind: "not_visible"; readonly problem: "not_selected" | "moved" | "gone" }
  | { readonly kind: "denied"; readonly denial: Denial };

export interface InstallationAccess {
  readonly app: App;
  readonly installation: Installation;
  /** By lower-case name; every wanted repository is there. */
  readonly to: ReadonlyMap<string, RepositoryAccess>;
}

export interface AccessQuery {
  readonly owner: string;
  /** The repository that the scope names, whose installation is looked up; absent for an owner's scope. */
  readonly repository?: string;
  /** Lower-case names, most wanted first; at most two; may be empty. What is cached counts for one account only. */
  readonly wanted: (installation: Installation) => readonly string[];
  /** Mint one token for each name, side by side: a common token is known to be refused. */
  readonly separateTokens: boolean;
  /** Only the mint's own 422 may say that this repository is not visible: that answer counts as "no allow-list". */
  readonly allowListRepository: string;
}

export interface AccessCall extends CallContext {
  /** Every read token that was minted, for revocation after the answer. */
  readonly minted: (token: string) => void;
  /** Whether the caller is verified, and by GitHub's own word a workload of this account. */
  readonly isWorkloadOf: (accountId: number) => boolean;
}

/** Through one App. A denial says why this App cannot serve; the caller decides whether the next one may. */
export async function accessThrough(
  github: GitHub,
  app: App,
  query: AccessQuery,
  call: AccessCall,
): Promise<Result<InstallationAccess>> {
  const first = await accessOnce(github, app, query, call);
  const ended = first === "installation_gone" ? first : endOf(first);
  if (ended === undefined && first !== "installation_gone") return first;
  // What is remembered of the installation is over; the next exchange looks it up again.
  github.installations.forget(app, query.owner, call.writes);
  if (ended === "suspended" && first !== "installation_gone") return first;
  // Reinstalled App, transferred repository, an owner's name that is somebody else's: once more in the same exchange.
  const second = await accessOnce(github, app, query, call);
  if (second !== "installation_gone") return second;
  // Found a moment ago, and still 404: not the same as "not installed", which would count for the lifting of an allow-list.
  const problem = "the installation was found, and takes no request for a token";
  return refuse({ reason: "github_unavailable", route: MINT_ROUTE, problem });
}

/** Why a remembered installation is no longer valid. */
function endOf(access: Result<InstallationAccess>): "moved" | "suspended" | undefined {
  if (!access.ok) return undefined;
  for (const one of access.value.to.values()) {
    if (one.kind !== "denied") continue;
    const { denial } = one;
    if (denial.reason === "installation_suspended") return "suspended";
    if (denial.reason === "repository_not_visible" && denial.problem === "moved") return "moved";
  }
  return undefined;
}

async function accessOnce(
  github: GitHub,
  app: App,
  query: AccessQuery,
  call: AccessCall,
): Promise<Result<InstallationAccess> | "installation_gone"> {
  const { owner, repository } = query;
  const found = await github.installations.find(app, repository ? { owner, repository } : { owner }, call);
  if (!found.ok) return found;
  const { installation } = found.value;
  const problem = query.allowListRepository === repository?.toLowerCase() ? undefined : found.value.hidden;
  const hidden = problem && repository?.toLowerCase();
  const wanted = query.wanted(installation).filter((name) => name !== hidden);
  const tokens = await mintFor(github, { app, installation, wanted, separateTokens: query.separateTokens }, call);
  if (tokens === "installation_gone") return tokens;
  if (problem !== undefined && hidden !== undefined) tokens.set(hidden, { kind: "not_visible", problem });
  return accept({ app, installation, to: tokens });
}

interface Minting {
  readonly app: App;
  readonly installation: Installation;
  readonly wanted: readonly string[];
  readonly separateTokens: boolean;
}

type Tokens = Map<string, RepositoryAccess>;

async function mintFor(github: GitHub, minting: Minting, call: AccessCall): Promise<Tokens | "installation_gone"> {
  const { wanted } = minting;
  if (wanted.length === 0) return new Map();
  if (wanted.length === 1 || !minting.separateTokens) {
    const common = await mintCommon(github, minting, wanted, call);
    const isRefused = common !== "installation_gone" && [...common.values()].some(({ kind }) => kind === "not_visible");
    if (!isRefused || wanted.length === 1) return common;
  }
  // GitHub does not say which repository of a pair it refuses, and that one of them is granted now says nothing of the other: whoever
  // makes or renames a repository between two mints would lift the allow-list.
  return joined(await Promise.all(wanted.map((name) => mintCommon(github, minting, [name], call))));
}

/** One token for all the names: what GitHub answers counts for each of them. */
async function mintCommon(
  github: GitHub,
  { app, installation }: Minting,
  names: readonly string[],
  call: AccessCall,
): Promise<Tokens | "installation_gone"> {
  const minted = await github.mintReadToken(app, installation, names, countingUnknown(call));
  if (!minted.ok) {
    const { denial } = minted;
    const problem = denial.reason === "repository_not_visible" ? denial.problem : undefined;
    if (problem === "gone") return "installation_gone";
    const access: RepositoryAccess =
      problem === "not_selected" ? { kind: "not_visible", problem } : { kind: "denied", denial };
    return new Map(names.map((name) => [name, access]));
  }
  const { token, repositories } = minted.value;
  call.minted(token);
  const tokens: Tokens = new Map();
  for (const { name, id, public: repositoryIsPublic } of repositories === "all" ? [] : repositories) {
    tokens.set(name.toLowerCase(), { kind: "token", token, repositoryId: id, repositoryIsPublic });
  }
  return tokens;
}

/** A read token's mint is repeated only when its outcome is unknown: the first attempt may have left a token that nobody saw. */
function countingUnknown(call: AccessCall): AccessCall {
  const count = (what: Count) => {
    call.count?.(what);
    if (what === "github_retries") call.count?.("read_mint_unknown");
  };
  return { ...call, count };
}

function joined(parts: readonly (Tokens | "installation_gone")[]): Tokens | "installation_gone" {
  const all: Tokens = new Map();
  for (const part of parts) {
    if (part === "installation_gone") return part;
    for (const [name, access] of part) all.set(name, access);
  }
  return all;
}
