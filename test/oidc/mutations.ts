/** Named changes to a valid token, one after which each must be refused. */
import { base64url } from "jose";
import { ALL_ALGORITHMS, goodPayload, type Json, makeSigner, part, type Signer, utf8 } from "../support/signer.ts";
import { concat, der, ORDERS, reversed, toBytes, toNumber } from "./numbers.ts";

/** A valid token in pieces, and who signed it. */
export interface Valid {
  readonly signer: Signer;
  /** Another key of the same kind, which the issuer does not publish. */
  readonly stranger: Signer;
  readonly header: Json;
  readonly payload: Json;
  /** `header.payload`, as signed. */
  readonly input: string;
  readonly signature: Uint8Array;
  readonly token: string;
}

export interface Mutation {
  readonly name: string;
  readonly make: (valid: Valid) => string | Promise<string>;
  /** Where it must end. */
  readonly reason: "token_malformed" | "token_unsupported" | "signature_invalid";
}

export async function makeValid(alg: string): Promise<Valid> {
  const [signer, stranger] = await Promise.all([makeSigner(alg), makeSigner(alg)]);
  const header = { alg, kid: signer.kid, typ: "JWT" };
  for (let attempt = 0; ; attempt++) {
    const payload = goodPayload({ jti: `attempt-${attempt}` });
    const input = `${part(header)}.${part(payload)}`;
    const signature = await signer.sign(utf8(input));
    // The alphabet can be swapped only where it shows.
    if (!/[-_]/.test(base64url.encode(signature))) continue;
    return { signer, stranger, header, payload, input, signature, token: `${input}.${base64url.encode(signature)}` };
  }
}

export function mutationsOf(alg: string): readonly Mutation[] {
  const own = alg.startsWith("ES")
    ? [...ECDSA, ...HASHES]
    : alg === "EdDSA"
      ? EDDSA
      : alg.startsWith("PS")
        ? PSS
        : PKCS1;
  return [...COMMON, ...own, ...otherHeaders(alg)];
}

const invalid = (name: string, make: Mutation["make"]): Mutation => ({ name, make, reason: "signature_invalid" });
const malformed = (name: string, make: Mutation["make"]): Mutation => ({ name, make, reason: "token_malformed" });
/** Another signature under the same header and payload. */
const signature = (name: string, change: (valid: Valid) => Uint8Array | Promise<Uint8Array>): Mutation =>
  invalid(name, async (valid) => `${valid.input}.${base64url.encode(await change(valid))}`);

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
  return copy;
}

const digest = async (text: string, hash = "SHA-256"): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest(hash, new TextEncoder().encode(text)));

/** JSON whose length in bytes is no multiple of 3, so that its last character has bits to spare. */
const uneven = (json: Json): string => {
  const text = JSON.stringify(json);
  return text.length % 3 === 0 ? `${text} ` : text;
};

/** The same bytes to a careless decoder: the last character with a bit set that belongs to no byte. */
function strayed(text: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return text.slice(0, -1) + alphabet[alphabet.indexOf(text.slice(-1)) | 1];
}

const signed = async ({ signer }: Valid, header: string, payload: string): Promise<string> =>
  `${header}.${payload}.${base64url.encode(await signer.sign(utf8(`${header}.${payload}`)))}`;

const half = (bytes: Uint8Array): number => bytes.length / 2;

const COMMON: readonly Mutation[] = [
  signature("signature without its last byte", ({ signature: s }) => s.subarray(0, -1)),
  signature("signature without its first byte", ({ signature: s }) => s.subarray(1)),
  signature("first half of the signature", ({ signature: s }) => s.subarray(0, half(s))),
  signature("no signature", () => new Uint8Array()),
  signature("signature with a zero behind", ({ signature: s }) => concat(s, Uint8Array.of(0))),
  signature("signature with a zero before", ({ signature: s }) => concat(Uint8Array.of(0), s)),
  signature("signature twice", ({ signature: s }) => concat(s, s)),
  signature("signature all zero", ({ signature: s }) => new Uint8Array(s.length)),
  signature("signature all ones", ({ signature: s }) => new Uint8Array(s.length).fill(0xff)),
  signature("signature of the number one", ({ signature: s }) => toBytes(1n, s.length)),
  signature("first bit flipped", ({ signature: s }) => flipped(s, 0)),
  signature("bit in the middle flipped", ({ signature: s }) => flipped(s, s.length * 4)),
  signature("last bit flipped", ({ signature: s }) => flipped(s, s.length * 8 - 1)),
  signature("signature backwards", ({ signature: s }) => reversed(s)),
  signature("halves swapped", ({ signature: s }) => concat(s.subarray(half(s)), s.subarray(0, half(s)))),
  signature("signature of another key", ({ stranger, input }) => stranger.sign(utf8(input))),
  signature("signature of the payload alone", ({ signer, input }) => signer.sign(utf8(input.split(".")[1] ?? ""))),
  signature("signature of the JSON", ({ signer, header, payload }) =>
    signer.sign(utf8(`${JSON.stringify(header)}.${JSON.stringify(payload)}`)),
  ),
  signature("signature of the digest", async ({ signer, input }) => signer.sign(await digest(input))),
  signature("signature of nothing", ({ signer }) => signer.sign(new Uint8Array())),
  invalid("signature of another token", async (valid) => {
    const other = await valid.signer.sign(utf8(`${part(valid.header)}.${part({ ...valid.payload, jti: "other" })}`));
    return `${valid.input}.${base64url.encode(other)}`;
  }),
  invalid(
    "another subject",
    ({ header, payload, signature: s }) =>
      `${part(header)}.${part({ ...payload, sub: "repo:acme/other" })}.${base64url.encode(s)}`,
  ),
  invalid(
    "a later expiry",
    ({ header, payload, signature: s }) => `${part(header)}.${part({ ...payload, exp: 9e9 })}.${base64url.encode(s)}`,
  ),
  invalid(
    "payload with a space more",
    ({ header, payload, signature: s }) =>
      `${part(header)}.${part(`${JSON.stringify(payload)} `)}.${base64url.encode(s)}`,
  ),
  invalid(
    "header with a member more",
    ({ header, payload, signature: s }) => `${part({ ...header, x: 1 })}.${part(payload)}.${base64url.encode(s)}`,
  ),
  invalid(
    "header without its type",
    ({ header, payload, signature: s }) =>
      `${part({ ...header, typ: undefined })}.${part(payload)}.${base64url.encode(s)}`,
  ),
  invalid("header without kid, key of a stranger in it", async ({ header, payload, stranger }) => {
    const input = `${part({ ...header, kid: undefined, jwk: stranger.publicJwk })}.${part(payload)}`;
    return `${input}.${base64url.encode(await stranger.sign(utf8(input)))}`;
  }),
  invalid("kid of no key", (valid) => signed(valid, part({ ...valid.header, kid: "nobody" }), part(valid.payload))),
  {
    name: "header and payload swapped, signed so",
    make: (valid) => signed(valid, part(valid.payload), part(valid.header)),
    reason: "token_unsupported",
  },
  malformed("padding behind the signature", ({ token }) => `${token}==`),
  malformed("padding behind the header, signed so", (valid) =>
    signed(valid, `${part(valid.header)}=`, part(valid.payload)),
  ),
  malformed(
    "standard alphabet",
    ({ input, signature: s }) => `${input}.${base64url.encode(s).replaceAll("-", "+").replaceAll("_", "/")}`,
  ),
  malformed("line end behind", ({ token }) => `${token}\n`),
  malformed("line end within the signature", ({ token }) => `${token.slice(0, -20)}\r\n${token.slice(-20)}`),
  malformed("NUL behind", ({ token }) => `${token}\0`),
  malformed("a dot behind", ({ token }) => `${token}.`),
  malformed("signature as a fourth part", ({ input, signature: s }) => `${input}..${base64url.encode(s)}`),
  malformed("signature of a length that no bytes have", ({ token, signature: s }) => {
    const surplus = base64url.encode(s).length % 4;
    return token + "A".repeat((5 - surplus) % 4);
  }),
  malformed("stray bits in the header, signed so", (valid) =>
    signed(valid, strayed(part(uneven(valid.header))), part(valid.payload)),
  ),
  malformed("stray bits in the payload, signed so", (valid) =>
    signed(valid, part(valid.header), strayed(part(uneven(valid.payload)))),
  ),
  malformed("subject twice, signed so", (valid) =>
    signed(valid, part(valid.header), part(JSON.stringify(valid.payload).replace("{", '{"sub":"repo:acme/other",'))),
  ),
  malformed("alg twice, signed so", (valid) =>
    signed(valid, part(JSON.stringify(valid.header).replace("{", '{"alg":"none",')), part(valid.payload)),
  ),
];

const ECDSA: readonly Mutation[] = [
  ...[
    ["r", true],
    ["s", false],
  ].flatMap(([name, isFirst]) => [
    signature(`${name} zero`, (valid) => withHalf(valid, isFirst === true, () => 0n)),
    signature(`${name} one`, (valid) => withHalf(valid, isFirst === true, () => 1n)),
    signature(`${name} the order`, (valid) => withHalf(valid, isFirst === true, (_, order) => order)),
    signature(`${name} the order less one`, (valid) => withHalf(valid, isFirst === true, (_, order) => order - 1n)),
    signature(`${name} the order and one`, (valid) => withHalf(valid, isFirst === true, (_, order) => order + 1n)),
    signature(`${name} and the order`, (valid) => withHalf(valid, isFirst === true, (number, order) => number + order)),
    signature(`${name} all ones`, (valid) => withHalf(valid, isFirst === true, () => 2n ** 528n - 1n)),
  ]),
  // The order less r is on no honest path; the order less s verifies by the definition of ECDSA, and so is not here.
  signature("r negated", (valid) => withHalf(valid, true, (number, order) => order - number)),
  signature("DER instead of raw", ({ signature: s }) => der(s)),
  signature("DER cut to the raw length", ({ signature: s }) => der(s).subarray(0, s.length)),
  signature("s alone, r missing", ({ signature: s }) => s.subarray(half(s))),
  signature("each half with a zero before", ({ signature: s }) =>
    concat(Uint8Array.of(0), s.subarray(0, half(s)), Uint8Array.of(0), s.subarray(half(s))),
  ),
  signature("each half without its first byte", ({ signature: s }) =>
    concat(s.subarray(1, half(s)), s.subarray(half(s) + 1)),
  ),
  signature("each half backwards", ({ signature: s }) =>
    concat(reversed(s.subarray(0, half(s))), reversed(s.subarray(half(s)))),
  ),
  signature("curve swapped, in the right length", async ({ signer, signature: s, input }) => {
    const other = await makeSigner(signer.alg === "ES256" ? "ES384" : "ES256");
    return concat(await other.sign(utf8(input)), s).subarray(0, s.length);
  }),
];

/** Hashes that belong to other algorithms over the same curve. */
const HASHES: readonly Mutation[] = ["ES256", "ES384", "ES512"].map((hash) =>
  invalid(`hash of ${hash}, or (where that is right) the digest signed again`, async ({ signer, input }) => {
    const bytes = hash === signer.alg ? await digest(input, `SHA-${hash.slice(2)}`) : utf8(input);
    return `${input}.${base64url.encode(await signer.sign(bytes, { alg: hash }))}`;
  }),
);

function withHalf(valid: Valid, isFirst: boolean, change: (number: bigint, order: bigint) => bigint): Uint8Array {
  const { signature: s, signer } = valid;
  const [r, rest] = [s.subarray(0, half(s)), s.subarray(half(s))];
  const number = change(toNumber(isFirst ? r : rest), ORDERS[signer.alg] ?? 0n);
  const changed = toBytes(number, half(s));
  return isFirst ? concat(changed, rest) : concat(r, changed);
}

const EDDSA: readonly Mutation[] = [
  signature("S zero", (valid) => withScalar(valid, () => 0n)),
  signature("S the order", (valid) => withScalar(valid, (_, order) => order)),
  signature("S and the order", (valid) => withScalar(valid, (number, order) => number + order)),
  signature("S and eight times the order", (valid) => withScalar(valid, (number, order) => number + 8n * order)),
  signature("S negated", (valid) => withScalar(valid, (number, order) => order - number)),
  signature("S with its highest bit", (valid) => withScalar(valid, (number) => number | (1n << 255n))),
  signature("S with its second highest bit", (valid) => withScalar(valid, (number) => number | (1n << 254n))),
  signature("S with its third highest bit", (valid) => withScalar(valid, (number) => number | (1n << 253n))),
  signature("S backwards", ({ signature: s }) => concat(s.subarray(0, 32), reversed(s.subarray(32)))),
  signature("R with its sign flipped", ({ signature: s }) => flipped(s, 31 * 8)),
  signature("R the neutral element", ({ signature: s }) => concat(reversed(toBytes(1n, 32)), s.subarray(32))),
  signature("R the neutral element and S zero", () => concat(reversed(toBytes(1n, 32)), new Uint8Array(32))),
  signature("R of order 4", ({ signature: s }) => concat(new Uint8Array(32), s.subarray(32))),
  signature("R beyond the field", ({ signature: s }) =>
    concat(reversed(toBytes(2n ** 255n - 18n, 32)), s.subarray(32)),
  ),
  signature("R of another signature", async ({ signer, signature: s }) =>
    concat((await signer.sign(utf8("x"))).subarray(0, 32), s.subarray(32)),
  ),
  signature("prehashed", async ({ signer, input }) => signer.sign(await digest(input, "SHA-512"))),
];

function withScalar({ signature: s }: Valid, change: (number: bigint, order: bigint) => bigint): Uint8Array {
  const scalar = change(toNumber(reversed(s.subarray(32))), ORDERS.EdDSA ?? 0n);
  return concat(s.subarray(0, 32), reversed(toBytes(scalar, 32)));
}

const modulusOf = ({ signer }: Valid): bigint => toNumber(base64url.decode(signer.publicJwk.n ?? ""));

const RSA: readonly Mutation[] = [
  signature("the modulus", (valid) => toBytes(modulusOf(valid), valid.signature.length)),
  signature("the modulus less one", (valid) => toBytes(modulusOf(valid) - 1n, valid.signature.length)),
  signature("negated", (valid) => toBytes(modulusOf(valid) - toNumber(valid.signature), valid.signature.length)),
  signature("with the modulus added, a byte longer", (valid) =>
    toBytes(modulusOf(valid) + toNumber(valid.signature), valid.signature.length + 1),
  ),
  signature("with twice the modulus added, a byte longer", (valid) =>
    toBytes(2n * modulusOf(valid) + toNumber(valid.signature), valid.signature.length + 1),
  ),
  signature("the padded text as it is, without a key", ({ signature: s }) =>
    concat(Uint8Array.of(0, 1), new Uint8Array(s.length - 2).fill(0xff)),
  ),
];

/** The same key by every other RSA algorithm, under the unchanged header. */
const otherwise = (name: string): Mutation =>
  invalid(`signed as ${name} (or, where that is right, twice over)`, async ({ signer, input }) => {
    const bytes = name === signer.alg ? utf8(`${input}.${input}`) : utf8(input);
    return `${input}.${base64url.encode(await signer.sign(bytes, { alg: name }))}`;
  });

const RSA_SCHEMES = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"].map(otherwise);
const PKCS1: readonly Mutation[] = [...RSA, ...RSA_SCHEMES];

const salted = (about: string, lengthOf: (hashBytes: number) => number): Mutation =>
  signature(`salt ${about}`, ({ signer, input }) =>
    signer.sign(utf8(input), { saltLength: lengthOf(Number(signer.alg.slice(2)) / 8) }),
  );

const PSS: readonly Mutation[] = [
  ...RSA,
  ...RSA_SCHEMES,
  salted("empty", () => 0),
  salted("of one byte", () => 1),
  salted("a byte short", (hash) => hash - 1),
  salted("a byte long", (hash) => hash + 1),
  salted("of 20 bytes, as by default in some libraries", () => 20),
  salted("as long as fits", (hash) => 256 - hash - 2),
];

/** Each other algorithm named in the header, the signature made over that header by the key's own algorithm. */
const otherHeaders = (alg: string): readonly Mutation[] =>
  ALL_ALGORITHMS.filter((other) => other !== alg).map((other) =>
    invalid(`header says ${other}`, (valid) =>
      signed(valid, part({ ...valid.header, alg: other }), part(valid.payload)),
    ),
  );
