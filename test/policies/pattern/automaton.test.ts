/**
 * Our automaton against the library's own engine: what is legal, and what matches, is the same. `VITE_FUZZ_RUNS` of the tests that are
 * called fuzz asks for more patterns; here a few thousand are put to both in every run.
 */

import { RE2JS, RE2JSException } from "re2js";
import { expect, test } from "vitest";
import { MatchBudget } from "../../../policies/pattern/automaton.ts";
import { CompileBudget, compilePattern, type Pattern } from "../../../policies/pattern/pattern.ts";
import regexpText from "../../vectors/regexp.json?raw";
import { Random } from "../yaml/generate.ts";
import { somePattern, someText } from "./generate.ts";

/** Undefined if the library takes it neither alone nor as a whole. */
function library(pattern: string): RE2JS | undefined {
  try {
    RE2JS.compile(pattern);
    return RE2JS.compile(`^(?:${pattern})$`);
  } catch (error) {
    if (error instanceof RE2JSException) return undefined;
    throw error;
  }
}

function mustCompile(source: string): Pattern {
  const compiled = compilePattern(source);
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.value;
}

test("every recorded pattern and text", () => {
  const vectors: readonly { readonly pattern: string; readonly inputs: readonly string[] }[] = JSON.parse(regexpText);
  const differing = vectors.filter(({ pattern, inputs }) => {
    const [ours, theirs] = [compilePattern(pattern), library(pattern)];
    if (!ours.ok || theirs === undefined) return ours.ok !== (theirs !== undefined);
    return inputs.some((input) => ours.value.matches(input) !== theirs.testExact(input));
  });
  expect(differing).toEqual([]);
});

test("3,000 generated patterns with 12 texts each", () => {
  const random = new Random(1);
  const seen = { legal: 0, illegal: 0, matched: 0 };
  for (let round = 0; round < 3_000; round += 1) {
    const pattern = somePattern(random);
    const [ours, theirs] = [compilePattern(pattern), library(pattern)];
    // Two of the widest ranges without regard to case are too much for us, and legal.
    if (!ours.ok && /cost as much/.test(ours.message)) continue;
    expect({ pattern, legal: ours.ok }).toEqual({ pattern, legal: theirs !== undefined });
    if (!ours.ok || theirs === undefined) {
      seen.illegal += 1;
      continue;
    }
    seen.legal += 1;
    for (let i = 0; i < 12; i += 1) {
      const text = someText(random);
      const matches = ours.value.matches(text);
      if (matches) seen.matched += 1;
      if (matches !== theirs.testExact(text)) expect({ pattern, text, matches }).toEqual("what the library says");
    }
  }
  expect(Math.min(seen.legal, seen.illegal, seen.matched)).toBeGreaterThan(300);
});

test("a match that costs more steps than are left is none, and every one after it", () => {
  const pattern = mustCompile("(?:a?){100}a{100}");
  const budget = new MatchBudget(10_000);
  expect(pattern.matches("a".repeat(100), new MatchBudget(100_000))).toBe(true);
  expect(pattern.matches("a".repeat(100), budget)).toBe(false);
  expect(budget.isSpent).toBe(true);
  expect(mustCompile("a").matches("a", budget)).toBe(false);
});

test("a pattern is the same after many texts: it keeps nothing of them", () => {
  const pattern = mustCompile(".*a.{200}c?");
  const before = pattern.estimatedBytes;
  const texts = Array.from({ length: 50 }, (_, i) => "ab".repeat(110 + i));
  const first = texts.map((text) => pattern.matches(text));
  expect(texts.map((text) => pattern.matches(text))).toEqual(first);
  expect(pattern.estimatedBytes).toBe(before);
  expect(Object.isFrozen(pattern)).toBe(true);
});

test.each([
  ["a text", "repo:acme/app:ref:refs/heads/main", 4_000],
  ["a count", "a{1000}", 20_000],
  ["a Unicode class, however often it is repeated", "\\pL{1,500}", 25_000],
])("the bytes of %s", (_, source, most) => {
  const { estimatedBytes } = mustCompile(source);
  expect(estimatedBytes).toBeGreaterThan(source.length);
  expect(estimatedBytes).toBeLessThan(most);
});

test("no legal pattern within bounds holds more than 256 KiB", () => {
  for (const source of [
    "(?:a|b.){500}",
    "\\pL\\PL\\p{Lu}\\p{Ll}\\p{Lo}\\p{C}\\p{P}".repeat(4),
    "[^a]{1000}",
    "(?i)[\\x{100}-\\x{10000}]{900}",
  ]) {
    expect(mustCompile(source).estimatedBytes, source).toBeLessThan(262_144);
  }
});

test("a fresh budget is spent by the patterns of one file together", () => {
  const budget = new CompileBudget();
  const results = Array.from({ length: 20 }, (_, i) => compilePattern(`${i}${"x".repeat(1_000)}`, { budget }).ok);
  expect(results.indexOf(false)).toBe(9);
  expect(results.slice(9)).not.toContain(true);
});
