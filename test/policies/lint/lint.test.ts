/** Each rule of lint on examples: where it fires, with its place and severity, and where it is silent. */

import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../../../policies/diagnostics.ts";
import { lintPolicy, RULES } from "../../../policies/lint/lint.ts";
import { parsePolicy } from "../../../policies/parse.ts";
import { type Cases, type Example, GOOD } from "./cases/all.ts";
import { GRANTS } from "./cases/grants.ts";
import { SUBJECTS } from "./cases/subjects.ts";
import { VALUES } from "./cases/values.ts";

const CASES: Readonly<Record<string, Cases>> = { ...SUBJECTS, ...VALUES, ...GRANTS };
const LIST_RULES = ["audit-mode", "duplicate-issuer"];

/** JSON is YAML, and keeps every character of a value. */
function textOf({ keys }: Example): string {
  return JSON.stringify({ ...GOOD, ...keys }, null, 2);
}

function lint(example: Example): readonly Diagnostic[] {
  const parsed = parsePolicy(textOf(example), { kind: example.kind ?? "repository", owner: "acme" });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
  return lintPolicy(parsed.value, example.context ?? { owner: "acme" });
}

const told = (example: Example, id: string) => lint(example).filter((warning) => warning.id === id);

describe.each(Object.entries(CASES))("%s", (id, { severity, fires, silent }) => {
  test.each(fires)("fires: $keys", (example) => {
    const found = told(example, id).map(({ path, severity }) => ({ path, severity }));
    expect(found).toEqual([{ path: example.at, severity: example.severity ?? severity }]);
  });

  test.each(silent)("silent: $keys", (example) => {
    expect(told(example, id)).toEqual([]);
  });
});

test("every rule has two examples of each kind", () => {
  const ids = Object.keys(RULES).filter((id) => !LIST_RULES.includes(id));
  expect(Object.keys(CASES).sort()).toEqual(ids.sort());
  const poor = Object.entries(CASES).filter(([, { fires, silent }]) => fires.length < 2 || silent.length < 2);
  expect(poor).toEqual([]);
});

test("a good policy gets no warning", () => {
  expect(lint({ keys: {} })).toEqual([]);
});

test("warnings stand where the value stands, in the order of the text", () => {
  const text = [
    "# a comment",
    "issuer: https://token.actions.githubusercontent.com",
    "subject_pattern: repo:acme/app:.*",
    "claim_pattern:",
    "  workflow_ref: acme/app/.github/workflows/a.yml@.*",
    "permissions:",
    "  workflows: write",
  ].join("\n");
  const parsed = parsePolicy(text, { kind: "repository", owner: "acme" });
  if (!parsed.ok) throw new Error("the policy is good");
  const places = lintPolicy(parsed.value, { owner: "acme" }).map(({ id, line, column }) => [id, line, column]);
  expect(places).toEqual([
    ["workflow-ref-unpinned", 5, 17],
    ["powerful-permission", 7, 3],
  ]);
});

test("what octo-sts makes of an alternation is written out", () => {
  const [warning] = told({ keys: { claim_pattern: { event_name: "push|release" } } }, "top-level-alternation");
  expect(warning?.message).toBe(
    'octo-sts up to 0.8 takes "push" only as how a value begins and "release" as how it ends; here each alternative is whole',
  );
});

test("a claim of another issuer is told with the nearest name", () => {
  const [near] = told({ keys: { claim_pattern: { "repository-id": "1" } } }, "claim-never-issued");
  expect(near?.suggestion).toBe("did you mean `repository_id`?");
});

test("what an open subject lets in is written out", () => {
  const said = (subject_pattern: string, keys = {}) =>
    told(
      { keys: { subject: null, subject_pattern, permissions: { contents: "write" }, ...keys } },
      "open-subject-write",
    )[0]?.message;
  const rest = ", no claim narrows it, and the policy grants more than read";
  expect(said("repo:acme/app:.*")).toBe(`lets in any branch and any pull request${rest}`);
  expect(said("repo:acme/app:ref:refs/tags/v.*")).toBe(
    `lets in whatever begins with "repo:acme/app:ref:refs/tags/v"${rest}`,
  );
  expect(said("repo:acme/app:ref:refs/heads/release/.*")).toBe(
    `lets in whatever begins with "repo:acme/app:ref:refs/heads/release/"${rest}`,
  );
});

test("a backslash too many and brackets too few are mended", () => {
  const [escapes] = told({ keys: { claim_pattern: { workflow: "a\\\\.b" } } }, "doubled-backslash");
  expect(escapes?.suggestion).toBe("write `workflow: a\\.b`");
  const [brackets] = told({ keys: { claim_pattern: { actor: "(renovate|dependabot)[bot]" } } }, "brackets-are-a-class");
  expect(brackets?.suggestion).toBe("write `actor: '(renovate|dependabot)\\[bot\\]'`");
});
