/** GitHub as the exchange sees it: the files of this folder put together over one record of what they need. */
import type { Denial, Result } from "../denial.ts";
import { READ_TOKENS_MAX } from "../limits.ts";
import type { TieredCache, Writes } from "../store/cache.ts";
import type { Fetcher } from "../store/fetch.ts";
import { BoundedMap } from "../store/memory.ts";
import { getApp } from "./app-info.ts";
import { type App, createAppJwts } from "./app-jwt.ts";
import type { CallContext, CallEvent } from "./call.ts";
import { type FileOutcome, type FileRef, readFile } from "./contents.ts";
import { type MintOutcome, mintGrantToken } from "./grant-token.ts";
import type { InstallationValue } from "./installation-cache.ts";
import {
  findInstallation,
  forgetInstallation,
  forgetRepository,
  type Lookup,
  type LookupTarget,
} from "./installations.ts";
import { createPool } from "./pool.ts";
import { mintReadToken, READ_AND_CHECK, type ReadTokenOutcome } from "./read-token.ts";
import { createRepositoryCalls, type RepositoryCalls } from "./repository-calls.ts";
import { type Revocation, revokeToken } from "./revoke.ts";
import type { AppInfo, Installation } from "./shapes.ts";
import type { TokenGrant } from "./token-grant.ts";
import type { Outcome, RepositoryRef, TokenDeps } from "./with-token.ts";

export type { App } from "./app-jwt.ts";
export type { CallContext, CallEvent } from "./call.ts";
export type { Annotation, CheckOutput, CheckRun, CheckState } from "./checks.ts";
export type { FileOutcome, FileRef } from "./contents.ts";
export type { Blob, Comparison, Tree, TreeEntry } from "./git.ts";
export type { MintOutcome } from "./grant-token.ts";
export type { InstallationValue } from "./installation-cache.ts";
export type { Lookup, LookupTarget } from "./installations.ts";
export type { ReadTokenOutcome } from "./read-token.ts";
export type { Revocation } from "./revoke.ts";
export type { AppInfo, Installation, MintedRepository } from "./shapes.ts";
export type { TokenGrant } from "./token-grant.ts";
export type { Outcome, RepositoryRef } from "./with-token.ts";

export interface GitHubDeps {
  readonly fetcher: Fetcher;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** In [0, 1), for jitter. */
  readonly random: () => number;
  /** REST base, perhaps with a path (`https://ghes.example/api/v3`). */
  readonly apiUrl: string;
  readonly apps: readonly App[];
  readonly installationCache: TieredCache<InstallationValue>;
  readonly log?: ((event: CallEvent) => void) | undefined;
}

export interface GitHub extends RepositoryCalls {
  /** The Apps that serve an owner, best first: those that name it, else those that name nobody. */
  appsFor(owner: string): readonly App[];
  findInstallation(app: App, target: LookupTarget, call: CallContext): Promise<Lookup>;
  forgetInstallation(app: App, owner: string, writes?: Writes): void;
  /** Throws without repositories: that would read all of them. */
  mintReadToken(
    app: App,
    installation: Installation,
    repositories: readonly string[],
    call: CallContext,
  ): Promise<ReadTokenOutcome>;
  readFile(token: string, file: FileRef, call: CallContext): Promise<FileOutcome>;
  /** What a webhook works with: reads one repository, and writes check runs there. */
  mintCheckToken(
    app: App,
    installation: Installation,
    repository: string,
    call: CallContext,
  ): Promise<ReadTokenOutcome>;
  /** Forgets that the App could not see the repository. */
  forgetRepository(app: App, ref: RepositoryRef, writes?: Writes): Promise<void>;
  /** Throws for a grant without permissions or without repositories. */
  mintGrantToken(app: App, installation: Installation, grant: TokenGrant, call: CallContext): Promise<MintOutcome>;
  /** Never throws; has its own time. */
  revoke(token: string): Promise<Revocation>;
  getApp(app: App, call: CallContext): Promise<Result<AppInfo>>;
}

export function createGitHub(given: GitHubDeps): GitHub {
  const pool = createPool(given.apps, given.now);
  const deps = { ...given, pool, jwts: createAppJwts(given.now) };
  /** Whose quota a read token uses up; an entry leaves with its token. */
  const readers = new BoundedMap<{ appId: string; owner: string }>(READ_TOKENS_MAX);
  /** Calls with an installation's token, and notes what the answer says of its quota. */
  async function metered<T extends FileOutcome | Outcome<unknown>>(
    token: string,
    ask: (deps: TokenDeps) => Promise<T>,
  ): Promise<T> {
    const reader = readers.get(token);
    const tap = (headers: Headers) => reader && pool.tap(reader.appId, reader.owner, headers);
    const outcome = await ask({ ...deps, tap });
    const denial = denialIn(outcome);
    if (reader && denial?.reason === "github_rate_limited") {
      pool.limited(reader.appId, reader.owner, denial.retryAfterSeconds);
    }
    return outcome;
  }
  const remembered = (app: App, installation: Installation, outcome: ReadTokenOutcome): ReadTokenOutcome => {
    if (outcome.kind === "ok") readers.set(outcome.token, { appId: app.id, owner: installation.owner });
    return outcome;
  };
  return {
    appsFor: pool.appsFor,
    findInstallation: (app, target, call) => findInstallation(deps, app, target, call),
    forgetInstallation: (app, owner, writes) => forgetInstallation(deps, app, owner, writes),
    mintReadToken: async (app, installation, repositories, call) =>
      remembered(app, installation, await mintReadToken(deps, app, installation, repositories, call)),
    readFile: (token, file, call) => metered(token, (tapped) => readFile(tapped, token, file, call)),
    mintCheckToken: async (app, installation, repository, call) =>
      remembered(app, installation, await mintReadToken(deps, app, installation, [repository], call, READ_AND_CHECK)),
    forgetRepository: (app, ref, writes) => forgetRepository(deps, app, ref, writes),
    ...createRepositoryCalls(metered),
    mintGrantToken: (app, installation, grant, call) => mintGrantToken(deps, app, installation, grant, call),
    revoke(token) {
      readers.delete(token);
      return revokeToken(deps, token);
    },
    getApp: (app, call) => getApp(deps, app, call),
  };
}

const denialIn = (outcome: FileOutcome | Outcome<unknown>): Denial | undefined =>
  outcome.kind === "denied" ? outcome.denial : undefined;
