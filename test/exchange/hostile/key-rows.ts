// Keys that an issuer may publish: which of them verify the usual token, and which must not.

import { type IssuerWorld, signerNamed } from "../../support/issuer-world.ts";
import { type Json, part } from "../../support/signer.ts";
import { ASKED, type Row } from "./row.ts";

type Jwk = Readonly<Record<string, unknown>>;

/** The key set holds just these; the token is the usual one. */
const published = (
  about: string,
  keys: (own: Jwk, world: IssuerWorld) => readonly unknown[] | Promise<readonly unknown[]>,
  really: Row["really"] = "signature_invalid",
  header: Json = {},
): Row => ({
  about: `published: ${about}`,
  really,
  hosts: ASKED,
  arrange: async (world) => world.network.publish(world.issuer, await keys({ ...world.signer.publicJwk }, world)),
  token: (world) => world.token({}, header),
});

const without = (key: Jwk, ...names: string[]): Jwk =>
  Object.fromEntries(Object.entries(key).filter(([name]) => !names.includes(name)));

/** So many other keys of the same kind, under the same kid (or none). */
async function others(count: number, kid?: string): Promise<Jwk[]> {
  const made = await Promise.all(Array.from({ length: count }, (_, i) => signerNamed(`other-${i}`)));
  return made.map(({ publicJwk }) => ({ ...without({ ...publicJwk }, "kid"), ...(kid === undefined ? {} : { kid }) }));
}

const rsaOf = (bits: number): Jwk => ({
  kty: "RSA",
  kid: "key-1",
  e: "AQAB",
  n: part(Uint8Array.from({ length: bits / 8 }, (_, i) => (i === 0 || i === bits / 8 - 1 ? 0xff : i & 0xff))),
});

export const PUBLISHED: readonly Row[] = [
  published("itself, to begin with", (own) => [own], "granted"),
  published("for encryption", (own) => [{ ...own, use: "enc" }]),
  published("for a use that nobody knows", (own) => [{ ...own, use: "SIG" }]),
  published("to sign, not to verify", (own) => [{ ...own, key_ops: ["sign"] }]),
  published("for no operation", (own) => [{ ...own, key_ops: [] }]),
  published("operations as text", (own) => [{ ...own, key_ops: "verify" }]),
  published("for RS512", (own) => [{ ...own, alg: "RS512" }]),
  published("for PS256", (own) => [{ ...own, alg: "PS256" }]),
  published("for HS256", (own) => [{ ...own, alg: "HS256" }]),
  published("for an algorithm that is a number", (own) => [{ ...own, alg: 256 }]),
  published("with its private half", ({ ...own }, world) => [{ ...own, ...world.signer.privateJwk, kid: "key-1" }]),
  published("with an empty private member", (own) => [{ ...own, d: "" }]),
  published("under another kid", (own) => [{ ...own, kid: "key-2" }]),
  published("under its kid in another case", (own) => [{ ...own, kid: "KEY-1" }]),
  published("under a kid that is a number", (own) => [{ ...own, kid: 1 }]),
  published("without a kid, while the token has one", (own) => [without(own, "kid")]),
  published("as a secret", (own) => [{ kty: "oct", kid: "key-1", k: own.n }]),
  published("as a kind that nobody knows", (own) => [{ ...own, kty: "rsa" }]),
  published("without an exponent", (own) => [without(own, "e")]),
  published("with exponent 1", (own) => [{ ...own, e: "AQ" }]),
  published("with an even exponent", (own) => [{ ...own, e: "Ag" }]),
  published("with an exponent of 40 bits", (own) => [{ ...own, e: "AQAAAAE" }]),
  published("with a modulus in padded base64", (own) => [{ ...own, n: `${String(own.n)}==` }]),
  published("1024 bits", () => [rsaOf(1024)]),
  published("2040 bits", () => [rsaOf(2040)]),
  published("16384 bits", () => [rsaOf(16_384)]),
  published("201 keys", (own) => Array.from({ length: 201 }, (_, i) => (i === 0 ? own : { ...own, kid: `k-${i}` }))),
  published(
    "200 keys",
    (own) => Array.from({ length: 200 }, (_, i) => (i === 0 ? own : { ...own, kid: `k-${i}` })),
    "granted",
  ),
  published("second of its kid", async (own) => [...(await others(1, "key-1")), own], "granted"),
  published("fifth of its kid", async (own) => [...(await others(4, "key-1")), own]),
  published("fourth, no kid in the token", async (own) => [...(await others(3)), own], "granted", { kid: undefined }),
  published("fifth, no kid in the token", async (own) => [...(await others(4)), own], "signature_invalid", {
    kid: undefined,
  }),
  published("fifth, no kid anywhere", async (own) => [...(await others(4)), without(own, "kid")], "signature_invalid", {
    kid: undefined,
  }),
  published(
    "among 190 that are good for nothing",
    (own) => [...Array.from({ length: 190 }, () => ({ kty: "oct" })), own],
    "granted",
  ),
];
