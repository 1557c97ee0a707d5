/** When a stale copy may stand in for what GitHub does not answer: an outage, or a limit that foreigners did not cause. */
import { accept, type Denial, type Result } from "../denial.ts";
import type { CacheName } from "../event.ts";
import { FOREIGN_MISSES_MAX, GITHUB_LIMIT_WINDOW_MS } from "../limits.ts";
import { BoundedMap } from "../store/memory.ts";
import type { AccessCall } from "./read-access.ts";

const OUTAGES: ReadonlySet<Denial["reason"]> = new Set([
  "github_rate_limited",
  "github_unavailable",
  "github_invalid_answer",
]);

export const isOutage = (denial: Denial): boolean => OUTAGES.has(denial.reason);

/**
 * Callers who do not belong to an owner and ask for policies that are not there use up the owner's limit at GitHub. Somebody who was
 * taken out of a policy could drain it so, and be served the old policy for an hour. So whatever a limit has to do with such
 * callers, no stale copy is served: not to them, and not after they asked.
 */
export class ForeignMisses {
  /** By owner: the time of the last one, in ms. */
  readonly #last = new BoundedMap<number>(FOREIGN_MISSES_MAX);
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** GitHub was asked for a policy on behalf of this caller, and there is none. */
  note(accountId: number, call: AccessCall): void {
    if (!call.isWorkloadOf(accountId)) this.#last.set(String(accountId), this.#now());
  }

  mayServeStale(denial: Denial, accountId: number, call: AccessCall): boolean {
    if (denial.reason !== "github_rate_limited") return true;
    const last = this.#last.get(String(accountId));
    const isCaused = last !== undefined && this.#now() - last < GITHUB_LIMIT_WINDOW_MS;
    return call.isWorkloadOf(accountId) && !isCaused;
  }
}

export function servedStale<V>(cache: CacheName, value: V, call: AccessCall): Result<V> {
  call.count?.("stale_served");
  call.cached?.(cache, "stale");
  return accept(value);
}
