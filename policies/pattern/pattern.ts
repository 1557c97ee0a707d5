/**
 * Patterns: RE2 syntax that must match the whole value, compiled within bounds and matched in linear time. Pure.
 *
 * octo-sts compiles `^p$` without a group, so that `a|b` matches `axxx`; here it is `^(?:p)$`, and `p` must be legal alone, or a
 * pattern such as `a)|(b` would escape the group.
 */

import { RE2JSException } from "re2js";
import { quoted } from "../diagnostics.ts";
import {
  isLongerThan,
  MAX_FILE_PATTERN_COST_BYTES,
  MAX_MATCH_STEPS,
  MAX_PATTERN_BYTES,
  MAX_PATTERN_INSTRUCTIONS,
} from "../limits.ts";
import { Automaton, MatchBudget } from "./automaton.ts";
import { costOf } from "./cost.ts";
import { programOf } from "./program.ts";
import { type SyntaxNode, syntaxTreeOf } from "./syntax-tree.ts";
import { tokensOf } from "./tokens.ts";

export interface Pattern {
  readonly source: string;
  /** Instructions of the compiled program. */
  readonly programSize: number;
  readonly estimatedBytes: number;
  /** Whether the whole text matches. False, too, once the budget is spent. */
  matches(text: string, budget?: MatchBudget): boolean;
}

interface RefusedPattern {
  readonly ok: false;
  readonly message: string;
  readonly suggestion: string;
}

export type CompiledPattern = { readonly ok: true; readonly value: Pattern } | RefusedPattern;

export interface PatternRules {
  readonly maxBytes?: number;
  readonly budget?: CompileBudget;
  /** What a legal pattern must keep to as well. */
  readonly guard?: (source: string, tree: SyntaxNode) => RefusedPattern | undefined;
}

/** What compiling may still cost; the patterns of one file share it. */
export class CompileBudget {
  #bytes = MAX_FILE_PATTERN_COST_BYTES;

  spend(bytes: number): void {
    this.#bytes -= bytes;
  }

  get isSpent(): boolean {
    return this.#bytes < 0;
  }
}

/** For the texts of one token, and of one issuer that a list is asked for. */
export const newMatchBudget = (): MatchBudget => new MatchBudget(MAX_MATCH_STEPS);

const TOO_LARGE = {
  ok: false,
  message: `the pattern compiles to more than ${MAX_PATTERN_INSTRUCTIONS} instructions`,
  suggestion: "use smaller counts, or `+` in their place",
} as const;
const TOO_COSTLY = {
  ok: false,
  message: `up to here the patterns cost as much to compile as ${MAX_FILE_PATTERN_COST_BYTES} bytes of plain text, and may not cost more`,
  suggestion:
    "write fewer Unicode classes (`\\pL`), fewer ranges without regard to case (`(?i)`), smaller counts or shorter patterns",
} as const;

/** Alternatives of one character each become a class, so that a tree can be smaller than its text says. */
const MERGED_ALTERNATIVES = 4;

export function compilePattern(source: string, rules: PatternRules = {}): CompiledPattern {
  const { maxBytes = MAX_PATTERN_BYTES, budget = new CompileBudget() } = rules;
  if (isLongerThan(maxBytes, source)) {
    return { ok: false, message: `the pattern is longer than ${maxBytes} bytes`, suggestion: "shorten it" };
  }
  const { states, bytes } = costOf(source);
  if (states > MERGED_ALTERNATIVES * MAX_PATTERN_INSTRUCTIONS) return TOO_LARGE;
  budget.spend(bytes);
  if (budget.isSpent) return TOO_COSTLY;
  try {
    return compileLegal(source, rules);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return refusal(source, error.message);
  }
}

function compileLegal(source: string, { guard }: PatternRules): CompiledPattern {
  const tree = syntaxTreeOf(source);
  // In `^(?:p)$` it would quote the end of the group.
  if (isQuoteOpen(source)) return refusal(source, "a quote that is not closed");
  const refused = guard?.(source, tree);
  if (refused !== undefined) return refused;
  const program = programOf(tree, MAX_PATTERN_INSTRUCTIONS);
  if (program === undefined) return TOO_LARGE;
  const automaton = new Automaton(program);
  const value: Pattern = Object.freeze({
    source,
    programSize: automaton.states,
    estimatedBytes: automaton.estimatedBytes + 2 * source.length,
    matches: (text: string, budget = newMatchBudget()) => automaton.takes(text, budget),
  });
  return { ok: true, value };
}

const REMEDIES: readonly (readonly [sign: RegExp, suggestion: string])[] = [
  [/missing argument to repetition/, "`*` repeats what stands before it; any text is `.*`"],
  [
    /Perl syntax: `\(\?<?[=!]|invalid named capture: `\(\?<[=!]/,
    "RE2 has no look-around; name what is allowed instead",
  ],
  [/Perl syntax: `\(\?P=|escape sequence: `\\[1-9k]/, "RE2 has no back-references; name what is allowed instead"],
  [/invalid escape sequence/, "escape punctuation only; a backslash itself is `\\\\`"],
  [/nested repetition/, "RE2 has no possessive repetition; group it, as `(?:a+)+`, or drop one"],
  [/missing closing \)|unexpected \)/, "balance the parentheses; a literal one is `\\(` or `\\)`"],
  [/missing closing \]/, "close the class; a literal bracket is `\\[`"],
  [/trailing backslash/, "remove it; a literal backslash is `\\\\`"],
  [/repeat count/, "a count is at most 1000, nested counts multiplied, and the first not above the second"],
  [/character class range/, "see the list of classes in RE2's syntax"],
];

function refusal(source: string, reason: string): RefusedPattern {
  const message = `${quoted(source)} is no pattern: ${reason.replace(/^error parsing regexp: /, "")}`;
  const suggestion = isQuoteOpen(source) ? "close `\\Q` with `\\E`" : REMEDIES.find(([sign]) => sign.test(reason))?.[1];
  return { ok: false, message, suggestion: suggestion ?? "see RE2's syntax" };
}

function isQuoteOpen(source: string): boolean {
  if (!source.includes("\\Q")) return false;
  const last = tokensOf(source).findLast(({ kind }) => kind === "quote");
  return last !== undefined && !last.text.endsWith("\\E");
}
