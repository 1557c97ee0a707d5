/**
 * The payload of a token, for a look at its claims. Pure; verifies nothing, and no message holds a part of the token.
 */

import { claimsOfVerifiedToken, type VerifiedClaims } from "../claims.ts";
import { isObject, type JsonObject, ownProperty } from "../objects.ts";

export type Payload =
  | { readonly ok: true; readonly claims: VerifiedClaims }
  | { readonly ok: false; readonly message: string };

/** A compact JWT (RFC 7519). */
export function parseToken(token: string): Payload {
  const parts = token.trim().split(".");
  const [, payload = ""] = parts;
  if (parts.length !== 3) return { ok: false, message: "a token has three parts, separated by dots" };
  if (!/^[A-Za-z0-9_-]+$/.test(payload)) return { ok: false, message: "the token's second part is no base64url" };
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    return parseClaims(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes), "the token's payload");
  } catch {
    return { ok: false, message: "the token's second part is no base64url of UTF-8 text" };
  }
}

/** `what` names the source in messages. */
export function parseClaims(json: string, what: string): Payload {
  try {
    const value: unknown = JSON.parse(json);
    if (!isObject(value)) {
      return { ok: false, message: `${what} is no JSON object` };
    }
    return { ok: true, claims: unverifiedClaims(value) };
  } catch {
    return { ok: false, message: `${what} is no JSON` };
  }
}

/** For looking at, an unverified payload takes the place of a verified one: nothing here mints a token. */
export const unverifiedClaims = (payload: JsonObject): VerifiedClaims => claimsOfVerifiedToken({ ...payload });

/** What the clock says against a token, which the policy does not look at; undefined if nothing. `now` in seconds. */
export function expiryNote(claims: VerifiedClaims, now: number): string | undefined {
  const expires = ownProperty(claims, "exp");
  if (typeof expires !== "number" || expires > now) return undefined;
  return "The token has expired: the service would refuse it whatever the policy says.";
}
