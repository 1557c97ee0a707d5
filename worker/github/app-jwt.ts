/**
 * The JWT by which a GitHub App speaks for itself (RS256, RFC 7515), and the calls that it makes in its own name. While a key is
 * being rotated an App has two: the one that GitHub refuses steps back, and this isolate remembers.
 */
import { base64url } from "jose";
import { APP_JWT_BACKDATED_SECONDS, APP_JWT_LIFETIME_SECONDS, APP_JWT_REUSED_MS } from "../limits.ts";
import type { App } from "./app.ts";
import type { Backoff } from "./backoff.ts";
import type { Api, CallContext } from "./call.ts";
import type { Pool } from "./pool.ts";
import type { ApiRequest } from "./request.ts";
import { type ApiResponse, type ApiResult, isUnknownApp, resultOf } from "./response.ts";

export interface AppJwt {
  readonly jwt: string;
  /** Which of the App's keys signed it. */
  readonly key: number;
}

export interface JwtClaims {
  readonly iat: number;
  readonly exp: number;
  readonly iss: string;
}

interface Signed extends AppJwt {
  readonly at: number;
}

interface AppState {
  /** Undefined: could not be imported. */
  readonly imported: Map<number, CryptoKey | undefined>;
  readonly signed: Map<number, Signed>;
  preferred: number;
}

const RS256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } as const;

/** The claims GitHub wants: issued a little in the past for clocks that differ, and at most 10 minutes long. Pure. */
export function jwtClaims(appId: string, nowMs: number): JwtClaims {
  const now = Math.floor(nowMs / 1000);
  return { iat: now - APP_JWT_BACKDATED_SECONDS, exp: now + APP_JWT_LIFETIME_SECONDS, iss: appId };
}

/** Kept per App and key until they are due to be renewed. */
export class AppJwts {
  readonly #now: () => number;
  readonly #states = new Map<string, AppState>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Undefined when none of the App's keys can be used to sign. */
  async for(app: App): Promise<AppJwt | undefined> {
    const { preferred } = this.#stateOf(app);
    for (let turn = 0; turn < app.keys.length; turn += 1) {
      const signed = await this.ofKey(app, (preferred + turn) % app.keys.length);
      if (signed) return signed;
    }
    return undefined;
  }

  /** By one of the App's keys and no other; undefined when it cannot be used to sign. */
  async ofKey(app: App, key: number): Promise<AppJwt | undefined> {
    const signed = await signedWith(app, this.#stateOf(app), key, this.#now());
    return signed && { jwt: signed.jwt, key };
  }

  /** GitHub said 401 to it: it is not used again, and the other key, if there is one, goes first from now on. */
  rejected(app: App, { jwt, key }: AppJwt): void {
    const state = this.#stateOf(app);
    if (state.signed.get(key)?.jwt === jwt) state.signed.delete(key);
    // Two requests may learn it of the same key at once: step away from that key rather than back and forth.
    state.preferred = (key + 1) % app.keys.length;
  }

  #stateOf(app: App): AppState {
    const state = this.#states.get(app.id) ?? { imported: new Map(), signed: new Map(), preferred: 0 };
    this.#states.set(app.id, state);
    return state;
  }
}

async function signedWith(app: App, state: AppState, key: number, now: number): Promise<Signed | undefined> {
  const known = state.signed.get(key);
  if (known && now >= known.at && now - known.at < APP_JWT_REUSED_MS) return known;
  const cryptoKey = await importedKey(app, state, key);
  if (cryptoKey === undefined) return undefined;
  const signed = { jwt: await sign(cryptoKey, jwtClaims(app.id, now)), key, at: now };
  state.signed.set(key, signed);
  return signed;
}

async function importedKey(app: App, state: AppState, key: number): Promise<CryptoKey | undefined> {
  const pkcs8 = app.keys[key];
  if (pkcs8 === undefined) return undefined;
  if (!state.imported.has(key)) {
    // A key of the right form whose numbers are wrong fails only here.
    const imported = await crypto.subtle.importKey("pkcs8", pkcs8, RS256, false, ["sign"]).catch(() => undefined);
    state.imported.set(key, imported);
  }
  return state.imported.get(key);
}

async function sign(key: CryptoKey, claims: JwtClaims): Promise<string> {
  const encode = (part: object) => base64url.encode(JSON.stringify(part));
  const input = `${encode({ alg: "RS256", typ: "JWT" })}.${encode(claims)}`;
  const signature = await crypto.subtle.sign(RS256.name, key, new TextEncoder().encode(input));
  return `${input}.${base64url.encode(new Uint8Array(signature))}`;
}

export interface AppRequest {
  readonly app: App;
  readonly request: Omit<ApiRequest, "token">;
  /** Whose installation it is about, so that a limit is remembered for that owner. */
  readonly owner?: string;
}

export interface AppResult {
  readonly result: ApiResult;
  /** Absent when nothing was sent: no key can sign, or GitHub is left alone for now. */
  readonly response?: ApiResponse;
}

export interface AppApiDeps {
  readonly api: Api;
  readonly jwts: AppJwts;
  readonly pool: Pool;
  readonly backoff: Backoff;
  readonly now: () => number;
}

/** Calls that an App makes in its own name: with its other key when GitHub refuses the first, as a 401 proves that nothing happened. */
export class AppApi {
  readonly #deps: AppApiDeps;

  constructor(deps: AppApiDeps) {
    this.#deps = deps;
  }

  async ask(asked: AppRequest, call: CallContext): Promise<AppResult> {
    const { jwts, backoff } = this.#deps;
    const result = backoff.heldBack(quotaHolderOf(asked.app), call);
    if (result) return { result };
    const jwt = await jwts.for(asked.app);
    const first = await this.#askWith(asked, jwt, call);
    if (first.result.kind !== "unauthorized") return first;
    const other = await jwts.for(asked.app);
    return other === undefined || other.key === jwt?.key ? first : this.#askWith(asked, other, call);
  }

  /** With each of the App's keys, in their order: while one replaces the other, GitHub should know both. */
  async askWithEachKey(asked: AppRequest, call: CallContext): Promise<readonly AppResult[]> {
    const { jwts, backoff } = this.#deps;
    const { app } = asked;
    const result = backoff.heldBack(quotaHolderOf(app), call);
    if (result) return app.keys.map(() => ({ result }));
    return Promise.all(app.keys.map(async (_, key) => this.#askWith(asked, await jwts.ofKey(app, key), call)));
  }

  async #askWith(asked: AppRequest, jwt: AppJwt | undefined, call: CallContext): Promise<AppResult> {
    const { app, request, owner } = asked;
    const { api, jwts, pool, backoff, now } = this.#deps;
    if (jwt === undefined) return { result: { kind: "unauthorized" } };
    const response = await api.send({ ...request, token: jwt.jwt }, call);
    const result = asAppSees(resultOf(response, now()));
    backoff.note(quotaHolderOf(app), result);
    if (result.kind === "unauthorized") jwts.rejected(app, jwt);
    if (result.kind === "rate_limited" && owner !== undefined) pool.limited(app.id, owner, result.retryAfterSeconds);
    return { result, response };
  }
}

const quotaHolderOf = ({ id }: App) => `app ${id}` as const;

/** To an App with a wrong id everything is a 404, and every owner would look as if it had not installed it. */
function asAppSees(result: ApiResult): ApiResult {
  return result.kind === "not_found" && isUnknownApp(result.json) ? { kind: "unauthorized" } : result;
}
