/** Whether two patterns have a text in common: against samples, and as the sizes grow. */

import { RE2JS } from "re2js";
import { describe, expect, test } from "vitest";
import { languageOf, languageOfText, overlaps } from "../../../policies/lint/language.ts";
import { globOf, soleTextOf, topLevelAlternatives } from "../../../policies/lint/shapes.ts";
import { tokensOf } from "../../../policies/pattern/tokens.ts";

describe("overlaps", () => {
  test.each([
    ["a|b", "b", true],
    ["a.c", "a/c", true],
    ["(?s)a.c", "a\\nc", true],
    ["a.c", "a\\nc", false],
    ["(?i)main", "MAIN", true],
    ["main", "MAIN", false],
    ["[^/]+", "a/b", false],
    ["x{2,3}", "xx", true],
    ["x{2,3}", "x{4}", false],
    ["^a$", "a", true],
    ["a^b", ".*", false],
    ["a$b", ".*", false],
    ["(^|x)a", "xa", true],
    ["", "", true],
    ["", "a", false],
    ["a*", "", true],
    ["[^\\x00-\\x{10FFFF}]", ".*", false],
    ["\\Qa.c\\E", "abc", false],
    ["(?:ab)+", "ababab", true],
    ["\\p{L}+", "é", true],
  ])("%s and %s: %s", (pattern, template, expected) => {
    expect(overlaps(languageOf(pattern), template)).toBe(expected);
  });

  test("agrees with the engine on exact texts", () => {
    const patterns = ["repo:[^:]+:.*", "a(b|c)*d?", "[a-c]{2,4}", "(?:x|yz)+$", "v\\d+\\.\\d+", ".*-rc", "(|a)b"];
    const texts = ["repo:a:b", "abcd", "ad", "bb", "abcab", "xyzx", "v1.2", "1-rc", "b", "ab", ""];
    for (const pattern of patterns) {
      const engine = RE2JS.compile(`^(?:${pattern})$`);
      const wanted = texts.map((text) => engine.testExact(text));
      expect(texts.map((text) => overlaps(languageOfText(text), pattern))).toEqual(wanted);
    }
  });
});

describe("shapes", () => {
  test.each([
    ["a|b", ["a", "b"]],
    ["(a|b)", ["(a|b)"]],
    ["a\\|b", ["a\\|b"]],
    ["[|]|b|", ["[|]", "b", ""]],
  ])("alternatives of %s", (pattern, expected) => {
    expect(topLevelAlternatives(pattern, tokensOf(pattern))).toEqual(expected);
  });

  test.each([
    ["^a\\.b$", "a.b"],
    ["(?P<n>a).b", "a.b"],
    ["\\Qa*b\\E", "a*b"],
    ["a+", undefined],
    ["(?i)a", undefined],
    ["(a)?", undefined],
    ["\\x41", undefined],
  ])("sole text of %s", (pattern, expected) => {
    expect(soleTextOf(tokensOf(pattern))).toBe(expected);
  });

  test.each([
    ["refs/heads/*", "/*"],
    ["a.*", undefined],
    ["[*]*", undefined],
    ["\\**", undefined],
    ["x*?", undefined],
  ])("glob of %s", (pattern, expected) => {
    expect(globOf(tokensOf(pattern))).toBe(expected);
  });
});
