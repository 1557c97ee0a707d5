/** SHA-256 of a text, and bytes as lower-case hex. Pure. */

const UTF8 = new TextEncoder();

export async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", UTF8.encode(text)));
}

const HEX_OF_BYTE: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** For Node as well, which has no method for it yet. Joined, not concatenated: a policy's id stands in audit events (`sentOf`). */
export const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => HEX_OF_BYTE[byte]).join("");
