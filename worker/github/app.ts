/**
 * The private keys of a GitHub App as people paste them: PEM with real or escaped line ends, or base64 of it; one key, or two
 * while rotating. Pure: no I/O, no clock; a fault says what is wrong and how to convert it, never what the value was.
 */
import { RSA_MAX_BITS, RSA_MIN_BITS } from "../../policies/limits.ts";
import { readPrivateKeyDer } from "./der.ts";

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
