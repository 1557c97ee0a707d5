/**
 * The examples of policies/examples put to the engine: the same tests in workerd and in Node.
 */

import { expect, test } from "vitest";
import { checkPolicy } from "../../policies/check.ts";
import { claimsOfVerifiedToken, type VerifiedClaims } from "../../policies/claims.ts";
import { parseTestFile, type TestFile } from "../../policies/cli/test-file.ts";
import { runTests } from "../../policies/cli/test-run.ts";
import { parseClaims } from "../../policies/cli/token.ts";
import { evaluate } from "../../policies/evaluate.ts";
import { grantOf } from "../../policies/grant.ts";
import { DEFAULT_RULES } from "./judge.ts";

const TEXTS = import.meta.glob("../../policies/examples/*/*", { query: "?raw", import: "default", eager: true });

const WORKLOADS = [
  "auth0",
  "aws-eks",
  "aws-sts",
  "azure-aks",
  "azure-managed-identity",
  "buildkite",
  "circleci",
  "github-actions-branch",
  "github-actions-environment",
  "github-actions-immutable-subject",
  "github-actions-reusable-workflow",
  "github-actions-tag",
  "gitlab",
  "google-gke",
  "google-service-account",
  "hcp-terraform",
  "kubernetes",
  "spiffe",
];
const USE_CASES = [
  "first-policy",
  "cross-repository",
  "open-pull-requests",
  "organization-members",
  "organization-runners",
  "outside-service",
];

/** What each policy grants for the scope of its test file. */
const GRANTS: Readonly<
  Record<string, { readonly permissions: Record<string, string>; readonly repositories: readonly string[] }>
> = {
  auth0: { permissions: { issues: "write" }, repositories: ["app"] },
  "aws-eks": { permissions: { contents: "write", pull_requests: "write" }, repositories: ["app"] },
  "aws-sts": { permissions: { contents: "read", deployments: "write" }, repositories: ["app"] },
  "azure-aks": { permissions: { actions: "read", contents: "read" }, repositories: ["app"] },
  "azure-managed-identity": { permissions: { issues: "write" }, repositories: ["app"] },
  buildkite: { permissions: { statuses: "write" }, repositories: ["app"] },
  circleci: { permissions: { contents: "write" }, repositories: ["app"] },
  "github-actions-branch": { permissions: { contents: "write" }, repositories: ["app"] },
  "github-actions-environment": { permissions: { deployments: "write", statuses: "write" }, repositories: ["app"] },
  "github-actions-immutable-subject": { permissions: { contents: "write" }, repositories: ["app"] },
  "github-actions-reusable-workflow": { permissions: { contents: "write" }, repositories: ["catalogue"] },
  "github-actions-tag": { permissions: { contents: "write" }, repositories: ["app"] },
  gitlab: { permissions: { contents: "write", statuses: "write" }, repositories: ["app"] },
  "google-gke": { permissions: { contents: "read", deployments: "write" }, repositories: ["app"] },
  "google-service-account": { permissions: { contents: "read", issues: "write" }, repositories: ["app"] },
  "hcp-terraform": {
    permissions: { administration: "write", contents: "read" },
    repositories: ["app", "infrastructure"],
  },
  kubernetes: { permissions: { contents: "read", packages: "read" }, repositories: ["app"] },
  spiffe: { permissions: { contents: "write" }, repositories: ["app"] },
  "first-policy": { permissions: { contents: "write" }, repositories: ["app"] },
  "cross-repository": {
    permissions: { contents: "write", pull_requests: "write" },
    repositories: ["charts", "documentation"],
  },
  "open-pull-requests": { permissions: { contents: "write", pull_requests: "write" }, repositories: ["app"] },
  "organization-members": { permissions: { members: "write" }, repositories: ["people"] },
  "organization-runners": {
    permissions: { organization_self_hosted_runners: "write" },
    repositories: [".github"],
  },
  "outside-service": { permissions: { deployments: "read", issues: "write" }, repositories: ["app"] },
};

/** Every path has one of three shapes, so that nothing in a folder goes untested. */
function fileOf(folder: string, pattern: RegExp): string {
  const paths = Object.keys(TEXTS).filter((path) => path.includes(`/examples/${folder}/`) && pattern.test(path));
  const [path] = paths;
  if (path === undefined || paths.length !== 1) throw new Error(`${folder} has ${paths.length} files like ${pattern}`);
  return TEXTS[path] ?? "";
}

function testFileOf(folder: string): TestFile {
  const parsed = parseTestFile(fileOf(folder, /\.sts\.test\.yaml$/));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
  return parsed.value;
}

function claimsIn(folder: string, name: string): VerifiedClaims {
  const payload = parseClaims(fileOf(folder, new RegExp(`/${name}\\.json$`)), name);
  if (!payload.ok) throw new Error(payload.message);
  return payload.claims;
}

function policyOf(folder: string, { scope, domain }: TestFile) {
  const kind = scope?.repository === undefined ? "organization" : "repository";
  const setting = { kind, owner: scope?.owner, domain, rules: DEFAULT_RULES } as const;
  const { policy, diagnostics } = checkPolicy(fileOf(folder, /[^/]+\.sts\.yaml$/), setting);
  if (policy === undefined) throw new Error(JSON.stringify(diagnostics));
  return { policy, diagnostics };
}

/** Whether a claim of the token is the one of this name, or the object that its path begins with. */
function leadsTo(claim: string, name: string): boolean {
  return name === claim || name.startsWith(claim.endsWith("/") ? claim : `${claim}/`);
}

export function testExamples(): void {
  test("there is an example for every kind of workload and every use", () => {
    const folders = new Set(Object.keys(TEXTS).map((path) => path.split("/").at(-2) ?? ""));
    expect([...folders].sort()).toEqual([...WORKLOADS, ...USE_CASES].sort());
    const workflows = Object.keys(TEXTS).filter((path) => path.endsWith(".yml"));
    expect(Object.keys(TEXTS).length - workflows.length).toBe(5 * folders.size);
  });

  test("every policy names the schema that its deployment serves, for editors", () => {
    for (const folder of [...WORKLOADS, ...USE_CASES]) {
      const [first] = fileOf(folder, /[^/]+\.sts\.yaml$/).split("\n");
      const { domain } = testFileOf(folder);
      expect([folder, first]).toEqual([
        folder,
        `# yaml-language-server: $schema=https://${domain}/schemas/policy.json`,
      ]);
    }
  });

  test.each([...WORKLOADS, ...USE_CASES])(
    "%s: its token is let in, the other refused where it says, and lint says what it lists",
    (folder) => {
      const file = testFileOf(folder);
      const { policy, diagnostics } = policyOf(folder, file);
      const files = new Map(["claims", "refused"].map((name) => [`${name}.json`, claimsIn(folder, name)]));
      expect(file.tokens.map(({ claimsFile, expect: wanted }) => [claimsFile, wanted])).toEqual([
        ["claims.json", "allow"],
        ["refused.json", "deny"],
      ]);
      expect(file.warnings).toBeDefined();
      const outcomes = runTests({ test: file, policy, domain: file.domain ?? "", diagnostics, files });
      expect(outcomes.filter(({ passed }) => !passed)).toEqual([]);
    },
  );

  test.each([...WORKLOADS, ...USE_CASES])("%s: grants what it should", (folder) => {
    const file = testFileOf(folder);
    const { policy } = policyOf(folder, file);
    const { owner = "", repository } = file.scope ?? {};
    const scope = { owner, policyRepository: ".github", ...(repository === undefined ? {} : { repository }) };
    const { permissions, repositories } = grantOf(policy, scope);
    expect({ permissions: { ...permissions }, repositories }).toEqual(GRANTS[folder]);
  });

  test.each([...WORKLOADS, ...USE_CASES])(
    "%s: without any one claim that the policy names, its token is refused",
    (folder) => {
      const file = testFileOf(folder);
      const { policy } = policyOf(folder, file);
      const claims = claimsIn(folder, "claims");
      const named = [
        "iss",
        "sub",
        "aud",
        ...policy.claims.map(({ name }) => Object.keys(claims).find((key) => leadsTo(key, name)) ?? name),
      ];
      for (const name of named) {
        const { [name]: _gone, ...rest } = claims;
        const { allow } = evaluate(policy, claimsOfVerifiedToken(rest), { domain: file.domain ?? "" });
        expect([name, allow]).toEqual([name, false]);
      }
    },
  );

  test.each([...WORKLOADS, ...USE_CASES])("%s: the text names where each claim is documented", (folder) => {
    const { policy } = policyOf(folder, testFileOf(folder));
    const readme = fileOf(folder, /README\.md$/);
    for (const { name } of policy.claims) {
      const row = readme.split("\n").find((line) => line.startsWith("|") && line.includes(`\`${name}\``));
      const parent = readme
        .split("\n")
        .find((line) => /^\| `[^`]+` +\|/.test(line) && leadsTo(line.split("`")[1] ?? "?", name));
      expect([name, /https:\/\/[a-z]/.test(row ?? parent ?? "")]).toEqual([name, true]);
    }
    expect(readme).toContain("## Where the token comes from");
  });
}
