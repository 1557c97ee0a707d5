/**
 * `policy new`: for every kind of workload a policy that lets just that one in, and a test that says so; nothing is written over.
 */

import { describe, expect, test } from "vitest";
import type { CommandResult } from "../../../policies/cli/check.ts";
import { checkCommand } from "../../../policies/cli/check.ts";
import { Unusable } from "../../../policies/cli/disk.ts";
import type { WorkloadKind } from "../../../policies/cli/kinds/kind.ts";
import { WORKLOAD_KINDS } from "../../../policies/cli/kinds/kinds.ts";
import { painter } from "../../../policies/cli/layout.ts";
import { newCommand } from "../../../policies/cli/new.ts";
import { optionsFrom, type RawOptions } from "../../../policies/cli/options.ts";
import { testCommand } from "../../../policies/cli/test-command.ts";
import { escapePattern } from "../../../policies/pattern/escape.ts";
import { memoryDisk } from "./memory-disk.ts";

const EXAMPLES = import.meta.glob("../../../policies/examples/*/claims.json", {
  query: "?raw",
  import: "default",
  eager: true,
});
const claimsOf = (folder: string): Readonly<Record<string, unknown>> =>
  JSON.parse(String(EXAMPLES[`../../../policies/examples/${folder}/claims.json`]));

const DOMAIN = "sts.example.com";
const OUT = "/r/.github/chainguard";
const paint = painter(false);

const optionsOf = (values: RawOptions) => optionsFrom({ domain: DOMAIN, ...values }, ["text"], undefined);

interface Made extends CommandResult {
  readonly policy: string;
  readonly test: string;
  readonly checked: CommandResult;
  readonly tested: CommandResult;
}

function make(operands: readonly string[], values: RawOptions, files: Readonly<Record<string, string>> = {}): Made {
  const { disk, held } = memoryDisk(files);
  const { kind: _, ...rest } = values;
  const made = newCommand(operands, { scope: "acme/app", ...values }, optionsOf(rest), disk, paint);
  const [owner = "", repository] = (values.scope ?? "acme/app").split("/");
  const options = optionsOf({ owner, kind: repository === undefined ? "organization" : "repository" });
  return {
    ...made,
    policy: held.get(`${OUT}/${operands[0]}.sts.yaml`) ?? "",
    test: held.get(`${OUT}/${operands[0]}.sts.test.yaml`) ?? "",
    checked: made.code === 0 ? checkCommand([OUT], options, disk, paint) : made,
    tested: made.code === 0 ? testCommand([OUT], options, disk, paint) : made,
  };
}

const fromClaims = (claims: unknown, values: RawOptions = {}, files: Readonly<Record<string, string>> = {}) =>
  make(["ci"], { claims: "claims.json", ...values }, { "/r/claims.json": JSON.stringify(claims), ...files });

const KEYS = {
  "/r/jwks.json": '{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}',
};

describe("from a token's claims", () => {
  const folders = Object.keys(EXAMPLES).map((path) => path.split("/").at(-2) ?? "");

  test("there are examples to try it with", () => expect(folders.length).toBeGreaterThan(20));

  test.each(folders)("%s: lets the token in and its neighbours not, without an error or a warning", (folder) => {
    const claims = claimsOf(folder);
    const isUnasked = String(claims.iss).includes("cluster.local");
    const {
      code,
      checked,
      tested,
      test: text,
      policy,
    } = fromClaims(claims, isUnasked ? { jwks: "jwks.json" } : {}, KEYS);
    expect([code, checked.code, tested.code]).toEqual([0, 0, 0]);
    expect(checked.text).toMatch(/: 0 errors, 0 warnings, \d notices?s?\n$/);
    expect(text.match(/expect: deny/g)?.length).toBeGreaterThanOrEqual(2);
    expect(policy.split("\n")[0]).toBe(`# yaml-language-server: $schema=https://${DOMAIN}/schemas/policy.json`);
  });

  test.each([
    [
      "a merge queue",
      "ref:refs/heads/gh-readonly-queue/main/pr-104-9f3182061f1e2cca4702c368cbc039b7dc9d4485",
      "ref:refs/heads/gh-readonly-queue/main/pr-[0-9]+-[0-9a-f]{40}",
    ],
    ["a release", "ref:refs/tags/v1.22.3", "ref:refs/tags/v[0-9]+\\.[0-9]+\\.[0-9]+"],
    [
      "a release candidate of a part",
      "ref:refs/tags/cli/v1.2.3-rc.1",
      "ref:refs/tags/cli/v[0-9]+\\.[0-9]+\\.[0-9]+-rc\\.1",
    ],
    ["a preview of a pull request", "environment:preview-104", "environment:preview-[0-9]+"],
    ["a pull request by its ref", "ref:refs/pull/104/merge", "ref:refs/pull/[0-9]+/merge"],
  ])("%s: what never comes again is left free, and nothing else", (_, ref, pattern) => {
    const { policy, tested } = fromClaims({ ...claimsOf("github-actions-branch"), sub: `repo:acme/app:${ref}` });
    expect(policy).toContain(`subject_pattern: 'repo:acme/app:${pattern}'\n`);
    expect(tested.code).toBe(0);
  });

  const UUID = "6e9a1a4e-3f0b-4b57-8a36-0d3c0c1fb2a1";
  test.each([
    ["Buildkite", claimsOf("buildkite"), ":commit:[0-9a-f]{40}:step:publish'\n"],
    ["CircleCI", claimsOf("circleci"), "/user/[0-9a-f-]{36}/vcs-origin/github\\.com/"],
    ["Fly.io", claimsOf("outside-service"), "subject_pattern: 'acme:status-page:[a-z0-9-]+'\n"],
    [
      "Bitbucket",
      {
        iss: "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc",
        sub: `{${UUID}}:{${UUID.replace("6", "7")}}`,
        branchName: "main",
      },
      `subject_pattern: '\\{${UUID}\\}:\\{[0-9a-f-]{36}\\}'\nclaim_pattern:\n  branchName: 'main'\n`,
    ],
  ])("%s: the part of one run is left free", (_, claims, text) => {
    const { policy, checked, tested } = fromClaims(claims);
    expect(policy).toContain(text);
    expect([checked.code, tested.code]).toEqual([0, 0]);
  });

  test("ids pin what the subject does not say", () => {
    const classic = fromClaims(claimsOf("github-actions-branch")).policy;
    expect(classic).toContain("claim_pattern:\n  repository_id: '7654321'\n  repository_owner_id: '1234567'\n");
    const immutable = fromClaims(claimsOf("github-actions-immutable-subject")).policy;
    expect(immutable).not.toContain("claim_pattern");
    expect(immutable).toContain("subject: repo:acme@1234567/app@7654321:ref:refs/heads/main\n");
  });

  test("further claims are pinned as they are, at any depth; what comes once is not", () => {
    const pin = "event_name,workflow_ref";
    const { policy, tested } = fromClaims(claimsOf("open-pull-requests"), { pin });
    expect(policy).toContain(
      "  event_name: 'schedule'\n  workflow_ref: 'acme/app/\\.github/workflows/dependencies\\.yml@refs/heads/main'\n",
    );
    expect([tested.code, tested.text.includes("another event_name")]).toEqual([0, true]);
    const tag = "https://sts.amazonaws.com/principal_tags/environment";
    const aws = fromClaims(claimsOf("aws-sts"), { pin: tag });
    expect([aws.policy.includes(`'${tag}': 'production'\n`), aws.tested.code]).toEqual([true, 0]);
    const release = fromClaims(claimsOf("github-actions-tag"), { pin: "ref" });
    expect(release.policy).toContain("  ref: 'refs/tags/v[0-9]+\\.[0-9]+\\.[0-9]+'\n");
    expect(release.tested.code).toBe(0);
  });

  test("the audience is the deployment's; a token for another one is asked for anew", () => {
    const { policy, text } = fromClaims({ ...claimsOf("gitlab"), aud: "https://gitlab.com" });
    expect(policy).not.toContain("audience");
    expect(text).toContain(`ask for one with the audience\n${DOMAIN}`);
    expect(fromClaims(claimsOf("gitlab")).text).not.toContain("another audience");
    expect(fromClaims(claimsOf("azure-managed-identity")).policy).toContain("audience: '5d6c7b8a-");
  });

  test("values that YAML would read as something else, or a pattern as signs, stay what they are", () => {
    for (const sub of [
      "0777",
      "yes",
      "a: b",
      "a #b",
      "it's",
      "{a}:{b}",
      "x ",
      "a\\b",
      '"q"',
      "- a",
      "1.10",
      "null",
      "日本",
    ]) {
      const { code, tested } = fromClaims({ iss: "https://id.example.org/a", sub: sub.trim() });
      expect([sub, code, tested.code]).toEqual([sub, 0, 0]);
    }
    const claims = { ...claimsOf("gitlab"), project_id: "1.5+(a|b)" };
    expect(fromClaims(claims).tested.code).toBe(0);
  });

  test("the environment that the subject needs is said", () => {
    expect(fromClaims(claimsOf("github-actions-environment")).text).toContain("with `environment: production`, which");
    expect(fromClaims(claimsOf("github-actions-branch")).text).not.toContain("environment");
  });

  test("a token is read like its claims, and never shown", () => {
    const payload = btoa(JSON.stringify(claimsOf("gitlab")))
      .replaceAll("=", "")
      .replaceAll("+", "-")
      .replaceAll("/", "_");
    const { code, text } = make(["ci"], { "token-file": "t" }, { "/r/t": `aa.${payload}.bb\n` });
    expect([code, text.includes(payload.slice(0, 30))]).toEqual([0, false]);
  });
});

describe("from what the author knows", () => {
  const settingsOf = (kind: WorkloadKind, isAll: boolean) =>
    Object.entries(kind.fields).flatMap(([field, { example, optional, fallback }]) =>
      isAll || !(optional || fallback) ? [`${field}=${example}`] : [],
    );
  // Nobody outside can ask such a cluster for its keys.
  const keysOf = ({ name }: WorkloadKind) => (name === "kubernetes" ? { jwks: "jwks.json" } : {});

  test.each(
    WORKLOAD_KINDS.flatMap((kind) => [
      [kind.name, "what it needs", kind, false] as const,
      [kind.name, "all of its fields", kind, true] as const,
    ]),
  )("%s: %s makes a policy of that kind, without an error or a warning", (name, _, kind, isAll) => {
    const made = make(["ci", ...settingsOf(kind, isAll)], { kind: name, ...keysOf(kind) }, KEYS);
    const { code, checked, tested, policy, text } = made;
    expect([code, checked.code, tested.code]).toEqual([0, 0, 0]);
    expect(checked.text).toMatch(/: 0 errors, 0 warnings, \d notices?s?\n$/);
    expect(policy).not.toMatch(/\{[a-z_]+\}/);
    expect(/^issuer: (\S+)$/m.exec(policy)?.[1]).toMatch(kind.issuer);
    expect(text).toContain("wrote .github/chainguard/ci.sts.yaml\nwrote .github/chainguard/ci.sts.test.yaml\n");
    expect(text).toContain("Commit both files to the default branch of acme/app");
    expect(text.replaceAll("${{", "")).not.toMatch(/\{(audience|scope|identity|issuer)\}/);
    const optional = Object.values(kind.fields).filter((field) => field.optional);
    for (const { example } of optional)
      expect([example, policy.includes(escapePattern(example))]).toEqual([example, isAll]);
  });

  test("names and numbers in the subject, or names with the numbers beside them", () => {
    const settings = ["owner=acme", "owner_id=1", "repository=app", "repository_id=2", "environment=Production EU"];
    const kind = "github-environment";
    expect(make(["ci", ...settings], { kind }).policy).toContain(
      "subject: 'repo:acme@1/app@2:environment:Production EU'\npermissions:",
    );
    expect(make(["ci", ...settings, "subjects=classic"], { kind }).policy).toContain(
      "subject: 'repo:acme/app:environment:Production EU'\nclaim_pattern:\n  repository_id: '2'\n  repository_owner_id: '1'\n",
    );
    expect(make(["ci", ...settings, "branch=main"], { kind }).policy).toContain("  ref: 'refs/heads/main'\n");
  });

  test("what is given is never a template", () => {
    const kind = "other";
    const { policy, tested } = make(["ci", "issuer=https://id.example.org", "subject={issuer} {subject}"], { kind });
    expect([policy.includes("subject: '{issuer} {subject}'\n"), tested.code]).toEqual([true, 0]);
  });

  test.each([
    ["gitlab", "project_id=x", "project_id must have the form of 53804090"],
    ["gitlab", "branch=a b", "branch must have the form of main"],
    ["gitlab", "ref_type=fork", "ref_type must be one of branch, tag"],
    ["github-branch", "owner=-acme", "owner must have the form of acme"],
    ["github-branch", "workflow=../x.yml", "workflow must have the form of release.yml"],
    ["aws", "role_arn=bot", "role_arn must have the form of arn:aws:iam::123456789012:role/release-bot"],
  ])("%s: %s has not the form", (kind, setting, message) => {
    expect(() => make(["ci", setting], { kind })).toThrow(message);
  });

  test("says what a kind needs, and where to find it", () => {
    const run = () => make(["ci", "project_id=7"], { kind: "gitlab" });
    expect(run).toThrow(
      "needs project_path=... (group and project, as `acme/app`); branch=... (the branch that runs; it must be protected)",
    );
  });
});

describe("an organization policy", () => {
  test("names its repositories", () => {
    const { policy, tested, text } = fromClaims(claimsOf("gitlab"), { scope: "acme", repositories: "app,lib" });
    expect(policy).toContain("repositories: [app, lib]\n");
    expect(text).toContain("default branch of acme/.github");
    expect(text).toContain("scope=acme&identity=ci");
    expect(tested.code).toBe(0);
    expect(fromClaims(claimsOf("gitlab"), { scope: "acme", repositories: "" }).policy).toContain("repositories: []\n");
  });
});

describe("nothing is written", () => {
  test.each<readonly [string, readonly string[], RawOptions, string]>([
    ["without an identity", [], { claims: "c.json" }, "needs an identity"],
    ["for an identity that nobody can ask for", ["a b"], { claims: "c.json" }, "it has other characters"],
    ["for a climb", ["../x"], { claims: "c.json" }, "a part of it is empty"],
    ["without a source", ["ci"], {}, "one of --claims, --token-file, --kind"],
    ["from two sources", ["ci"], { claims: "c.json", kind: "gitlab" }, "one of --claims, --token-file, --kind"],
    ["from claims and fields", ["ci", "branch=main"], { claims: "c.json" }, "one of --claims, --token-file, --kind"],
    ["for an unknown kind", ["ci"], { kind: "jenkins" }, 'unknown kind "jenkins"; known are github-branch,'],
    ["for an unknown field", ["ci", "constructor=x"], { kind: "gitlab" }, 'has no "constructor"'],
    ["without a scope", ["ci"], { claims: "c.json", scope: "" }, "needs --scope"],
    ["for a scope of three", ["ci"], { claims: "c.json", scope: "a/b/c" }, "needs --scope"],
    ["for an organization without repositories", ["ci"], { claims: "c.json", scope: "acme" }, "needs --repositories"],
    ["for permissions in another form", ["ci"], { claims: "c.json", permissions: "contents" }, "--permissions must be"],
    ["with a claim of one run", ["ci"], { claims: "c.json", pin: "jti" }, '"jti" is no claim of the token that stays'],
    [
      "with a claim that is not there",
      ["ci"],
      { claims: "c.json", pin: "x" },
      '"x" is no claim of the token that stays',
    ],
    ["with claims of no token", ["ci"], { kind: "gitlab", pin: "ref" }, "--pin needs a token"],
    ["for claims without a subject", ["ci"], { claims: "n.json" }, "no `sub`"],
    ["for claims that are none", ["ci"], { claims: "l.json" }, "no claims with `iss` and `sub`"],
  ])("%s", (_, operands, values, message) => {
    const files = {
      "/r/c.json": JSON.stringify(claimsOf("gitlab")),
      "/r/n.json": '{"iss": "https://a.example.org"}',
      "/r/l.json": "[]",
    };
    const run = () => make(operands, values, files);
    expect(run).toThrow(Unusable);
    expect(run).toThrow(message);
  });

  test("over what is there", () => {
    for (const name of ["ci.sts.yaml", "ci.sts.test.yaml"]) {
      const there = { [`${OUT}/${name}`]: "mine" };
      expect(() => fromClaims(claimsOf("gitlab"), {}, there)).toThrow(`.github/chainguard/${name} is there already`);
    }
  });

  test("for a policy that could never match: it is told what is missing", () => {
    const { code, text, policy } = fromClaims(claimsOf("kubernetes"));
    expect([code, policy]).toEqual([1, ""]);
    expect(text).toContain("Give the issuer's key set with --jwks FILE.");
    expect(fromClaims(claimsOf("gitlab"), { permissions: "pull-requests:write" }).text).toContain("did you mean");
  });
});
