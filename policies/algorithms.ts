/**
 * The signature algorithms that are accepted, as data: which key each needs and how long its signature is. Pure.
 * Symmetric algorithms and `none` are absent on purpose: an algorithm that is not here does not exist (RFC 8725 section 3.1).
 */

import { RSA_MAX_BITS, RSA_MIN_BITS } from "./limits.ts";

/** `RSA`, or the curve: what a key is, whatever its issuer says it is for. */
export type KeyKind = "RSA" | "P-256" | "P-384" | "P-521" | "Ed25519";

export interface Algorithm {
  readonly name: string;
  readonly kind: KeyKind;
  readonly signatureMinBytes: number;
  readonly signatureMaxBytes: number;
}

const rsa = (name: string): Algorithm => ({
  name,
  kind: "RSA",
  signatureMinBytes: RSA_MIN_BITS / 8,
  signatureMaxBytes: RSA_MAX_BITS / 8,
});

// JWS carries r and s side by side, each as long as the curve's order (RFC 7518 section 3.4), never DER.
const fixed = (name: string, kind: KeyKind, bytes: number): Algorithm => ({
  name,
  kind,
  signatureMinBytes: bytes,
  signatureMaxBytes: bytes,
});

const ED25519 = fixed("Ed25519", "Ed25519", 64);

/**
 * By the names of RFC 7518, 8037 and 9864. The same algorithm under two names is one value: `EdDSA` leaves the curve to the
 * key and we have one curve, `Ed25519` says both (RFC 9864 section 2.2).
 */
export const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map<string, Algorithm>([
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"].map((name) => [name, rsa(name)] as const),
  ["ES256", fixed("ES256", "P-256", 64)],
  ["ES384", fixed("ES384", "P-384", 96)],
  ["ES512", fixed("ES512", "P-521", 132)],
  ["Ed25519", ED25519],
  ["EdDSA", ED25519],
]);

/** The names by which a key of this kind may be used. */
export function algorithmNames(kind: KeyKind): string[] {
  return [...ALGORITHMS].filter(([, algorithm]) => algorithm.kind === kind).map(([name]) => name);
}
