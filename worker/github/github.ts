/** GitHub as the rest of the service sees it: Apps, where they are installed, their tokens, and calls with these. */
import { accept, type Result, refuse } from "../denial.ts";
import { READ_TOKENS_MAX } from "../limits.ts";
import type { TieredCache } from "../store/cache.ts";
import { BoundedMap } from "../store/memory.ts";
import { type AccountsValue, InstalledAccounts } from "./accounts.ts";
import type { App } from "./app.ts";
import { AppApi, AppJwts } from "./app-jwt.ts";
import { Api, type ApiDeps, type CallContext, type TokenApi } from "./call.ts";
import { Installations, type InstallationValue } from "./installations.ts";
import type { AskedGrant } from "./mint.ts";
import { Pool } from "./pool.ts";
import type { ApiRequest } from "./request.ts";
import { type ApiResult, denialOf, resultOf } from "./response.ts";
import { type Revocation, revokeToken } from "./revoke.ts";
import { type AppInfo, type Installation, parseApp } from "./shapes.ts";
import { type MintedToken, mintToken, type TokenDeps } from "./tokens.ts";

export type { App } from "./app.ts";
export type { CallContext, RepositoryRef, TokenApi } from "./call.ts";
export type { FileContent, FileRef } from "./contents.ts";
export type { AskedGrant, IdentifiedRepository } from "./mint.ts";
export type { Lookup } from "./response.ts";
export type { AppInfo, Directory, Installation, MintedRepository } from "./shapes.ts";
export type { MintedToken } from "./tokens.ts";

export interface GitHubDeps extends ApiDeps {
  readonly apps: readonly App[];
  readonly installationCache: TieredCache<InstallationValue>;
  readonly accountsCache: TieredCache<AccountsValue>;
}

const APP = "GET /app";
/** For policy files. */
const READ: AskedGrant["permissions"] = { contents: "read" };
/** For the check run of a commit as well. */
const READ_AND_CHECK: AskedGrant["permissions"] = { contents: "read", checks: "write" };

export class GitHub implements TokenApi {
  readonly installations: Installations;
  readonly accounts: InstalledAccounts;
  readonly #now: () => number;
  readonly #api: Api;
  readonly #apps: AppApi;
  readonly #pool: Pool;
  readonly #minting: TokenDeps;
  /** Whose quota a token of our own uses up; an entry leaves with its token. */
  readonly #holders = new BoundedMap<{ readonly appId: string; readonly owner: string }>(READ_TOKENS_MAX);

  constructor({ apps, installationCache, accountsCache, ...deps }: GitHubDeps) {
    const { now, apiUrl } = deps;
    this.#now = now;
    this.#api = new Api(deps);
    this.#pool = new Pool(apps, now);
    this.#apps = new AppApi({ api: this.#api, jwts: new AppJwts(now), pool: this.#pool, now });
    this.installations = new Installations({ apps: this.#apps, cache: installationCache, now });
    this.accounts = new InstalledAccounts({
      apps: this.#apps,
      installations: this.installations,
      cache: accountsCache,
      now,
    });
    this.#minting = { api: this.#api, apps: this.#apps, installations: this.installations, apiUrl };
  }

  /** The Apps that serve an owner, best first: those that name it, else those that name nobody. */
  appsFor(owner: string): readonly App[] {
    return this.#pool.appsFor(owner);
  }

  /** The same in no order, and nobody's turn. */
  appsOf(owner: string): readonly App[] {
    return this.#pool.appsOf(owner);
  }

  /** Whether what is left of the owner's rate limit is kept for the owner's own. */
  isScarceFor(owner: string): boolean {
    return this.#pool.isScarceFor(owner);
  }

  /** Whether GitHub takes this App's key. */
  async getApp(app: App, call: CallContext): Promise<Result<AppInfo>> {
    const { result } = await this.#apps.ask({ app, request: { route: APP, retry: true } }, call);
    const info = result.kind === "success" ? parseApp(result.json) : undefined;
    return info === undefined ? refuse(denialOf(result, { route: APP, appId: app.id })) : accept(info);
  }

  /** To read policy files with; whoever gets one has it revoked. Throws without repositories: that would read all of them. */
  mintReadToken(
    app: App,
    installation: Installation,
    repositories: readonly string[],
    call: CallContext,
  ): Promise<Result<MintedToken>> {
    return this.#mintOwn(app, installation, { permissions: READ, repositories }, call);
  }

  /** What a webhook works with: reads one repository, and writes check runs there. */
  mintCheckToken(
    app: App,
    installation: Installation,
    repository: string,
    call: CallContext,
  ): Promise<Result<MintedToken>> {
    return this.#mintOwn(app, installation, { permissions: READ_AND_CHECK, repositories: [repository] }, call);
  }

  /** The caller's token: exactly the grant. Throws for a grant without permissions or without repositories. */
  mintGrantToken(
    app: App,
    installation: Installation,
    grant: AskedGrant,
    call: CallContext,
  ): Promise<Result<MintedToken>> {
    return mintToken(this.#minting, { app, installation, grant, use: "caller" }, call);
  }

  async #mintOwn(
    app: App,
    installation: Installation,
    grant: AskedGrant,
    call: CallContext,
  ): Promise<Result<MintedToken>> {
    const minted = await mintToken(this.#minting, { app, installation, grant, use: "own" }, call);
    if (minted.ok) this.#holders.set(minted.value.token, { appId: app.id, owner: installation.owner });
    return minted;
  }

  /** One call with a token of our own, noting what the response says of its quota. */
  async ask(request: ApiRequest, call: CallContext): Promise<ApiResult> {
    const holder = this.#holders.get(request.token);
    const response = await this.#api.send(request, call);
    if (holder && response.kind === "response") this.#pool.tap(holder.appId, holder.owner, response.headers);
    const result = resultOf(response, this.#now());
    if (holder && result.kind === "rate_limited") {
      this.#pool.limited(holder.appId, holder.owner, result.retryAfterSeconds);
    }
    return result;
  }

  /** Never throws. Insists for as long as the signal lets it, or in a time of its own. */
  revoke(token: string, signal?: AbortSignal): Promise<Revocation> {
    this.#holders.delete(token);
    return revokeToken(this.#api, token, signal);
  }
}
