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
    ["unescaped-dot", 5, 17],
    ["workflow-ref-unpinned", 5, 17],
    ["powerful-permission", 7, 3],
  ]);
});

test("what octo-sts makes of an alternation is written out", () => {
  const [warning] = told({ keys: { claim_pattern: { event_name: "a|b" } } }, "top-level-alternation");
  expect(warning?.message).toBe(
    'read here as `^(?:a|b)$`, each alternative whole; octo-sts reads `^a|b$`, where "a" is only how a value begins and "b" how it ends',
  );
});

test("a claim of another issuer is told with the nearest name", () => {
  const [near] = told({ keys: { claim_pattern: { "repository-id": "1" } } }, "claim-never-issued");
  expect(near?.suggestion).toBe("did you mean `repository_id`?");
});

test("a number keeps its quotes", () => {
  const keys = {
    issuer: "https://accounts.google.com",
    subject: null,
    subject_pattern: "(116393215694983881739)",
  };
  const [warning] = told({ keys }, "pattern-could-be-exact");
  expect(warning?.suggestion).toBe('write `subject: "116393215694983881739"`');
});
