/**
 * What the work on one delivery carries from step to step: its calls and their budget, the KV writes, the tokens to be revoked, and
 * the one line of the log in which it ends. Decides nothing.
 */
import { describeBug } from "../bug.ts";
import type { Count } from "../event.ts";
import type { CallContext } from "../github/github.ts";
import { WEBHOOK_CALLS_MAX, WEBHOOK_END_MAX_MS, WEBHOOK_WORK_MAX_MS } from "../limits.ts";
import type { Services } from "../services.ts";
import { Deadline } from "../store/deadline.ts";
import { PendingWrites } from "../store/pending-writes.ts";
import type { Delivery } from "./receipt.ts";

export class DeliveryRun {
  readonly services: Services;
  /** Of the App that hears of it. */
  readonly appId: string;
  readonly call: CallContext;
  /** For what ends the work: it has time left when the work has none. */
  readonly lastCall: CallContext;
  readonly writes = new PendingWrites();
  readonly #delivery: Delivery;
  readonly #startedAt: number;
  readonly #counts = new Map<Count, number>();
  readonly #tokens: string[] = [];
  readonly #late: Promise<unknown>[] = [];

  constructor(delivery: Delivery, services: Services) {
    this.services = services;
    this.appId = delivery.appId;
    this.#delivery = delivery;
    this.#startedAt = services.now();
    this.call = {
      deadline: new Deadline(WEBHOOK_WORK_MAX_MS),
      writes: this.writes,
      // Nothing answers any more: what outlives a call is waited for.
      waitUntil: (work) => this.#late.push(work),
      count: (what) => this.#count(what),
    };
    this.lastCall = { ...this.call, deadline: new Deadline(WEBHOOK_END_MAX_MS) };
  }

  /** Calls of GitHub that may still be made in this invocation. */
  get callsLeft(): number {
    return WEBHOOK_CALLS_MAX - (this.#counts.get("github_calls") ?? 0);
  }

  minted(token: string): void {
    this.#tokens.push(token);
  }

  /** Undefined for a bug, of which the log hears. */
  async settled<T>(part: () => Promise<T>): Promise<T | undefined> {
    try {
      return await part();
    } catch (bug) {
      this.log("bug", describeBug(bug));
      return undefined;
    }
  }

  /** Carries out the KV writes so far. */
  async write(): Promise<void> {
    // GitHub signed what caused them.
    await this.writes.carryOut("owner");
  }

  /** For what is worth a line of its own. No value of a policy goes in. */
  log(what: string, more: Readonly<Record<string, unknown>> = {}): void {
    const { appId, id, event, work } = this.#delivery;
    const [owner] = work.owners;
    const repository = work.repository === undefined ? owner : `${owner}/${work.repository}`;
    const about = { delivery: id, event, action: work.action, appId, repository };
    this.services.log(JSON.stringify({ type: "webhook", what, ...about, ...more }));
  }

  /** `more`: what the log may hear; no foreign text. */
  async finish({ kind: outcome, ...more }: { readonly kind: string }): Promise<void> {
    const { github, now } = this.services;
    const revoked = this.#tokens.map((token) => {
      this.#count("github_calls");
      return github.revoke(token);
    });
    await Promise.allSettled([...revoked, ...this.#late, this.write()]);
    const counts = Object.fromEntries(this.#counts);
    this.log("done", { outcome, ...more, counts, milliseconds: now() - this.#startedAt });
  }

  #count(what: Count): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }
}
