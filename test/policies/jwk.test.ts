import { base64url } from "jose";
import { describe, expect, it } from "vitest";
import { flatJwk, isSmallOrder, judgeJwk } from "../../policies/jwk.ts";
import { parsePolicy } from "../../policies/parse.ts";

/** An odd number of exactly this many bits, most of them set. */
function modulus(bits: number, leadingZeros = 0): string {
  const bytes = new Uint8Array(Math.ceil(bits / 8)).fill(0xff);
  bytes[0] = 0xff >> (bytes.length * 8 - bits);
  return base64url.encode(Uint8Array.of(...new Uint8Array(leadingZeros), ...bytes));
}

const zeros = (bytes: number): string => base64url.encode(new Uint8Array(bytes).fill(9));
const RSA = { kty: "RSA", n: modulus(2048), e: "AQAB" };
const P256 = { kty: "EC", crv: "P-256", x: zeros(32), y: zeros(32) };
const ED = { kty: "OKP", crv: "Ed25519", x: zeros(32) };

/** Whether a policy that has this key written into it is valid; JSON is YAML. */
function isTakenInline(key: unknown): boolean {
  const head = "issuer: https://id.example.com\nsubject: x\npermissions: {contents: read}\n";
  return parsePolicy(`${head}jwks: ${JSON.stringify({ keys: [key] })}\n`, { kind: "repository", owner: "acme" }).ok;
}

describe("a key that may verify tokens", () => {
  it.each<readonly [string, object, string]>([
    ["RSA of 2048 bits", RSA, "RSA"],
    ["RSA of 8192 bits", { ...RSA, n: modulus(8192) }, "RSA"],
    ["RSA with leading zeros", { ...RSA, n: modulus(2048, 3) }, "RSA"],
    ["RSA with the exponent 3", { ...RSA, e: "Aw" }, "RSA"],
    ["P-256", P256, "P-256"],
    ["P-384", { ...P256, crv: "P-384", x: zeros(48), y: zeros(48) }, "P-384"],
    ["P-521", { ...P256, crv: "P-521", x: zeros(66), y: zeros(66) }, "P-521"],
    ["Ed25519", ED, "Ed25519"],
    ["with use sig", { ...RSA, use: "sig" }, "RSA"],
    ["with key_ops verify among others", { ...RSA, key_ops: ["encrypt", "verify"] }, "RSA"],
    ["with use jwt-svid, as SPIFFE has it", { ...P256, use: "jwt-svid" }, "P-256"],
    ["with a certificate", { ...RSA, x5c: ["x"], x5t: "x" }, "RSA"],
  ])("%s", (_about, key, kind) => {
    expect(judgeJwk(key)).toMatchObject({ ok: true, key: { kind } });
    expect(isTakenInline(key)).toBe(true);
  });

  it("is one in whatever members it has beside them, where an issuer publishes it", () => {
    expect(judgeJwk({ ...RSA, ext: "no", issuer: "x" }).ok).toBe(true);
  });

  it("keeps its public members, its id and its algorithm alone", () => {
    const judged = judgeJwk({ ...P256, kid: "k", alg: "ES256", use: "sig", x5c: ["x"] });
    expect(judged).toEqual({ ok: true, key: { kind: "P-256", kid: "k", alg: "ES256", material: P256 } });
    expect(judged.ok && judgeJwk(flatJwk(judged.key))).toEqual(judged);
  });
});

describe("a key that may not verify tokens", () => {
  it.each<readonly [string, unknown]>([
    ["null", null],
    ["text", "key"],
    ["a list", [RSA]],
    ["an empty object", {}],
    ["no kty", { ...RSA, kty: undefined }],
    ["kty in lower case", { ...RSA, kty: "rsa" }],
    ["a symmetric key", { kty: "oct", k: zeros(32) }],
    ["an ML-DSA key", { kty: "AKP", alg: "ML-DSA-44", pub: zeros(32) }],
    ["use enc", { ...RSA, use: "enc" }],
    ["use tls", { ...RSA, use: "tls" }],
    ["key_ops without verify", { ...RSA, key_ops: ["encrypt", "wrapKey"] }],
    ["key_ops empty", { ...RSA, key_ops: [] }],
    ["key_ops as text", { ...RSA, key_ops: "verify" }],
    ["an algorithm that nobody knows", { ...RSA, alg: "RS1" }],
    ["an algorithm of another kind of key", { ...RSA, alg: "ES256" }],
    ["an algorithm of another curve", { ...P256, alg: "ES384" }],
    ["alg a list", { ...RSA, alg: ["RS256"] }],
    ["RSA private", { ...RSA, d: zeros(256) }],
    ["RSA with a prime", { ...RSA, p: zeros(128) }],
    ["RSA with other primes", { ...RSA, oth: [] }],
    ["RSA with a private member that is null", { ...RSA, d: null }],
    ["RSA with a symmetric key", { ...RSA, k: zeros(32) }],
    ["RSA of 2047 bits", { ...RSA, n: modulus(2047) }],
    ["RSA of 1024 bits", { ...RSA, n: modulus(1024) }],
    ["RSA of 1024 bits with leading zeros", { ...RSA, n: modulus(1024, 128) }],
    ["RSA of 8193 bits", { ...RSA, n: modulus(8193) }],
    ["RSA with an even modulus", { ...RSA, n: `${modulus(2048).slice(0, -1)}g` }],
    ["RSA with the exponent 1", { ...RSA, e: "AQ" }],
    ["RSA with the exponent 0", { ...RSA, e: "AA" }],
    ["RSA with an even exponent", { ...RSA, e: "AQAC" }],
    ["RSA with an exponent of 33 bits", { ...RSA, e: "AQAAAAE" }],
    ["RSA with an empty modulus", { ...RSA, n: "" }],
    ["RSA with padding", { ...RSA, e: "AQA=" }],
    ["RSA without an exponent", { kty: "RSA", n: RSA.n }],
    ["RSA with a number for its modulus", { ...RSA, n: 65537 }],
    ["secp256k1", { ...P256, crv: "secp256k1" }],
    ["P-256 private", { ...P256, d: zeros(32) }],
    ["P-256 with a short coordinate", { ...P256, x: zeros(31) }],
    ["P-256 with a long coordinate", { ...P256, y: zeros(33) }],
    ["P-256 with the coordinates of P-384", { ...P256, x: zeros(48), y: zeros(48) }],
    ["P-256 without y", { kty: "EC", crv: "P-256", x: zeros(32) }],
    ["P-256 as an OKP", { ...P256, kty: "OKP" }],
    ["Ed25519 as EC", { ...ED, kty: "EC" }],
    ["Ed25519 private", { ...ED, d: zeros(32) }],
    ["Ed25519 too short", { ...ED, x: zeros(31) }],
    ["Ed25519 too long", { ...ED, x: zeros(33) }],
    ["Ed448", { kty: "OKP", crv: "Ed448", x: zeros(57) }],
    ["X25519", { ...ED, crv: "X25519" }],
    ["a key behind __proto__", JSON.parse(`{"__proto__":${JSON.stringify(RSA)}}`)],
  ])("%s", (_about, key) => {
    expect(judgeJwk(key).ok).toBe(false);
    expect(isTakenInline(key)).toBe(false);
  });

  // In a policy null is "not set", and every scalar is a string.
  it.each<readonly [string, unknown]>([
    ["use null", { ...RSA, use: null }],
    ["kid a number", { ...RSA, kid: 7 }],
  ])("%s, where an issuer publishes it", (_about, key) => {
    expect(judgeJwk(key).ok).toBe(false);
  });
});

const P = 2n ** 255n - 19n;
const D = mod(-121665n * inverse(121666n));

function mod(value: bigint): bigint {
  return ((value % P) + P) % P;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let bit = BigInt(exponent.toString(2).length) - 1n; bit >= 0n; bit--) {
    result = mod(result * result);
    if ((exponent >> bit) & 1n) result = mod(result * base);
  }
  return result;
}

function inverse(value: bigint): bigint {
  return power(mod(value), P - 2n);
}

function encoded(y: bigint, sign: bigint): Uint8Array {
  const number = y | (sign << 255n);
  return Uint8Array.from({ length: 32 }, (_, at) => Number((number >> BigInt(8 * at)) & 0xffn));
}

/** Whether 8 times the point with this y is the neutral element, by doubling; undefined if y is on no point. */
function hasSmallOrder(encodedY: bigint): boolean | undefined {
  let y = mod(encodedY);
  let xx = mod((y * y - 1n) * inverse(D * y * y + 1n));
  if (xx !== 0n && power(xx, (P - 1n) / 2n) !== 1n) return undefined;
  for (let doubling = 0; doubling < 3; doubling++) {
    // On -x^2 + y^2 = 1 + d x^2 y^2 the next y depends on x^2 and y alone, and the next x^2 on x^2 and y^2.
    const [yy, product] = [mod(y * y), mod(D * xx * y * y)];
    const nextXx = mod(4n * xx * yy * inverse((1n + product) * (1n + product)));
    y = mod((yy + xx) * inverse(1n - product));
    xx = nextXx;
  }
  return xx === 0n && y === 1n;
}

describe("Ed25519 keys of small order", () => {
  const order8 = BigInt("0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7");
  const found = [0n, 1n, P - 1n, order8, P - order8, P, P + 1n];

  it("are what the curve's own arithmetic says they are", () => {
    expect(found.map(hasSmallOrder)).toEqual([true, true, true, true, true, true, true]);
    expect([3n, 4n, 6n, 9n].map(hasSmallOrder).includes(true)).toBe(false);
  });

  it("are refused in every encoding, with either sign", () => {
    for (const y of found) {
      for (const sign of [0n, 1n]) {
        expect(isSmallOrder(encoded(y, sign))).toBe(true);
        expect(judgeJwk({ ...ED, x: base64url.encode(encoded(y, sign)) }).ok).toBe(false);
      }
    }
  });

  it("leave out no other encoding beyond the field", () => {
    const beyond = Array.from({ length: 19 }, (_, more) => P + BigInt(more));
    for (const y of beyond) expect(isSmallOrder(encoded(y, 0n))).toBe(hasSmallOrder(y) ?? false);
  });

  it("are not confused with neighbours", () => {
    for (const y of [2n, 3n, P - 2n, order8 + 1n, P - order8 - 1n]) expect(isSmallOrder(encoded(y, 0n))).toBe(false);
  });
});
