/** HMAC-SHA256 (RFC 2104) of texts, by the platform. Pure. */

const ALGORITHM = { name: "HMAC", hash: "SHA-256" };

export async function hmacOf(text: Uint8Array, secret: Uint8Array): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey("raw", secret, ALGORITHM, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, text));
}

/** In constant time. `signature`: 64 hex digits. */
export async function isHmacOf(signature: string, text: Uint8Array, secret: Uint8Array): Promise<boolean> {
  const bytes = Uint8Array.from(signature.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const key = await crypto.subtle.importKey("raw", secret, ALGORITHM, false, ["verify"]);
  return crypto.subtle.verify("HMAC", key, bytes, text);
}
