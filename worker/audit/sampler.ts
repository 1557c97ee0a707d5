import { LIMIT_WINDOW_MS, LIMITED_EVENTS_PER_WINDOW, LIMITED_EVENTS_SAMPLE } from "../limits.ts";

/** Of the events of callers over a limit only some are sent: a flood must not become a flood of events. */
export class AuditSampler {
  readonly #now: () => number;
  #startedAt = 0;
  #seen = 0;
  #skipped = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many were left out since the last that was sent; undefined when this one is left out as well. */
  admit(): number | undefined {
    if (this.#now() - this.#startedAt >= LIMIT_WINDOW_MS) {
      this.#startedAt = this.#now();
      this.#seen = 0;
    }
    this.#seen += 1;
    const isSent = this.#seen <= LIMITED_EVENTS_PER_WINDOW || this.#seen % LIMITED_EVENTS_SAMPLE === 0;
    const skipped = this.#skipped;
    this.#skipped = isSent ? 0 : skipped + 1;
    return isSent ? skipped : undefined;
  }
}
