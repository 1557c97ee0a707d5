/**
 * Where a value that the token has leaves what the policy demands, to the character. Pure; bounded as patterns are.
 */

import type { ClauseResult } from "../../evaluate.ts";
import { MAX_MATCH_STEPS } from "../../limits.ts";
import { farthestIn, languageOf, languageOfText } from "../../lint/language.ts";
import { cutsOf, topLevelAlternatives } from "../../lint/shapes.ts";
import { MatchBudget } from "../../pattern/automaton.ts";
import { compilePattern } from "../../pattern/pattern.ts";
import { tokensOf } from "../../pattern/tokens.ts";

/**
 * Offsets in UTF-16 units: up to them both agree. An offset at the end of a text says that it ends too early. A pattern has none where
 * its parts cannot be told apart, as in one with alternatives; then the value's is where no text that matches goes on as it does.
 */
export interface Divergence {
  readonly wanted: { readonly text: string; readonly at: number | undefined };
  readonly found: { readonly text: string; readonly at: number };
}

/** Of several values those two that agree the longest; undefined where nothing is to be compared. */
export function divergenceOf({ expected, actual, passed, why }: ClauseResult): Divergence | undefined {
  if (passed || why !== "no_match") return undefined;
  const texts = [actual ?? []].flat().slice(0, MAX_VALUES);
  const wanted = expected.kind === "any_of" ? expected.value.split(" ") : [expected.value];
  const pairs = wanted.flatMap((one) =>
    texts.flatMap((text) => (expected.kind === "pattern" ? ofPattern(one, text) : ofExact(one, text)) ?? []),
  );
  return pairs.reduce<Divergence | undefined>(
    (best, one) => (best === undefined || one.found.at > best.found.at ? one : best),
    undefined,
  );
}

/** A token may have thousands. */
const MAX_VALUES = 16;

function ofExact(wanted: string, text: string): Divergence {
  let at = 0;
  for (const character of wanted) {
    if (!text.startsWith(character, at)) break;
    at += character.length;
  }
  return { wanted: { text: wanted, at }, found: { text, at } };
}

function ofPattern(source: string, text: string): Divergence | undefined {
  const cut = lastGoodCut(source, text);
  const own = cut === undefined ? undefined : matchedBeginning(source, cut, text);
  if (own !== undefined) return { wanted: { text: source, at: cut }, found: { text, at: own } };
  const reached = farthestIn(languageOfText(text), languageOf(source));
  if (reached === undefined) return undefined;
  const at = [...text].slice(0, reached).join("").length;
  return { wanted: { text: source, at: undefined }, found: { text, at } };
}

/** Longer ones are not searched: each step of the search compiles a part of the pattern, or matches a part of the value. */
const MAX_SEARCHED = 400;

/** The longest beginning of the pattern that the value begins with. */
function lastGoodCut(source: string, text: string): number | undefined {
  const tokens = tokensOf(source);
  if (source.length > MAX_SEARCHED || topLevelAlternatives(source, tokens).length > 1) return undefined;
  const cuts = cutsOf(tokens);
  const begins = (cut: number) => {
    const pattern = compilePattern(`(?:${source.slice(0, cut)})(?s:.*)`);
    return pattern.ok && pattern.value.matches(text);
  };
  // Whatever is added to a beginning, it matches less: so that the last good cut is found by halves.
  let [good, bad] = [0, cuts.length];
  while (good + 1 < bad) {
    const middle = (good + bad) >> 1;
    [good, bad] = begins(cuts[middle] ?? 0) ? [middle, bad] : [good, middle];
  }
  return cuts[good] ?? 0;
}

/** Of all the values' tries. */
const MAX_STEPS = 4 * MAX_MATCH_STEPS;

/**
 * How much of the value that beginning of the pattern matches. Where it ends in what repeats itself, or is the whole, it takes what it
 * can; else the sign that follows is looked for at the first place where it can stand.
 */
function matchedBeginning(source: string, cut: number, text: string): number | undefined {
  const pattern = compilePattern(source.slice(0, cut));
  if (!pattern.ok || text.length > MAX_SEARCHED) return undefined;
  const isGreedy = cut === source.length || /[*+?}]$/.test(source.slice(0, cut));
  const budget = new MatchBudget(MAX_STEPS);
  const ends = [0, ...Array.from(text.matchAll(/./gsu), ({ index, 0: sign }) => index + sign.length)];
  for (const end of isGreedy ? ends.toReversed() : ends) {
    if (pattern.value.matches(text.slice(0, end), budget)) return end;
    if (budget.isSpent) return undefined;
  }
  return undefined;
}
