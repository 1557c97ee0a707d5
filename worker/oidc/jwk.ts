/**
 * Public keys as issuers publish them (RFC 7517): which of them may verify a token, and which fit this one. No I/O, no clock.
 * A key that may not be used is left out, never an error: issuers publish keys for other purposes beside those for tokens.
 */

import { isObject } from "../../policies/objects.ts";
import { KEYS_TRIED_WITHOUT_KID_MAX, RSA_MAX_BITS, RSA_MIN_BITS } from "../limits.ts";
import type { Algorithm, KeyKind } from "./algorithms.ts";
import { decodeBase64url } from "./base64url.ts";
import { isSmallOrder } from "./small-order.ts";

/** A key that may verify tokens, cut to what verification needs. */
export interface PublicJwk {
  readonly kind: KeyKind;
  readonly kid?: string;
  /** The only algorithm that the issuer lets this key be used with. */
  readonly alg?: string;
  /** The key itself as a JWK of public members alone. */
  readonly material: JsonKey;
}

export type JsonKey =
  | { readonly kty: "RSA"; readonly n: string; readonly e: string }
  | { readonly kty: "EC"; readonly crv: "P-256" | "P-384" | "P-521"; readonly x: string; readonly y: string }
  | { readonly kty: "OKP"; readonly crv: "Ed25519"; readonly x: string };

/** The usable ones among published keys, in their order. */
export function usableKeys(published: readonly unknown[]): PublicJwk[] {
  return published.map(readKey).filter((key) => key !== undefined);
}

/** As they are stored: `usableKeys` reads them back and judges them again. */
export const storedKey = ({ kid, alg, material }: PublicJwk): unknown => ({ kid, alg, ...material });

/** The keys to try for a token: with `kid` only its own, without it those that fit, in either case a bounded number. */
export function keysFor(keys: readonly PublicJwk[], algorithm: Algorithm, kid: string | undefined): PublicJwk[] {
  return keys
    .filter((key) => key.kind === algorithm.kind)
    .filter((key) => key.alg === undefined || key.alg === algorithm.name)
    .filter((key) => kid === undefined || key.kid === kid)
    .slice(0, KEYS_TRIED_WITHOUT_KID_MAX);
}

// RFC 7518 section 6: what makes a key private, or symmetric.
const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

function readKey(published: unknown): PublicJwk | undefined {
  if (!isObject(published)) return undefined;
  const member = (name: string): unknown => (Object.hasOwn(published, name) ? published[name] : undefined);
  // A key whose private half is public proves nothing.
  if (PRIVATE_MEMBERS.some((name) => Object.hasOwn(published, name))) return undefined;
  const [kid, alg, use, operations] = [member("kid"), member("alg"), member("use"), member("key_ops")];
  if (use !== undefined && use !== "sig") return undefined;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify"))) return undefined;
  if (!isOptionalText(kid) || !isOptionalText(alg)) return undefined;
  const material = readMaterial(member);
  if (!material) return undefined;
  const kind = material.kty === "RSA" ? "RSA" : material.crv;
  return { kind, ...(kid === undefined ? {} : { kid }), ...(alg === undefined ? {} : { alg }), material };
}

const isOptionalText = (value: unknown): value is string | undefined =>
  value === undefined || typeof value === "string";

type Member = (name: string) => unknown;

function readMaterial(member: Member): JsonKey | undefined {
  switch (member("kty")) {
    case "RSA":
      return readRsa(member);
    case "EC":
      return readEc(member);
    case "OKP":
      return readEd25519(member);
    default:
      return undefined;
  }
}

function readRsa(member: Member): JsonKey | undefined {
  const [n, e] = [member("n"), member("e")];
  if (typeof n !== "string" || typeof e !== "string") return undefined;
  const [modulus, exponent] = [readInteger(n), readInteger(e)];
  if (!modulus || !exponent) return undefined;
  const bits = bitLength(modulus);
  if (bits < RSA_MIN_BITS || bits > RSA_MAX_BITS) return undefined;
  // With 1 any text signs itself; an even exponent has no inverse; a huge one makes each verification cost seconds.
  if (bitLength(exponent) < 2 || bitLength(exponent) > 32 || !isOdd(exponent) || !isOdd(modulus)) return undefined;
  return { kty: "RSA", n, e };
}

const COORDINATE_BYTES = { "P-256": 32, "P-384": 48, "P-521": 66 } as const;

function readEc(member: Member): JsonKey | undefined {
  const [crv, x, y] = [member("crv"), member("x"), member("y")];
  if (crv !== "P-256" && crv !== "P-384" && crv !== "P-521") return undefined;
  const bytes = COORDINATE_BYTES[crv];
  // Whether the point is on the curve is checked when the key is imported.
  return isText(x, bytes) && isText(y, bytes) ? { kty: "EC", crv, x, y } : undefined;
}

function readEd25519(member: Member): JsonKey | undefined {
  const x = member("x");
  if (member("crv") !== "Ed25519" || !isText(x, 32)) return undefined;
  const point = decodeBase64url(x);
  return point && !isSmallOrder(point) ? { kty: "OKP", crv: "Ed25519", x } : undefined;
}

/** Base64url of exactly this many bytes (RFC 7518 section 6.2.1.2: coordinates keep their leading zeros). */
const isText = (value: unknown, bytes: number): value is string =>
  typeof value === "string" && decodeBase64url(value)?.byteLength === bytes;

/** A big-endian number without its leading zeros; undefined for bad base64url and for zero. */
function readInteger(text: string): Uint8Array | undefined {
  const bytes = decodeBase64url(text);
  const first = bytes?.findIndex((byte) => byte !== 0) ?? -1;
  return first < 0 ? undefined : bytes?.subarray(first);
}

const bitLength = (bytes: Uint8Array): number => bytes.byteLength * 8 - (Math.clz32(bytes[0] ?? 0) - 24);
const isOdd = (bytes: Uint8Array): boolean => ((bytes.at(-1) ?? 0) & 1) === 1;
