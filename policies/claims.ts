/**
 * Finding a claim in a token and reading it as strings. Pure; looks at own keys only, as `__proto__` and `constructor` are legal
 * names in a policy and in a payload.
 */

import { isObject, type JsonObject, ownProperty } from "./objects.ts";

declare const verified: unique symbol;

/** A whole payload whose signature was verified. evaluate.ts accepts nothing else. */
export type VerifiedClaims = Readonly<Record<string, unknown>> & { readonly [verified]: true };

/** Call this with the payload of a token right after its signature was verified, as JSON.parse gave it, and nowhere else. */
export function claimsOfVerifiedToken(payload: Readonly<Record<string, unknown>>): VerifiedClaims {
  // The brand exists for the compiler alone; this is its one source.
  return payload as VerifiedClaims;
}

/** The claim of exactly this name, whatever its value; else the one that the name leads to as a path; undefined if there is none. */
export function findClaim(claims: JsonObject, name: string): { readonly value: unknown } | undefined {
  if (Object.hasOwn(claims, name)) return { value: claims[name] };
  return name.includes("/") ? walk(claims, name) : undefined;
}

/**
 * Takes, at each step, the longest key that covers whole segments of what is left, a segment ending at `/`. A key may hold a `/`
 * itself and may end in one. There is no going back to a shorter key: the meaning of a path must not depend on what lies below.
 */
function walk(claims: JsonObject, name: string): { readonly value: unknown } | undefined {
  let at: unknown = claims;
  let rest = name;
  while (isObject(at)) {
    let longest: string | undefined;
    for (const key of Object.keys(at)) {
      if (covers(key, rest) && (longest === undefined || key.length > longest.length)) longest = key;
    }
    if (longest === undefined) return undefined;
    at = at[longest];
    if (longest === rest) return { value: at };
    rest = rest.slice(longest.endsWith("/") ? longest.length : longest.length + 1);
  }
  return undefined;
}

function covers(key: string, rest: string): boolean {
  if (!rest.startsWith(key)) return false;
  return key.length === rest.length || key.endsWith("/") || rest[key.length] === "/";
}

/** Strings, booleans and integers within 2^53 - 1 as a string; undefined for everything else. */
export function scalarAsString(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  return typeof value === "number" && Number.isSafeInteger(value) ? String(value) : undefined;
}

/** A claim of the top level that is a string. */
export function stringClaim(claims: VerifiedClaims, name: string): string | undefined {
  const value = ownProperty(claims, name);
  return typeof value === "string" ? value : undefined;
}

/** A claim as the strings that a pattern is put to: one for a scalar, one for each readable element of an array, else undefined. */
export function claimStrings(value: unknown): string | readonly string[] | undefined {
  if (!Array.isArray(value)) return scalarAsString(value);
  return value.map(scalarAsString).filter((text) => text !== undefined);
}
