import { AUDIT_PAUSE_MAX_MS, AUDIT_PAUSE_MIN_MS } from "../limits.ts";

/** After failures in a row a sink is left alone for a while that doubles, or that it asked for itself. */
export class Breaker {
  readonly #now: () => number;
  readonly #tolerated: number;
  #failures = 0;
  #pausedUntil = 0;

  /** So many failures in a row are tolerated. */
  constructor(now: () => number, tolerated: number) {
    this.#now = now;
    this.#tolerated = tolerated;
  }

  get pausedMs(): number {
    return Math.max(0, this.#pausedUntil - this.#now());
  }

  succeeded(): void {
    this.#failures = 0;
    this.#pausedUntil = 0;
  }

  /** Those that come while it is left alone began before, and say nothing new. */
  failed(): void {
    if (this.pausedMs > 0) return;
    this.#failures += 1;
    const doublings = this.#failures - this.#tolerated - 1;
    if (doublings >= 0) this.pause(AUDIT_PAUSE_MIN_MS * 2 ** doublings);
  }

  pause(milliseconds: number): void {
    const until = this.#now() + Math.min(milliseconds, AUDIT_PAUSE_MAX_MS);
    this.#pausedUntil = Math.max(this.#pausedUntil, until);
  }
}
