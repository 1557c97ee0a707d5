/**
 * Keys inline: which are taken, what is kept of them, and why the others are not.
 */

import { describe, expect, test } from "vitest";
import { parsePolicy } from "../../../policies/parse.ts";

/** Odd, as the last bit of a modulus must be; its last character carries 4 bits of no byte. */
const N = `"${"x".repeat(341)}w"`;
const X32 = `"${"A".repeat(42)}E"`;
const X48 = `"${"A".repeat(64)}"`;

function read(keys: string, head = "issuer: https://id.example.com\n") {
  const parsed = parsePolicy(`${head}subject: x\npermissions: {contents: read}\njwks:\n  keys: [${keys}]\n`, {
    kind: "repository",
    owner: "acme",
  });
  return parsed.ok
    ? parsed.value.document.jwks?.keys
    : parsed.diagnostics.map(({ path, message }) => `${path}: ${message}`);
}

test.each([
  [
    "RSA",
    `{kty: RSA, n: ${N}, e: AQAB, kid: a, alg: PS512, use: sig}`,
    { kty: "RSA", kid: "a", alg: "PS512", n: `${"x".repeat(341)}w`, e: "AQAB" },
  ],
  [
    "EC, with unquoted y",
    `{kty: EC, crv: P-256, x: ${X32}, y: ${X32}}`,
    { kty: "EC", crv: "P-256", x: `${"A".repeat(42)}E`, y: `${"A".repeat(42)}E` },
  ],
  [
    "OKP",
    `{kty: OKP, crv: Ed25519, x: ${X32}, alg: EdDSA, use: jwt-svid, key_ops: [verify]}`,
    { kty: "OKP", alg: "EdDSA", crv: "Ed25519", x: `${"A".repeat(42)}E` },
  ],
  [
    "a certificate beside it",
    `{kty: EC, crv: P-384, x: ${X48}, y: ${X48}, x5c: [abc], x5t: abc}`,
    { kty: "EC", crv: "P-384", x: "A".repeat(64), y: "A".repeat(64) },
  ],
])("%s is taken", (_, key, kept) => {
  expect(read(key)).toEqual([kept]);
});

test.each([
  ["a private key", `{kty: OKP, crv: Ed25519, x: ${X32}, d: abc}`, 'jwks.keys[0].d: "d" is part of a private key'],
  ["a shared key", "{kty: oct, k: abc}", 'jwks.keys[0].k: "k" is part of a private key'],
  ["another type", "{kty: oct}", "jwks.keys[0].kty: kty must be RSA, EC or OKP"],
  [
    "a short modulus",
    `{kty: RSA, n: "${"x".repeat(336)}", e: AQAB}`,
    "jwks.keys[0].n: n must be an odd RSA modulus of 2048 to 8192 bits in base64url",
  ],
  [
    "a long modulus",
    `{kty: RSA, n: "${"x".repeat(1_368)}", e: AQAB}`,
    "jwks.keys[0].n: n must be an odd RSA modulus of 2048 to 8192 bits in base64url",
  ],
  [
    "padding",
    `{kty: RSA, n: "${"x".repeat(341)}w==", e: AQAB}`,
    "jwks.keys[0].n: n must be an odd RSA modulus of 2048 to 8192 bits in base64url",
  ],
  [
    "an even exponent",
    `{kty: RSA, n: ${N}, e: AQAA}`,
    "jwks.keys[0].e: e must be an odd RSA exponent from 3 on in base64url",
  ],
  [
    "an exponent of one",
    `{kty: RSA, n: ${N}, e: AQ}`,
    "jwks.keys[0].e: e must be an odd RSA exponent from 3 on in base64url",
  ],
  [
    "a curve of another type",
    `{kty: EC, crv: Ed25519, x: ${X32}, y: ${X32}}`,
    "jwks.keys[0].crv: crv of a key of type EC must be P-256, P-384, P-521",
  ],
  ["no curve", `{kty: OKP, x: ${X32}}`, "jwks.keys[0].crv: crv of a key of type OKP must be Ed25519"],
  [
    "a short coordinate",
    `{kty: EC, crv: P-384, x: ${X32}, y: ${X48}}`,
    "jwks.keys[0].x: x must be 48 bytes in base64url",
  ],
  ["no second coordinate", `{kty: EC, crv: P-256, x: ${X32}}`, "jwks.keys[0].y: y must be 32 bytes in base64url"],
  [
    "an algorithm of others",
    `{kty: RSA, n: ${N}, e: AQAB, alg: ES256}`,
    'jwks.keys[0].alg: "ES256" does not fit the key',
  ],
  [
    "a symmetric algorithm",
    `{kty: RSA, n: ${N}, e: AQAB, alg: HS256}`,
    'jwks.keys[0].alg: "HS256" does not fit the key',
  ],
  [
    "another use",
    `{kty: RSA, n: ${N}, e: AQAB, use: enc}`,
    'jwks.keys[0].use: the key is for "enc", not for signing tokens',
  ],
  [
    "other operations",
    `{kty: RSA, n: ${N}, e: AQAB, key_ops: [encrypt]}`,
    "jwks.keys[0].key_ops: the key is not for verifying",
  ],
  ["an unknown member", `{kty: RSA, n: ${N}, e: AQAB, foo: x}`, 'jwks.keys[0].foo: unknown key "foo"'],
  ["no key at all", "", "jwks.keys: jwks holds no key"],
])("%s is a fault", (_, key, fault) => {
  expect(read(key)).toContain(fault);
});

test("an issuer pattern cannot have keys", () => {
  const keys = `{kty: OKP, crv: Ed25519, x: ${X32}}`;
  expect(read(keys, "issuer_pattern: https://.*\n")).toEqual(["jwks: jwks needs an exact issuer"]);
});

test("y and n are keys of a JWK only", () => {
  const parsed = parsePolicy("issuer: x1\nsubject: x\npermissions: {contents: read}\nclaim_pattern: {y: a}\n", {
    kind: "repository",
    owner: "acme",
  });
  expect(parsed.ok).toBe(false);
});

describe("a key set pasted as JSON text", () => {
  const ED = { kty: "OKP", crv: "Ed25519", x: `${"A".repeat(42)}E` };
  /** As `jwks: |` has it, each line indented. */
  const paste = (text: string) => {
    const block = text.split("\n").map((line) => `  ${line}\n`);
    const head = "issuer: https://id.example.com\nsubject: x\npermissions: {contents: read}\n";
    const parsed = parsePolicy(`${head}jwks: |\n${block.join("")}`, { kind: "repository", owner: "acme" });
    return parsed.ok
      ? parsed.value.document.jwks?.keys
      : parsed.diagnostics.map(({ path, line, message }) => `${line} ${path}: ${message}`);
  };

  test.each([
    ["on one line, as kubectl prints it", JSON.stringify({ keys: [{ ...ED, use: "sig", kid: "a" }] })],
    ["on many lines", JSON.stringify({ keys: [{ ...ED, kid: "a" }] }, undefined, 2)],
    ["with tabs", JSON.stringify({ keys: [{ ...ED, kid: "a" }] }, undefined, "\t")],
    [
      "with what its issuer adds",
      JSON.stringify({ spiffe_sequence: 1, keys: [{ ...ED, kid: "a", issuer: "x", n: null }] }),
    ],
  ])("%s is taken", (_, text) => {
    expect(paste(text)).toEqual([{ ...ED, kid: "a" }]);
  });

  test.each([
    ["an address", "https://id.example.com/keys", "4 jwks: jwks is an address, and nothing is fetched from it"],
    ["no JSON", "keys: here", "4 jwks: the text of jwks is not JSON"],
    ["JSON that is cut", '{"keys": [', "4 jwks: the text of jwks is not JSON"],
    ["a list", JSON.stringify([ED]), "4 jwks: the text of jwks is not a JSON object"],
    ["one key without a set", JSON.stringify(ED), "4 jwks: the text of jwks has no `keys`"],
    ["a name twice", `{"keys": [], "keys": [${JSON.stringify(ED)}]}`, "4 jwks: the text of jwks names a key twice"],
    ["no key", '{"keys": []}', "4 jwks.keys: jwks holds no key"],
    ["a key that is none", '{"keys": ["a"]}', "4 jwks.keys[0].kty: a key must be an object with its kty"],
    ["a private key", JSON.stringify({ keys: [{ ...ED, d: "x" }] }), '4 jwks.keys[0].d: "d" is part of a private key'],
    [
      "a key for encryption",
      JSON.stringify({ keys: [{ ...ED, use: "enc" }] }),
      '4 jwks.keys[0].use: the key is for "enc", not for signing tokens',
    ],
    [
      "a short key among good ones",
      JSON.stringify({ keys: [ED, { ...ED, x: "AAAA" }] }),
      "4 jwks.keys[1].x: x must be 32 bytes in base64url",
    ],
    ["more keys than are read", JSON.stringify({ keys: Array(65).fill(ED) }), "4 jwks.keys: more than 64 keys"],
  ])("%s is an error where the text stands", (_, text, wanted) => {
    expect(paste(text)).toContain(wanted);
  });

  test("null is not set", () => {
    const parsed = parsePolicy("issuer: https://id.example.com\nsubject: x\npermissions: {contents: read}\njwks:\n", {
      kind: "repository",
      owner: "acme",
    });
    expect(parsed.ok && parsed.value.document.jwks).toBeUndefined();
  });
});
