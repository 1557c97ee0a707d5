/**
 * What compiling costs is known before anything is compiled: nothing of what costs too much reaches the library's parser, and what reaches
 * it reaches it once.
 */

import { RE2Set } from "re2js";
import { afterEach, expect, test, vi } from "vitest";
import { parseTrustedIssuers } from "../../../policies/issuers.ts";
import { compilePolicy, parsePolicy } from "../../../policies/parse.ts";
import { costOf } from "../../../policies/pattern/cost.ts";
import { compilePattern } from "../../../policies/pattern/pattern.ts";
import { casesOf, kindOf, syntaxTreeOf } from "../../../policies/pattern/syntax-tree.ts";
import { Random } from "../yaml/generate.ts";
import { somePattern } from "./generate.ts";

afterEach(() => vi.restoreAllMocks());

const HEAD = "issuer: https://id.example.com\nsubject: deployer\npermissions: {contents: read}\nclaim_pattern:\n";
const policyOf = (patterns: readonly string[]) =>
  HEAD + patterns.map((pattern, i) => `  c${i}: '${pattern}'\n`).join("");
const times = (count: number, pattern: (i: number) => string) => Array.from({ length: count }, (_, i) => pattern(i));
const parse = (text: string) => parsePolicy(text, { kind: "repository", owner: "acme" });

/** Bytes of patterns that reach the parser. */
function parsed() {
  // Samples that are learnt once are no part of a file.
  kindOf(syntaxTreeOf("a"));
  for (let rune = 0; rune < 0x80; rune += 1) casesOf(rune);
  const add = vi.spyOn(RE2Set.prototype, "add");
  return () => add.mock.calls.map(([pattern]) => pattern);
}

const COSTLY = /^up to here the patterns cost as much to compile as 12288 bytes of plain text, and may not cost more$/;

test.each<readonly [kind: string, patterns: readonly string[]]>([
  ["one wide range without regard to case", ["(?i)[b-\\x{1e942}]"]],
  ["many of them", [`(?i)${"[b-\\x{1e942}]".repeat(66)}`]],
  ["many of them in every claim", times(64, (i) => `(?i)${i}${"[b-\\x{10ffff}]".repeat(66)}`)],
  ["one in a group of its own flags", ["a(?s-m:b(?i:[c-\\x{1e942}]))"]],
  ["one that begins with an escape", ["(?i)[\\x{42}-\\x{1e942}]"]],
  ["one that begins with an escaped backslash", ["(?i)[\\\\-\\x{1e942}]"]],
  ...["\\102", "\\x42", "\\x{42}", "\\\\", "\\]", "\\_", "]", "\\\\b", "\\dB", "[:digit:]B"].map(
    (start) => [`one of all from ${start}`, [`(?i)[${start}-\\x{10ffff}]`]] as const,
  ),
  ["one that looks short", ["(?i)[\\\\x{1e900}-\\x{1e942}]"]],
  ["one that begins with a dash", ["(?i)[--\\x{1e942}]"]],
  ["one of a negated class", ["(?i)[^b-\\x{1e942}]"]],
  ["middling ones together", [`(?i)${"[\\x{100}-\\x{fff}]".repeat(50)}`]],
  ["Unicode classes", times(63, (i) => `${i}${times(250, () => "\\pL").join("|")}`)],
  ["Unicode classes in one class", [`[${"\\pL".repeat(300)}]`]],
  ["negated Unicode classes", [`[${"\\P{Lu}\\p{^Lo}".repeat(40)}]`]],
  ["Unicode classes without regard to case", [`(?i)${"\\p{Lu}".repeat(20)}`]],
  ["named classes without regard to case", [`(?i)[${"\\W[:^word:]".repeat(90)}]`, `(?i)${"\\w".repeat(500)}`]],
  ["letters whose cases are looked up", times(3, (i) => `(?i)${i}${"жщ".repeat(250)}`)],
  ["letters of ASCII without regard to case", times(64, (i) => `(?i)${i}${"abcdefghij".repeat(6)}`)],
  ["plain text", times(20, (i) => `${i}${"x".repeat(1_000)}`)],
  ["counts", times(40, (i) => `(?:x${i}){500}`)],
])("%s", (_, patterns) => {
  const reached = parsed();
  const result = parse(policyOf(patterns));
  expect(result.ok ? [] : result.diagnostics.map(({ message }) => message)).toContainEqual(
    expect.stringMatching(COSTLY),
  );
  const bytes = reached().reduce((sum, pattern) => sum + costOf(pattern).bytes, 0);
  expect(bytes).toBeLessThanOrEqual(12_288);
});

test.each([
  ["counts that multiply", "(?:(?:(?:abcdefghij){10}){10}){10}"],
  ["many counts", "\\pL{1000}".repeat(100)],
  ["counts of options", "(?:abc?){0,1000}".repeat(9)],
])("%s never reach the parser", (_, pattern) => {
  const reached = parsed();
  expect(compilePattern(pattern)).toMatchObject({ message: "the pattern compiles to more than 2048 instructions" });
  expect(reached()).toEqual([]);
});

test("each pattern of a policy is compiled once, however often it stands there", () => {
  const reached = parsed();
  const text = policyOf(["[a-c]+", "[a-c]+", "d+"]).replace("subject:", "subject_pattern:");
  const result = parse(text);
  expect(result.ok).toBe(true);
  expect(reached()).toEqual(["deployer", "[a-c]+", "d+"]);
  if (result.ok) compilePolicy(result.value.document);
  expect(reached().slice(3)).toEqual(["deployer", "[a-c]+", "d+"]);
});

test("each pattern of an issuer list is compiled once, and what a count repeats is looked at beside it", () => {
  const reached = parsed();
  const text = "issuer_patterns:\n  - 'https://[^/]+\\.a'\n  - 'https://[^/]+\\.a'\n  - 'https://(?:b{2}c){3}'\n";
  expect(parseTrustedIssuers(text).ok).toBe(true);
  expect(reached()).toEqual(["https://[^/]+\\.a", "https://(?:b{2}c){3}", "(?:b{2}c)"]);
});

test.each([
  ["case on ASCII", "(?i)repo:acme/app:[a-z0-9_-]{1,39}@[A-Z]+"],
  ["any character without regard to case", "(?i)[\\x00-\\x{10FFFF}]+"],
  ["Chinese", "(?i)[\\x{4e00}-\\x{9fff}]+"],
  ["letters of Unicode", "\\pL[\\pL\\pN_-]{0,200}"],
  ["no letters", "[^\\pL]+\\PL+[[:^alpha:]]"],
  ["a thousand", "a{1000}"],
  ["a class from alternatives", "(?:a|b|c|[d-f]|\\d){300}"],
])("%s is not too costly", (_, pattern) => {
  expect(compilePattern(pattern)).toMatchObject({ ok: true });
});

test("no pattern has more states than its text says, nor ranges than it is charged for", () => {
  const random = new Random(3);
  let compiledCount = 0;
  for (let round = 0; round < 3_000; round += 1) {
    const pattern = somePattern(random);
    const compiled = compilePattern(pattern);
    if (!compiled.ok) continue;
    compiledCount += 1;
    const { states, bytes } = costOf(pattern);
    expect({ pattern, fits: compiled.value.programSize <= states }).toEqual({ pattern, fits: true });
    // Eight bytes for each range that is kept, and what every state takes.
    expect({ pattern, fits: compiled.value.estimatedBytes < 4_000 + 64 * bytes }).toEqual({ pattern, fits: true });
  }
  expect(compiledCount).toBeGreaterThan(1_000);
});
