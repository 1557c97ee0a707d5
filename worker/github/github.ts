/** GitHub as the exchange sees it: the files of this folder put together over one record of what they need. */
import type { Result } from "../denial.ts";
import { READ_TOKENS_MAX } from "../limits.ts";
import type { Fetcher } from "../store/bounded-fetch.ts";
import type { TieredCache, Writes } from "../store/cache.ts";
import { BoundedMap } from "../store/memory.ts";
import { getApp } from "./app-info.ts";
import { type App, createAppJwts } from "./app-jwt.ts";
import type { CallContext, CallEvent } from "./call.ts";
import { type FileOutcome, type FileRef, readFile } from "./contents.ts";
import { type MintOutcome, mintGrantToken } from "./grant-token.ts";
import type { InstallationValue } from "./installation-cache.ts";
import { findInstallation, forgetInstallation, type Lookup, type LookupTarget } from "./installations.ts";
import { createPool } from "./pool.ts";
import { mintReadToken, type ReadTokenOutcome } from "./read-token.ts";
import { type Revocation, revokeToken } from "./revoke.ts";
import type { AppInfo, Installation } from "./shapes.ts";
import type { TokenGrant } from "./token-grant.ts";

export type { App } from "./app-jwt.ts";
export type { CallContext, CallEvent } from "./call.ts";
export type { FileOutcome, FileRef } from "./contents.ts";
export type { MintOutcome } from "./grant-token.ts";
export type { InstallationValue } from "./installation-cache.ts";
export type { Lookup, LookupTarget } from "./installations.ts";
export type { ReadTokenOutcome } from "./read-token.ts";
export type { Revocation } from "./revoke.ts";
export type { AppInfo, Installation, MintedRepository } from "./shapes.ts";
export type { TokenGrant } from "./token-grant.ts";

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

export interface GitHub {
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
  return {
    appsFor: pool.appsFor,
    findInstallation: (app, target, call) => findInstallation(deps, app, target, call),
    forgetInstallation: (app, owner, writes) => forgetInstallation(deps, app, owner, writes),
    async mintReadToken(app, installation, repositories, call) {
      const outcome = await mintReadToken(deps, app, installation, repositories, call);
      if (outcome.kind === "ok") readers.set(outcome.token, { appId: app.id, owner: installation.owner });
      return outcome;
    },
    async readFile(token, file, call) {
      const reader = readers.get(token);
      const tap = (headers: Headers) => reader && pool.tap(reader.appId, reader.owner, headers);
      const outcome = await readFile({ ...deps, tap }, token, file, call);
      const denial = outcome.kind === "denied" ? outcome.denial : undefined;
      if (reader && denial?.reason === "github_rate_limited") {
        pool.limited(reader.appId, reader.owner, denial.retryAfterSeconds);
      }
      return outcome;
    },
    mintGrantToken: (app, installation, grant, call) => mintGrantToken(deps, app, installation, grant, call),
    revoke(token) {
      readers.delete(token);
      return revokeToken(deps, token);
    },
    getApp: (app, call) => getApp(deps, app, call),
  };
}
