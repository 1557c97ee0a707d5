// Every way in which people paste a private key, and what each wrong one is told.

import { beforeAll, describe, expect, it } from "vitest";
import { readAppKeys } from "../../worker/github/app.ts";

const RSA = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } as const;

let pkcs8: Uint8Array;
let pkcs1: Uint8Array;
let other: Uint8Array;

beforeAll(async () => {
  [pkcs8, other] = await Promise.all([rsaKey(2048), rsaKey(2048)]);
  pkcs1 = unwrapped(pkcs8);
});

async function rsaKey(modulusLength: number): Promise<Uint8Array> {
  const algorithm = { ...RSA, modulusLength, publicExponent: Uint8Array.of(1, 0, 1) };
  return exported(await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]));
}

async function exported(pair: CryptoKey | CryptoKeyPair): Promise<Uint8Array> {
  if (!("privateKey" in pair)) throw new Error("no pair");
  const bytes = await crypto.subtle.exportKey("pkcs8", pair.privateKey);
  if (!(bytes instanceof ArrayBuffer)) throw new Error("no bytes");
  return new Uint8Array(bytes);
}

/** The RSAPrivateKey inside a PKCS#8 file: 4 bytes of header, 3 of version, 15 of algorithm, 4 of octet string. */
const unwrapped = (wrapped: Uint8Array): Uint8Array => wrapped.slice(26);

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

function pem(label: string, bytes: Uint8Array, lineEnd = "\n"): string {
  const lines = base64(bytes).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join(lineEnd);
}

const messageOf = (text: string): string => {
  const keys = readAppKeys(text);
  return keys.ok ? "ok" : keys.message;
};

describe("keys that are read", () => {
  const forms: [string, () => string][] = [
    ["PKCS#8 PEM", () => pem("PRIVATE KEY", pkcs8)],
    ["PKCS#1 PEM, as GitHub gives it", () => pem("RSA PRIVATE KEY", pkcs1)],
    ["CRLF line ends", () => pem("RSA PRIVATE KEY", pkcs1, "\r\n")],
    ["escaped line ends", () => pem("RSA PRIVATE KEY", pkcs1, "\\n")],
    ["escaped CRLF", () => pem("PRIVATE KEY", pkcs8, "\\r\\n")],
    ["line ends that became spaces", () => pem("RSA PRIVATE KEY", pkcs1, " ")],
    ["quotes left over from a file of settings", () => `"${pem("PRIVATE KEY", pkcs8, "\\n")}"`],
    ["white space around", () => `\n  ${pem("PRIVATE KEY", pkcs8)}  \n`],
    ["base64 of PKCS#8 PEM", () => btoa(pem("PRIVATE KEY", pkcs8))],
    ["base64 of PKCS#1 PEM, in lines", () => (btoa(pem("RSA PRIVATE KEY", pkcs1)).match(/.{1,76}/g) ?? []).join("\n")],
    ["base64 of the DER", () => base64(pkcs1)],
  ];
  it.each(forms)("%s", (_, text) => {
    const keys = readAppKeys(text());
    expect(keys).toEqual({ ok: true, pkcs8: [pkcs8] });
  });

  it("wraps PKCS#1 so that Web Crypto takes it", async () => {
    const keys = readAppKeys(pem("RSA PRIVATE KEY", pkcs1));
    if (!keys.ok || keys.pkcs8[0] === undefined) throw new Error("not read");
    const key = await crypto.subtle.importKey("pkcs8", keys.pkcs8[0], RSA, false, ["sign"]);
    expect(key.type).toBe("private");
  });

  it("takes two while rotating, in their order", () => {
    const text = pem("RSA PRIVATE KEY", pkcs1) + pem("PRIVATE KEY", other);
    expect(readAppKeys(text)).toEqual({ ok: true, pkcs8: [pkcs8, other] });
    expect(readAppKeys(btoa(text))).toEqual({ ok: true, pkcs8: [pkcs8, other] });
  });
});

describe("keys that are refused", () => {
  it("empty", () => {
    expect(messageOf(" ")).toMatch(/^empty; generate a private key/);
  });

  it("three keys", () => {
    expect(messageOf(pem("PRIVATE KEY", pkcs8).repeat(3))).toBe(
      "3 keys, but at most 2 are used (the second while rotating)",
    );
  });

  it("an EC key, in both of its forms", async () => {
    const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
    const wrapped = await exported(pair);
    expect(messageOf(pem("PRIVATE KEY", wrapped))).toMatch(/^not an RSA key, but GitHub Apps sign with RSA/);
    expect(messageOf(pem("EC PRIVATE KEY", Uint8Array.of(0x30, 0)))).toMatch(/^an elliptic curve key/);
    const sec1 = Uint8Array.of(0x30, 6, 2, 1, 1, 4, 1, 7);
    expect(messageOf(base64(sec1))).toMatch(/^not an RSA key/);
  });

  it("an Ed25519 key", async () => {
    const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"]);
    expect(messageOf(pem("PRIVATE KEY", await exported(pair)))).toMatch(/^not an RSA key/);
  });

  it("an RSA key that is too short", async () => {
    const short = await rsaKey(1024);
    expect(messageOf(pem("PRIVATE KEY", short))).toMatch(/^an RSA key of 1024 bits, too short/);
    expect(messageOf(pem("RSA PRIVATE KEY", unwrapped(short)))).toMatch(/^an RSA key of 1024 bits, too short/);
  });

  const labelled: [string, RegExp][] = [
    ["ENCRYPTED PRIVATE KEY", /^an encrypted key; decrypt it: openssl pkcs8 /],
    ["OPENSSH PRIVATE KEY", /^a key in OpenSSH's format; convert it: ssh-keygen /],
    ["CERTIFICATE", /^a certificate, not a private key/],
    ["PUBLIC KEY", /^a public key, not a private key/],
    ["RSA PUBLIC KEY", /^a public key, not a private key/],
    ["CERTIFICATE REQUEST", /^no private key, by its BEGIN line/],
  ];
  it.each(labelled)("%s", (label, message) => {
    expect(messageOf(pem(label, pkcs8))).toMatch(message);
  });

  it("the old encrypted form, which has an ordinary label", () => {
    const text = pem("RSA PRIVATE KEY", pkcs1).replace(
      "KEY-----\n",
      "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0F\n\n",
    );
    expect(messageOf(text)).toMatch(/^an encrypted key; decrypt it: openssl/);
  });

  it("one that is cut off or damaged", () => {
    const whole = pem("RSA PRIVATE KEY", pkcs1);
    expect(messageOf(whole.slice(0, 900))).toMatch(/^cut off/);
    expect(messageOf(whole.replace("END RSA", "END DSA"))).toMatch(/^cut off/);
    expect(messageOf(pem("RSA PRIVATE KEY", pkcs1.slice(0, 600)))).toMatch(/^damaged or no private key/);
    expect(messageOf(pem("PRIVATE KEY", Uint8Array.of(...pkcs8, 0)))).toMatch(/^damaged or no private key/);
    expect(messageOf(pem("PRIVATE KEY", Uint8Array.of(...pkcs8, 5, 0)))).toMatch(/^damaged or no private key/);
    expect(messageOf(pem("RSA PRIVATE KEY", Uint8Array.of(...pkcs1, 5, 0)))).toMatch(/^damaged or no private key/);
    expect(messageOf(whole.replace("\nM", "\n*"))).toMatch(/^damaged: between BEGIN and END/);
  });

  it("what is no key at all", () => {
    expect(messageOf("hunter2!")).toMatch(/^neither PEM nor base64/);
    expect(messageOf(btoa("hunter2"))).toMatch(/^damaged or no private key/);
  });

  it("DER with lengths that lie", () => {
    for (const bytes of [
      [0x30],
      [0x30, 0x80],
      [0x30, 0x84, 1, 1, 1, 1],
      [0x30, 0x82, 1],
      [0x30, 5, 2, 1],
      [0x30, 3, 2, 9, 0],
    ]) {
      expect(messageOf(base64(Uint8Array.from(bytes)))).toMatch(/^damaged or no private key/);
    }
  });

  it("never repeats what it was given", () => {
    const secret = "c2VjcmV0LXRleHQ-!";
    for (const text of [
      secret,
      `-----BEGIN ${secret}-----\n${secret}\n-----END ${secret}-----`,
      `-----BEGIN PRIVATE KEY-----${secret}`,
    ]) {
      expect(messageOf(text)).not.toContain("c2VjcmV0");
    }
  });
});
