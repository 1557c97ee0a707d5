/**
 * When something must have ended. A point in time, not an alarm: whoever waits takes what is left for the one timer that he needs
 * anyway, so nothing has to be told of an end, and nothing stays behind.
 */
export class Deadline {
  readonly #at: number;

  constructor(timeoutMs: number) {
    this.#at = performance.now() + timeoutMs;
  }

  /** Zero once it has passed. */
  get leftMs(): number {
    return Math.max(0, this.#at - performance.now());
  }
}

export type TimeLeft = Pick<Deadline, "leftMs">;
