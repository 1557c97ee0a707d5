/** Reading a body from the outside: its bytes are counted while they come, so that nobody makes us hold more than a cap. */
import { raceAbort } from "./race-abort.ts";

/** What is read at once, of a body that is as long: each reading costs more than what it moves. */
const BLOCK_BYTES = 16 * 1024;

/** What came of one body so far. */
export class Body {
  readonly #maxBytes: number;
  readonly #chunks: Uint8Array[] = [];
  #reader: Reader | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get received(): Uint8Array {
    const [first = new Uint8Array(), ...others] = this.#chunks;
    return others.length === 0 ? first : joined(this.#chunks);
  }

  /**
   * False once it proves larger than the cap, of which no more than that is received. Where HTTP says how many bytes there are, nobody
   * waits for the end that comes behind them. Rejects if it is cut.
   */
  async read(stream: ReadableStream<Uint8Array> | null, wholeBytes?: number): Promise<boolean> {
    if (stream === null) return true;
    const reader = readerOf(stream);
    this.#reader = reader;
    let size = 0;
    let block: Uint8Array = new Uint8Array(Math.min(wholeBytes || BLOCK_BYTES, BLOCK_BYTES));
    for (;;) {
      const { done, value } = await reader.read(block);
      if (done || value === undefined) return true;
      size += value.byteLength;
      if (size > this.#maxBytes) return false;
      // What trickles in must not hold a whole block for each byte.
      const isFull = value.byteLength === value.buffer.byteLength;
      this.#chunks.push(isFull ? value : value.slice());
      if (size === wholeBytes) return true;
      block = new Uint8Array(isFull ? new ArrayBuffer(BLOCK_BYTES) : value.buffer);
    }
  }

  /** The rest is nobody's: closing the stream is a courtesy that may fail. Ends a reading that is under way. */
  close(): void {
    this.#reader?.cancel().catch(() => undefined);
  }
}

interface Reader {
  read(block: Uint8Array): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/** What comes over a connection fills the block that it is given. Streams that are made by JavaScript may know pieces of their own alone. */
function readerOf(stream: ReadableStream<Uint8Array>): Reader {
  try {
    return stream.getReader({ mode: "byob" });
  } catch {
    return stream.getReader();
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}

/**
 * The whole body, or undefined once it proves larger than `maxBytes`; never holds more than one chunk above the cap. Rejects, and
 * reads no more, as soon as the signal says so.
 */
export async function readCapped(
  source: Request | Response,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const body = new Body(maxBytes);
  try {
    return (await raceAbort(body.read(source.body), signal)) ? body.received : undefined;
  } finally {
    body.close();
  }
}
