/** KV writes that wait for the answer to be out, and for what is known of the caller by then. */
import type { WriteOrigin, Writes } from "./cache.ts";

const RANK: Readonly<Record<WriteOrigin, number>> = { anyone: 0, verified: 1, owner: 2 };

interface Pending {
  readonly write: (by: WriteOrigin) => Promise<void>;
  readonly origin: WriteOrigin;
}

export class PendingWrites implements Writes {
  readonly #pending: Pending[] = [];

  add(write: Pending["write"], origin: WriteOrigin = "verified"): void {
    this.#pending.push({ write, origin });
  }

  /** Carries out what a caller of this rank may cause, and drops the rest. A write that fails holds up no other. */
  async carryOut(by: WriteOrigin): Promise<void> {
    if (this.#pending.length === 0) return;
    const allowed = this.#pending.splice(0).filter(({ origin }) => RANK[origin] <= RANK[by]);
    await Promise.allSettled(allowed.map(({ write }) => write(by)));
  }
}
