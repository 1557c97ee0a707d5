// What one attack is: what is sent to a running Worker, and what that may cost. Plain data.

import type { WorkerdOptions, WorkerdWorld } from "../../support/workerd.ts";

/** At most so much for the whole attack. */
export interface Budget {
  readonly github?: number;
  readonly issuers?: number;
  readonly kvGets?: number;
  readonly kvPuts?: number;
  /** Of the whole process: JavaScript, Web Crypto and sockets. */
  readonly cpuMs?: number;
  /** By how much the process may grow, at its largest. */
  readonly memoryMiB?: number;
}

/** What became of the requests; 0 stands for one that was never answered. */
export type Statuses = readonly number[];

export interface Attack {
  readonly part: "flood" | "bomb" | "hang";
  readonly about: string;
  readonly options?: WorkerdOptions;
  readonly budget: Budget;
  /** Before anything is counted. */
  prepare?(world: WorkerdWorld): void | Promise<void>;
  run(world: WorkerdWorld): Promise<Statuses>;
  /** Before the owner's own workload asks for what is not cached, which it must get. */
  calm?(world: WorkerdWorld): void;
  /** GitHub itself told the owner's installation to wait, so nobody is served. */
  readonly ownerWaits?: boolean;
  /** Requests that nobody answers: the callers left, or never finished. */
  readonly isUnanswered?: boolean;
}

/** Tokens that are handed out are in the answers: whatever else lives afterwards was left behind. */
export interface Outcome {
  readonly statuses: Statuses;
  readonly spent: Required<Budget>;
  readonly tokensLeft: number;
  readonly isOwnerServed: boolean;
}
