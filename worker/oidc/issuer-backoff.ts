/**
 * When an issuer may be asked again: after a failure, and for a key that its cached keys lack. In memory only: whoever is refused
 * causes no write to KV. No I/O, no clock of its own.
 */
import {
  ISSUER_NEGATIVE_MS,
  ISSUER_REFETCH_WINDOW_MS,
  ISSUER_REFETCHES_MAX,
  ISSUER_UNREACHABLE_MAX_MS,
  ISSUER_UNREACHABLE_MS,
  MEMORY_NEGATIVE_ENTRIES_MAX,
} from "../limits.ts";
import { BoundedMap } from "../store/memory.ts";
import type { KeysFailure } from "./discovery.ts";

export interface RememberedFailure {
  readonly failure: KeysFailure;
  /** Whether there was an old copy, which may stand in for the issuer meanwhile. */
  readonly hadCopy: boolean;
}

interface Failed extends RememberedFailure {
  readonly at: number;
  readonly forMs: number;
}

/** One per isolate. All times are in ms since the epoch. */
export class IssuerBackoff {
  readonly #now: () => number;
  readonly #failures = new BoundedMap<Failed>(MEMORY_NEGATIVE_ENTRIES_MAX);
  readonly #refetches = new BoundedMap<readonly number[]>(MEMORY_NEGATIVE_ENTRIES_MAX);

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The failure for which the issuer is left alone now. */
  current(issuer: string): RememberedFailure | undefined {
    const failed = this.#failures.get(issuer);
    return failed && this.#leftOf(failed) > 0 ? failed : undefined;
  }

  /** Ms until `current` forgets; 0 when there is no failure. */
  left(issuer: string): number {
    const failed = this.#failures.get(issuer);
    return failed ? Math.max(0, this.#leftOf(failed)) : 0;
  }

  /**
   * An issuer that cannot be reached may be back in a moment, so the pause begins short and doubles; what it says itself stands for
   * a minute. `askedAt`: requests that failed beside each other count once.
   */
  failed(issuer: string, failure: RememberedFailure, askedAt: number): void {
    const before = this.#failures.get(issuer);
    if (before && before.at >= askedAt && this.#leftOf(before) > 0) return;
    this.#failures.set(issuer, { ...failure, at: this.#now(), forMs: this.#pauseFor(failure.failure, before) });
  }

  succeeded(issuer: string): void {
    this.#failures.delete(issuer);
  }

  /** Ms until the issuer may be asked because cached keys did not do, so often in a window at most; 0: now. */
  refetchWait(issuer: string, max = ISSUER_REFETCHES_MAX): number {
    const last = this.#recentRefetches(issuer).at(-max);
    return last === undefined ? 0 : last + ISSUER_REFETCH_WINDOW_MS - this.#now();
  }

  /** To be called before the first await of a refetch, so that requests that arrive meanwhile find it counted. */
  refetching(issuer: string): void {
    this.#refetches.set(issuer, [...this.#recentRefetches(issuer), this.#now()]);
  }

  #recentRefetches(issuer: string): readonly number[] {
    return (this.#refetches.get(issuer) ?? []).filter((at) => this.#now() - at < ISSUER_REFETCH_WINDOW_MS);
  }

  #pauseFor({ reason }: KeysFailure, before: Failed | undefined): number {
    if (reason !== "issuer_unreachable") return ISSUER_NEGATIVE_MS;
    // A failure of long ago is no longer the same outage.
    const goesOn = before?.failure.reason === reason && this.#leftOf(before) > -ISSUER_UNREACHABLE_MAX_MS;
    return goesOn ? Math.min(2 * before.forMs, ISSUER_UNREACHABLE_MAX_MS) : ISSUER_UNREACHABLE_MS;
  }

  #leftOf({ at, forMs }: Failed): number {
    return at + forMs - this.#now();
  }
}
