// Faults on command: what the emulators do instead of answering well. A fault is plain data, and the box decides which
// one meets a call. No I/O, no clock.

import { type Call, routeMatches } from "./calls.ts";

export type FaultKind =
  | "status"
  | "primary"
  | "secondary"
  | "bare403"
  | "delay"
  | "hang"
  | "network"
  | "cut"
  | "stall"
  | "slow"
  | "garbage"
  | "empty"
  | "redirect"
  | "huge";

export interface Fault {
  /** A route id, `gh.*`, or `gh.installations` for any look-up of an installation. */
  readonly route: string;
  readonly kind: FaultKind;
  readonly status?: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** redirect: where to. */
  readonly location?: string;
  /** delay: before the answer. slow: between two bytes of the body. Milliseconds. */
  readonly delayMs?: number;
  /** delay: until then, in place of a time. */
  readonly until?: Promise<unknown>;
  /** huge: length of the body in bytes; may be Infinity. cut, stall: how many arrive, half of them by default. */
  readonly bytes?: number;
  /** How many calls it meets (default: all), and how many it lets pass before. */
  readonly times?: number;
  readonly skip?: number;
  /** Text that must occur in "METHOD url\nbody". */
  readonly match?: string;
  /** The request takes effect although its answer is lost. Always so for delay, cut, stall and slow. */
  readonly acted?: boolean;
}

export interface FaultBox {
  add(...faults: Fault[]): void;
  clear(): void;
  take(call: Call): Fault | null;
}

export function createFaultBox(): FaultBox {
  let armed: { fault: Fault; skip: number; left: number }[] = [];
  return {
    add(...faults) {
      for (const fault of faults) {
        armed.push({ fault, skip: fault.skip ?? 0, left: fault.times ?? Number.POSITIVE_INFINITY });
      }
    },
    clear() {
      armed = [];
    },
    take(call) {
      const text = `${call.method} ${call.url}\n${call.body}`;
      for (const entry of armed) {
        if (entry.left <= 0 || !routeMatches(entry.fault.route, call.route)) continue;
        if (entry.fault.match !== undefined && !text.includes(entry.fault.match)) continue;
        if (entry.skip > 0) {
          entry.skip -= 1;
          continue;
        }
        entry.left -= 1;
        return entry.fault;
      }
      return null;
    },
  };
}
