/** What one token may cost, whatever the policy: a verdict is reached within the budget, refuses what it did not compare, and says so. */

import { expect, test } from "vitest";
import { claimsOfVerifiedToken } from "../../../policies/claims.ts";
import { evaluate } from "../../../policies/evaluate.ts";
import { allows, parseTrustedIssuers } from "../../../policies/issuers.ts";
import { parsePolicy } from "../../../policies/parse.ts";

const names = Array.from({ length: 8 }, (_, i) => `c${i}`);

/** Of a policy with this pattern for eight claims, on a token in which each has so many letters, or these elements. */
function verdictOn(pattern: string, value: number | readonly string[]) {
  const head = "issuer: https://id.example.com\nsubject: deployer\npermissions: {contents: read}\nclaim_pattern:\n";
  const text = head + names.map((name) => `  ${name}: '${pattern}'\n`).join("");
  const policy = parsePolicy(text, { kind: "repository", owner: "acme" });
  if (!policy.ok) throw new Error(JSON.stringify(policy.diagnostics));
  const claims = Object.fromEntries(names.map((name) => [name, typeof value === "number" ? "a".repeat(value) : value]));
  const token = { iss: "https://id.example.com", sub: "deployer", aud: "sts.example.com", ...claims };
  return evaluate(policy.value, claimsOfVerifiedToken(token), { domain: "sts.example.com" });
}

test("eight claims that make an engine remember thousands of states", () => {
  const { allow, code, failed, trace } = verdictOn(".*a.{890}c?", 1_400);
  expect({ allow, code, failed: failed?.name, why: failed?.why }).toEqual({
    allow: false,
    code: 7,
    failed: "c0",
    why: "too_costly",
  });
  expect(trace.filter(({ clause }) => clause === "claim").map(({ passed }) => passed)).toEqual(names.map(() => false));
});

test("eight lists of five hundred empty texts, for each of which room is made for thousands of states", () => {
  const { allow, failed } = verdictOn("a{500}b{500}", Array<string>(500).fill(""));
  expect({ allow, failed: failed?.name, why: failed?.why }).toEqual({ allow: false, failed: "c0", why: "no_match" });
  const { trace } = verdictOn("a{500}b{500}", Array<string>(500).fill(""));
  expect(trace.filter(({ why }) => why === "too_costly").length).toBeGreaterThan(5);
});

test("a list of three hundred groups is compared", () => {
  const groups = Array.from({ length: 300 }, (_, i) => `group-${i}`);
  expect(verdictOn("group-299|admins", groups)).toMatchObject({ allow: true });
});

test("the budget is one for all claims of a token", () => {
  const { trace } = verdictOn(".*a.{290}c?", 300);
  const claims = trace.filter(({ clause }) => clause === "claim");
  expect(claims.map(({ passed, why }) => why ?? passed)).toEqual([
    ...Array(claims.filter(({ passed }) => passed).length).fill(true),
    ...Array(claims.filter(({ passed }) => !passed).length).fill("too_costly"),
  ]);
  expect(claims.some(({ passed }) => passed) && claims.some(({ passed }) => !passed)).toBe(true);
});

test("what fits into the budget is compared, and each token has its own", () => {
  for (let round = 0; round < 3; round += 1)
    expect(verdictOn(".*a.{90}c?", 120)).toMatchObject({ allow: true, code: 0 });
});

test("an issuer that costs a list too much is not on it, whatever follows", () => {
  const heavy = Array.from({ length: 15 }, (_, i) => `  - 'https://(?:[a-z]?){250}${i}'\n`).join("");
  const list = parseTrustedIssuers(`issuer_patterns:\n${heavy}  - 'https://a+'\n`);
  if (!list.ok) throw new Error(JSON.stringify(list.diagnostics));
  expect(allows(list.value, `https://${"a".repeat(20)}`)).toBe(true);
  expect(allows(list.value, `https://${"a".repeat(240)}`)).toBe(false);
});
