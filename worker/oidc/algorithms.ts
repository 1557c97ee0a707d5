/**
 * The signature algorithms that are accepted, as data: which key each needs and how long its signature is. No I/O, no clock.
 * Symmetric algorithms and `none` are absent on purpose: an algorithm that is not here does not exist (RFC 8725 section 3.1).
 */
import { RSA_MAX_BITS, RSA_MIN_BITS } from "../limits.ts";

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

export const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map(
  [
    rsa("RS256"),
    rsa("RS384"),
    rsa("RS512"),
    rsa("PS256"),
    rsa("PS384"),
    rsa("PS512"),
    fixed("ES256", "P-256", 64),
    fixed("ES384", "P-384", 96),
    fixed("ES512", "P-521", 132),
    fixed("EdDSA", "Ed25519", 64),
  ].map((algorithm) => [algorithm.name, algorithm]),
);

/** What an issuer's tokens may be signed with when its discovery document names nothing that we have (OpenID Connect Core 2). */
export const DEFAULT_ALGORITHMS: readonly string[] = ["RS256"];
