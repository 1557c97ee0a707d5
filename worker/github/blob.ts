/** A file as git keeps it: its text out of GitHub's base64, and its id. Pure. */
import { toHex } from "../store/digest.ts";

export type FileText = { readonly kind: "text"; readonly text: string } | { readonly kind: "not_utf8" };

/** The bytes of GitHub's base64; undefined when it is not base64 of so many bytes: a wrong response. */
export function bytesOf(content: string, size: number): Uint8Array | undefined {
  const bytes = strictBase64(content);
  return bytes?.length === size ? bytes : undefined;
}

const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
const UTF8 = new TextEncoder();

/** Strict, or not at all. */
export function textOf(bytes: Uint8Array): FileText {
  try {
    return { kind: "text", text: STRICT_UTF8.decode(bytes) };
  } catch {
    return { kind: "not_utf8" };
  }
}

/** The id of a blob in a repository whose ids have so many digits: SHA-1, or SHA-256 in a repository of that format. */
export async function blobIdOf(bytes: Uint8Array, digits: number): Promise<string> {
  const head = UTF8.encode(`blob ${bytes.length}\0`);
  const whole = new Uint8Array(head.length + bytes.length);
  whole.set(head);
  whole.set(bytes, head.length);
  return toHex(new Uint8Array(await crypto.subtle.digest(digits === 40 ? "SHA-1" : "SHA-256", whole)));
}

/** GitHub breaks lines; nothing else may stand in it, and each text has one encoding. */
function strictBase64(content: string): Uint8Array | undefined {
  const compact = content.replaceAll("\n", "");
  try {
    const binary = atob(compact);
    if (btoa(binary) !== compact) return undefined;
    const bytes = new Uint8Array(binary.length);
    for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
    return bytes;
  } catch {
    return undefined;
  }
}
