// Who is asking: an App by its JWT, an installation by its token, nobody, or somebody whom GitHub turns away. The App
// JWT is really verified. No I/O but Web Crypto; the clock is the world's.

import { fromBase64Url } from "../core/base64.ts";
import { type Answer, refusal } from "./answers.ts";
import type { App, MintedToken, State } from "./state.ts";

export type Caller =
  | { readonly kind: "anonymous" }
  | { readonly kind: "app"; readonly app: App }
  | { readonly kind: "token"; readonly token: MintedToken }
  | { readonly kind: "refused"; readonly answer: Answer };

const refused = (message: string, status = 401): Caller => ({ kind: "refused", answer: refusal(status, message) });

const UNDECODED = "A JSON web token could not be decoded";
const EXP_PAST =
  "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires";
const EXP_FAR = "'Expiration time' claim ('exp') is too far in the future";
const IAT = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued";
const ISS = "'Issuer' claim ('iss') must be an Integer";

/** GitHub allows an App's clock to run fast by about a minute. */
const CLOCK_SKEW_S = 60;
const LIFETIME_MAX_S = 600;

interface Parts {
  readonly header: Record<string, unknown>;
  readonly payload: Record<string, unknown>;
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parts(jwt: string): Parts | null {
  const [head, body, signature, more] = jwt.split(".");
  if (head === undefined || body === undefined || signature === undefined || more !== undefined) return null;
  try {
    const header: unknown = JSON.parse(new TextDecoder().decode(fromBase64Url(head)));
    const payload: unknown = JSON.parse(new TextDecoder().decode(fromBase64Url(body)));
    if (!isObject(header) || !isObject(payload)) return null;
    const signed = new TextEncoder().encode(`${head}.${body}`);
    return { header, payload, signed, signature: fromBase64Url(signature) };
  } catch {
    return null;
  }
}

function timesFault(payload: Record<string, unknown>, nowS: number): string | null {
  const { exp, iat } = payload;
  if (typeof iat !== "number" || iat > nowS + CLOCK_SKEW_S) return IAT;
  if (typeof exp !== "number" || exp <= nowS) return EXP_PAST;
  return exp > nowS + LIFETIME_MAX_S ? EXP_FAR : null;
}

async function signedByOne(app: App, jwt: Parts): Promise<boolean> {
  for (const key of app.publicKeys) {
    if (await crypto.subtle.verify("RSASSA-PKCS1-v1_5", key, jwt.signature, jwt.signed)) return true;
  }
  return false;
}

async function appOf(state: State, jwt: string): Promise<Caller> {
  const read = parts(jwt);
  if (read === null || read.header.alg !== "RS256") return refused(UNDECODED);
  const { iss } = read.payload;
  if (typeof iss !== "string" && typeof iss !== "number") return refused(ISS);
  const app = state.apps.find((one) => String(one.id) === String(iss) || one.clientId === iss);
  if (app === undefined) return refused("Integration not found", 404);
  if (app.publicKeys.length === 0) return refused("Integration must generate a public key");
  if (!(await signedByOne(app, read))) return refused(UNDECODED);
  const fault = timesFault(read.payload, Math.floor(state.now() / 1000));
  return fault === null ? { kind: "app", app } : refused(fault);
}

function holderOf(state: State, value: string): Caller {
  const token = state.tokens.find((one) => one.value === value);
  if (token === undefined || token.revoked || token.expiresAt <= state.now()) return refused("Bad credentials");
  if (!state.installations.includes(token.installation)) return refused("Bad credentials");
  if (token.installation.suspendedAt !== null) return refused("This installation has been suspended", 403);
  return { kind: "token", token };
}

/** `Bearer` and `token` both work, in any case; anything that looks like a JWT is an App's. */
export async function identify(state: State, authorization: string | null): Promise<Caller> {
  if (authorization === null || authorization === "") return { kind: "anonymous" };
  const match = /^(?:bearer|token) +(\S+)$/i.exec(authorization);
  const credential = match?.[1];
  if (credential === undefined) return refused("Bad credentials");
  return credential.startsWith("ghs_") ? holderOf(state, credential) : appOf(state, credential);
}

/** The token that is revoked, expired or of a suspended installation still has a name in the record. */
export function tokenNamed(state: State, authorization: string | null): MintedToken | undefined {
  const value = /^(?:bearer|token) +(\S+)$/i.exec(authorization ?? "")?.[1];
  return state.tokens.find((one) => one.value === value);
}
