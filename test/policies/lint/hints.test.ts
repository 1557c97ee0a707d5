/** The faults that people meet who write a policy as they would write a workflow: each names the exact word to write. */

import { expect, test } from "vitest";
import { parsePolicy } from "../../../policies/parse.ts";

const HEAD = "issuer: https://token.actions.githubusercontent.com\nsubject: repo:acme/app:ref:refs/heads/main\n";

function told(rest: string, kind: "repository" | "organization" = "repository"): readonly string[] {
  const parsed = parsePolicy(HEAD + rest, { kind, owner: "acme" });
  return parsed.ok ? [] : parsed.diagnostics.map(({ line, path, suggestion }) => `${line} ${path}: ${suggestion}`);
}

test.each([
  ["pull-requests", "did you mean `pull_requests`?"],
  ["security-events", "did you mean `security_events`?"],
  ["repository-projects", "did you mean `repository_projects`?"],
  ["organization-administration", "did you mean `organization_administration`?"],
  ["pullRequests", "did you mean `pull_requests`?"],
  ["pull_request", "did you mean `pull_requests`?"],
  ["content", "did you mean `contents`?"],
  ["id-token", "remove it: it is a permission of workflows, which no App has"],
  ["id_token", "remove it: it is a permission of workflows, which no App has"],
  ["models", "remove it: it is a permission of workflows, which no App has"],
])("permission %s: %s", (name, suggestion) => {
  expect(told(`permissions:\n  contents: read\n  ${name}: write\n`)).toEqual([`5 permissions.${name}: ${suggestion}`]);
});

test.each([
  ["permission", "did you mean `permissions`?"],
  ["Permissions", "did you mean `permissions`?"],
  ["claim-pattern", "did you mean `claim_pattern`?"],
  ["claims", "did you mean `claim_pattern`?"],
  ["subject-pattern", "did you mean `subject_pattern`?"],
  ["sub", "did you mean `subject`?"],
  ["aud", "did you mean `audience`?"],
])("key %s: %s", (name, suggestion) => {
  expect(told(`${name}: {}\npermissions: {contents: read}\n`)).toEqual([`3 ${name}: ${suggestion}`]);
});

test.each(["actor", "ref", "event_name", "job_workflow_ref", "project_path", "email"])(
  "claim %s at the top level",
  (name) => {
    expect(told(`${name}: x\npermissions: {contents: read}\n`)).toEqual([
      `3 ${name}: write \`claim_pattern:\`, and \`${name}: ...\` indented below it`,
    ]);
  },
);

test.each(["issuer_keys", "jwks_uri", "jwks_url", "keys", "keys_url", "openid_configuration"])(
  "%s: keys are found by discovery",
  (name) => {
    const [said] = told(`${name}: https://id.acme.dev/keys\npermissions: {contents: read}\n`);
    expect(said).toContain(`3 ${name}: remove it: keys are found by the issuer's discovery`);
  },
);

test("`projects` are the organization's in an organization's policy", () => {
  const text = "permissions: {projects: write}\n";
  expect(told(text, "organization")).toEqual(["3 permissions.projects: did you mean `organization_projects`?"]);
  expect(told(text)).toEqual(["3 permissions.projects: did you mean `repository_projects`?"]);
});

test("a misspelt `permissions` is told along with what is then missing", () => {
  expect(told("permission:\n  contents: read\n")).toEqual([
    "1 permissions: name what the token may do, as `permissions: {contents: read}`",
    "3 permission: did you mean `permissions`?",
  ]);
});

test("a workflow's way to grant nothing is told with the levels that there are", () => {
  expect(told("permissions:\n  contents: none\n")).toEqual(["4 permissions.contents: write `read` or `write`"]);
});

test("repositories by another name", () => {
  expect(told("repos: [app]\npermissions: {contents: read}\n", "organization")).toEqual([
    "3 repos: did you mean `repositories`?",
  ]);
});
