/** Keys inline in a policy: public keys that can verify a token, and nothing else. Pure. */

import type { DiagnosticList } from "../diagnostics.ts";
import { flatJwk, judgeJwk } from "../jwk.ts";
import { MAX_INLINE_KEYS } from "../limits.ts";
import { isObject } from "../objects.ts";
import { parseStrictObject } from "../strict-json.ts";
import type { Locate } from "../yaml/read.ts";
import type { InlineJwk } from "./document.ts";

/** The keys that are fit for use, with a diagnostic for each that is not. */
export function readInlineKeys(
  keys: readonly unknown[],
  diagnostics: DiagnosticList,
  locate: Locate,
): readonly InlineJwk[] {
  const start = locate("jwks.keys") ?? locate("jwks");
  if (keys.length === 0) {
    const suggestion = "put the issuer's public keys under `keys`, or remove jwks";
    diagnostics.add("jwks.keys", start, "jwks holds no key", suggestion);
  }
  if (keys.length > MAX_INLINE_KEYS) {
    diagnostics.add("jwks.keys", start, `more than ${MAX_INLINE_KEYS} keys`, "keep the keys that sign tokens now");
  }
  return keys.slice(0, MAX_INLINE_KEYS).flatMap((key, index) => {
    const path = `jwks.keys[${index}]`;
    const judged = judgeJwk(withoutUnset(key));
    if (judged.ok) return [flatJwk(judged.key)];
    const at = locate(`${path}.${judged.member}`) ?? locate(path) ?? locate("jwks");
    diagnostics.add(`${path}.${judged.member}`, at, judged.message, judged.suggestion);
    return [];
  });
}

/** Null and the empty string are "not set" everywhere in the language. */
function withoutUnset(key: unknown): unknown {
  if (!isObject(key)) return key;
  return Object.fromEntries(Object.entries(key).filter(([, value]) => value !== null && value !== ""));
}

/** The remedy for an address of keys. */
export const KEYS_ARE_FOUND =
  "remove it: keys are found by the issuer's discovery; if nobody can reach that, paste the key set below `jwks:`";

export type KeySetReading =
  | { readonly ok: true; readonly keys: readonly unknown[] }
  | { readonly ok: false; readonly message: string; readonly suggestion: string };

/** A key set as an issuer publishes it, pasted as text; it may have members that a policy has no key for. */
export function parseKeySet(text: string): KeySetReading {
  const suggestion = 'paste the whole key set, `{"keys": [...]}`, below `jwks: |`';
  if (/^https?:\/\//.test(text)) {
    const message = "jwks is an address, and nothing is fetched from it";
    return { ok: false, message, suggestion: KEYS_ARE_FOUND };
  }
  const parsed = parseStrictObject(new TextEncoder().encode(text.trim()));
  if (!parsed.ok) return { ok: false, message: `the text of jwks ${parsed.problem}`, suggestion };
  const { keys } = parsed.value;
  return Array.isArray(keys)
    ? { ok: true, keys }
    : { ok: false, message: "the text of jwks has no `keys`", suggestion };
}
