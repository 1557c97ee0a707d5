/**
 * The JWT by which a GitHub App speaks for itself (RS256, RFC 7515), kept per App and key (worker/README.md, "Caches").
 * While a key is being rotated an App has two: the one that GitHub refuses steps back, and this isolate remembers.
 */
import { base64url } from "jose";
import { APP_JWT_BACKDATED_SECONDS, APP_JWT_LIFETIME_SECONDS, APP_JWT_REUSED_MS } from "../limits.ts";

/** One GitHub App of the deployment. */
export interface App {
  readonly id: string;
  /** PKCS#8, one, or two while rotating. */
  readonly keys: readonly Uint8Array[];
  /** Lower case; empty: it serves the owners that no App names. */
  readonly owners: readonly string[];
}

export interface AppJwt {
  readonly jwt: string;
  /** Which of the App's keys signed it. */
  readonly key: number;
}

export interface AppJwts {
  /** Undefined when none of the App's keys can be used to sign. */
  for(app: App): Promise<AppJwt | undefined>;
  /** GitHub said 401 to it: it is not used again, and the other key, if there is one, goes first from now on. */
  rejected(app: App, jwt: AppJwt): void;
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

export function createAppJwts(now: () => number): AppJwts {
  const states = new Map<string, AppState>();
  const stateOf = (app: App): AppState => {
    const state = states.get(app.id) ?? { imported: new Map(), signed: new Map(), preferred: 0 };
    states.set(app.id, state);
    return state;
  };
  return {
    async for(app) {
      const state = stateOf(app);
      for (let turn = 0; turn < app.keys.length; turn += 1) {
        const key = (state.preferred + turn) % app.keys.length;
        const signed = await signedWith(app, state, key, now());
        if (signed) return { jwt: signed.jwt, key };
      }
      return undefined;
    },
    rejected(app, { jwt, key }) {
      const state = stateOf(app);
      if (state.signed.get(key)?.jwt === jwt) state.signed.delete(key);
      // Two requests may learn it of the same key at once: step away from that key rather than back and forth.
      state.preferred = (key + 1) % app.keys.length;
    },
  };
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
