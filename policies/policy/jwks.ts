/** Keys inline in a policy: public keys that can verify a token, and nothing else. Pure; reads a shape that schema.ts has checked. */

import type { DiagnosticList } from "../diagnostics.ts";
import { flatJwk, judgeJwk } from "../jwk.ts";
import { MAX_INLINE_KEYS } from "../limits.ts";
import type { RawInlineKey } from "../schema.ts";
import type { Locate } from "../yaml/read.ts";
import type { InlineJwk } from "./document.ts";

/** The keys that are fit for use, with a diagnostic for each that is not. */
export function readInlineKeys(
  keys: readonly RawInlineKey[],
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
    const at = locate(`${path}.${judged.member}`) ?? locate(path);
    diagnostics.add(`${path}.${judged.member}`, at, judged.message, judged.suggestion);
    return [];
  });
}

/** Null and the empty string are "not set" everywhere in the language. */
const withoutUnset = (key: RawInlineKey): object =>
  Object.fromEntries(Object.entries(key).filter(([, value]) => value !== null && value !== ""));
