// An App's JWT as a test needs it, good by default and wrong on demand; the Worker makes its own. Web Crypto only.

import { toBase64Url } from "./base64.ts";
import { keyInSlot } from "./keys.ts";

export interface AppJwtOptions {
  readonly app: number | string;
  readonly nowMs: number;
  /** Seconds from now. */
  readonly iat?: number;
  readonly exp?: number;
  /** Over the claims. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly alg?: string;
  /** The slot given to `appKeys`. */
  readonly slot?: number;
}

export async function appJwt(options: AppJwtOptions): Promise<string> {
  const nowS = Math.floor(options.nowMs / 1000);
  const times = { iat: nowS + (options.iat ?? -60), exp: nowS + (options.exp ?? 540) };
  const claims = { iss: options.app, ...times, ...options.claims };
  const header = toBase64Url(JSON.stringify({ typ: "JWT", alg: options.alg ?? "RS256" }));
  const input = `${header}.${toBase64Url(JSON.stringify(claims))}`;
  const { pkcs8 } = await keyInSlot("rsa", 1000 + (options.slot ?? 0));
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("pkcs8", pkcs8, algorithm, false, ["sign"]);
  const signature = await crypto.subtle.sign(algorithm.name, key, new TextEncoder().encode(input));
  return `${input}.${toBase64Url(new Uint8Array(signature))}`;
}
