/**
 * Public keys (RFC 7517): which of them may verify a token. One judgement for keys that stand in a policy and keys that an issuer
 * publishes, so that whatever an author may write down is what the verifier uses. Pure.
 */

import { ALGORITHMS, algorithmNames, type KeyKind } from "./algorithms.ts";
import { decodeBase64url } from "./base64url.ts";
import { quoted } from "./diagnostics.ts";
import { RSA_MAX_BITS, RSA_MIN_BITS } from "./limits.ts";
import { isObject, type JsonObject, ownProperty } from "./objects.ts";

/** A key that may verify tokens, cut to what verification needs. */
export interface PublicJwk {
  readonly kind: KeyKind;
  readonly kid?: string;
  /** The only algorithm that the issuer lets this key be used with. */
  readonly alg?: string;
  /** The key itself as a JWK of public members alone. */
  readonly material: KeyMaterial;
}

export type KeyMaterial =
  | { readonly kty: "RSA"; readonly n: string; readonly e: string }
  | { readonly kty: "EC"; readonly crv: "P-256" | "P-384" | "P-521"; readonly x: string; readonly y: string }
  | { readonly kty: "OKP"; readonly crv: "Ed25519"; readonly x: string };

/** Why a key may not be used: the member, what is wrong, what to do. */
export interface JwkProblem {
  readonly member: string;
  readonly message: string;
  readonly suggestion: string;
}

const shown = (value: unknown): string => (typeof value === "string" ? quoted(value) : "something that is no string");

type Judged<T> = { readonly ok: true; readonly key: T } | ({ readonly ok: false } & JwkProblem);

const problem = (member: string, message: string, suggestion = COPY): { readonly ok: false } & JwkProblem => ({
  ok: false,
  member,
  message,
  suggestion,
});
const COPY = "copy the key from the issuer's key set";

/** Members that make a key private, or symmetric (RFC 7518 section 6). */
export const PRIVATE_MEMBERS: readonly string[] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/** A key whose private half is public proves nothing: it is refused although its public half would do. */
export function judgeJwk(jwk: unknown): Judged<PublicJwk> {
  if (!isObject(jwk)) return problem("kty", "a key must be an object with its kty");
  const secret = PRIVATE_MEMBERS.find((name) => Object.hasOwn(jwk, name));
  if (secret !== undefined) return problem(secret, `"${secret}" is part of a private key`, "write the public key only");
  const unfit = judgeUse(jwk);
  if (unfit) return unfit;
  const material = judgeMaterial(jwk);
  return material.ok ? judgeNames(jwk, material.key) : material;
}

/** The flat form in which keys are stored; `judgeJwk` reads it back. */
export const flatJwk = ({ kid, alg, material }: PublicJwk) => ({
  ...material,
  ...(kid === undefined ? {} : { kid }),
  ...(alg === undefined ? {} : { alg }),
});

/** A key for tokens is published as `sig`, in the trust bundles of SPIFFE as `jwt-svid`. */
function judgeUse(jwk: JsonObject) {
  const [use, operations] = [ownProperty(jwk, "use"), ownProperty(jwk, "key_ops")];
  if (use !== undefined && use !== "sig" && use !== "jwt-svid") {
    return problem("use", `the key is for ${shown(use)}, not for signing tokens`, "remove this key");
  }
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify"))) {
    return problem("key_ops", "the key is not for verifying", "remove this key, or key_ops");
  }
  return undefined;
}

function judgeNames(jwk: JsonObject, material: KeyMaterial): Judged<PublicJwk> {
  const [kid, alg] = [ownProperty(jwk, "kid"), ownProperty(jwk, "alg")];
  const kind = material.kty === "RSA" ? "RSA" : material.crv;
  if (kid !== undefined && typeof kid !== "string") return problem("kid", "kid must be a string");
  if (alg !== undefined && (typeof alg !== "string" || ALGORITHMS.get(alg)?.kind !== kind)) {
    const fitting = algorithmNames(kind).join(", ");
    return problem("alg", `${shown(alg)} does not fit the key`, `remove alg, or write one of ${fitting}`);
  }
  return {
    ok: true,
    key: { kind, ...(kid === undefined ? {} : { kid }), ...(alg === undefined ? {} : { alg }), material },
  };
}

function judgeMaterial(jwk: JsonObject): Judged<KeyMaterial> {
  switch (ownProperty(jwk, "kty")) {
    case "RSA":
      return judgeRsa(ownProperty(jwk, "n"), ownProperty(jwk, "e"));
    case "EC":
      return judgeEc(ownProperty(jwk, "crv"), ownProperty(jwk, "x"), ownProperty(jwk, "y"));
    case "OKP":
      return judgeEd25519(ownProperty(jwk, "crv"), ownProperty(jwk, "x"));
    default:
      return problem("kty", "kty must be RSA, EC or OKP");
  }
}

function judgeRsa(n: unknown, e: unknown): Judged<KeyMaterial> {
  if (!isOddInteger(n, RSA_MIN_BITS, RSA_MAX_BITS)) {
    return problem("n", `n must be an odd RSA modulus of ${RSA_MIN_BITS} to ${RSA_MAX_BITS} bits in base64url`);
  }
  // With 1 any text signs itself; an even exponent has no inverse; a huge one makes each verification cost seconds.
  if (!isOddInteger(e, 2, 32)) {
    return problem("e", "e must be an odd RSA exponent from 3 on in base64url", "it is AQAB in nearly all keys");
  }
  return { ok: true, key: { kty: "RSA", n, e } };
}

const COORDINATE_BYTES = { "P-256": 32, "P-384": 48, "P-521": 66 } as const;

function judgeEc(crv: unknown, x: unknown, y: unknown): Judged<KeyMaterial> {
  if (crv !== "P-256" && crv !== "P-384" && crv !== "P-521") {
    const names = Object.keys(COORDINATE_BYTES).join(", ");
    return problem("crv", `crv of a key of type EC must be ${names}`, "use a key of this kind");
  }
  const bytes = COORDINATE_BYTES[crv];
  if (!isCoordinate(x, bytes)) return problem("x", `x must be ${bytes} bytes in base64url`);
  if (!isCoordinate(y, bytes)) return problem("y", `y must be ${bytes} bytes in base64url`);
  // Whether the point is on the curve is checked when the key is imported.
  return { ok: true, key: { kty: "EC", crv, x, y } };
}

function judgeEd25519(crv: unknown, x: unknown): Judged<KeyMaterial> {
  if (crv !== "Ed25519") {
    return problem("crv", "crv of a key of type OKP must be Ed25519", "use a key of this kind");
  }
  if (!isCoordinate(x, 32)) return problem("x", "x must be 32 bytes in base64url");
  if (isSmallOrder(decodeBase64url(x) ?? new Uint8Array(32))) {
    return problem("x", "x is a point of small order, with which anybody can sign", "use a key that was generated");
  }
  return { ok: true, key: { kty: "OKP", crv, x } };
}

/** Base64url of exactly this many bytes (RFC 7518 section 6.2.1.2: coordinates keep their leading zeros). */
const isCoordinate = (value: unknown, bytes: number): value is string =>
  typeof value === "string" && decodeBase64url(value)?.byteLength === bytes;

/** Whether it is a big-endian number in base64url, odd and of so many bits; leading zeros do not count. */
function isOddInteger(value: unknown, minBits: number, maxBits: number): value is string {
  const bytes = typeof value === "string" ? decodeBase64url(value) : undefined;
  const first = bytes?.findIndex((byte) => byte !== 0) ?? -1;
  if (bytes === undefined || first < 0) return false;
  const bits = (bytes.byteLength - first) * 8 - (Math.clz32(bytes[first] ?? 0) - 24);
  return bits >= minBits && bits <= maxBits && ((bytes.at(-1) ?? 0) & 1) === 1;
}

/**
 * The y coordinates of the eight points of Ed25519 whose order divides 8, little-endian in hex, and y + p where that still fits
 * into 255 bits. With such a key a signature can be made without any secret, for any message (or for one in eight).
 * The sign bit is left out: both of its values are refused, also where only one is canonical.
 */
const SMALL_ORDER_Y: ReadonlySet<string> = new Set([
  // y = 1, the neutral element.
  "0100000000000000000000000000000000000000000000000000000000000000",
  // y = p - 1, order 2.
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  // y = 0, order 4.
  "0000000000000000000000000000000000000000000000000000000000000000",
  // Order 8: two values of y, each with two of x.
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  // Not canonical: p and p + 1 stand for 0 and 1.
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);

/** Whether 32 bytes encode a point of small order. */
export function isSmallOrder(point: Uint8Array): boolean {
  return SMALL_ORDER_Y.has(point.reduce((hex, byte, at) => hex + hexByte(at === 31 ? byte & 0x7f : byte), ""));
}

const hexByte = (byte: number): string => byte.toString(16).padStart(2, "0");
