// Wildcards of a pattern and what follows them: the same as by looking behind each, in one walk over the tokens.

import { expect, test } from "vitest";
import { literalOf } from "../../../policies/lint/shapes.ts";
import { wildcardsOf } from "../../../policies/lint/wildcards.ts";
import { type PatternToken, tokensOf } from "../../../policies/pattern/tokens.ts";
import { Random } from "../yaml/generate.ts";

test.each([
  ["a:.*", [".*", 1, true]],
  ["(.*)(|b)", [".*", 0, false]],
  ["a:(.*|b):c", [".*", 1, false]],
  ["a:(b|.+)", [".+", 1, true]],
  ["(.*)$", [".*", 0, true]],
  ["(.*|b:c)", [".*", 0, true]],
  ["\\S+x", ["\\S+", 0, false]],
])("wildcard of %s", (pattern, expected) => {
  const found = wildcardsOf(tokensOf(pattern)).map(({ text, colonsBefore, isLast }) => [text, colonsBefore, isLast]);
  expect(found).toEqual([expected]);
});

test.each(["[^:]+", "[a-z]*", "\\d+", "a?", ".{3}", ".?"])("no wildcard in %s", (pattern) => {
  expect(wildcardsOf(tokensOf(pattern))).toEqual([]);
});

/** What takes a character behind a place; the other branches of the alternations that the place stands in are passed over. */
function behind(tokens: readonly PatternToken[], start: number): readonly PatternToken[] {
  const found: PatternToken[] = [];
  let [depth, lowest] = [0, 0];
  let passed: number | undefined;
  for (const token of tokens.slice(start)) {
    if (token.kind === "open") depth += 1;
    if (token.kind === "close") depth -= 1;
    lowest = Math.min(lowest, depth);
    if (passed !== undefined && depth < passed) passed = undefined;
    // In a group that opens behind the place all branches follow.
    if (token.kind === "bar" && depth === lowest) passed ??= depth;
    const takes = ["class", "quote", "atom"].includes(token.kind) && !["$", "\\z"].includes(token.text);
    if (takes && passed === undefined) found.push(token);
  }
  return found;
}

const PIECES: readonly [string, ...string[]] = [
  ":",
  "/",
  "a",
  ".*",
  ".+?",
  "[^a]{2,}",
  "\\S*",
  "$",
  "\\Q:\\E",
  "(?:",
  "(",
  ")",
  ")",
  "|",
  "|",
];

/** Balanced. */
function somePattern(random: Random): string {
  let [text, depth] = ["", 0];
  for (let i = 0; i < 16; i += 1) {
    const piece = random.pick(PIECES);
    if (piece === ")" && depth === 0) continue;
    if (piece.startsWith("(")) depth += 1;
    else if (piece === ")") depth -= 1;
    text += piece;
  }
  return text + ")".repeat(depth);
}

test("what follows a wildcard is what is found by looking behind each", () => {
  const random = new Random(11);
  let found = 0;
  for (let round = 0; round < 2_000; round += 1) {
    const pattern = somePattern(random);
    const tokens = tokensOf(pattern);
    const places = tokens.flatMap(({ text }, i) => ([".", "[^a]", "\\S"].includes(text) ? [i] : []));
    const expected = places.map((i) => {
      const next = behind(tokens, i + 2);
      const has = (text: string) => next.some((token) => literalOf(token) === text);
      return { hasColonBehind: has(":"), hasSlashBehind: has("/"), isLast: next.length === 0 };
    });
    found += places.length;
    expect({ pattern, wildcards: wildcardsOf(tokens) }).toMatchObject({ pattern, wildcards: expected });
  }
  expect(found).toBeGreaterThan(2_000);
});

test("twice as many wildcards are twice as much work", () => {
  const reads = (count: number): number => {
    let sum = 0;
    const counted = (token: PatternToken) => ({
      ...token,
      get kind() {
        sum += 1;
        return token.kind;
      },
    });
    wildcardsOf(tokensOf("(.*|a)".repeat(count)).map(counted));
    return sum;
  };
  expect(reads(400)).toBeLessThan(2.1 * reads(200));
});
