/** What the playground shows, from what was typed: no browser is needed for it. */

import { expect, test } from "vitest";
import type { MarkedText } from "../../../worker/page/playground/clause-view.ts";
import { EXAMPLE } from "../../../worker/page/playground/example.ts";
import type { Input } from "../../../worker/page/playground/input.ts";
import { judge } from "../../../worker/page/playground/verdict.ts";

const DOMAIN = "sts.example.com";
const NOW = 1_800_000_000;
const GITHUB = "https://token.actions.githubusercontent.com";
const CLAIMS = {
  iss: GITHUB,
  sub: "repo:acme/app:ref:refs/heads/feature",
  aud: DOMAIN,
  event_name: "push",
  exp: NOW + 300,
};
const POLICY = `issuer: ${GITHUB}
subject: repo:acme/app:ref:refs/heads/main
permissions:
  contents: write
`;

const FACTS = { domain: DOMAIN, apps: [] };
const given = (change: Partial<Input> = {}, facts: Parameters<typeof judge>[1] = FACTS) =>
  judge(
    {
      policy: POLICY,
      evidence: JSON.stringify(CLAIMS),
      file: "repository",
      scope: "acme/app",
      domain: DOMAIN,
      ...change,
    },
    facts,
    NOW,
  );
const verdictOf = (...args: Parameters<typeof given>) => {
  const { outcome, notes } = given(...args);
  if (outcome.kind !== "verdict") throw new Error(outcome.told);
  return { ...outcome, notes };
};
const marked = ({ alike, differing, rest, endsEarly }: MarkedText) =>
  `${alike}[${endsEarly ? "end" : differing}]${rest}`;

test("a token that fails: the clause, both values, the character, the way to mend it", () => {
  const { allow, headline, clauses, advice, mended, grant, notes } = verdictOf();
  expect([allow, headline, grant]).toEqual([false, "Refused: subject does not match", undefined]);
  expect(clauses.map(({ name, passed }) => [name, passed])).toEqual([
    ["fields.iss", true],
    ["fields.sub", true],
    ["fields.aud", true],
    ["issuer", true],
    ["subject", false],
    ["audience", true],
  ]);
  const subject = clauses.find(({ name }) => name === "subject");
  expect(subject?.wanted.map(marked)).toEqual(["repo:acme/app:ref:refs/heads/[m]ain"]);
  expect(subject?.found.map(marked)).toEqual(["repo:acme/app:ref:refs/heads/[f]eature"]);
  expect(subject).toMatchObject({
    manner: "exactly",
    difference: 'Where they first differ, the policy has "m" at character 30, and the token has "f" at character 30.',
    at: { line: 2, column: 1 },
  });
  expect(advice.map(({ clause, set }) => [clause, set])).toEqual([
    ["subject", [{ key: "subject", value: CLAIMS.sub }]],
  ]);
  expect(mended?.allow).toBe(true);
  expect(notes).toEqual(["The token's signature was not checked."]);
});

test("a token that passes, with what it gets", () => {
  expect(verdictOf({ policy: POLICY.replace("main", "feature") })).toMatchObject({
    allow: true,
    headline: "Allowed: every clause matches",
    grant: { permissions: ["contents: write"], repositories: "app" },
    advice: [],
  });
  const policy = `${POLICY.replace("main", "feature")}repositories: []\n`;
  expect(verdictOf({ policy, file: "organization", scope: "acme" }).grant?.repositories).toBe(
    "every repository of the installation",
  );
});

test("a pattern is marked where the value leaves it, a value that cannot be seen is spelt out", () => {
  const policy = POLICY.replace("subject: ", "subject_pattern: ").replace("main", "release-[0-9]+");
  const [, , , , subject] = verdictOf({
    policy,
    evidence: JSON.stringify({ ...CLAIMS, sub: `${CLAIMS.sub}` }),
  }).clauses;
  expect(subject?.wanted.map(marked)).toEqual(["repo:acme/app:ref:refs/heads/[r]elease-[0-9]+"]);
  const hidden = verdictOf({ evidence: JSON.stringify({ ...CLAIMS, sub: "repo:acme/app:ref:refs/heads/main\u202e" }) });
  expect(
    hidden.clauses
      .find(({ name }) => name === "subject")
      ?.found.map(marked)
      .join(),
  ).not.toContain("\u202e");
});

test("errors stand on their lines with their remedies, and no token is let in", () => {
  const { findings, outcome } = given({ policy: POLICY.replace("issuer", "isuer") });
  expect(outcome).toMatchObject({ kind: "none", isWrong: true });
  expect(
    findings.map(({ line, severity, remedies }) => [line, severity, remedies.map(({ label }) => label)]),
  ).toContainEqual([1, "error", ["Rename it to issuer"]]);
});

test("the rules of the place hold: repositories, owners, Apps, expiry", () => {
  const errors = (...args: Parameters<typeof given>) =>
    given(...args).findings.flatMap(({ severity, message }) => (severity === "error" ? [message] : []));
  const policy = `${POLICY}repositories: [app, other/web]\n`;
  expect(errors({ policy })).toEqual([expect.stringContaining("repositories stands in policies of the owner's")]);
  expect(errors({ policy, file: "organization", scope: "acme" })).toEqual([expect.stringContaining("is not of acme")]);
  expect(errors({ policy: `${POLICY}app: ci\n` }, { domain: DOMAIN, apps: [{ id: "7", name: "cd" }] })).toEqual([
    expect.stringContaining("no App of this deployment"),
  ]);
  expect(errors({ policy: `${POLICY}app: ci\n` })).toEqual([]);
  expect(verdictOf({}, { ...FACTS, owners: ["other"] }).notes[0]).toContain("does not serve acme");
  expect(verdictOf({}, { ...FACTS, owners: ["ACME"] }).notes.join()).not.toContain("does not serve");
  expect(verdictOf({ evidence: JSON.stringify({ ...CLAIMS, exp: NOW - 1 }) }).notes.join()).toContain("has expired");
});

test("takes what explain takes: a refusal's JSON shows its one clause", () => {
  const message = 'trust policy: subject "repo:acme/app:ref:refs/heads/dev" did not match the policy\'s subject "x"';
  const { headline, clauses, notes } = verdictOf({
    evidence: JSON.stringify({ code: 7, reason: "subject_mismatch", message }),
  });
  expect([headline, clauses.length]).toEqual(["Refused: subject does not match", 1]);
  expect(clauses[0]?.found.map(marked)).toEqual(["repo:acme/app:ref:refs/heads/[d]ev"]);
  expect(notes.join()).toContain("Of the other clauses the refusal says nothing");
  const other = given({ evidence: JSON.stringify({ code: 5, reason: "not_found", message: "no installation" }) });
  expect(other.outcome).toMatchObject({
    kind: "none",
    told: expect.stringContaining("is about no clause of a policy"),
  });
});

test("a list of trusted issuers names the entry that comes nearest", () => {
  const list = "issuers:\n  - https://gitlab.com\n  - https://token.actions.githubusercontent.dev\n";
  const { allow, headline, clauses } = verdictOf({ policy: list, file: "issuers", scope: "acme" });
  expect([allow, headline]).toEqual([false, "Refused: the list does not name the token's issuer"]);
  expect(clauses[0]?.wanted.map(marked)).toEqual(["https://token.actions.githubusercontent.[d]ev"]);
  expect(clauses[0]).toMatchObject({ hint: "1 other entries are farther from it", at: { line: 3 } });
  const audit = verdictOf({ policy: `mode: audit\n${list}`, file: "issuers", scope: "acme" });
  expect([audit.allow, audit.headline.slice(0, 23)]).toEqual([true, "Permitted, and recorded"]);
  expect(verdictOf({ policy: `issuers: [${GITHUB}]\n`, file: "issuers", scope: "acme" }).allow).toBe(true);
});

test("without a domain the default audience is not guessed", () => {
  expect(given({ domain: "" }, { apps: [] }).outcome).toMatchObject({ kind: "none", isWrong: true });
});

test("the example is refused for its branch, and for nothing else", () => {
  const { clauses } = verdictOf({ ...EXAMPLE, evidence: EXAMPLE.evidence.replace("{domain}", DOMAIN) });
  expect(clauses.filter(({ passed }) => !passed).map(({ name }) => name)).toEqual(["subject"]);
});

test("hostile policies and tokens are judged within the engine's bounds", () => {
  const many = Array.from({ length: 64 }, (_, i) => `  c${i}: '(a|b){1,9}[^x]*${"y".repeat(90)}'\n`).join("");
  const claims = Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`c${i}`, "ab".repeat(150)]));
  const { outcome } = given({
    policy: POLICY.replace("permissions:", `claim_pattern:\n${many}permissions:`),
    evidence: JSON.stringify({ ...CLAIMS, ...claims }),
  });
  expect(outcome.kind).toBe("verdict");
});
