/**
 * What never comes again in a token's values (a run's number, a merge queue's branch, a version in a tag), and the pattern that
 * matches it in other runs as well: nothing that is written for a policy pins it. Pure.
 */

import { escapePattern } from "../pattern/escape.ts";
import type { WorkloadKind } from "./kinds/kind.ts";

/** As the two forms of a clause. */
export interface Lasting {
  readonly kind: "exact" | "pattern";
  readonly value: string;
}

/** Longer ones hold no subject and no ref; the look for their parts need not be bounded otherwise. */
const MAX_CHARACTERS = 1_024;

interface Part {
  readonly from: number;
  readonly to: number;
  readonly pattern: string;
}

/** The value as it stands, or a pattern in which only what differs from run to run is free. */
export function lasting(value: string, workload: WorkloadKind): Lasting {
  const parts = partsIn(value, workload);
  return parts.length === 0 ? { kind: "exact", value } : { kind: "pattern", value: written(value, parts, 0) };
}

/** The same where only a pattern can stand, from the character `from` on. */
export function lastingPattern(value: string, workload: WorkloadKind, from = 0): string {
  return written(value, partsIn(value, workload), from);
}

/** Whether no later run can have exactly this value. */
export const isGone = (value: string, { volatileParts }: WorkloadKind): boolean =>
  volatileParts.some((part) => part.isGone === true && value.search(part.found) >= 0);

function partsIn(value: string, { volatileParts }: WorkloadKind): readonly Part[] {
  if (value.length > MAX_CHARACTERS) return [];
  return volatileParts
    .flatMap(({ found, pattern }) =>
      [...value.matchAll(found)].map((match) => ({ from: match.index, to: match.index + match[0].length, pattern })),
    )
    .sort((a, b) => a.from - b.from);
}

function written(value: string, parts: readonly Part[], from: number): string {
  let text = "";
  let done = from;
  for (const part of parts) {
    if (part.from < done) continue;
    text += escapePattern(value.slice(done, part.from)) + part.pattern;
    done = part.to;
  }
  return text + escapePattern(value.slice(done));
}
