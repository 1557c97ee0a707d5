/**
 * When GitHub is left alone: an App or an installation that it told to wait, and one whose calls failed again and again. Kept in
 * this isolate's memory. What must not be left undone (revocations) is sent all the same.
 */
import { BREAKER_FAILURES, BREAKER_MS } from "../limits.ts";
import { BoundedMap } from "../store/memory.ts";
import type { CallContext } from "./call.ts";
import type { ApiResult, RateLimited } from "./response.ts";

const ENTRIES_MAX = 2_000;

/**
 * Whose calls: an App's own, or those with an installation's tokens, of which GraphQL has a quota apart. Nobody can break another's.
 */
type QuotaHolder = `app ${string}` | `installation ${number}` | `installation ${number} graphql`;

interface State {
  /** The last limit, and until when it holds, in ms. */
  readonly limit?: RateLimited["limit"];
  readonly limitedUntil: number;
  /** In a row. */
  readonly failures: number;
  readonly brokenUntil: number;
}

const FRESH: State = { limitedUntil: 0, failures: 0, brokenUntil: 0 };

export class Backoff {
  readonly #now: () => number;
  readonly #states = new BoundedMap<State>(ENTRIES_MAX);

  constructor(now: () => number) {
    this.#now = now;
  }

  /** What callers get in place of a call; undefined while nothing stands against one. */
  heldBack(holder: QuotaHolder, { count }: Pick<CallContext, "count">): ApiResult | undefined {
    const result = this.#heldBack(holder);
    if (result) count?.("github_held_back");
    return result;
  }

  #heldBack(holder: QuotaHolder): ApiResult | undefined {
    const { limit = "primary", limitedUntil, brokenUntil } = this.#states.get(holder) ?? FRESH;
    const now = this.#now();
    if (limitedUntil > now) {
      return { kind: "rate_limited", limit, retryAfterSeconds: Math.ceil((limitedUntil - now) / 1000) };
    }
    return brokenUntil > now ? { kind: "unavailable", problem: "not asked again so soon after it failed" } : undefined;
  }

  /** Learns from what a call came to. */
  note(holder: QuotaHolder, result: ApiResult): void {
    const state = this.#states.get(holder) ?? FRESH;
    switch (result.kind) {
      case "rate_limited": {
        const limitedUntil = this.#now() + result.retryAfterSeconds * 1000;
        this.#states.set(holder, { ...state, failures: 0, limit: result.limit, limitedUntil });
        return;
      }
      case "unavailable": {
        const failures = state.failures + 1;
        const brokenUntil = failures < BREAKER_FAILURES ? state.brokenUntil : this.#now() + BREAKER_MS;
        this.#states.set(holder, { ...state, failures, brokenUntil });
        return;
      }
      // Our own deadline, and a response that says nothing, are no sign of GitHub's being up or down.
      case "deadline":
      case "invalid":
        return;
      default:
        // A slow answer to an earlier call does not end a wait that GitHub asked for since.
        if (state.failures > 0) this.#states.set(holder, { ...state, failures: 0 });
    }
  }
}
