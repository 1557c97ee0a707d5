/**
 * Base64url in its one canonical spelling (RFC 7515 section 2, RFC 4648 section 3.5). Pure.
 * Two spellings of one token would be two hashes of it in logs, and a way around whatever compares them.
 */
import { decode } from "jose/base64url";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The bytes, or undefined for any text that an encoder would not have made: padding, white space, `+` and `/`, stray bits. */
export function decodeBase64url(text: string): Uint8Array | undefined {
  return isBase64url(text) ? decode(text) : undefined;
}

/** The number of bytes that a canonical text stands for. */
export const decodedLength = (text: string): number => Math.floor((text.length * 3) / 4);

/** Whether `decodeBase64url` takes it. */
export function isBase64url(text: string): boolean {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return false;
  const rest = text.length % 4;
  if (rest === 0) return true;
  if (rest === 1) return false;
  // The last character carries 4 (or 2) bits that belong to no byte; an encoder leaves them zero.
  const unusedBits = rest === 2 ? 0b1111 : 0b11;
  return (ALPHABET.indexOf(text.charAt(text.length - 1)) & unusedBits) === 0;
}
