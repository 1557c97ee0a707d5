/**
 * The alternatives of a pattern, and which of them are worth keeping beside a new one. Pure.
 */

import { soleTextOf, topLevelAlternatives } from "../../lint/shapes.ts";
import { escapePattern } from "../../pattern/escape.ts";
import { compilePattern } from "../../pattern/pattern.ts";
import { type PatternToken, tokensOf } from "../../pattern/tokens.ts";
import type { WorkloadKind } from "../kinds/kind.ts";
import { isGone, type Lasting, lasting } from "../volatile.ts";
import type { Writable } from "./clause.ts";

/** The one text that a pattern was written for; undefined if it can be several. */
export const soleText = (source: string): string | undefined => soleTextOf(tokensOf(source));

export function matchesWhole(source: string, value: string): boolean {
  const compiled = compilePattern(source);
  return compiled.ok && compiled.value.matches(value);
}

/** The pattern that matches the value as well, without what can match nothing; the value alone if nothing is left. */
export function withAlternative({ expected, canMatch }: Writable, value: string, workload: WorkloadKind): Lasting {
  const added = lasting(value, workload);
  const source = added.kind === "pattern" ? added.value : escapePattern(added.value);
  const kept = alternativesOf(expected.value).filter((one) => {
    const sole = soleText(one);
    const isOver = one === value || (sole !== undefined && (matchesWhole(source, sole) || isGone(sole, workload)));
    return !isOver && !matchesWhole(`(?i:${one})`, value) && canMatch(one);
  });
  return kept.length === 0 ? added : { kind: "pattern", value: `(?:${[...kept, source].join("|")})` };
}

function alternativesOf(source: string): readonly string[] {
  const bare = withoutFrame(source);
  return topLevelAlternatives(bare, tokensOf(bare));
}

/** Less the anchors and the group around the whole, which say nothing. */
function withoutFrame(source: string): string {
  const tokens = tokensOf(source);
  const isAnchor = (token: PatternToken | undefined, sign: string) => token?.kind === "atom" && token.text === sign;
  const hasAlternatives = topLevelAlternatives(source, tokens).length > 1;
  if (!hasAlternatives && isAnchor(tokens[0], "^")) return withoutFrame(source.slice(1));
  if (!hasAlternatives && isAnchor(tokens.at(-1), "$")) return withoutFrame(source.slice(0, -1));
  const [first] = tokens;
  if (first === undefined || !["(", "(?:"].includes(first.text) || closeOf(tokens) !== tokens.length - 1) return source;
  return withoutFrame(source.slice(first.to, -1));
}

/** Where the group ends that the first token opens. */
function closeOf(tokens: readonly PatternToken[]): number {
  let depth = 0;
  return tokens.findIndex(({ kind }) => {
    depth += kind === "open" ? 1 : kind === "close" ? -1 : 0;
    return depth === 0;
  });
}
