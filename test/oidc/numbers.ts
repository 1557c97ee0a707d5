/** Signatures as numbers: what an attacker who knows the arithmetic puts in place of an honest one. */

export const ORDERS: Readonly<Record<string, bigint>> = {
  ES256: BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
  ES384: BigInt(`0x${"f".repeat(48)}c7634d81f4372ddf581a0db248b0a77aecec196accc52973`),
  ES512: BigInt(`0x1${"f".repeat(65)}a51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409`),
  EdDSA: 2n ** 252n + 27742317777372353535851937790883648493n,
};

export function toNumber(bytes: Uint8Array): bigint {
  return bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

/** Big-endian, cut to this many bytes. */
export function toBytes(number: bigint, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => Number((number >> BigInt(8 * (length - 1 - at))) & 0xffn));
}

export const reversed = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes).reverse();

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** An ECDSA signature as X.509 has it: a sequence of two integers. */
export function der(signature: Uint8Array): Uint8Array {
  const half = signature.length / 2;
  const body = concat(integer(signature.subarray(0, half)), integer(signature.subarray(half)));
  const length = body.length < 128 ? [body.length] : [0x81, body.length];
  return concat(Uint8Array.of(0x30, ...length), body);
}

function integer(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  const bare = bytes.subarray(Math.max(first, 0));
  const padded = (bare[0] ?? 0) > 127 ? concat(Uint8Array.of(0), bare) : bare;
  return concat(Uint8Array.of(0x02, padded.length), padded);
}
