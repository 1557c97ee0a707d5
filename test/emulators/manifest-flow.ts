// A person with a browser at the emulated GitHub, who registers an App from a manifest.

import { fromBase64, toBase64Url } from "./core/base64.ts";
import type { GitHub } from "./github.ts";

export const GOOD_MANIFEST = {
  name: "octo-sts-acme",
  url: "https://sts.example/",
  hook_attributes: { url: "https://sts.example/webhook" },
  redirect_url: "https://sts.example/app/registered",
  public: false,
  default_permissions: { contents: "read" },
  default_events: ["push"],
};

export interface Asked {
  readonly status: number;
  readonly text: string;
  /** Without entities. */
  readonly plain: string;
  readonly location: URL | undefined;
  /** Presses the button; where it leads, or undefined if the page is shown again, or has no button. */
  confirm(name?: string): Promise<URL | undefined>;
}

/** Posts a manifest as the form of a page does; `page` is where at GitHub. */
export async function browse(github: GitHub, page: string, manifest: object | string): Promise<Asked> {
  const text = typeof manifest === "string" ? manifest : JSON.stringify(manifest);
  const response = await post(github, page, { manifest: text });
  const html = await response.text();
  const proposal = /name="proposal" value="([^"]+)"/.exec(html)?.[1];
  const suggested = /name="name" value="([^"]*)"/.exec(html)?.[1] ?? "";
  return {
    status: response.status,
    text: html,
    plain: html.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code))),
    location: locationOf(response, page),
    async confirm(name = suggested) {
      if (proposal === undefined) return undefined;
      const action = new URL(/action="([^"]+)"/.exec(html)?.[1] ?? "", page).href;
      return locationOf(await post(github, action, { proposal, name }), page);
    },
  };
}

function post(github: GitHub, url: string, fields: Record<string, string>): Promise<Response> {
  // As text: workerd warns of every form whose text is read.
  return github.fetch(url, { method: "POST", body: String(new URLSearchParams(fields)), redirect: "manual" });
}

function locationOf(response: Response, base: string): URL | undefined {
  const location = response.headers.get("location");
  return location === null ? undefined : new URL(location, base);
}

/** Authorization of the App whose private key GitHub handed out. */
export async function appJwtBy(pem: string, { iss, nowMs }: { iss: unknown; nowMs: number }): Promise<string> {
  const pkcs1 = fromBase64(pem.replace(/-----[^-]+-----/g, ""));
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("pkcs8", wrapped(pkcs1), algorithm, false, ["sign"]);
  const seconds = Math.floor(nowMs / 1000);
  const claims = { iss, iat: seconds - 60, exp: seconds + 540 };
  const input = [{ typ: "JWT", alg: "RS256" }, claims].map((part) => toBase64Url(JSON.stringify(part))).join(".");
  const signature = await crypto.subtle.sign(algorithm.name, key, new TextEncoder().encode(input));
  return `Bearer ${input}.${toBase64Url(new Uint8Array(signature))}`;
}

/** PKCS#1 in the PKCS#8 that Web Crypto takes (RFC 5208), each length in two octets. */
function wrapped(pkcs1: Uint8Array): Uint8Array<ArrayBuffer> {
  const long = (tag: number, content: readonly number[]) => [
    tag,
    0x82,
    content.length >> 8,
    content.length & 255,
    ...content,
  ];
  const rsaEncryption = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
  return Uint8Array.from(long(0x30, [2, 1, 0, ...rsaEncryption, ...long(0x04, [...pkcs1])]));
}
