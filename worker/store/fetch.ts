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

/** Passes after a time, or with another signal. One timer and one listener serve all that a call waits for. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #passed: Promise<never>;
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #outer: AbortSignal | undefined;
  #pass = (): void => undefined;

  constructor(timeoutMs: number, outer?: AbortSignal) {
    this.#outer = outer;
    this.#passed = new Promise((_, reject) => {
      this.#pass = () => {
        // With a reason of its own no error is made, which costs more than all of this.
        this.#controller.abort("out of time");
        reject(new Error("out of time"));
      };
    });
    this.#passed.catch(() => undefined);
    this.#timer = setTimeout(this.#pass, timeoutMs);
    if (outer?.aborted) this.#pass();
    else outer?.addEventListener("abort", this.#pass, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Settles as the work does, or rejects once this has passed: a peer that ignores the signal may not hold us. */
  race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#passed]);
  }

  /** Nothing waits any more. */
  lift(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#pass);
  }
}

/** What a request is made of, as it is made only with its signal: a copy of one costs as much as the first. */
export interface RequestParts extends Omit<RequestInit, "signal"> {
  readonly url: string;
}

/** Never throws. The request should carry `redirect: "manual"`: a followed redirect would carry credentials along. */
export async function boundedFetch(fetcher: Fetcher, request: RequestParts, bounds: Bounds): Promise<Fetched> {
  const deadline = new Deadline(bounds.timeoutMs, bounds.signal);
  try {
    return await fetchBefore(deadline, fetcher, request, bounds);
  } finally {
    deadline.lift();
  }
}

async function fetchBefore(
  deadline: Deadline,
  fetcher: Fetcher,
  { url, ...init }: RequestParts,
  { maxBytes, keepPart }: Bounds,
): Promise<Fetched> {
  const { signal } = deadline;
  if (signal.aborted) return { kind: "failure", failure: "timeout" };
  let response: Response;
  try {
    response = await deadline.race(fetcher(new Request(url, { ...init, signal })));
  } catch {
    return { kind: "failure", failure: signal.aborted ? "timeout" : "network" };
  }
  const chunks: Uint8Array[] = [];
  const failed = (failure: "timeout" | "cut" | "too_large"): Fetched =>
    keepPart ? { kind: "failure", failure, part: joined(chunks) } : { kind: "failure", failure };
  try {
    const isWhole = await readChunks(response, { maxBytes, chunks, deadline, wholeBytes: announcedBytes(response) });
    if (!isWhole) return failed("too_large");
    return { kind: "response", status: response.status, headers: response.headers, body: joined(chunks) };
  } catch {
    return failed(signal.aborted ? "timeout" : "cut");
  }
}

/** Undefined where nothing is announced, or the body is coded and so has another length here (RFC 9110 section 8.6). */
function announcedBytes({ headers }: Response): number | undefined {
  const length = headers.get("Content-Length");
  return length === null || headers.has("Content-Encoding") ? undefined : Number(length);
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
  const deadline = { race: <T>(work: Promise<T>) => raceAbort(work, signal) };
  return (await readChunks(source, { maxBytes, chunks, deadline })) ? joined(chunks) : undefined;
}

interface Reading {
  readonly maxBytes: number;
  /** Filled as the body comes. */
  readonly chunks: Uint8Array[];
  readonly deadline: Pick<Deadline, "race">;
  /** Where HTTP says how many there are, nobody waits for the end that comes behind them. */
  readonly wholeBytes?: number | undefined;
}

/** Puts the body into `chunks` as it comes; false once it proves larger than `maxBytes`. */
async function readChunks(
  source: Request | Response,
  { maxBytes, chunks, deadline, wholeBytes }: Reading,
): Promise<boolean> {
  if (source.body === null) return true;
  const reader: ReadableStreamDefaultReader<Uint8Array> = source.body.getReader();
  try {
    let size = 0;
    for (;;) {
      const { done, value } = await deadline.race(reader.read());
      if (done) return true;
      size += value.byteLength;
      if (size > maxBytes) return false;
      chunks.push(value);
      if (size === wholeBytes) return true;
    }
  } finally {
    // The rest is nobody's: closing the stream is a courtesy that may fail.
    reader.cancel().catch(() => undefined);
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

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** JSON from strict UTF-8, or undefined. */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(UTF8.decode(body));
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
