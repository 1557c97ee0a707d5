/**
 * What the work on one delivery carries from step to step: its calls and their budget, the KV writes, the tokens to be revoked, and
 * the one line of the log in which it ends. Decides nothing.
 */
import { describeBug } from "../audit.ts";
import type { CallContext } from "../github/github.ts";
import { WEBHOOK_CALLS_MAX, WEBHOOK_END_MAX_MS, WEBHOOK_WORK_MAX_MS } from "../limits.ts";
import type { Services } from "../services.ts";
import { PendingWrites } from "../store/pending-writes.ts";

export interface Origin {
  /** GitHub's id of the delivery. */
  readonly delivery: string;
  readonly event: string;
  readonly action?: string | undefined;
  readonly appId: string;
  readonly repository?: string | undefined;
}

export class WebhookRun {
  readonly services: Services;
  readonly origin: Origin;
  readonly call: CallContext;
  /** For what ends the work: it has time left when the work has none. */
  readonly lastCall: CallContext;
  readonly writes = new PendingWrites();
  readonly #startedAt: number;
  readonly #counts = new Map<string, number>();
  readonly #tokens: string[] = [];
  readonly #late: Promise<unknown>[] = [];
  #calls = 0;

  constructor(services: Services, origin: Origin) {
    this.services = services;
    this.origin = origin;
    this.#startedAt = services.now();
    this.call = {
      signal: AbortSignal.timeout(WEBHOOK_WORK_MAX_MS),
      writes: this.writes,
      // Nothing answers any more: what outlives a call is waited for.
      waitUntil: (work) => this.#late.push(work),
      count: (what) => this.#count(what),
    };
    this.lastCall = { ...this.call, signal: AbortSignal.timeout(WEBHOOK_END_MAX_MS) };
  }

  /** Calls of GitHub that may still be made in this invocation. */
  get callsLeft(): number {
    return WEBHOOK_CALLS_MAX - this.#calls;
  }

  minted(token: string): void {
    this.#tokens.push(token);
  }

  /** Carries out the KV writes so far. */
  async write(): Promise<void> {
    // GitHub signed what caused them.
    await this.writes.carryOut("owner");
  }

  /** For what is worth a line of its own. No value of a policy goes in. */
  log(what: string, more: Readonly<Record<string, unknown>> = {}): void {
    this.services.log(JSON.stringify({ type: "webhook", what, ...this.origin, ...more }));
  }

  bug(thrown: unknown): void {
    this.log("bug", describeBug(thrown));
  }

  async finish(outcome: string, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const { github, now } = this.services;
    const revoked = this.#tokens.map((token) => {
      this.#count("github_calls");
      return github.revoke(token);
    });
    await Promise.allSettled([...revoked, ...this.#late, this.write()]);
    const counts = Object.fromEntries(this.#counts);
    this.log("done", { outcome, ...more, counts, milliseconds: now() - this.#startedAt });
  }

  #count(what: string): void {
    if (what === "github_calls") this.#calls += 1;
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }
}
