/**
 * Work grows with the text, whatever the pattern: counted in steps of the automaton, since a second means nothing on a shared machine.
 */

import { expect, test } from "vitest";
import { MatchBudget } from "../../../policies/pattern/automaton.ts";
import { compilePattern } from "../../../policies/pattern/pattern.ts";

const CORES = ["a", "[ab]", "\\w", "(?:a|a)", "(?:a|ab)", "(?:aa?)", "(?:[a-z]+)", "(?:a*)", "[a-c]", "(?i:k)"];
const SHAPES: readonly ((core: string) => string)[] = [
  (c) => `(${c}+)+b`,
  (c) => `(?:${c}*)*b`,
  (c) => `(${c}|${c}${c})+b`,
  (c) => `(?:${c}?){40}${c}{40}`,
  (c) => `(?:${c}+${c}+)+b`,
  (c) => `.*.*.*${c}b`,
  (c) => `(?:.*${c}){12}b`,
  (c) => `(?:${c}{1,12}){1,12}b`,
  (c) => `(?s)(.*)(.*)(.*)(.*)${c}b`,
  (c) => `(?:(?:${c}*x?)*)*b`,
  (c) => `^(?:${c}|b|${c}b)*$b`,
  (c) => `(?:${c}?${c}?${c}?)*b`,
  (c) => `(?:\\b${c}*\\B)*b`,
  (c) => `(?:x*${c}*y*)*b`,
  (c) => `[^b]*${c}[^b]{200}b`,
  (c) => `(?:${c}.{0,50})*b`,
  (c) => `(?:.*?${c}.*?)*?b`,
  (c) => `(?:${c}|.)*b.{100}`,
  (c) => `.*${c}.{12}b`,
  (c) => `(?:(${c})|(${c}${c})|(${c}${c}${c}))*b`,
];

test("200 patterns that make others backtrack take two steps for each state and character", () => {
  const sources = CORES.flatMap((core) => SHAPES.map((shape) => shape(core)));
  expect(new Set(sources).size).toBe(200);
  const text = `${"a".repeat(1_500)}!`;
  const steep = sources.filter((source) => {
    const compiled = compilePattern(source);
    if (!compiled.ok) throw new Error(compiled.message);
    const budget = new MatchBudget(2 * compiled.value.programSize * (text.length + 1));
    expect(compiled.value.matches(text, budget), source).toBe(false);
    return budget.isSpent;
  });
  expect(steep).toEqual([]);
});
