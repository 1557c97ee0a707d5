/** GitHub as the rest of the service sees it: Apps, where they are installed, their tokens, and calls with these. */
import { accept, type Denial, type Result, refuse } from "../denial.ts";
import { READ_TOKENS_MAX } from "../limits.ts";
import type { TieredCache } from "../store/cache.ts";
import { BoundedMap } from "../store/memory.ts";
import { type AccountsValue, InstalledAccounts } from "./accounts.ts";
import type { App } from "./app.ts";
import { AppApi, AppJwts } from "./app-jwt.ts";
import { Backoff } from "./backoff.ts";
import { Api, type ApiDeps, type CallContext, type TokenApi } from "./call.ts";
import { Installations, type InstallationValue } from "./installations.ts";
import { type AskedGrant, MINT_ROUTE } from "./mint.ts";
import { TO_CHECK, TO_READ } from "./needs.ts";
import { Pool, type Quota } from "./pool.ts";
import { InstalledRepositories } from "./repositories.ts";
import { type ApiRequest, GRAPHQL } from "./request.ts";
import { type ApiResponse, type ApiResult, denialOf, resultOf } from "./response.ts";
import { type Revocation, type RevocationOptions, revokeToken } from "./revoke.ts";
import { type AppInfo, type Installation, parseApp } from "./shapes.ts";
import { type MintedToken, mintToken, permissionDenial, type TokenDeps } from "./tokens.ts";

export type { App } from "./app.ts";
export type { CallContext, RepositoryRef, TokenApi } from "./call.ts";
export type { Directory, FileContent, FileRef } from "./contents.ts";
export type { AskedGrant, IdentifiedRepository } from "./mint.ts";
export type { Lookup } from "./response.ts";
export type { AppInfo, Installation, MintedRepository } from "./shapes.ts";
export type { MintedToken } from "./tokens.ts";

export interface GitHubDeps extends ApiDeps {
  readonly apps: readonly App[];
  readonly installationCache: TieredCache<InstallationValue>;
  readonly accountsCache: TieredCache<AccountsValue>;
}

const GET_APP = { route: "GET /app", retry: true } as const;
/** What GitHub answered to one of an App's keys. */
export interface TriedKey {
  readonly app: Result<AppInfo>;
  /** GitHub's clock, in ms since the epoch, to the second; undefined when it did not say. */
  readonly dateMs: number | undefined;
}

/** For names of repositories alone. */
const LIST: AskedGrant["permissions"] = { metadata: "read" };

export class GitHub implements TokenApi {
  readonly installations: Installations;
  readonly accounts: InstalledAccounts;
  readonly repositories: InstalledRepositories;
  readonly #now: () => number;
  readonly #api: Api;
  readonly #apps: AppApi;
  readonly #pool: Pool;
  readonly #backoff: Backoff;
  readonly #minting: TokenDeps;
  /** Whose quota a token of our own uses up; an entry leaves with its token. */
  readonly #holders = new BoundedMap<Installation>(READ_TOKENS_MAX);

  constructor({ apps, installationCache, accountsCache, ...deps }: GitHubDeps) {
    const { now, apiUrl } = deps;
    this.#now = now;
    this.#api = new Api(deps);
    this.#pool = new Pool(apps, now);
    this.#backoff = new Backoff(now);
    const { backoff, pool } = { backoff: this.#backoff, pool: this.#pool };
    this.#apps = new AppApi({ api: this.#api, jwts: new AppJwts(now), pool, backoff, now });
    this.installations = new Installations({ apps: this.#apps, cache: installationCache, now });
    this.accounts = new InstalledAccounts({
      apps: this.#apps,
      installations: this.installations,
      cache: accountsCache,
      now,
    });
    this.repositories = new InstalledRepositories({ installations: this.installations, tokens: this, now });
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

  /** What is left of an App's rate limit at an owner's installation, where this isolate was told. */
  quotaOf(appId: string, owner: string): Quota | undefined {
    return this.#pool.quotaOf(appId, owner);
  }

  /** The App as GitHub knows it. */
  async getApp(app: App, call: CallContext): Promise<Result<AppInfo>> {
    const { result } = await this.#apps.ask({ app, request: GET_APP }, call);
    return appOf(app, result);
  }

  /** The same with each of its keys, in their order: whether GitHub takes them, and what its clock says. */
  async tryKeys(app: App, call: CallContext): Promise<readonly TriedKey[]> {
    const answers = await this.#apps.askWithEachKey({ app, request: GET_APP }, call);
    return answers.map(({ result, response }) => {
      const date = response?.kind === "response" ? Date.parse(response.headers.get("date") ?? "") : Number.NaN;
      return { app: appOf(app, result), dateMs: Number.isNaN(date) ? undefined : date };
    });
  }

  /** To read policy files with; whoever gets one has it revoked. Throws without repositories: that would read all of them. */
  async mintReadToken(
    app: App,
    installation: Installation,
    repositories: readonly string[],
    call: CallContext,
  ): Promise<Result<MintedToken>> {
    const minted = await this.#mintToRead(app, installation, { permissions: TO_READ, repositories }, call);
    const [only, ...others] = repositories;
    const isNotSeen = !minted.ok && minted.denial.reason === "repository_not_visible";
    if (isNotSeen && only !== undefined && others.length === 0) this.repositories.lacks(installation, only);
    return minted;
  }

  /** Sees which repositories there are, and nothing in them. */
  mintListToken(app: App, installation: Installation, call: CallContext): Promise<Result<MintedToken>> {
    return this.#mintToRead(app, installation, { permissions: LIST, repositories: "all" }, call);
  }

  /** What a webhook works with: reads one repository, and writes check runs there. */
  mintCheckToken(
    app: App,
    installation: Installation,
    repository: string,
    call: CallContext,
  ): Promise<Result<MintedToken>> {
    return this.#mintOwn(app, installation, { permissions: TO_CHECK, repositories: [repository] }, call);
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

  /** Why GitHub would refuse the caller's token for want of permissions, if it would. */
  permissionDenial(installation: Installation, grant: Pick<AskedGrant, "permissions">): Denial | undefined {
    return permissionDenial(this.#minting.apiUrl, installation, grant);
  }

  async #mintToRead(
    app: App,
    installation: Installation,
    grant: AskedGrant,
    call: CallContext,
  ): Promise<Result<MintedToken>> {
    // What GitHub would not let the token read now, it need not be minted for.
    const heldBack = this.#backoff.heldBack(quotaHolderOf(installation), call);
    if (heldBack) return refuse(denialOf(heldBack, { route: MINT_ROUTE, appId: app.id }));
    return this.#mintOwn(app, installation, grant, call);
  }

  async #mintOwn(
    app: App,
    installation: Installation,
    grant: AskedGrant,
    call: CallContext,
  ): Promise<Result<MintedToken>> {
    const minted = await mintToken(this.#minting, { app, installation, grant, use: "own" }, call);
    if (minted.ok) this.#holders.set(minted.value.token, installation);
    return minted;
  }

  /** One call with a token of our own, noting what the response says of its quota. */
  async ask(request: ApiRequest, call: CallContext): Promise<ApiResult> {
    const holder = this.#holders.get(request.token ?? "");
    const heldBack = holder && !request.urgent && this.#backoff.heldBack(quotaHolderOf(holder, request.route), call);
    if (heldBack) return heldBack;
    const response = await this.#api.send(request, call);
    const result = resultOf(response, this.#now());
    if (holder) {
      this.#backoff.note(quotaHolderOf(holder, request.route), result);
      this.#note(holder, response, result);
    }
    return result;
  }

  #note(holder: Installation, response: ApiResponse, result: ApiResult): void {
    const { appId, owner } = holder;
    if (response.kind === "response") this.#pool.tap(appId, owner, response.headers);
    if (result.kind === "rate_limited") this.#pool.limited(appId, owner, result.retryAfterSeconds);
  }

  /** Never throws. Insists for a time of its own, or as long as it is given. */
  revoke(token: string, options?: RevocationOptions): Promise<Revocation> {
    this.#holders.delete(token);
    return revokeToken(this.#api, token, options);
  }
}

function appOf(app: App, result: ApiResult): Result<AppInfo> {
  const info = result.kind === "success" ? parseApp(result.json) : undefined;
  return info === undefined ? refuse(denialOf(result, { route: GET_APP.route, appId: app.id })) : accept(info);
}

const quotaHolderOf = ({ id }: Installation, route?: string) =>
  route === GRAPHQL ? (`installation ${id} graphql` as const) : (`installation ${id}` as const);
