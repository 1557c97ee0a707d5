/**
 * `explain`: the change that it names makes the failed clause match, and no more than is needed.
 */

import { expect, test } from "vitest";
import { claimsOfVerifiedToken } from "../../../policies/claims.ts";
import { type Change, changeFor } from "../../../policies/cli/change.ts";
import { explain, explanationAsText, quotedScalar } from "../../../policies/cli/explain.ts";
import { painter } from "../../../policies/cli/layout.ts";
import { evaluate } from "../../../policies/evaluate.ts";
import { parsePolicy } from "../../../policies/parse.ts";
import { compilePolicy } from "../../../policies/policy/compile.ts";
import type { Matcher, PolicyDocument } from "../../../policies/policy/document.ts";

const DOMAIN = "sts.example.com";
const SUBJECT = "repo:acme/app:ref:refs/heads/main";
const CLAIMS: Readonly<Record<string, unknown>> = {
  iss: "https://issuer.example",
  sub: SUBJECT,
  aud: DOMAIN,
  iat: 1_000,
  exp: 1_600,
  actor: "octocat",
  run: 7,
  empty: null,
  list: ["a", "b.c"],
  "kubernetes.io": { serviceaccount: { name: "ci" }, namespace: "build" },
};

function policyOf(lines: string) {
  const rest = ["issuer: https://issuer.example", "subject_pattern: '.*'"].filter(
    (line) => !lines.includes(line.split(/_|:/)[0] ?? ""),
  );
  const text = `${[...rest, lines].join("\n")}\npermissions: {contents: read}\n`;
  const parsed = parsePolicy(text, { kind: "repository", owner: "acme" });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
  return parsed.value;
}

function changeOf(lines: string, over: Readonly<Record<string, unknown>> = {}) {
  const policy = policyOf(lines);
  const claims = { ...CLAIMS, ...over };
  const { failed } = evaluate(policy, claimsOfVerifiedToken(claims), { domain: DOMAIN });
  if (failed === undefined) throw new Error("the token was let in");
  return { policy, claims, change: changeFor(failed, policy, claims) };
}

/** The document with the change made. */
function changed(document: PolicyDocument, { set, remove }: Change): PolicyDocument {
  const claims = document.claims.filter(({ name }) => name !== remove && name !== set?.claim);
  const { audience: _audience, maxTokenLifetimeSeconds: _lifetime, ...rest } = document;
  const kept = {
    ...rest,
    ...(document.audience === undefined ? {} : { audience: document.audience }),
    ...(document.maxTokenLifetimeSeconds === undefined || remove === "max_token_lifetime"
      ? {}
      : { maxTokenLifetimeSeconds: document.maxTokenLifetimeSeconds }),
  };
  if (set === undefined) return { ...kept, claims };
  if (set.claim !== undefined) return { ...kept, claims: [...claims, { name: set.claim, pattern: set.value }] };
  if (set.key === "max_token_lifetime") return { ...kept, claims, maxTokenLifetimeSeconds: Number(set.value) };
  const matcher: Matcher = { kind: set.key.endsWith("_pattern") ? "pattern" : "exact", value: set.value };
  return { ...kept, claims, [set.key.replace("_pattern", "")]: matcher };
}

const CASES: readonly (readonly [
  name: string,
  policy: string,
  over: Readonly<Record<string, unknown>>,
  change: Omit<Change, "advice">,
])[] = [
  ["another issuer", "issuer: https://other.example", {}, { set: { key: "issuer", value: "https://issuer.example" } }],
  ["a final slash", "issuer: https://issuer.example/", {}, { set: { key: "issuer", value: "https://issuer.example" } }],
  ["another subject", "subject: repo:acme/app:ref:refs/heads/dev", {}, { set: { key: "subject", value: SUBJECT } }],
  ["case", "subject: repo:Acme/app:ref:refs/heads/main", {}, { set: { key: "subject", value: SUBJECT } }],
  [
    "a pattern under the exact key",
    "subject: 'repo:acme/app:ref:refs/heads/.*'",
    {},
    { set: { key: "subject_pattern", value: "repo:acme/app:ref:refs/heads/.*" }, remove: "subject" },
  ],
  [
    "a glob that stays within a part",
    "subject: repo:acme/*:ref:refs/heads/main",
    {},
    { set: { key: "subject_pattern", value: "repo:acme/[^/:]+:ref:refs/heads/main" }, remove: "subject" },
  ],
  [
    "a glob over parts",
    "subject: repo:acme/*",
    {},
    { set: { key: "subject_pattern", value: "repo:acme/.+" }, remove: "subject" },
  ],
  [
    "a pattern that stops early",
    "subject_pattern: 'repo:acme/app:ref:'",
    {},
    { set: { key: "subject_pattern", value: "(?:repo:acme/app:ref:|repo:acme/app:ref:refs/heads/main)" } },
  ],
  ["the default audience", "", { aud: "sts.amazonaws.com" }, { set: { key: "audience", value: "sts.amazonaws.com" } }],
  ["another audience", "audience: api", {}, { set: { key: "audience", value: DOMAIN } }],
  [
    "an audience pattern",
    "audience_pattern: 'x.*'",
    { aud: ["p", "q"] },
    { set: { key: "audience_pattern", value: "(?:x.*|p)" } },
  ],
  [
    "a claim that does not match",
    "claim_pattern: {actor: hubot}",
    {},
    { set: { key: "claim_pattern", claim: "actor", value: "(?:hubot|octocat)" } },
  ],
  ["a list", "claim_pattern: {list: z}", {}, { set: { key: "claim_pattern", claim: "list", value: "(?:z|a)" } }],
  [
    "a misspelt claim",
    "claim_pattern: {actr: octocat}",
    {},
    { set: { key: "claim_pattern", claim: "actor", value: "octocat" }, remove: "actr" },
  ],
  [
    "a claim that lies deeper",
    "claim_pattern: {namespace: build}",
    {},
    { set: { key: "claim_pattern", claim: "kubernetes.io/namespace", value: "build" }, remove: "namespace" },
  ],
  [
    "a path with dots, and another value",
    "claim_pattern: {kubernetes.io.serviceaccount.name: cd}",
    {},
    {
      set: { key: "claim_pattern", claim: "kubernetes.io/serviceaccount/name", value: "ci" },
      remove: "kubernetes.io.serviceaccount.name",
    },
  ],
  ["a claim that is nowhere", "claim_pattern: {xyzzy: a}", {}, { remove: "xyzzy" }],
  ["null", "claim_pattern: {empty: a}", {}, { remove: "empty" }],
  ["a lifetime", "max_token_lifetime: 60", {}, { set: { key: "max_token_lifetime", value: "600" } }],
  ["no iat", "max_token_lifetime: 60", { iat: undefined }, { remove: "max_token_lifetime" }],
];

test.each(CASES)("%s: the change makes the token pass", (_name, lines, over, wanted) => {
  const { policy, claims, change } = changeOf(lines, over);
  const { advice, ...told } = change;
  expect(told).toEqual(wanted);
  expect(advice).not.toBe("");
  const after = compilePolicy(changed(policy.document, change));
  expect(evaluate(after, claimsOfVerifiedToken(claims), { domain: DOMAIN }).allow).toBe(true);
  expect(
    evaluate(after, claimsOfVerifiedToken({ ...claims, iss: "https://evil.example" }), { domain: DOMAIN }).allow,
  ).toBe(false);
});

test("an object is told by what it holds, an ill-formed field as hopeless", () => {
  expect(changeOf("claim_pattern: {kubernetes.io: a}").change).toEqual({
    advice:
      "The claim `kubernetes.io` is an object; name one of `kubernetes.io/serviceaccount/name`, `kubernetes.io/namespace`.",
  });
  expect(changeOf("", { sub: "two\nlines" }).change).toEqual({
    advice:
      "The token's sub is no well-formed subject (character 4 of the subject is a line feed (U+000A)): no policy can accept it. Change what the workload asks its issuer for.",
  });
  expect(changeOf("", { aud: undefined }).change).toEqual({
    advice:
      "The policy names no audience, so that the token must be made for `sts.example.com`: ask for it with that audience.",
  });
});

test("a value's control characters reach no terminal, and its quotes no other line of YAML", () => {
  const policy = policyOf("claim_pattern: {actor: x}");
  const claims = claimsOfVerifiedToken({ ...CLAIMS, actor: "\u001b[2Ja'\nadmin: b" });
  const text = explanationAsText(explain(policy, claims, DOMAIN), policy, painter(false));
  expect(text).not.toContain("\u001b");
  expect(text).toContain("token   \\u001b[2Ja'\\u000aadmin: b\n");
  expect(text).toContain('    actor: "(?:x|\\u001b\\\\[2Ja\'\\nadmin: b)"\n');
  expect(quotedScalar("it's")).toBe("'it''s'");
});
