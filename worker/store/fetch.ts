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
}

export type Fetched =
  | { readonly kind: "response"; readonly status: number; readonly headers: Headers; readonly body: Uint8Array }
  | {
      readonly kind: "failure";
      /** `network`: no response at all. `cut`: the body ended early. `timeout` also stands for the deadline. */
      readonly failure: "timeout" | "network" | "cut" | "too_large";
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
  try {
    const body = await raceAbort(readCapped(response, bounds.maxBytes), signal);
    if (body === undefined) return { kind: "failure", failure: "too_large" };
    return { kind: "response", status: response.status, headers: response.headers, body };
  } catch {
    return { kind: "failure", failure: signal.aborted ? "timeout" : "cut" };
  }
}

/** The whole body, or undefined once it proves larger than `maxBytes`; never holds more than one chunk above the cap. */
export async function readCapped(source: Request | Response, maxBytes: number): Promise<Uint8Array | undefined> {
  if (source.body === null) return new Uint8Array();
  const reader: ReadableStreamDefaultReader<Uint8Array> = source.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > maxBytes) {
      // The rest is nobody's: closing the stream is a courtesy that may fail.
      reader.cancel().catch(() => undefined);
      return undefined;
    }
    chunks.push(value);
  }
  const whole = new Uint8Array(size);
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
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
