import { QUEUE_FAILURES_TOLERATED, QUEUE_TIMEOUT_MS } from "../limits.ts";
import { withinTime } from "../store/within-time.ts";
import { Breaker } from "./breaker.ts";
import type { SentEvent, Sink, SinkAnswer } from "./sink.ts";

/**
 * The event as a message, of which `consumer.ts` is one reader. It is offered every event, however many it did not take: that costs
 * nobody a wait, and tells when the queue is well again.
 */
export class QueueSink implements Sink {
  readonly name = "queue";
  readonly #queue: Queue;
  readonly #breaker: Breaker;

  constructor(queue: Queue, now: () => number) {
    this.#queue = queue;
    this.#breaker = new Breaker(now, QUEUE_FAILURES_TOLERATED);
  }

  get pausedMs(): number {
    return this.#breaker.pausedMs;
  }

  async take({ event }: SentEvent, maxMs: number): Promise<SinkAnswer> {
    try {
      await withinTime(this.#queue.send(event), Math.min(maxMs, QUEUE_TIMEOUT_MS));
    } catch {
      this.#breaker.failed();
      return "lost";
    }
    this.#breaker.succeeded();
    return "taken";
  }
}
