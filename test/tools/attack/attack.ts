// What one attack is: what is sent to a running Worker, and what that may cost. Plain data.

import type { WorkerdOptions, WorkerdWorld } from "../../support/workerd.ts";

/**
 * Calls at GitHub and at all other addresses (issuers, the sink of events); operations of KV; CPU of the whole process: JavaScript,
 * Web Crypto and sockets; by how much the process grows, at its largest.
 */
export const COSTS = ["github", "others", "kvGets", "kvPuts", "cpuMs", "memoryMiB"] as const;

/** At most so much for the whole attack. */
export type Budget = Readonly<Record<(typeof COSTS)[number], number>>;

/** What became of the requests: their statuses, or one of these. */
export type Statuses = readonly number[];
export const NOT_ANSWERED = 0;
/** Longer than anybody should be told. */
export const ANSWER_TOO_LONG = 1;

/** What the owner's own workload asks for afterwards, and must get: what nobody asked for yet, or what is in use. */
export type OwnerAsks = "cold" | "warm" | "nothing";

export interface Attack {
  readonly part: "flood" | "bomb" | "hang";
  readonly about: string;
  readonly options?: WorkerdOptions;
  readonly budget: Budget;
  /** Before anything is counted. */
  prepare?(world: WorkerdWorld): void | Promise<void>;
  run(world: WorkerdWorld): Promise<Statuses>;
  /** Before the owner's own workload asks. */
  calm?(world: WorkerdWorld): void;
  /** `cold` by default; `nothing` where GitHub itself told the App to wait. */
  readonly ownerAsks?: OwnerAsks;
  /** Tokens that an isolate keeps for the next time. */
  readonly tokensKept?: number;
  /** Requests that nobody answers: the callers left, or never finished. */
  readonly isUnanswered?: boolean;
}

/** Tokens that are handed out are in the answers: whatever else lives afterwards was left behind. */
export interface Outcome {
  readonly statuses: Statuses;
  readonly spent: Budget;
  readonly tokensLeft: number;
  readonly isOwnerServed: boolean;
}
