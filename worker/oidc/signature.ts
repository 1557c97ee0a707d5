/**
 * Checks a token's signature against keys, over Web Crypto by way of jose. No clock, no network.
 * Imported keys are kept in memory under their own content, so that they belong to nobody and prove nothing by being there.
 */
import { compactVerify } from "jose/jws/compact/verify";
import { importJWK } from "jose/key/import";
import { ALGORITHMS, type Algorithm } from "../../policies/algorithms.ts";
import { decodedLength } from "../../policies/base64url.ts";
import type { PublicJwk } from "../../policies/jwk.ts";
import { MEMORY_ENTRIES_MAX } from "../limits.ts";
import { BoundedMap } from "../store/memory.ts";
import { keysFor } from "./jwk.ts";
import { signaturePart, type UnverifiedToken } from "./token.ts";

export type SignatureOutcome =
  | { readonly ok: true; readonly payload: Uint8Array }
  | { readonly ok: false; readonly problem: "no key fits" | "signature does not match" };

/** Whether no key in the world could have made this signature; needs no key to tell. */
export function hasImpossibleSignatureLength(token: UnverifiedToken): boolean {
  const algorithm = ALGORITHMS.get(token.header.alg);
  if (!algorithm) return true;
  const length = decodedLength(signaturePart(token));
  return length < algorithm.signatureMinBytes || length > algorithm.signatureMaxBytes;
}

/** One per isolate; remembers imported keys. */
export class SignatureChecker {
  readonly #imported = new BoundedMap<CryptoKey | "unusable">(MEMORY_ENTRIES_MAX);

  async check(token: UnverifiedToken, keys: readonly PublicJwk[]): Promise<SignatureOutcome> {
    const algorithm = ALGORITHMS.get(token.header.alg);
    const candidates = algorithm ? keysFor(keys, algorithm, token.header.kid) : [];
    for (const candidate of candidates) {
      const key = algorithm ? await this.#import(candidate, algorithm) : "unusable";
      const payload = key === "unusable" ? undefined : await verifiedPayload(token, key);
      if (payload) return { ok: true, payload };
    }
    return { ok: false, problem: candidates.length === 0 ? "no key fits" : "signature does not match" };
  }

  async #import(key: PublicJwk, { name }: Algorithm): Promise<CryptoKey | "unusable"> {
    const content = JSON.stringify([name, key.material]);
    const known = this.#imported.get(content);
    if (known) return known;
    const fresh = await importKey(key, name);
    this.#imported.set(content, fresh);
    return fresh;
  }
}

/** A point that is not on its curve, or a modulus that the runtime refuses, is an unusable key and no bug of ours. */
async function importKey(key: PublicJwk, algorithm: string): Promise<CryptoKey | "unusable"> {
  try {
    const imported = await importJWK({ ...key.material }, algorithm);
    return imported instanceof CryptoKey ? imported : "unusable";
  } catch {
    return "unusable";
  }
}

/** jose throws for every way in which a signature can fail to hold; all of them mean the same here. */
async function verifiedPayload(token: UnverifiedToken, key: CryptoKey): Promise<Uint8Array | undefined> {
  try {
    return (await compactVerify(token.compact, key, { algorithms: [token.header.alg] })).payload;
  } catch {
    return undefined;
  }
}
