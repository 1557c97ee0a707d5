/**
 * The one way in which this service reads from the outside world: a timeout, a byte cap counted while the body streams, and
 * redirects left to the caller. Every outcome is a value; nothing here knows whom it talks to.
 */
import { Body } from "./body.ts";
import type { TimeLeft } from "./deadline.ts";

/** `fetch` with one argument, so that the outside world is one function in tests. */
export type Fetcher = (request: Request) => Promise<Response>;

export interface Bounds {
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** The request's own; ends the call early. */
  readonly deadline?: TimeLeft | undefined;
  /** Hand out what was received of a body that did not come whole: it may name what has to be undone. */
  readonly keepPart?: boolean;
  readonly late?: Late;
}

/** For a call whose answer has to be undone where it comes too late: the call is not broken off, but left to run for another while. */
export interface Late {
  readonly maxMs: number;
  /** Called once the time is over, with what the call comes to later. */
  readonly hear: (fetched: Promise<Fetched>) => void;
}

export type Fetched =
  | { readonly kind: "response"; readonly status: number; readonly headers: Headers; readonly body: Uint8Array }
  | {
      readonly kind: "failure";
      /** `network`: no response at all. `cut`: the body ended early. `timeout` also stands for the deadline. */
      readonly failure: "timeout" | "network" | "cut" | "too_large";
      readonly part?: Uint8Array;
    };

/** What a request is made of, as it is made only with its signal: a copy of one costs as much as the first. */
export interface RequestParts extends Omit<RequestInit, "signal"> {
  readonly url: string;
}

const OUT_OF_TIME: Fetched = { kind: "failure", failure: "timeout" };

/** Never rejects. The request should carry `redirect: "manual"`: a followed redirect would carry credentials along. */
export function boundedFetch(fetcher: Fetcher, request: RequestParts, bounds: Bounds): Promise<Fetched> {
  return bounds.deadline?.leftMs === 0 ? Promise.resolve(OUT_OF_TIME) : new Transfer(bounds).start(fetcher, request);
}

/** One call. What comes first settles it, the peer or the end of the time: a peer that ignores the signal may not hold us. */
class Transfer {
  readonly #bounds: Bounds;
  readonly #controller = new AbortController();
  readonly #body: Body;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #settle: (fetched: Fetched) => void = () => undefined;
  #isLate = false;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
    this.#body = new Body(bounds.maxBytes);
  }

  start(fetcher: Fetcher, request: RequestParts): Promise<Fetched> {
    const { timeoutMs, deadline } = this.#bounds;
    const outcome = this.#outcome();
    // Timers are not as exact as clocks: by the time of this one the deadline has passed for everybody.
    this.#wait(deadline ? Math.min(timeoutMs, deadline.leftMs + 1) : timeoutMs);
    void this.#run(fetcher, request);
    return outcome;
  }

  #wait(milliseconds: number): void {
    this.#timer = setTimeout(() => this.#timeIsOver(), milliseconds);
  }

  #outcome(): Promise<Fetched> {
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  async #run(fetcher: Fetcher, { url, ...init }: RequestParts): Promise<void> {
    const { signal } = this.#controller;
    let response: Response;
    try {
      response = await fetcher(new Request(url, { ...init, signal }));
    } catch {
      return this.#end({ kind: "failure", failure: "network" });
    }
    if (signal.aborted) return;
    try {
      const isWhole = await this.#body.read(response.body, announcedBytes(response));
      const { status, headers } = response;
      this.#end(
        isWhole ? { kind: "response", status, headers, body: this.#body.received } : this.#failure("too_large"),
      );
    } catch {
      this.#end(this.#failure("cut"));
    }
  }

  #timeIsOver(): void {
    const { late } = this.#bounds;
    if (late && !this.#isLate) {
      this.#isLate = true;
      this.#settle(OUT_OF_TIME);
      this.#wait(late.maxMs);
      late.hear(this.#outcome());
      return;
    }
    this.#end(this.#failure("timeout"));
    // With a reason of its own no error is made, which costs more than all of this.
    this.#controller.abort("out of time");
  }

  /** Whatever comes after the first end is nobody's. */
  #end(fetched: Fetched): void {
    clearTimeout(this.#timer);
    this.#body.close();
    this.#settle(fetched);
  }

  #failure(failure: "timeout" | "cut" | "too_large"): Fetched {
    return { kind: "failure", failure, ...(this.#bounds.keepPart && { part: this.#body.received }) };
  }
}

/** Undefined where no number is announced, or the body is coded and so has another length here (RFC 9110 section 8.6). */
function announcedBytes({ headers }: Response): number | undefined {
  const length = headers.get("Content-Length");
  return length === null || !/^\d+$/.test(length) || headers.has("Content-Encoding") ? undefined : Number(length);
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
