/**
 * Ed25519 public keys that are no keys: points whose order divides 8, in every encoding. Pure data: no I/O, no clock.
 * With such a key a signature can be made without any secret, for any message (or for one in eight).
 */

/**
 * The y coordinates of the eight points, little-endian in hex, and y + p where that still fits into 255 bits.
 * The sign bit is left out: both of its values are refused, also where only one is canonical.
 */
const SMALL_ORDER_Y: ReadonlySet<string> = new Set([
  // y = 1, the neutral element.
  "0100000000000000000000000000000000000000000000000000000000000000",
  // y = p - 1, order 2.
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  // y = 0, order 4.
  "0000000000000000000000000000000000000000000000000000000000000000",
  // Order 8: two values of y, each with two of x.
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  // Not canonical: p and p + 1 stand for 0 and 1.
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);

/** Whether 32 bytes encode a point of small order. */
export function isSmallOrder(point: Uint8Array): boolean {
  return SMALL_ORDER_Y.has(point.reduce((hex, byte, at) => hex + hexByte(at === 31 ? byte & 0x7f : byte), ""));
}

const hexByte = (byte: number): string => byte.toString(16).padStart(2, "0");
