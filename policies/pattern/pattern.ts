/**
 * Patterns: RE2 syntax that must match the whole value, compiled within bounds and matched in linear time. Pure.
 *
 * octo-sts compiles `^p$` without a group, so that `a|b` matches `axxx`; here it is `^(?:p)$`, and `p` must be legal alone, or a
 * pattern such as `a)|(b` would escape the group.
 */

import { RE2JS, RE2JSException } from "re2js";
import { quoted } from "../diagnostics.ts";
import { MAX_PATTERN_BYTES, MAX_PATTERN_INSTRUCTIONS, utf8Bytes } from "../limits.ts";
import { syntaxTreeOf, treeSize } from "./syntax-tree.ts";

export interface Pattern {
  readonly source: string;
  /** Instructions of the compiled program. */
  readonly programSize: number;
  /** Whether the whole text matches. */
  matches(text: string): boolean;
}

export type CompiledPattern =
  | { readonly ok: true; readonly value: Pattern }
  | { readonly ok: false; readonly message: string; readonly suggestion: string };

const TOO_LARGE = {
  ok: false,
  message: `the pattern compiles to more than ${MAX_PATTERN_INSTRUCTIONS} instructions`,
  suggestion: "use smaller counts, or `+` in their place",
} as const;

export function compilePattern(source: string, maxBytes = MAX_PATTERN_BYTES): CompiledPattern {
  if (source.length > maxBytes || utf8Bytes(source) > maxBytes) {
    return { ok: false, message: `the pattern is longer than ${maxBytes} bytes`, suggestion: "shorten it" };
  }
  try {
    // Counted repetitions multiply: look at the size before anything is built from it.
    if (treeSize(syntaxTreeOf(source), MAX_PATTERN_INSTRUCTIONS) > MAX_PATTERN_INSTRUCTIONS) return TOO_LARGE;
    return compileLegal(source);
  } catch (error) {
    return refusal(source, error instanceof RE2JSException ? error.message : "it nests too deeply");
  }
}

function compileLegal(source: string): CompiledPattern {
  const compiled = RE2JS.compile(`^(?:${source})$`);
  const programSize = compiled.re2().numberOfInstructions();
  if (programSize > MAX_PATTERN_INSTRUCTIONS) return TOO_LARGE;
  return { ok: true, value: { source, programSize, matches: (text) => compiled.testExact(text) } };
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

function refusal(source: string, reason: string): CompiledPattern {
  const message = `${quoted(source)} is no pattern: ${reason.replace(/^error parsing regexp: /, "")}`;
  const openQuote = source.lastIndexOf("\\Q") > source.lastIndexOf("\\E");
  const suggestion = openQuote ? "close `\\Q` with `\\E`" : REMEDIES.find(([sign]) => sign.test(reason))?.[1];
  return { ok: false, message, suggestion: suggestion ?? "see RE2's syntax" };
}
