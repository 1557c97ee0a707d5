/** Keys and tokens for tests: signs what it is told to, also what no honest issuer would sign. */
import { base64url, exportJWK, generateKeyPair, importJWK, type JWK } from "jose";

/** The clock of these tests: a fixed moment, in ms since the epoch. */
export const NOW = 1_800_000_000_000;
export const NOW_SECONDS = NOW / 1000;
export const ISSUER = "https://issuer.example.test/a";

export const ALL_ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
] as const;
export type AlgorithmName = (typeof ALL_ALGORITHMS)[number];

const bits = (alg: string): number => Number(alg.slice(2));
const CURVES: Readonly<Record<string, string>> = { ES256: "P-256", ES384: "P-384", ES512: "P-521" };

/** Bytes that Web Crypto takes, whatever buffer they lie in. */
const plain = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

export interface SignAs {
  /** Another algorithm of the same kind of key. */
  readonly alg?: string;
  /** RSA-PSS only, in bytes. */
  readonly saltLength?: number;
}

export interface Signer {
  readonly alg: string;
  readonly kid: string;
  readonly publicJwk: JWK;
  readonly privateJwk: JWK;
  /** The raw signature over these bytes. */
  sign(bytes: Uint8Array, as?: SignAs): Promise<Uint8Array>;
}

export async function makeSigner(
  alg: string,
  kid = "key-1",
  options: { modulusLength?: number } = {},
): Promise<Signer> {
  const pair = await generateKeyPair(alg, { extractable: true, ...options });
  const [privateJwk, publicJwk] = await Promise.all([exportJWK(pair.privateKey), exportJWK(pair.publicKey)]);
  return signerOf(alg, kid, privateJwk, publicJwk);
}

export function signerOf(alg: string, kid: string, privateJwk: JWK, publicJwk: JWK): Signer {
  return {
    alg,
    kid,
    privateJwk,
    publicJwk: { ...publicJwk, kid, alg, use: "sig" },
    async sign(bytes, as = {}) {
      const with_ = as.alg ?? alg;
      const hash = { name: `SHA-${bits(with_)}` };
      if (with_.startsWith("ES")) {
        // Another hash over the same curve: the key stays, only the digest changes.
        const key = await importJWK(privateJwk, alg);
        if (!(key instanceof CryptoKey)) throw new Error("not a key pair");
        return new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash }, key, plain(bytes)));
      }
      const key = await importJWK(privateJwk, with_);
      if (!(key instanceof CryptoKey)) throw new Error("not a key pair");
      if (with_ === "EdDSA") return new Uint8Array(await crypto.subtle.sign("Ed25519", key, plain(bytes)));
      const scheme = with_.startsWith("PS")
        ? { name: "RSA-PSS", saltLength: as.saltLength ?? bits(with_) / 8 }
        : { name: "RSASSA-PKCS1-v1_5" };
      return new Uint8Array(await crypto.subtle.sign(scheme, key, plain(bytes)));
    },
  };
}

export const curveOf = (alg: string): string | undefined => CURVES[alg];

export type Json = Readonly<Record<string, unknown>>;

export const goodPayload = (over: Json = {}): Json => ({
  iss: ISSUER,
  sub: "repo:acme/app:ref:refs/heads/main",
  aud: "sts.example.test",
  iat: NOW_SECONDS,
  exp: NOW_SECONDS + 300,
  ...over,
});

/** Text is taken as it is; objects become JSON without the keys whose value is undefined. */
export const part = (content: Json | string | Uint8Array): string =>
  base64url.encode(
    content instanceof Uint8Array ? content : typeof content === "string" ? content : JSON.stringify(content),
  );

export const join = (header: Json | string, payload: Json | string, signature: Uint8Array | string): string =>
  [part(header), part(payload), typeof signature === "string" ? signature : base64url.encode(signature)].join(".");

/** A token signed by this key; `header` members over the usual ones, undefined removes. */
export async function sign(
  signer: Signer,
  payload: Json | string = goodPayload(),
  header: Json = {},
  as: SignAs = {},
): Promise<string> {
  const input = `${part({ alg: signer.alg, kid: signer.kid, typ: "JWT", ...header })}.${part(payload)}`;
  return `${input}.${base64url.encode(await signer.sign(utf8(input), as))}`;
}

/** A well-formed token with a signature of the right length that nobody made. */
export const unsigned = (payload: Json | string = goodPayload(), header: Json | string = { alg: "RS256" }): string =>
  join(header, payload, new Uint8Array(256).fill(7));
