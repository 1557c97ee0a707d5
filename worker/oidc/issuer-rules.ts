/**
 * Which issuers are known before any policy is read. Pure: no I/O, no clock. Everything here judges text that strangers chose.
 */
import { isIssuer } from "../../policies/fields.ts";
import { BUILT_IN_ISSUERS } from "../../policies/issuers.ts";

/** Whether this very issuer is on a list, as opposed to lying below a wildcard, where a stranger can name issuers without end. */
export function isListedIssuer(issuer: string, known: readonly string[]): boolean {
  return BUILT_IN_ISSUERS.includes(issuer) || (known.includes(issuer) && !issuer.endsWith("/*"));
}

/**
 * Whether keys of this issuer may be fetched before any policy is read.
 * `known` holds exact issuers, and `https://host[:port]/*` for every issuer below that host and port (but not the bare host).
 */
export function isKnownIssuer(issuer: string, known: readonly string[]): boolean {
  if (isListedIssuer(issuer, known)) return true;
  return known.some((entry) => entry.endsWith("/*") && isBelow(issuer, entry.slice(0, -1)));
}

/** Compared as text, byte for byte: a spelling that only a URL parser would find equal is another issuer. */
function isBelow(issuer: string, prefix: string): boolean {
  if (!/^https?:\/\/[^/?#@\\]+\/$/.test(prefix) || !issuer.startsWith(prefix)) return false;
  // The issuer rule leaves no dot segment or empty segment, but it lets escapes pass (`%2f`), which servers read as they like.
  return /^[A-Za-z0-9._~/-]+$/.test(issuer.slice(prefix.length)) && isIssuer(issuer);
}
