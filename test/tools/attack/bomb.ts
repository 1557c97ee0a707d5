// What bombs have in common: one request, document or policy within its bounds in bytes that makes whoever reads it work, or keep,
// without bound.

import type { Attack, Budget } from "./attack.ts";

export const TIMES = 20;
/** A fraction of what one of them cost where its kind was found: 22 s for a policy, 1.4 s for a form. */
export const CPU_MS_EACH = 100;
/** Of a body that is read. */
const BODY_BYTES = 64 * 1024;

/** Twenty exchanges of which only the policy is not known: read token, file, revocation. */
const COLD: Budget = {
  github: 4 * TIMES,
  others: 0,
  kvGets: 5 * TIMES,
  kvPuts: TIMES,
  cpuMs: CPU_MS_EACH * TIMES,
  memoryMiB: 64,
};

export const NOTHING_ASKED = { github: 0, kvGets: 0, kvPuts: 0 } as const;

export const bomb = (
  about: string,
  run: Attack["run"],
  budget: Partial<Budget> = {},
  more: Partial<Attack> = {},
): Attack => ({ part: "bomb", about, budget: { ...COLD, ...budget }, run, ...more });

/** In turn. */
export const at = <T>(list: readonly T[], i: number): T => list[i % list.length] as T;

export const filled = (piece: string, bytes = BODY_BYTES): string =>
  piece.repeat(Math.floor((bytes - 16) / piece.length));
