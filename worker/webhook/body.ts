/**
 * `X-Hub-Signature-256` over a body while it comes: HMAC-SHA256 (RFC 2104) of what streams, so that a body is held once and parsed
 * only when it is proven. Web Crypto takes an HMAC's text in one piece; two digests make the same of many.
 */
import { raceAbort } from "../store/fetch.ts";

const BLOCK_BYTES = 64;
const HEADER = /^sha256=([0-9a-f]{64})$/;

/** The 32 bytes that the header carries; undefined for anything else, two headers joined by a comma included. */
export function readSignature(header: string | null): Uint8Array | undefined {
  const hex = HEADER.exec(header ?? "")?.[1];
  if (hex === undefined) return undefined;
  return Uint8Array.from({ length: 32 }, (_, index) => Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16));
}

/** The HMAC-SHA256 of what is written, piece by piece. */
export class HmacStream {
  readonly #key: Uint8Array;
  readonly #inner = new crypto.DigestStream("SHA-256");
  readonly #writer = this.#inner.getWriter();

  private constructor(key: Uint8Array) {
    this.#key = key;
    // Whoever gives up waits for no digest, and its failure is nobody's.
    this.#inner.digest.catch(() => undefined);
  }

  static async of(secret: string): Promise<HmacStream> {
    const hmac = new HmacStream(await blockOf(new TextEncoder().encode(secret)));
    await hmac.write(padded(hmac.#key, 0x36));
    return hmac;
  }

  write(piece: Uint8Array): Promise<void> {
    return this.#writer.write(piece);
  }

  async end(): Promise<Uint8Array> {
    await this.#writer.close();
    const inner = await this.#inner.digest;
    const outer = new Uint8Array(BLOCK_BYTES + inner.byteLength);
    outer.set(padded(this.#key, 0x5c));
    outer.set(new Uint8Array(inner), BLOCK_BYTES);
    return new Uint8Array(await crypto.subtle.digest("SHA-256", outer));
  }

  abandon(): void {
    this.#writer.abort().catch(() => undefined);
  }
}

async function blockOf(secret: Uint8Array): Promise<Uint8Array> {
  const block = new Uint8Array(BLOCK_BYTES);
  block.set(secret.length > BLOCK_BYTES ? new Uint8Array(await crypto.subtle.digest("SHA-256", secret)) : secret);
  return block;
}

const padded = (key: Uint8Array, pad: number): Uint8Array => key.map((byte) => byte ^ pad);

export interface Expected {
  /** Announced; a body that is longer is no longer read. */
  readonly bytes: number;
  readonly signature: Uint8Array;
  /** Any of them may have signed, while they are rotated. */
  readonly secrets: readonly string[];
  readonly timeoutMs: number;
}

export type BodyReading =
  /** The text, as strict UTF-8; undefined when it is none. */
  | { readonly kind: "signed"; readonly text: string | undefined }
  | { readonly kind: "unsigned" }
  /** It did not come in time. */
  | { readonly kind: "late" };

/** Never throws: a body that breaks off has no signature that fits. */
export async function readSigned(body: ReadableStream<Uint8Array> | null, expected: Expected): Promise<BodyReading> {
  // An empty key would be one that everybody knows; octo-sts takes it for "no check".
  const hmacs = await Promise.all(expected.secrets.filter((secret) => secret !== "").map(HmacStream.of));
  const timeout = AbortSignal.timeout(expected.timeoutMs);
  const reader = (body ?? new Blob().stream()).getReader();
  const pieces: Uint8Array[] = [];
  try {
    let left = expected.bytes;
    for (;;) {
      const { done, value } = await raceAbort(reader.read(), timeout);
      if (done) break;
      left -= value.byteLength;
      if (left < 0) return { kind: "unsigned" };
      pieces.push(value);
      await Promise.all(hmacs.map((hmac) => hmac.write(value)));
    }
    const digests = await Promise.all(hmacs.map((hmac) => hmac.end()));
    const isSigned = digests.some((digest) => crypto.subtle.timingSafeEqual(digest, expected.signature));
    return isSigned ? { kind: "signed", text: textOf(pieces) } : { kind: "unsigned" };
  } catch {
    return { kind: timeout.aborted ? "late" : "unsigned" };
  } finally {
    for (const hmac of hmacs) hmac.abandon();
    // The rest is nobody's: closing the stream is a courtesy that may fail.
    reader.cancel().catch(() => undefined);
  }
}

/** Each piece is let go as soon as it is text: the largest bodies would else be held three times. */
function textOf(pieces: Uint8Array[]): string | undefined {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  try {
    let text = "";
    for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) {
      text += decoder.decode(piece, { stream: true });
    }
    return text + decoder.decode();
  } catch {
    return undefined;
  }
}
