/**
 * What a reader of a refused clause easily overlooks, in a few words. Of the smallest change in full, the command line's `explain`
 * knows more. Pure; bounded as patterns are.
 */
import type { VerifiedClaims } from "./claims.ts";
import { quoted } from "./diagnostics.ts";
import type { ClauseResult } from "./evaluate.ts";
import { type CompiledPattern, compilePattern, newMatchBudget } from "./pattern/pattern.ts";
import { nearClaim } from "./suggest.ts";

/** For whoever remembers what was compiled. */
export type PatternCompiler = (source: string) => CompiledPattern;

/** Undefined if the two values say it all. */
export function clauseHint(
  failed: ClauseResult,
  claims: VerifiedClaims,
  compile: PatternCompiler = compilePattern,
): string | undefined {
  const { clause, expected, actual, name, why } = failed;
  if (clause === "claim" && why === "absent") return nearHint(name, claims);
  const texts = [actual ?? []].flat();
  if (texts.length === 0 || why !== "no_match") return undefined;
  const hint = expected.kind === "exact" ? exactHint(clause, expected.value, texts, compile) : undefined;
  const part = expected.kind === "pattern" && fitsAny(compile(`(?s:.*)(?:${expected.value})(?s:.*)`), texts);
  if (hint ?? part) return hint ?? "the pattern fits a part of the value, and has to fit the whole";
  return clause === "audience" ? "ask the issuer for a token with that audience" : undefined;
}

function nearHint(name: string, claims: VerifiedClaims): string | undefined {
  const near = nearClaim(name, claims);
  return near === undefined ? undefined : `the token has a claim ${quoted(near)}`;
}

function exactHint(
  key: string,
  expected: string,
  texts: readonly string[],
  compile: PatternCompiler,
): string | undefined {
  if (texts.some((text) => text.toLowerCase() === expected.toLowerCase())) return "they differ in case only";
  if (fitsAny(compile(expected), texts)) return `as a pattern it would fit: write ${key}_pattern`;
  return expected.includes("*") ? `a \`*\` stands for itself there; patterns are for ${key}_pattern` : undefined;
}

/** A token may have thousands of values: together they cost no more than its clauses may. */
function fitsAny(pattern: CompiledPattern, texts: readonly string[]): boolean {
  const budget = newMatchBudget();
  return pattern.ok && texts.some((text) => pattern.value.matches(text, budget));
}
