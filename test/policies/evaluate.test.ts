/**
 * Verdicts, traces, grants and what a deployment refuses.
 */

import { describe, expect, test } from "vitest";
import { claimsOfVerifiedToken } from "../../policies/claims.ts";
import { evaluate } from "../../policies/evaluate.ts";
import { fetchTarget } from "../../policies/fetch-target.ts";
import { grantOf, isAppAllowed } from "../../policies/grant.ts";
import {
  type CompiledPolicy,
  compilePolicy,
  deploymentDiagnostics,
  parsePolicy,
  readDocument,
} from "../../policies/parse.ts";
import { DEFAULT_RULES } from "./judge.ts";

function policyOf(text: string, kind: "repository" | "organization" = "organization"): CompiledPolicy {
  const parsed = parsePolicy(text, { kind, owner: "acme" });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
  return parsed.value;
}

const TEXT = `issuer: https://id.example.com
subject_pattern: repo:acme/.*
claim_pattern:
  ref: refs/heads/(main|dev)
  groups: admins
max_token_lifetime: 600
permissions:
  contents: read
  issues: write
`;
const CLAIMS = {
  iss: "https://id.example.com",
  sub: "repo:acme/app:ref:refs/heads/main",
  aud: ["other", "sts.example.com"],
  ref: "refs/heads/main",
  groups: ["users", "admins"],
  iat: 1_000,
  exp: 1_600,
};
const DOMAIN = { domain: "sts.example.com" };
const verdictFor = (text: string, claims: Record<string, unknown>) =>
  evaluate(policyOf(text), claimsOfVerifiedToken(claims), DOMAIN);

test("a token that fits: one entry for each clause, in order", () => {
  const verdict = verdictFor(TEXT, CLAIMS);
  expect(verdict).toMatchObject({ allow: true, code: 0 });
  expect(verdict.failed).toBeUndefined();
  expect(verdict.trace).toEqual([
    {
      clause: "fields",
      name: "iss",
      expected: { kind: "format", value: "issuer URL" },
      actual: CLAIMS.iss,
      passed: true,
    },
    { clause: "fields", name: "sub", expected: { kind: "format", value: "subject" }, actual: CLAIMS.sub, passed: true },
    {
      clause: "fields",
      name: "aud",
      expected: { kind: "format", value: "audience" },
      actual: CLAIMS.aud,
      passed: true,
    },
    { clause: "issuer", name: "iss", expected: { kind: "exact", value: CLAIMS.iss }, actual: CLAIMS.iss, passed: true },
    {
      clause: "subject",
      name: "sub",
      expected: { kind: "pattern", value: "repo:acme/.*" },
      actual: CLAIMS.sub,
      passed: true,
    },
    {
      clause: "audience",
      name: "aud",
      expected: { kind: "any_of", value: "sts.example.com https://sts.example.com" },
      actual: CLAIMS.aud,
      passed: true,
    },
    {
      clause: "claim",
      name: "groups",
      expected: { kind: "pattern", value: "admins" },
      actual: CLAIMS.groups,
      passed: true,
    },
    {
      clause: "claim",
      name: "ref",
      expected: { kind: "pattern", value: "refs/heads/(main|dev)" },
      actual: CLAIMS.ref,
      passed: true,
    },
    {
      clause: "max_token_lifetime",
      name: "exp - iat",
      expected: { kind: "at_most", value: "600" },
      actual: "600",
      passed: true,
    },
  ]);
});

test.each<
  readonly [
    name: string,
    change: Record<string, unknown>,
    clause: string,
    field: string,
    code: number,
    why: string,
    actual: unknown,
  ]
>([
  ["an ill-formed issuer", { iss: "id.example.com" }, "fields", "iss", 3, "ill_formed", "id.example.com"],
  ["an ill-formed subject", { sub: "a\tb" }, "fields", "sub", 3, "ill_formed", "a\tb"],
  [
    "one ill-formed audience",
    { aud: ["sts.example.com", "a b"] },
    "fields",
    "aud",
    3,
    "ill_formed",
    ["sts.example.com", "a b"],
  ],
  ["another issuer", { iss: "https://id.example.co" }, "issuer", "iss", 7, "no_match", "https://id.example.co"],
  ["another subject", { sub: "xrepo:acme/app" }, "subject", "sub", 7, "no_match", "xrepo:acme/app"],
  ["another audience", { aud: "sts.example.org" }, "audience", "aud", 7, "no_match", ["sts.example.org"]],
  ["no audience", { aud: undefined }, "audience", "aud", 7, "absent", undefined],
  ["a claim that is absent", { ref: undefined }, "claim", "ref", 7, "absent", undefined],
  ["a claim that is null", { ref: null }, "claim", "ref", 7, "not_string", undefined],
  ["a claim with a tail", { ref: "refs/heads/main2" }, "claim", "ref", 7, "no_match", "refs/heads/main2"],
  ["a list without a match", { groups: ["users", ["admins"]] }, "claim", "groups", 7, "no_match", ["users"]],
  ["an empty list", { groups: [] }, "claim", "groups", 7, "not_string", []],
  ["a lifetime of a second too long", { exp: 1_601 }, "max_token_lifetime", "exp - iat", 7, "too_long", "601"],
  ["no time of issue", { iat: undefined }, "max_token_lifetime", "exp - iat", 7, "absent", undefined],
  ["a time of issue in text", { iat: "1000" }, "max_token_lifetime", "exp - iat", 7, "absent", undefined],
])("%s", (_, change, clause, name, code, why, actual) => {
  const claims = JSON.parse(JSON.stringify({ ...CLAIMS, ...change }));
  const verdict = verdictFor(TEXT, claims);
  expect(verdict).toMatchObject({ allow: false, code, failed: { clause, name, passed: false, why } });
  expect(verdict.failed?.actual).toEqual(actual);
});

test("the first clause that fails decides, and the trace tells the others", () => {
  const verdict = verdictFor(TEXT, { ...CLAIMS, sub: "x", ref: "x" });
  expect(verdict.failed?.clause).toBe("subject");
  expect(verdict.trace.filter(({ passed }) => !passed).map(({ name }) => name)).toEqual(["sub", "ref"]);
});

test("fields of the prototype are none of the token's", () => {
  const claims = Object.create({ ...CLAIMS });
  expect(evaluate(policyOf(TEXT), claimsOfVerifiedToken(claims), DOMAIN)).toMatchObject({ allow: false, code: 3 });
});

const HEAD = "issuer: https://id.example.com\nsubject: x\npermissions: {contents: read}\n";
const OWNER = { owner: "acme", policyRepository: ".github" };

test.each<
  readonly [
    name: string,
    keys: string,
    kind: "repository" | "organization",
    repository: string | undefined,
    repositories: unknown,
  ]
>([
  ["a repository's policy grants the repository of the scope", "", "repository", "App", ["App"]],
  ["no list: everything for the owner", "", "organization", undefined, "all"],
  ["no list: the policy repository for itself", "", "organization", ".GitHub", [".github"]],
  ["null is no list", "repositories: ~\n", "organization", ".github", [".github"]],
  ["an empty list: everything", "repositories: []\n", "organization", ".github", "all"],
  ["a list", "repositories: [app, ACME/lib, app]\n", "organization", undefined, ["app", "lib"]],
])("%s", (_, keys, kind, repository, repositories) => {
  const scope = repository === undefined ? OWNER : { ...OWNER, repository };
  const grant = grantOf(policyOf(HEAD + keys, kind), scope);
  expect(grant.repositories).toEqual(repositories);
  expect({ ...grant.permissions }).toEqual({ contents: "read" });
});

const faultsUnder = (text: string, kind: "repository" | "organization", rules: Partial<typeof DEFAULT_RULES>) =>
  deploymentDiagnostics(policyOf(text, kind), { ...DEFAULT_RULES, ...rules }).map(
    ({ path, line, column }) => `${line}:${column} ${path}`,
  );
const MEMBERS = (level: string) =>
  `issuer: https://id.example.com\nsubject: x\npermissions:\n  contents: read\n  members: ${level}\n`;

test.each<readonly [level: string, rule: "none" | "read" | "any", diagnostics: readonly string[]]>([
  ["read", "none", ["5:3 permissions.members"]],
  ["read", "read", []],
  ["write", "read", ["5:3 permissions.members"]],
  ["write", "any", []],
])("members: %s in a repository's policy where %s is allowed", (level, organizationPermissions, diagnostics) => {
  expect(faultsUnder(MEMBERS(level), "repository", { organizationPermissions })).toEqual(diagnostics);
  expect(faultsUnder(MEMBERS(level), "organization", { organizationPermissions })).toEqual([]);
});

test("repositories may be required, and an empty list is an answer", () => {
  expect(faultsUnder(HEAD, "organization", { requireRepositories: true })).toEqual(["1:1 repositories"]);
  expect(faultsUnder(`${HEAD}repositories: []\n`, "organization", { requireRepositories: true })).toEqual([]);
  expect(faultsUnder(HEAD, "repository", { requireRepositories: true })).toEqual([]);
});

const KEY = "{kty: OKP, crv: Ed25519, x: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo}";

test("inline keys: off, or of an issuer that publishes its own", () => {
  const known = `issuer: https://gitlab.com\nsubject: x\npermissions: {contents: read}\njwks: {keys: [${KEY}]}\n`;
  expect(faultsUnder(known, "repository", {})).toEqual(["4:1 jwks"]);
  expect(faultsUnder(`${HEAD}jwks: {keys: [${KEY}]}\n`, "repository", { inlineJwks: false })).toEqual(["4:1 jwks"]);
  expect(faultsUnder(`${HEAD}jwks: {keys: [${KEY}]}\n`, "repository", {})).toEqual([]);
});

describe("an issuer that is never asked", () => {
  const askedAt = (issuer: string, extra = "", rules: Partial<typeof DEFAULT_RULES> = {}) => {
    const mayBeAsked = (text: string) =>
      fetchTarget(text, { allowLoopback: false, stsDomain: "sts.example.com" }) !== undefined;
    const text = `issuer: ${issuer}\nsubject: x\npermissions: {contents: read}\n${extra}`;
    return faultsUnder(text, "repository", { mayBeAsked, ...rules });
  };

  test.each([
    "https://kubernetes.default.svc.cluster.local",
    "https://kubernetes.default.svc",
    "https://kubernetes",
    "https://10.0.0.5:6443",
    "https://[fd00::1]",
    "https://build.internal/oidc",
    "https://sts.example.com",
    "http://localhost:8080",
  ])("needs keys in the policy: %s", (issuer) => {
    expect(askedAt(issuer)).toEqual(["1:1 issuer"]);
    expect(askedAt(issuer, `jwks: {keys: [${KEY}]}\n`)).toEqual([]);
  });

  test("is none that is public, nor one of a pattern, nor one that is no issuer at all, which lint tells", () => {
    expect(askedAt("https://id.example.com:8443/a")).toEqual([]);
    expect(askedAt("id.example.com")).toEqual([]);
    const pattern = "issuer_pattern: 'https://kubernetes\\.default'\nsubject: x\npermissions: {contents: read}\n";
    expect(faultsUnder(pattern, "repository", { mayBeAsked: () => false })).toEqual([]);
  });

  test("is asked where the deployment allows it", () => {
    expect(askedAt("http://localhost:8080", "", { mayBeAsked: () => true })).toEqual([]);
  });
});

describe("permissions that the table lacks", () => {
  const policy = (level = "write") => `${HEAD.replace("contents: read", `issue_types: ${level}`)}`;

  test("are refused, unless the deployment names them", () => {
    expect(faultsUnder(policy(), "organization", {})).toEqual(["3:15 permissions.issue_types"]);
    expect(faultsUnder(policy(), "organization", { extraPermissions: ["issue_types"] })).toEqual([]);
    expect(faultsUnder(policy("admin"), "organization", { extraPermissions: ["issue_types"] })).toEqual([]);
    expect(faultsUnder(policy(), "organization", { extraPermissions: ["issues", "issue_type"] })).toHaveLength(1);
  });

  test("count as organization-wide", () => {
    const rules = { extraPermissions: ["issue_types"] };
    expect(faultsUnder(policy(), "repository", rules)).toEqual(["3:15 permissions.issue_types"]);
    expect(faultsUnder(policy("read"), "repository", rules)).toEqual([]);
    expect(faultsUnder(policy("read"), "repository", { ...rules, organizationPermissions: "none" })).toHaveLength(1);
    expect(faultsUnder(policy(), "repository", { ...rules, organizationPermissions: "any" })).toEqual([]);
  });

  test("have GitHub's levels, and the form of a name", () => {
    const parse = (entry: string) =>
      parsePolicy(HEAD.replace("contents: read", entry), { kind: "repository", owner: "acme" });
    expect(
      ["issue_types: all", "issue-types: read", "Issue_types: read", "id_token: write", "x: read"].map(parse),
    ).toEqual(Array(5).fill(expect.objectContaining({ ok: false })));
  });
});

describe("the Apps that a policy lets mint", () => {
  const APPS = [{ id: "7", name: "ci" }, { id: "77", name: "releases" }, { id: "8" }, { id: "9", name: "release-eu" }];
  const allowed = (line: string) =>
    APPS.filter((app) => isAppAllowed(policyOf(`${HEAD}${line}`), app)).map(({ id }) => id);

  test.each([
    ["", ["7", "77", "8", "9"]],
    ["app:\n", ["7", "77", "8", "9"]],
    ["app: ci\n", ["7"]],
    ["app: CI\n", []],
    ["app: 7\n", ["7"]],
    ["app: releases?\n", []],
    ["app_pattern: 'release(s|-[a-z]+)'\n", ["77", "9"]],
    ["app_pattern: release\n", []],
    ["app_pattern: '[78]'\n", ["7", "8"]],
    ["app_pattern: .*\n", ["7", "77", "8", "9"]],
  ])("by %j are %j", (line, ids) => {
    expect(allowed(line)).toEqual(ids);
  });

  test("must be of the deployment, where it is known", () => {
    expect(faultsUnder(`${HEAD}app: nightly\n`, "repository", {})).toEqual([]);
    expect(faultsUnder(`${HEAD}app: nightly\n`, "repository", { apps: APPS })).toEqual(["4:1 app"]);
    expect(faultsUnder(`${HEAD}app_pattern: night.*\n`, "repository", { apps: APPS })).toEqual(["4:1 app_pattern"]);
    expect(faultsUnder(`${HEAD}app: ci\n`, "repository", { apps: APPS })).toEqual([]);
    expect(faultsUnder(`${HEAD}app: ci\n`, "repository", { apps: [] })).toEqual(["4:1 app"]);
    expect(faultsUnder(HEAD, "repository", { apps: [] })).toEqual([]);
  });

  test("are named once, by a pattern that is legal", () => {
    const parse = (line: string) => parsePolicy(`${HEAD}${line}`, { kind: "repository", owner: "acme" }).ok;
    expect(["app: a\napp_pattern: b\n", "app_pattern: '('\n", "app: [a]\n"].map(parse)).toEqual([false, false, false]);
  });

  test("stay pinned when the policy comes from a cache", () => {
    const { document } = policyOf(`${HEAD}app_pattern: c.\n`);
    const returned = readDocument(JSON.parse(JSON.stringify(document)));
    const policy = compilePolicy(returned ?? policyOf(HEAD).document);
    expect(APPS.filter((app) => isAppAllowed(policy, app)).map(({ id }) => id)).toEqual(["7"]);
  });
});

test("a policy from a cache means the same, without positions", () => {
  const { document } = policyOf(MEMBERS("write"), "repository");
  const returned = readDocument(JSON.parse(JSON.stringify(document)));
  const policy = compilePolicy(returned ?? document);
  expect(returned).toEqual(document);
  expect(deploymentDiagnostics(policy, DEFAULT_RULES).map(({ line, column }) => [line, column])).toEqual([[0, 0]]);
});

test.each([
  ["nothing", undefined],
  ["text", "policy"],
  ["another format", { ...policyOf(HEAD).document, format: 0 }],
  ["a key too many", { ...policyOf(HEAD).document, extra: 1 }],
  ["no permissions", { ...policyOf(HEAD).document, permissions: [] }],
  ["a matcher of another kind", { ...policyOf(HEAD).document, issuer: { kind: "glob", value: "*" } }],
])("%s in a cache is a miss", (_, value) => {
  expect(readDocument(value)).toBeUndefined();
});

test("positions of keys and values", () => {
  const { locate } = policyOf(`${TEXT}repositories:\n  - app\n`);
  expect(locate("claim_pattern.ref", "key")).toEqual({ line: 4, column: 3 });
  expect(locate("claim_pattern.ref")).toEqual({ line: 4, column: 8 });
  expect(locate("permissions.issues")).toEqual({ line: 9, column: 11 });
  expect(locate("repositories[0]")).toEqual({ line: 11, column: 5 });
  expect(locate("audience")).toBeUndefined();
});
