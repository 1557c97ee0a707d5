import {
  AUDIT_DELIVERY_MAX_MS,
  AUDIT_JITTER_MAX_MS,
  AUDIT_RETRY_AFTER_MAX_MS,
  AUDIT_TIMEOUT_MS,
  AUDIT_WAITS_MS,
} from "../limits.ts";
import { Deadline } from "../store/deadline.ts";
import { pause } from "../store/pause.ts";
import { Breaker } from "./breaker.ts";
import { attributesOf, binaryHeaders, structured } from "./cloud-event.ts";
import type { Endpoint, Posted } from "./endpoint.ts";
import type { Lost, SentEvent, Sink, SinkAnswer } from "./sink.ts";

export interface HttpSinkDeps {
  readonly endpoint: Endpoint;
  readonly mode: "binary" | "structured";
  readonly domain: string;
  /** Ms since the epoch. */
  readonly now: () => number;
  /** In [0, 1), for jitter. */
  readonly random: () => number;
}

/**
 * CloudEvents 1.0 over HTTP, one a request. A sink that took no event is left alone for a while: events meanwhile are left out.
 * While one event finds out whether it was a moment's failure, all others are sent once: a sink that hangs is not asked four times
 * by everybody who meets it.
 */
export class HttpSink implements Sink {
  readonly name = "http";
  readonly #deps: HttpSinkDeps;
  readonly #breaker: Breaker;
  #repeatingUntil = 0;

  constructor(deps: HttpSinkDeps) {
    this.#deps = deps;
    this.#breaker = new Breaker(deps.now, 0);
  }

  get pausedMs(): number {
    return this.#breaker.pausedMs;
  }

  async take(sent: SentEvent, maxMs: number): Promise<SinkAnswer | Lost> {
    // What corrects an event that the sink has is never left out.
    if (this.pausedMs > 0 && !sent.event.correction) return "left_out";
    const deadline = new Deadline(maxMs);
    const send = () => this.#send(sent, deadline);
    const first = await send();
    const posted = first.kind === "again" ? await this.#repeat(first, send, deadline) : first;
    if (posted.kind === "taken") this.#breaker.succeeded();
    if (posted.kind === "refused" && posted.because === "endpoint") this.#breaker.failed();
    return posted.kind === "taken" ? "taken" : { lost: posted.problem };
  }

  async #repeat(first: Again, send: () => Promise<Posted>, deadline: Deadline): Promise<Posted> {
    const { now, random } = this.#deps;
    this.#breaker.pause(first.retryAfterMs);
    if (now() < this.#repeatingUntil) return first;
    // A time, as the runtime may end the work before it is done.
    this.#repeatingUntil = now() + AUDIT_DELIVERY_MAX_MS;
    let posted: Posted = first;
    for (const waitMs of AUDIT_WAITS_MS) {
      if (posted.kind !== "again" || posted.retryAfterMs > AUDIT_RETRY_AFTER_MAX_MS) break;
      const pauseMs = Math.max(waitMs + random() * AUDIT_JITTER_MAX_MS, posted.retryAfterMs);
      await pause(Math.min(pauseMs, deadline.leftMs));
      if (deadline.leftMs === 0) break;
      posted = await send();
      if (posted.kind === "again") this.#breaker.pause(posted.retryAfterMs);
    }
    this.#repeatingUntil = 0;
    if (posted.kind === "again") this.#breaker.failed();
    return posted;
  }

  #send({ event, json }: SentEvent, deadline: Deadline): Promise<Posted> {
    const { endpoint, mode, domain } = this.#deps;
    const signal = AbortSignal.timeout(Math.min(AUDIT_TIMEOUT_MS, deadline.leftMs));
    // The request is part of the caller's trace as well (W3C Trace Context).
    const trace = event.traceparent === undefined ? {} : { traceparent: event.traceparent };
    if (mode === "binary") return endpoint.post({ ...binaryHeaders(event, domain), ...trace }, json, signal);
    const headers = { "Content-Type": "application/cloudevents+json", ...trace };
    return endpoint.post(headers, structured(attributesOf(event, domain), json), signal);
  }
}

type Again = Extract<Posted, { readonly kind: "again" }>;
