/**
 * The places among those in flight that one exchange holds, from when it first asks somebody until it ends: what is charged at its end
 * could else be begun without end.
 */
import type { Limiter } from "../store/limiter.ts";
import type { Release } from "../store/room.ts";
import type { Charge } from "./charges.ts";

export class HeldPlaces {
  readonly #held = new Map<Limiter, Map<string, Release>>();

  /** All of them or none; those that it holds already count. */
  take(charges: readonly Charge[]): boolean {
    const taken: (() => void)[] = [];
    for (const { budget, key } of charges) {
      const held = this.#held.get(budget) ?? new Map<string, Release>();
      if (held.has(key)) continue;
      const release = budget.acquire(key);
      if (release === undefined) {
        for (const giveBack of taken) giveBack();
        return false;
      }
      this.#held.set(budget, held.set(key, release));
      taken.push(() => {
        held.delete(key);
        release();
      });
    }
    return true;
  }

  /** At the end of the exchange, whatever that was. */
  release(): void {
    for (const held of this.#held.values()) for (const release of held.values()) release();
    this.#held.clear();
  }
}
