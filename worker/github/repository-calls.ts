/** What a webhook asks of one repository, put together over one way of calling with its token. */
import type { CallContext } from "./call.ts";
import { type CheckRun, type CheckState, createCheckRun, findCheckRun, updateCheckRun } from "./checks.ts";
import { type Blob, type Comparing, type Comparison, compareCommits, readBlob, readTree, type Tree } from "./git.ts";
import type { Outcome, RepositoryRef, TokenDeps } from "./with-token.ts";

/** Never throw for what GitHub does. */
export interface RepositoryCalls {
  readTree(token: string, tree: RepositoryRef & TreeAsked, call: CallContext): Promise<Outcome<Tree>>;
  readBlob(token: string, blob: RepositoryRef & { readonly blob: string }, call: CallContext): Promise<Outcome<Blob>>;
  compareCommits(token: string, commits: RepositoryRef & Comparing, call: CallContext): Promise<Outcome<Comparison>>;
  findCheckRun(
    token: string,
    at: RepositoryRef & { readonly head: string; readonly appId: string },
    call: CallContext,
  ): Promise<Outcome<CheckRun | undefined>>;
  createCheckRun(
    token: string,
    run: RepositoryRef & { readonly head: string; readonly state: CheckState },
    call: CallContext,
  ): Promise<Outcome<CheckRun>>;
  updateCheckRun(
    token: string,
    run: RepositoryRef & { readonly id: number; readonly state: CheckState },
    call: CallContext,
  ): Promise<Outcome<CheckRun>>;
}

interface TreeAsked {
  readonly tree: string;
  readonly recursive: boolean;
}

/** Sends one call, and notes what its answer says of the quota. */
export type Metered = <T>(token: string, ask: (deps: TokenDeps) => Promise<Outcome<T>>) => Promise<Outcome<T>>;

export function createRepositoryCalls(metered: Metered): RepositoryCalls {
  return {
    readTree: (token, tree, call) => metered(token, (deps) => readTree(deps, token, tree, call)),
    readBlob: (token, blob, call) => metered(token, (deps) => readBlob(deps, token, blob, call)),
    compareCommits: (token, commits, call) => metered(token, (deps) => compareCommits(deps, token, commits, call)),
    findCheckRun: (token, at, call) => metered(token, (deps) => findCheckRun(deps, token, at, call)),
    createCheckRun: (token, run, call) => metered(token, (deps) => createCheckRun(deps, token, run, call)),
    updateCheckRun: (token, run, call) => metered(token, (deps) => updateCheckRun(deps, token, run, call)),
  };
}
