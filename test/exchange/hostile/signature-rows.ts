// Headers and signatures that should not be believed: algorithms confused, keys brought along, signatures made without a secret.

import { type IssuerWorld, signerNamed } from "../../support/issuer-world.ts";
import { type Json, part, type Signer, sign } from "../../support/signer.ts";
import { ASKED, NONE, POLICY_ONLY, type Row } from "./row.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A token whose header is anything, under a signature made from it. */
async function signedBy(
  world: IssuerWorld,
  header: Json,
  make: (input: string) => Promise<Uint8Array | string> | Uint8Array | string,
): Promise<string> {
  const input = `${part(header)}.${part(world.payload())}`;
  const signature = await make(input);
  return `${input}.${typeof signature === "string" ? signature : part(signature)}`;
}

async function hmac(secret: string, input: string): Promise<Uint8Array> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", utf8(secret), algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8(input)));
}

async function pemOf({ publicJwk }: Signer): Promise<string> {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const key = await crypto.subtle.importKey(
    "jwk",
    { kty: "RSA", n: publicJwk.n ?? "", e: publicJwk.e ?? "" },
    algorithm,
    true,
    ["verify"],
  );
  const spki = await crypto.subtle.exportKey("spki", key);
  if (!(spki instanceof ArrayBuffer)) throw new Error("SPKI is bytes");
  const base64 = btoa(String.fromCharCode(...new Uint8Array(spki)));
  return `-----BEGIN PUBLIC KEY-----\n${base64.replace(/.{64}/g, "$&\n")}\n-----END PUBLIC KEY-----\n`;
}

const confused = (
  about: string,
  alg: unknown,
  really: Row["really"],
  make: (world: IssuerWorld, input: string) => Promise<Uint8Array | string> | string,
): Row => ({
  about: `algorithm: ${about}`,
  really,
  hosts: really === "token_unsupported" ? NONE : ASKED,
  token: (world) => signedBy(world, { alg, kid: "key-1", typ: "JWT" }, (input) => make(world, input)),
});

const own = (world: IssuerWorld, input: string): Promise<Uint8Array> => world.signer.sign(utf8(input));
const ecSigned = async (_at: IssuerWorld, input: string): Promise<Uint8Array> =>
  (await signerNamed("ec", "ES256")).sign(utf8(input));

const CONFUSED: readonly Row[] = [
  confused("HS256 by the public key's PEM", "HS256", "token_unsupported", async (world, input) =>
    hmac(await pemOf(world.signer), input),
  ),
  confused("HS256 by the public key's JWK", "HS256", "token_unsupported", (world, input) =>
    hmac(JSON.stringify(world.signer.publicJwk), input),
  ),
  confused("HS256 by the modulus", "HS256", "token_unsupported", (world, input) =>
    hmac(world.signer.publicJwk.n ?? "", input),
  ),
  confused("HS512", "HS512", "token_unsupported", own),
  confused("none", "none", "token_unsupported", () => ""),
  confused("none, and a signature", "none", "token_unsupported", own),
  confused("None", "None", "token_unsupported", () => ""),
  confused("NONE", "NONE", "token_unsupported", () => ""),
  confused("none with a space", "none ", "token_unsupported", () => ""),
  confused("empty", "", "token_unsupported", own),
  confused("absent", undefined, "token_unsupported", own),
  confused("a list", ["RS256"], "token_unsupported", own),
  confused("null", null, "token_unsupported", own),
  confused("rs256", "rs256", "token_unsupported", own),
  confused("RS256 and a NUL", "RS256\0", "token_unsupported", own),
  confused("RS1", "RS1", "token_unsupported", own),
  confused("ES256K", "ES256K", "token_unsupported", own),
  confused("Ed25519 over an RSA signature: never its length", "Ed25519", "signature_invalid", own),
  confused("dir", "dir", "token_unsupported", own),
  confused("constructor", "constructor", "token_unsupported", own),
  confused("PS256 over a key for RS256", "PS256", "signature_invalid", (world, input) =>
    world.signer.sign(utf8(input), { alg: "PS256" }),
  ),
  confused("RS256 over RS512's signature", "RS256", "signature_invalid", (world, input) =>
    world.signer.sign(utf8(input), { alg: "RS512" }),
  ),
  confused("ES256 over an RSA signature: never its length", "ES256", "signature_invalid", own),
  confused("RS256 over an EC signature: never its length", "RS256", "signature_invalid", ecSigned),
  confused("ES256, where the kid is an RSA key's", "ES256", "signature_invalid", ecSigned),
  confused("no signature", "RS256", "signature_invalid", () => ""),
  confused("a signature of zeros", "RS256", "signature_invalid", () => part(new Uint8Array(256))),
];

/** A signature of this length can be told to be hopeless before anybody is asked, but only once the policy named the issuer. */
const HOPELESS: ReadonlySet<string> = new Set([
  "algorithm: ES256 over an RSA signature: never its length",
  "algorithm: Ed25519 over an RSA signature: never its length",
  "algorithm: RS256 over an EC signature: never its length",
  "algorithm: no signature",
]);

/** Little-endian y of each point of small order, with the sign bit either way, and the encodings that are not canonical. */
const SMALL_ORDER = [
  "0100000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000080",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0000000000000000000000000000000000000000000000000000000000000080",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

const bytesOf = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** With such a key R = the point itself and S = 0 signs anything (or one text in eight). */
const FORGED: readonly Row[] = SMALL_ORDER.map((hex, i) => ({
  about: `Ed25519 key of small order, ${i + 1}`,
  really: "signature_invalid",
  hosts: ASKED,
  arrange: (world) =>
    world.network.publish(world.issuer, [{ kty: "OKP", crv: "Ed25519", kid: "key-1", x: part(bytesOf(hex)) }]),
  token: (world) =>
    signedBy(world, { alg: "EdDSA", kid: "key-1" }, () => {
      const signature = new Uint8Array(64);
      signature.set(bytesOf(SMALL_ORDER[0] ?? ""));
      return signature;
    }),
}));

const header = (
  about: string,
  members: (world: IssuerWorld) => Json | Promise<Json>,
  really: Row["really"],
  hosts = NONE,
): Row => ({
  about: `header: ${about}`,
  really,
  hosts,
  token: async (world) => world.token({}, await members(world)),
});

const EVIL = "https://evil.example/keys";
/** Signed by a key that only the header names. */
const selfMade = (about: string, members: (key: Signer) => Json): Row => ({
  about: `header: ${about}`,
  really: "signature_invalid",
  hosts: ASKED,
  token: async (world) => {
    const key = await signerNamed("evil");
    return sign(key, world.payload(), members(key));
  },
});

const HEADERS: readonly Row[] = [
  header("an empty crit", () => ({ crit: [] }), "token_unsupported"),
  header("crit of exp", () => ({ crit: ["exp"], exp: 1 }), "token_unsupported"),
  header("crit of b64", () => ({ crit: ["b64"], b64: true }), "token_unsupported"),
  header("crit of a name that nobody knows", () => ({ crit: ["x"], x: 1 }), "token_unsupported"),
  header("crit as text", () => ({ crit: "exp" }), "token_unsupported"),
  header("b64 false", () => ({ b64: false }), "token_unsupported"),
  header("b64 as text", () => ({ b64: "true" }), "token_unsupported"),
  header("enc", () => ({ enc: "A128GCM" }), "token_unsupported"),
  header("Crit", () => ({ Crit: ["x"] }), "token_malformed"),
  header("ALG beside alg", () => ({ ALG: "none" }), "token_malformed"),
  header("another type", () => ({ typ: "secevent+jwt" }), "token_malformed"),
  header("a type that is no text", () => ({ typ: 1 }), "token_malformed"),
  header("DPoP", () => ({ typ: "dpop+jwt" }), "token_malformed"),
  header("at+jwt", () => ({ typ: "at+jwt" }), "granted", ASKED),
  header("a kid that is a number", () => ({ kid: 1 }), "token_malformed"),
  header("a kid that is a list", () => ({ kid: ["key-1"] }), "token_malformed"),
  header("an empty kid, which is none", () => ({ kid: "" }), "granted", ASKED),
  header("a kid that is a path", () => ({ kid: "../../../etc/passwd" }), "signature_invalid", ASKED),
  header("a kid that is an address", () => ({ kid: EVIL }), "signature_invalid", ASKED),
  header("a kid with a quote", () => ({ kid: "key-1' OR '1'='1" }), "signature_invalid", ASKED),
  header("a kid of 9,000 characters", () => ({ kid: "k".repeat(9_000) }), "signature_invalid", ASKED),
  header("a kid named __proto__", () => ({ kid: "__proto__" }), "signature_invalid", ASKED),
  header("a kid with a NUL behind", () => ({ kid: "key-1\0" }), "signature_invalid", ASKED),
  header("jku, which nobody follows", () => ({ jku: EVIL }), "granted", ASKED),
  header("x5u, which nobody follows", () => ({ x5u: EVIL }), "granted", ASKED),
  selfMade("its own key as jwk", ({ publicJwk }) => ({ jwk: publicJwk })),
  selfMade("its own key as jwk, no kid", ({ publicJwk }) => ({ jwk: publicJwk, kid: undefined })),
  selfMade("its own key behind jku", () => ({ jku: EVIL, kid: "evil" })),
  selfMade("its own key behind x5u", () => ({ x5u: EVIL })),
  selfMade("its own certificate", () => ({ x5c: ["MIIB"], "x5t#S256": "x" })),
  selfMade("another issuer's key under the same kid", () => ({})),
];

export const SIGNATURES: readonly Row[] = [
  ...CONFUSED.map((row): Row => (HOPELESS.has(row.about) ? { ...row, hosts: POLICY_ONLY, hostsIfKnown: NONE } : row)),
  ...FORGED,
  ...HEADERS,
];
