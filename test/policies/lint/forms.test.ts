/** The table of forms against values from the issuers' documentation, right and wrong, each as an exact value and as a pattern. */

import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../../../policies/diagnostics.ts";
import { lintPolicy } from "../../../policies/lint/lint.ts";
import { MENDER } from "../../../policies/lint/mending/mender.ts";
import { parsePolicy } from "../../../policies/parse.ts";
import { type IssuerValues, TOGETHER, VALUES_OF } from "./cases/forms.ts";

const IDS = ["matches-nothing", "subject-customized", "issuer-misspelt", "never-together"];

function lint(policy: Readonly<Record<string, unknown>>, ids: readonly string[] = IDS): readonly Diagnostic[] {
  const text = JSON.stringify({ ...policy, permissions: { contents: "read" } });
  const parsed = parsePolicy(text, { kind: "repository", owner: "acme" });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
  return lintPolicy(parsed.value, { mender: MENDER }).filter(({ id }) => ids.includes(id));
}

const escaped = (text: string): string => text.replaceAll(/[.+*?()[\]{}|^$\\]/g, "\\$&");

/** What is said of the value wherever it can stand in a policy. */
function toldOf({ issuer }: IssuerValues, name: string, value: string): readonly (readonly Diagnostic[])[] {
  if (name === "iss") return [lint({ issuer: value, subject_pattern: ".*" })];
  if (name !== "sub") return [lint({ issuer, subject_pattern: ".*", claim_pattern: { [name]: escaped(value) } })];
  const pattern = lint({ issuer, subject_pattern: `^${escaped(value)}$` });
  // Exact values with signs of a pattern are told as such.
  return /[[*]|\([^)]*\|/.test(value) ? [pattern] : [pattern, lint({ issuer, subject: value })];
}

describe.each(Object.entries(VALUES_OF))("%s", (_issuer, values) => {
  const rows = Object.entries(values.pages).flatMap(([page, own]) => own.map((row) => [...row, page] as const));

  test("has fifteen values or more, of both kinds", () => {
    expect(rows.length).toBeGreaterThanOrEqual(15);
    expect(rows.filter(([verdict]) => verdict !== "yes").length).toBeGreaterThanOrEqual(5);
  });

  test.each(rows)("%s: %s %s (%s)", (verdict, name, value) => {
    const wanted = { yes: [], no: ["warning"], rare: ["notice"] }[verdict];
    for (const told of toldOf(values, name, value)) {
      expect(told.map(({ severity }) => severity)).toEqual(wanted);
      // The form, or an address in its form; and what to do.
      for (const { message, suggestion } of told) expect(`${message} ${suggestion}`).toMatch(/`.+`/);
    }
  });
});

const pairs = TOGETHER.map(([name, { sub, ...claims }, told]) => ({ name, sub, claims, told }));

test.each(pairs)("$name: $sub beside $claims: $told", ({ name, sub, claims, told }) => {
  const issuer = VALUES_OF[name]?.issuer;
  const found = lint({ issuer, subject: sub, claim_pattern: claims });
  expect(found.map(({ id, severity, path }) => `${severity} ${path.replace("claim_pattern.", "")}: ${id}`)).toEqual(
    told === undefined ? [] : [`${told}: never-together`],
  );
});

/** Each is a line that can be pasted, and that lint has nothing against. */
test.each([
  ["GitHub Actions", "sub", "repo:acme/app:refs/heads/main", "subject: repo:acme/app:ref:refs/heads/main"],
  ["GitHub Actions", "sub", "repo:acme/app:ref:main", "subject: repo:acme/app:ref:refs/heads/main"],
  ["GitHub Actions", "sub", "repo:acme/app:tag:v1", "subject: repo:acme/app:ref:refs/tags/v1"],
  ["GitHub Actions", "sub", "repo:acme/app:env:prod", "subject: repo:acme/app:environment:prod"],
  ["GitHub Actions", "sub", "https://github.com/acme/app", "subject: repo:acme/app:ref:refs/heads/main"],
  ["GitHub Actions", "sub", "acme/app:ref:refs/heads/main", "subject: repo:acme/app:ref:refs/heads/main"],
  ["GitHub Actions", "sub", "repo:acme/app:environment:x:ref:refs/heads/main", "subject: repo:acme/app:environment:x"],
  ["GitHub Actions", "sub", " repo:acme/app:pull_request", "subject: repo:acme/app:pull_request"],
  ["GitHub Actions", "iss", "https://acme.ghe.com", "issuer: https://token.actions.acme.ghe.com"],
  ["GitHub Actions", "iss", "https://github.com", "issuer: https://token.actions.githubusercontent.com"],
  ["GitLab", "sub", "acme/app", "subject: project_path:acme/app:ref_type:branch:ref:main"],
  ["GitLab", "sub", "repo:acme/app:ref:refs/heads/dev", "subject: project_path:acme/app:ref_type:branch:ref:dev"],
  ["AWS", "sub", "arn:aws:sts::123456789012:assumed-role/x/y", "subject: arn:aws:iam::123456789012:role/x"],
  [
    "Buildkite",
    "sub",
    "organization:acme:pipeline:app",
    "subject_pattern: 'organization:acme:pipeline:app:ref:refs/heads/main:commit:[0-9a-f]{40}:step:[^:]*'",
  ],
  [
    "CircleCI",
    "sub",
    "org/6e9a1a4e-3f0b-4b57-8a36-0d3c0c1fb2a1/project/c0b7f2c8-5d0b-4f5c-9d6d-8a1b6a3a6f10",
    "subject_pattern: org/6e9a1a4e-3f0b-4b57-8a36-0d3c0c1fb2a1/project/c0b7f2c8-5d0b-4f5c-9d6d-8a1b6a3a6f10/user/[^/]+",
  ],
  ["Kubernetes", "sub", "apps/deployer", "subject: system:serviceaccount:apps:deployer"],
  [
    "HCP Terraform",
    "sub",
    "organization:o:workspace:w:run_phase:apply",
    "subject: 'organization:o:project:Default Project:workspace:w:run_phase:apply'",
  ],
])("%s %s %s: write `%s`", (name, claim, value, line) => {
  const issuer = VALUES_OF[name]?.issuer;
  const policy = claim === "iss" ? { issuer: value, subject_pattern: ".*" } : { issuer, subject: value };
  expect(lint(policy).map(({ suggestion }) => suggestion)).toEqual([`write \`${line}\``]);
  const [, key = "", mended] = /^(\w+): '?(.*?)'?$/.exec(line) ?? [];
  expect(lint({ ...policy, subject: undefined, [key]: mended })).toEqual([]);
});

test.each([
  ["ref", "main", "ref: refs/heads/main"],
  ["ref", "(main|dev)", "ref: refs/heads/(main|dev)"],
  ["ref", "a/[*]", undefined],
  ["repository", "app", "repository: acme/app"],
  ["event_name", "pull-request", "event_name: pull_request"],
  [
    "job_workflow_ref",
    "acme/app/\\.github/workflows/a\\.yml",
    "job_workflow_ref: acme/app/\\.github/workflows/a\\.yml@refs/heads/main",
  ],
  [
    "workflow_ref",
    "acme/app/\\.github/workflows/a\\.yml@v1",
    "workflow_ref: acme/app/\\.github/workflows/a\\.yml@refs/tags/v1",
  ],
  ["head_ref", "refs/heads/x", "head_ref: x"],
])("%s: %s is mended to `%s`", (name, value, line) => {
  const policy = {
    issuer: VALUES_OF["GitHub Actions"]?.issuer,
    subject_pattern: ".*",
    claim_pattern: { [name]: value },
  };
  const text = JSON.stringify({ ...policy, permissions: { contents: "read" } });
  const parsed = parsePolicy(text, { kind: "repository", owner: "acme" });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
  const [told] = lintPolicy(parsed.value, { owner: "acme", mender: MENDER }).filter(
    ({ id }) => id === "matches-nothing",
  );
  expect(told?.suggestion).toBe(
    line === undefined ? "write it in that form, or copy it from a token" : `write \`${line}\``,
  );
});

test.each([
  ["exact", { subject: "repo:acme/app:refs/heads/main" }, '"s" at its character 18 on, in "refs/heads/main"'],
  ["exact, a space", { subject: "repo:acme/my app:pull_request" }, '" " at its character 13 on, in "acme/my app"'],
  ["a pattern", { subject_pattern: "repo:acme/(app|web):refs/.*" }, '"s" at its character 24 on, in "refs/.*"'],
  ["too short", { subject_pattern: "repo:acme" }, 'too early, behind "repo:acme"'],
  ["alternatives", { subject_pattern: "acme|web" }, 'whatever "acme|web" matches'],
])("the message shows where the value goes wrong: %s", (_about, policy, part) => {
  const [told] = lint({ issuer: VALUES_OF["GitHub Actions"]?.issuer, ...policy });
  expect(told?.message).toContain(part);
  expect(told?.message).toContain("`repo:OWNER/REPOSITORY:ref:refs/heads/BRANCH`");
});

describe("an issuer that is not surely of one kind is not judged", () => {
  const GITHUB = "https://token\\.actions\\.githubusercontent\\.com";
  test.each([
    { issuer_pattern: `${GITHUB}|https://id\\.acme\\.dev`, subject: "x" },
    { issuer_pattern: "https://.*", subject: "x" },
    { issuer_pattern: "https://token.actions.githubusercontent.com", subject: "x" },
    { issuer: "https://id.acme.dev", subject: "x" },
    { issuer: "https://gitlab.acme.dev", subject: "acme/app" },
  ])("%j", (policy) => {
    expect(lint(policy)).toEqual([]);
  });

  test.each([`${GITHUB}/(?:acme|web)`, `^${GITHUB}$`])("but %s is", (issuer_pattern) => {
    const policy = { issuer_pattern, subject: "x" };
    expect(lint(policy).map(({ id }) => id)).toEqual(["matches-nothing"]);
  });
});
