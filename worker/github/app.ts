/**
 * A GitHub App, and its private keys as people paste them: PEM with real or escaped line ends, or base64 of it; one key, or two
 * while rotating. Pure: no I/O, no clock; a fault says what is wrong and how to convert it, never what the value was.
 */
import { RSA_MAX_BITS, RSA_MIN_BITS } from "../../policies/limits.ts";
import { toHex } from "../store/digest.ts";

/** One GitHub App of the deployment. */
export interface App {
  readonly id: string;
  /** As the configuration names it, for policies. */
  readonly name?: string | undefined;
  /** GitHub's number of its bot, as the configuration has it. */
  readonly botId?: string | undefined;
  /** PKCS#8, one, or two while rotating. */
  readonly keys: readonly Uint8Array[];
  /** Lower case; empty: it serves the owners that no App names. */
  readonly owners: readonly string[];
}

export interface KeyFault {
  readonly ok: false;
  /** One line: what is wrong, and the command or the place that puts it right. */
  readonly message: string;
}

export type AppKeys = { readonly ok: true; readonly pkcs8: readonly Uint8Array<ArrayBuffer>[] } | KeyFault;

/** One key, and its successor while rotating. */
const KEYS_MAX = 2;
const BEGIN = "-----BEGIN ";
const DASHES = "-----";

const TO_PKCS8 = "openssl pkcs8 -topk8 -nocrypt -in key.pem -out app-key.pem";
const GITHUB_KEY = "generate a private key on the GitHub App's settings page and use that file";

/** What each label of a PEM block that is no usable key means; `undefined` is a label that may hold one. */
const LABELS: ReadonlyMap<string, string | undefined> = new Map([
  ["RSA PRIVATE KEY", undefined],
  ["PRIVATE KEY", undefined],
  ["ENCRYPTED PRIVATE KEY", `an encrypted key; decrypt it: ${TO_PKCS8}`],
  ["EC PRIVATE KEY", `an elliptic curve key, but GitHub Apps sign with RSA; ${GITHUB_KEY}`],
  ["OPENSSH PRIVATE KEY", "a key in OpenSSH's format; convert it: ssh-keygen -p -N '' -m PEM -f app-key.pem"],
  ["CERTIFICATE", `a certificate, not a private key; ${GITHUB_KEY}`],
  ["PUBLIC KEY", `a public key, not a private key; ${GITHUB_KEY}`],
  ["RSA PUBLIC KEY", `a public key, not a private key; ${GITHUB_KEY}`],
]);

/** Reads GITHUB_APP_PRIVATE_KEY, or `privateKey` of GITHUB_APPS. The keys come out as PKCS#8, ready for Web Crypto. */
export function readAppKeys(text: string): AppKeys {
  const plain = unquote(text).replaceAll("\\r", "").replaceAll("\\n", "\n");
  if (plain === "") return fault(`empty; ${GITHUB_KEY}`);
  if (plain.includes(BEGIN)) return readPem(plain);
  const decoded = decodeBase64(plain);
  if (decoded === undefined) return fault(`neither PEM nor base64 of it; ${GITHUB_KEY}`);
  const inner = new TextDecoder().decode(decoded);
  return inner.includes(BEGIN) ? readPem(inner) : readDers([decoded]);
}

function readPem(text: string): AppKeys {
  const ders: Uint8Array[] = [];
  for (const block of text.split(BEGIN).slice(1)) {
    const [label, body, end] = block.split(DASHES);
    if (label === undefined || body === undefined || end !== `END ${label}`) {
      return fault(`cut off: a PEM block has no END line; paste the whole file`);
    }
    const problem = LABELS.has(label) ? LABELS.get(label) : `no private key, by its BEGIN line; ${GITHUB_KEY}`;
    if (problem !== undefined) return fault(problem);
    // Headers (RFC 1421) stand only in the old encrypted form.
    if (body.includes("Proc-Type:")) return fault(`an encrypted key; decrypt it: ${TO_PKCS8}`);
    const der = decodeBase64(body);
    if (der === undefined)
      return fault("damaged: between BEGIN and END there is something else than base64; paste the file again");
    ders.push(der);
  }
  return readDers(ders);
}

function readDers(ders: readonly Uint8Array[]): AppKeys {
  if (ders.length > KEYS_MAX)
    return fault(`${ders.length} keys, but at most ${KEYS_MAX} are used (the second while rotating)`);
  const pkcs8: Uint8Array<ArrayBuffer>[] = [];
  for (const der of ders) {
    const key = readPrivateKeyDer(der);
    if (key.kind === "other_algorithm") return fault(`not an RSA key, but GitHub Apps sign with RSA; ${GITHUB_KEY}`);
    if (key.kind === "not_a_key")
      return fault(`damaged or no private key: neither PKCS#1 nor PKCS#8; try: ${TO_PKCS8}`);
    if (key.modulusBits < RSA_MIN_BITS)
      return fault(`an RSA key of ${key.modulusBits} bits, too short to be GitHub's; ${GITHUB_KEY}`);
    if (key.modulusBits > RSA_MAX_BITS)
      return fault(`an RSA key of ${key.modulusBits} bits, more than ${RSA_MAX_BITS}; ${GITHUB_KEY}`);
    pkcs8.push(key.pkcs8);
  }
  return { ok: true, pkcs8 };
}

const fault = (message: string): KeyFault => ({ ok: false, message });

/** .env files and shells leave their quotes behind. */
function unquote(text: string): string {
  const trimmed = text.trim();
  const quote = trimmed[0];
  const quoted = trimmed.length > 1 && (quote === '"' || quote === "'") && trimmed.endsWith(quote);
  return quoted ? trimmed.slice(1, -1).trim() : trimmed;
}

function decodeBase64(text: string): Uint8Array | undefined {
  try {
    // atob drops white space, which also covers a PEM whose line ends became spaces.
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

// Just enough DER (ITU-T X.690) to tell an RSA private key from everything else and to wrap PKCS#1 as PKCS#8. It says what a file
// is, never what is in it.

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;

/** 1.2.840.113549.1.1.1 (RFC 8017, appendix C). */
const RSA_ENCRYPTION = "2a864886f70d010101";
/** RSAPrivateKey of RFC 8017 A.1.2: version, n, e, d, p, q, dP, dQ, qInv. */
const RSA_PRIVATE_KEY_INTEGERS = 9;

type DerKey =
  | { readonly kind: "rsa"; readonly pkcs8: Uint8Array<ArrayBuffer>; readonly modulusBits: number }
  /** A private key of another algorithm (elliptic curve, Ed25519, RSA-PSS ...). */
  | { readonly kind: "other_algorithm" }
  | { readonly kind: "not_a_key" };

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

/** Reads a DER file that holds a private key in PKCS#1 or PKCS#8 form. */
function readPrivateKeyDer(der: Uint8Array): DerKey {
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
