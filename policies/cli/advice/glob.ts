/**
 * A shell's `*` in a pattern or an exact value, as the narrowest pattern that the author can have meant. Pure.
 */

import { escapePattern } from "../../pattern/escape.ts";
import { compilePattern, type Pattern } from "../../pattern/pattern.ts";
import { tokensOf } from "../../pattern/tokens.ts";
import type { WorkloadKind } from "../kinds/kind.ts";
import { lastingPattern } from "../volatile.ts";

/** One part of a path or of a subject, then several parts of a path. */
const NAME = "[^/:]+";
const PATH = "[^:]+";

/** What stands between the stars of an exact value, as patterns; one if it has no star. */
export const partsOfExact = (value: string): readonly string[] => value.split("*").map(escapePattern);

/** The same of a pattern: a star behind a character that nobody means to repeat. */
export function partsOfPattern(source: string): readonly string[] {
  const tokens = tokensOf(source);
  const parts: string[] = [];
  let from = 0;
  for (const [i, { kind, text, from: at, to }] of tokens.entries()) {
    const before = tokens[i - 1];
    const isGlob = kind === "repeat" && text === "*" && before?.kind === "atom" && /^[^.^$\\]$/.test(before.text);
    if (!isGlob) continue;
    parts.push(source.slice(from, at));
    from = to;
  }
  return [...parts, source.slice(from)];
}

/** Undefined where there is no star, or none that can stand for what the value has there. */
export function globPattern(parts: readonly string[], value: string, workload: WorkloadKind): string | undefined {
  if (parts.length < 2) return undefined;
  const plain = [NAME, PATH].map((any) => parts.join(any)).find((source) => compiled(source)?.matches(value));
  return plain ?? runningOut(parts, value, workload);
}

/** A star at the end that would have to run past a `:`, and so past what the workload is, is taken for a name at most. */
function runningOut(parts: readonly string[], value: string, workload: WorkloadKind): string | undefined {
  if (parts.at(-1) !== "") return undefined;
  const head = parts.slice(0, -1).join(NAME);
  const isName = head.endsWith("/");
  const pattern = compiled(isName ? `${head}${NAME}` : head);
  const cuts = [...value.matchAll(isName ? /:/g : /(?=.)/gs)].map(({ index }) => index);
  const cut = cuts.find((at) => pattern?.matches(value.slice(0, at)));
  if (pattern === undefined || cut === undefined) return undefined;
  return `${pattern.source}${lastingPattern(value, workload, cut)}`;
}

function compiled(source: string): Pattern | undefined {
  const result = compilePattern(source);
  return result.ok ? result.value : undefined;
}
