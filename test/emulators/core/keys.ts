// Key pairs for the emulators: made when first asked for, then shared, because RSA keys are slow to make. A slot is a
// number; equal kind and slot give the same key, so that a hundred worlds need a handful of keys and two issuers of
// one world still have different ones. Nothing is made at import.

import { inLines, toBase64 } from "./base64.ts";

export const KEY_KINDS = ["rsa", "ec", "ec384", "ec521", "ed"] as const;
export type KeyKind = (typeof KEY_KINDS)[number];

export interface PublicJwk extends JsonWebKey {
  kid?: string;
}

export interface KeyMaterial {
  readonly kind: KeyKind;
  /** PKCS#8 and SPKI bytes; import them for the algorithm at hand. */
  readonly pkcs8: ArrayBuffer;
  readonly spki: ArrayBuffer;
  readonly publicJwk: PublicJwk;
}

const GENERATE: Record<KeyKind, SubtleCryptoGenerateKeyAlgorithm> = {
  rsa: { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
  ec: { name: "ECDSA", namedCurve: "P-256" },
  ec384: { name: "ECDSA", namedCurve: "P-384" },
  ec521: { name: "ECDSA", namedCurve: "P-521" },
  ed: { name: "Ed25519" },
};

/** What a key set publishes: no usage, no algorithm, and none of the empty private members that workerd lists. */
function publicMembers(jwk: JsonWebKey): PublicJwk {
  const { kty, n, e, crv, x, y } = jwk;
  const members = Object.entries({ n, e, crv, x, y }).filter(([, value]) => value !== undefined);
  return { kty, ...Object.fromEntries(members) };
}

async function generate(kind: KeyKind): Promise<KeyMaterial> {
  const pair = await crypto.subtle.generateKey(GENERATE[kind], true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new Error(`no key pair for ${kind}`);
  const [pkcs8, spki, jwk] = await Promise.all([
    crypto.subtle.exportKey("pkcs8", pair.privateKey),
    crypto.subtle.exportKey("spki", pair.publicKey),
    crypto.subtle.exportKey("jwk", pair.publicKey),
  ]);
  if (!(pkcs8 instanceof ArrayBuffer) || !(spki instanceof ArrayBuffer) || jwk instanceof ArrayBuffer) {
    throw new Error(`export of a ${kind} key gave another form`);
  }
  return { kind, pkcs8, spki, publicJwk: publicMembers(jwk) };
}

// Settled values only: on Workers one request may not await another's promise.
const made = new Map<string, KeyMaterial>();

/** The key of this kind in this slot, the same one for the life of the process or isolate. */
export async function keyInSlot(kind: KeyKind, slot: number): Promise<KeyMaterial> {
  const name = `${kind}:${slot}`;
  const known = made.get(name);
  if (known !== undefined) return known;
  const fresh = await generate(kind);
  // Two callers may have raced: whoever came first decides for both.
  const winner = made.get(name) ?? fresh;
  made.set(name, winner);
  return winner;
}

export function pem(label: "PRIVATE KEY" | "PUBLIC KEY", bytes: ArrayBuffer): string {
  return `-----BEGIN ${label}-----\n${inLines(toBase64(new Uint8Array(bytes)), 64)}-----END ${label}-----\n`;
}

/** The key pair of a GitHub App: `privateKeyPem` (PKCS#8) for the Worker, `publicKey` for the emulated GitHub. */
export async function appKeys(slot = 0): Promise<{ privateKeyPem: string; publicKey: CryptoKey }> {
  const key = await keyInSlot("rsa", 1000 + slot);
  const publicKey = await crypto.subtle.importKey(
    "spki",
    key.spki,
    { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
    false,
    ["verify"],
  );
  return { privateKeyPem: pem("PRIVATE KEY", key.pkcs8), publicKey };
}
