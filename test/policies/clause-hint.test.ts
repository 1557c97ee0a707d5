// What a hint may cost: whoever is told more chooses how many values the token has.

import { describe, expect, it } from "vitest";
import { claimsOfVerifiedToken } from "../../policies/claims.ts";
import { clauseHint } from "../../policies/clause-hint.ts";

describe("a hint of a clause with many values", () => {
  const SOURCE = "(?:[a-z]?){900}/x";
  /** Some of them spend all steps that one token may cause. */
  const COSTLY = Array<string>(12).fill("a".repeat(1_000));

  it.each([
    ["pattern", "it/x!", "the pattern fits a part of the value, and has to fit the whole"],
    ["exact", "it/x", "as a pattern it would fit: write audience_pattern"],
  ] as const)("costs no more than one of them may: %s", (kind, fitting, told) => {
    const hint = (...actual: readonly string[]) => {
      const expected = { kind, value: SOURCE };
      const failed = { clause: "audience", name: "aud", expected, actual, passed: false, why: "no_match" } as const;
      return clauseHint(failed, claimsOfVerifiedToken({}));
    };
    expect(hint("other", fitting)).toBe(told);
    expect(hint(...COSTLY, fitting)).toBe("ask the issuer for a token with that audience");
  });
});
