// Signing a token, well or badly. The good token is RFC 7519 in compact form; a tamper spoils one thing about it. Web
// Crypto only; the clock is passed in.

import { fromBase64Url, toBase64Url } from "../core/base64.ts";
import { type KeyKind, type KeyMaterial, pem } from "../core/keys.ts";

const HASH: Record<string, string> = { "256": "SHA-256", "384": "SHA-384", "512": "SHA-512" };
const DEFAULT_ALG: Record<KeyKind, string> = {
  rsa: "RS256",
  ec: "ES256",
  ec384: "ES384",
  ec521: "ES512",
  ed: "EdDSA",
};
const KEY_FOR: Record<string, KeyKind> = { RS: "rsa", PS: "rsa" };
const CURVE: Record<string, KeyKind> = { ES256: "ec", ES384: "ec384", ES512: "ec521", EdDSA: "ed", Ed25519: "ed" };

export const defaultAlg = (kind: KeyKind): string => DEFAULT_ALG[kind];

/** The kind of key that an algorithm needs; "rsa" for one that is unknown. */
export const keyKindFor = (alg: string): KeyKind => CURVE[alg] ?? KEY_FOR[alg.slice(0, 2)] ?? "rsa";

interface Scheme {
  readonly importAs: SubtleCryptoImportKeyAlgorithm;
  readonly sign: SubtleCryptoSignAlgorithm;
}

function scheme(alg: string, kind: KeyKind): Scheme {
  const hash = HASH[alg.slice(2)] ?? "SHA-256";
  const namedCurve = { ec: "P-256", ec384: "P-384", ec521: "P-521" };
  if (kind === "ed") return { importAs: { name: "Ed25519" }, sign: { name: "Ed25519" } };
  if (kind !== "rsa") {
    return { importAs: { name: "ECDSA", namedCurve: namedCurve[kind] }, sign: { name: "ECDSA", hash } };
  }
  if (!alg.startsWith("PS")) {
    return { importAs: { name: "RSASSA-PKCS1-v1_5", hash }, sign: { name: "RSASSA-PKCS1-v1_5" } };
  }
  return { importAs: { name: "RSA-PSS", hash }, sign: { name: "RSA-PSS", saltLength: Number(alg.slice(2)) / 8 } };
}

/** The signature in JWS form (RFC 7518 section 3: r and s side by side for ES*). */
export async function signBytes(key: KeyMaterial, alg: string, input: string): Promise<Uint8Array> {
  const how = scheme(alg, key.kind);
  const secret = await crypto.subtle.importKey("pkcs8", key.pkcs8, how.importAs, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign(how.sign, secret, new TextEncoder().encode(input)));
}

async function hmac(secret: string, input: string): Promise<Uint8Array> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(secret), algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(input)));
}

/** r and s as ASN.1, the form that openssl gives and a JWS must not have. */
export function derSignature(raw: Uint8Array): Uint8Array {
  const integer = (part: Uint8Array): number[] => {
    const bytes = [...part];
    while (bytes.length > 1 && bytes[0] === 0) bytes.shift();
    if ((bytes[0] ?? 0) >= 0x80) bytes.unshift(0);
    return [0x02, bytes.length, ...bytes];
  };
  const half = raw.length / 2;
  const body = [...integer(raw.subarray(0, half)), ...integer(raw.subarray(half))];
  return Uint8Array.from([0x30, ...(body.length >= 0x80 ? [0x81] : []), body.length, ...body]);
}

export interface Draft {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
  /** The payload as text, when it is not just the claims. */
  payload: string | null;
  readonly key: KeyMaterial;
  readonly alg: string;
}

/** `{"a":1,...}` with one more member at the front or the end, which JSON.stringify cannot repeat. */
function withMember(claims: object, name: string, value: string, where: "first" | "last"): string {
  const inside = JSON.stringify(claims).slice(1, -1);
  const member = `${JSON.stringify(name)}:${JSON.stringify(value)}`;
  return where === "first" ? `{${member},${inside}}` : `{${inside},${member}}`;
}

function spoilDraft(draft: Draft, tamper: string, value: string): void {
  const { claims } = draft;
  switch (tamper) {
    case "huge":
      draft.claims = { ...claims, padding: "x".repeat(Number(value)) };
      return;
    case "header-alg":
      draft.header = { ...draft.header, alg: value };
      return;
    case "alg-none":
    case "alg-none-two-parts":
      draft.header = { ...draft.header, alg: "none" };
      return;
    case "alg-None":
      draft.header = { ...draft.header, alg: "NoNe" };
      return;
    case "hs256-pub-pem":
      draft.header = { ...draft.header, alg: "HS256" };
      return;
    case "self-signed":
      draft.header = { ...draft.header, jwk: draft.key.publicJwk };
      return;
    case "dup-sub-first":
    case "dup-iss-first":
      draft.payload = withMember(claims, tamper.slice(4, 7), value, "first");
      return;
    case "dup-iss-last":
      draft.payload = withMember(claims, "iss", value, "last");
      return;
    case "case-sub":
      draft.payload = withMember(claims, "Sub", value, "last");
      return;
    case "payload-array":
      draft.payload = JSON.stringify([claims]);
      return;
    case "payload-text":
      draft.payload = "no claims here";
      return;
    case "payload-trailing":
      draft.payload = `${JSON.stringify(claims)}{"sub":"x"}`;
      return;
  }
}

/** The three parts after signing -> the token that is sent. */
function spoilParts(parts: readonly [string, string, string], tamper: string, value: string): string {
  const [head, body, signature] = parts;
  switch (tamper) {
    case "flip-payload": {
      const claims: Record<string, unknown> = JSON.parse(new TextDecoder().decode(fromBase64Url(body)));
      return `${head}.${toBase64Url(JSON.stringify({ ...claims, sub: value }))}.${signature}`;
    }
    case "flip-sig": {
      const bytes = fromBase64Url(signature);
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      return `${head}.${body}.${toBase64Url(bytes)}`;
    }
    case "der-sig":
      return `${head}.${body}.${toBase64Url(derSignature(fromBase64Url(signature)))}`;
    case "two-parts":
    case "alg-none-two-parts":
      return `${head}.${body}`;
    case "four-parts":
      return `${head}.${body}.${signature}.${signature}`;
    case "five-parts":
      return `${head}.${body}.${signature}.${signature}.${signature}`;
    case "alg-none":
    case "alg-None":
      return `${head}.${body}.`;
    case "bad-b64-header":
      return `!${head.slice(1)}.${body}.${signature}`;
    case "bad-b64-payload":
      return `${head}.!${body.slice(1)}.${signature}`;
    case "spaces":
      return `${head}.${body}.${signature.slice(0, 8)} ${signature.slice(8)}`;
    default:
      return `${head}.${body}.${signature}`;
  }
}

const TAMPERS = new Set(
  `huge flip-payload flip-sig der-sig two-parts four-parts five-parts alg-none alg-None alg-none-two-parts header-alg
  hs256-pub-pem self-signed dup-sub-first dup-iss-first dup-iss-last case-sub payload-array payload-text
  payload-trailing bad-b64-header bad-b64-payload spaces`.split(/\s+/),
);

/** Signs the draft and spoils it as `tamper` says: a kind of vectors/README.md, with its value after "=". */
export async function signDraft(draft: Draft, tamper = ""): Promise<string> {
  const equals = tamper.indexOf("=");
  const kind = equals < 0 ? tamper : tamper.slice(0, equals);
  const value = equals < 0 ? "" : tamper.slice(equals + 1);
  if (kind !== "" && !TAMPERS.has(kind)) throw new Error(`no such tamper: ${kind}`);
  spoilDraft(draft, kind, value);
  const head = toBase64Url(JSON.stringify(draft.header));
  const body = toBase64Url(draft.payload ?? JSON.stringify(draft.claims));
  const input = `${head}.${body}`;
  const signature =
    kind === "hs256-pub-pem"
      ? await hmac(pem("PUBLIC KEY", draft.key.spki), input)
      : await signBytes(draft.key, draft.alg, input);
  return spoilParts([head, body, toBase64Url(signature)], kind, value);
}
