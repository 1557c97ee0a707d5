/** Which of an issuer's keys to try for a token. What a usable key is, is judged by the policy language. No I/O, no clock. */

import { ALGORITHMS, type Algorithm } from "../../policies/algorithms.ts";
import { judgeJwk, type PublicJwk } from "../../policies/jwk.ts";
import { KEYS_TRIED_WITHOUT_KID_MAX } from "../limits.ts";

/** The usable ones among published keys, in their order; issuers publish keys for other purposes beside those for tokens. */
export function usableKeys(published: readonly unknown[]): PublicJwk[] {
  return published.map(judgeJwk).flatMap((judged) => (judged.ok ? [judged.key] : []));
}

/** The keys to try for a token: with `kid` only its own, without it those that fit, in either case a bounded number. */
export function keysFor(keys: readonly PublicJwk[], algorithm: Algorithm, kid: string | undefined): PublicJwk[] {
  return keys
    .filter((key) => key.kind === algorithm.kind)
    .filter((key) => key.alg === undefined || ALGORITHMS.get(key.alg) === algorithm)
    .filter((key) => kid === undefined || key.kid === kid)
    .slice(0, KEYS_TRIED_WITHOUT_KID_MAX);
}
