/**
 * Time grows with the text, whatever the pattern: by ratio, as a second means nothing on a shared machine. In Node, because
 * workerd's clock stands still while code runs.
 */

import { expect, test } from "vitest";
import { compilePattern, type Pattern } from "../../policies/pattern/pattern.ts";

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

const SHORT = 1_500;
const FACTOR = 8;

function millisecondsFor(pattern: Pattern, length: number): number {
  const text = `${"a".repeat(length)}!`;
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round += 1) {
    const start = performance.now();
    pattern.matches(text);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

test("200 patterns that make others backtrack", { timeout: 120_000 }, () => {
  const sources = CORES.flatMap((core) => SHAPES.map((shape) => shape(core)));
  expect(new Set(sources).size).toBe(200);
  const total = { short: 0, long: 0 };
  const steep: string[] = [];
  for (const source of sources) {
    const compiled = compilePattern(source);
    if (!compiled.ok) throw new Error(compiled.message);
    const short = millisecondsFor(compiled.value, SHORT);
    const long = millisecondsFor(compiled.value, SHORT * FACTOR);
    total.short += short;
    total.long += long;
    // Quadratic time would be FACTOR squared; what takes next to no time is all noise.
    if (long > 20 && long > short * FACTOR * 4) steep.push(`${source}: ${short} ms, ${long} ms`);
  }
  console.log(
    `200 patterns: ${total.short.toFixed(0)} ms for ${SHORT} characters, ${total.long.toFixed(0)} ms for ${SHORT * FACTOR}`,
  );
  expect(steep).toEqual([]);
  expect(total.long / total.short).toBeLessThan(FACTOR * 2.5);
});
