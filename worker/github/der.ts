/**
 * Just enough DER (ITU-T X.690) to tell an RSA private key from everything else and to wrap PKCS#1 as PKCS#8. Pure: no I/O, no
 * clock; says what a file is, never what is in it.
 */
import { toHex } from "../store/digest.ts";

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;

/** 1.2.840.113549.1.1.1 (RFC 8017, appendix C). */
const RSA_ENCRYPTION = "2a864886f70d010101";
/** RSAPrivateKey of RFC 8017 A.1.2: version, n, e, d, p, q, dP, dQ, qInv. */
const RSA_PRIVATE_KEY_INTEGERS = 9;

export type DerKey =
  | { readonly kind: "rsa"; readonly pkcs8: Uint8Array<ArrayBuffer>; readonly modulusBits: number }
  /** A private key of another algorithm (elliptic curve, Ed25519, RSA-PSS ...). */
  | { readonly kind: "other_algorithm" }
  | { readonly kind: "not_a_key" };

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

/** Reads a DER file that holds a private key in PKCS#1 or PKCS#8 form. */
export function readPrivateKeyDer(der: Uint8Array): DerKey {
  const parts = sequence(der);
  if (parts === undefined || parts[0]?.tag !== INTEGER) return { kind: "not_a_key" };
  const bits = rsaModulusBits(parts);
  if (bits !== undefined) return { kind: "rsa", pkcs8: wrapPkcs1(der), modulusBits: bits };
  const [, algorithm, key] = parts;
  // PKCS#8 (RFC 5208) goes on with an algorithm; SEC 1 (RFC 5915), the other common form of an EC key, with an octet string.
  if (algorithm?.tag === OCTET_STRING) return { kind: "other_algorithm" };
  const oid = algorithm?.tag === SEQUENCE ? elements(algorithm.content)?.[0] : undefined;
  if (oid?.tag !== OBJECT_IDENTIFIER || key?.tag !== OCTET_STRING) return { kind: "not_a_key" };
  if (toHex(oid.content) !== RSA_ENCRYPTION) return { kind: "other_algorithm" };
  const inner = rsaModulusBits(sequence(key.content) ?? []);
  return inner === undefined ? { kind: "not_a_key" } : { kind: "rsa", pkcs8: der.slice(), modulusBits: inner };
}

/** The size of the modulus if these are the parts of an RSAPrivateKey. */
function rsaModulusBits(parts: readonly Element[]): number | undefined {
  if (parts.length !== RSA_PRIVATE_KEY_INTEGERS || parts.some(({ tag }) => tag !== INTEGER)) return undefined;
  const modulus = parts[1]?.content;
  if (modulus === undefined) return undefined;
  const first = modulus.findIndex((byte) => byte !== 0);
  const top = modulus[first];
  return top === undefined ? undefined : (modulus.length - first) * 8 - (Math.clz32(top) - 24);
}

function wrapPkcs1(pkcs1: Uint8Array): Uint8Array<ArrayBuffer> {
  const algorithm = element(SEQUENCE, [
    element(OBJECT_IDENTIFIER, [fromHex(RSA_ENCRYPTION)]),
    Uint8Array.of(0x05, 0x00),
  ]);
  return element(SEQUENCE, [Uint8Array.of(INTEGER, 1, 0), algorithm, element(OCTET_STRING, [pkcs1])]);
}

/** The parts of a file that is one SEQUENCE and nothing behind it. */
function sequence(der: Uint8Array): readonly Element[] | undefined {
  const all = elements(der);
  const only = all?.[0];
  return all?.length === 1 && only?.tag === SEQUENCE ? elements(only.content) : undefined;
}

function elements(der: Uint8Array): readonly Element[] | undefined {
  const found: Element[] = [];
  let at = 0;
  while (at < der.length) {
    const tag = der[at];
    const length = readLength(der, at + 1);
    if (tag === undefined || length === undefined) return undefined;
    const end = length.contentAt + length.size;
    if (end > der.length) return undefined;
    found.push({ tag, content: der.subarray(length.contentAt, end) });
    at = end;
  }
  return found;
}

function readLength(der: Uint8Array, at: number): { size: number; contentAt: number } | undefined {
  const first = der[at];
  if (first === undefined) return undefined;
  if (first < 0x80) return { size: first, contentAt: at + 1 };
  const octets = first & 0x7f;
  // Indefinite lengths are no DER, and no key needs more than three octets.
  if (octets === 0 || octets > 3 || at + octets >= der.length) return undefined;
  const size = der.subarray(at + 1, at + 1 + octets).reduce((sum, byte) => sum * 256 + byte, 0);
  return { size, contentAt: at + 1 + octets };
}

function element(tag: number, parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const octets: number[] = [];
  for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  const header = size < 0x80 ? [tag, size] : [tag, 0x80 + octets.length, ...octets];
  const whole = new Uint8Array(header.length + size);
  whole.set(header);
  let at = header.length;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const fromHex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
