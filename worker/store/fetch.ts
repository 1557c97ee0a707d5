/**
 * The one way in which this service reads from the outside world: a timeout, a byte cap counted while the body streams, and
 * redirects left to the caller. Every outcome is a value; nothing here knows whom it talks to.
 */

/** `fetch` with one argument, so that the outside world is one function in tests. */
export type Fetcher = (request: Request) => Promise<Response>;

export interface Bounds {
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** The request's own deadline; ends the call early. */
  readonly signal?: AbortSignal;
  /** Hand out what was received of a body that did not come whole: it may name what has to be undone. */
  readonly keepPart?: boolean;
}

export type Fetched =
  | { readonly kind: "response"; readonly status: number; readonly headers: Headers; readonly body: Uint8Array }
  | {
      readonly kind: "failure";
      /** `network`: no response at all. `cut`: the body ended early. `timeout` also stands for the deadline. */
      readonly failure: "timeout" | "network" | "cut" | "too_large";
      readonly part?: Uint8Array;
    };

/** Never throws. The request should carry `redirect: "manual"`: a followed redirect would carry credentials along. */
export async function boundedFetch(fetcher: Fetcher, request: Request, bounds: Bounds): Promise<Fetched> {
  const timeout = AbortSignal.timeout(bounds.timeoutMs);
  const signal = bounds.signal ? AbortSignal.any([timeout, bounds.signal]) : timeout;
  if (signal.aborted) return { kind: "failure", failure: "timeout" };
  let response: Response;
  try {
    response = await raceAbort(fetcher(new Request(request, { signal })), signal);
  } catch {
    return { kind: "failure", failure: signal.aborted ? "timeout" : "network" };
  }
  const chunks: Uint8Array[] = [];
  const failed = (failure: "timeout" | "cut" | "too_large"): Fetched =>
    bounds.keepPart ? { kind: "failure", failure, part: joined(chunks) } : { kind: "failure", failure };
  try {
    const isWhole = await readChunks(response, bounds.maxBytes, { chunks, signal });
    if (!isWhole) return failed("too_large");
    return { kind: "response", status: response.status, headers: response.headers, body: joined(chunks) };
  } catch {
    return failed(signal.aborted ? "timeout" : "cut");
  }
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
  const chunks: Uint8Array[] = [];
  return (await readChunks(source, maxBytes, { chunks, signal })) ? joined(chunks) : undefined;
}

/** Puts the body into `chunks` as it comes; false once it proves larger than `maxBytes`. */
async function readChunks(source: Request | Response, maxBytes: number, { chunks, signal }: Reading): Promise<boolean> {
  if (source.body === null) return true;
  const reader: ReadableStreamDefaultReader<Uint8Array> = source.body.getReader();
  try {
    let size = 0;
    for (;;) {
      const { done, value } = await raceAbort(reader.read(), signal);
      if (done) return true;
      size += value.byteLength;
      if (size > maxBytes) return false;
      chunks.push(value);
    }
  } finally {
    // The rest is nobody's: closing the stream is a courtesy that may fail.
    reader.cancel().catch(() => undefined);
  }
}

interface Reading {
  /** Filled as the body comes. */
  readonly chunks: Uint8Array[];
  readonly signal: AbortSignal;
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

/** JSON from strict UTF-8, or undefined. */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(body));
  } catch {
    return undefined;
  }
}

/** A peer that ignores the abort may not hold us: whichever settles first wins. Rejects with the signal's reason. */
export function raceAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
