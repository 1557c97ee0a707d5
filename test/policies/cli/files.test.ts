/**
 * Names of files, origins of repositories, test files, and lines of 80 columns.
 */

import { expect, test } from "vitest";
import { checkPolicy } from "../../../policies/check.ts";
import { claimsOfVerifiedToken } from "../../../policies/claims.ts";
import { painter, wrap } from "../../../policies/cli/layout.ts";
import { readOrigin } from "../../../policies/cli/place.ts";
import { parseTestFile } from "../../../policies/cli/test-file.ts";
import { runTests } from "../../../policies/cli/test-run.ts";
import { parseToken } from "../../../policies/cli/token.ts";
import { roleOfFile } from "../../../policies/file-names.ts";
import { DEFAULT_RULES } from "../judge.ts";

test.each([
  [".github/chainguard/a.sts.yaml", "policy a"],
  [".github/chainguard/sub/a.b_c-d.sts.yaml", "policy sub/a.b_c-d"],
  [".github/chainguard/a.sts.test.yaml", "test"],
  [".github/chainguard/README.md", "other"],
  [".github/workflows/a.yaml", "other"],
  ["a.sts.test.yaml", "test"],
  [".github/chainguard/.sts.yaml", "never_read name it `name.sts.yaml`"],
  [".github/chainguard/11 space.sts.yaml", "never_read name it `11-space.sts.yaml`"],
  [".github/chainguard/Über uns/(x).sts.yaml", "never_read name it `Uber-uns/-x-.sts.yaml`"],
  [".github/chainguard/日本.sts.yaml", "never_read name it `name.sts.yaml`"],
  [`.github/chainguard/${"a".repeat(201)}.sts.yaml`, `never_read name it \`${"a".repeat(200)}.sts.yaml\``],
  [".github/chainguard/a.yaml", "never_read name it a.sts.yaml"],
  [".github/chainguard/a.sts.yml", "never_read name it a.sts.yaml"],
  [".github/chainguard/a-sts.yaml", "never_read name it a.sts.yaml"],
  [".github/chainguard/a.sts.yaml.yml", "never_read name it a.sts.yaml"],
  [".github/chainguard/a.sts", "never_read name it a.sts.yaml"],
  [".github/chainguard/a.json", "never_read name it a.sts.yaml"],
  [".github/chainguard/self.stale.yaml", "never_read name it self.stale.sts.yaml"],
  [".github/chainguard/trusted-token-issuers.yaml", "never_read move it there, or remove it"],
  [".github/chainguard/trusted-issuers.yml", "never_read name it trusted-token-issuers.yaml"],
  ["chainguard/a.sts.yaml", "never_read move it to .github/chainguard/a.sts.yaml"],
])("%s is %s", (path, wanted) => {
  const role = roleOfFile(path, false);
  const more = role.role === "policy" ? ` ${role.identity}` : role.role === "never_read" ? ` ${role.suggestion}` : "";
  expect(`${role.role}${more}`).toBe(wanted);
});

test("the list of trusted issuers is one in the policy repository, at the top of the directory alone", () => {
  expect(roleOfFile(".github/chainguard/trusted-token-issuers.yaml", true)).toEqual({ role: "trusted_issuers" });
  expect(roleOfFile(".github/chainguard/sub/trusted-token-issuers.yaml", true).role).toBe("never_read");
});

test.each([
  ["git@github.com:acme/.github.git", { owner: "acme", repository: ".github" }],
  ["https://github.com/acme/app", { owner: "acme", repository: "app" }],
  ["ssh://git@ghe.example:22/acme/app.git/", { owner: "acme", repository: "app" }],
  ["/srv/git", undefined],
])("the origin %s is %o", (url, wanted) => {
  const other = '[remote "fork"]\n\turl = git@github.com:me/mine.git\n';
  expect(readOrigin(`[core]\n\tbare = false\n${other}[remote "origin"]\n\tfetch = x\n\turl = ${url}\n`)).toEqual(
    wanted,
  );
  expect(readOrigin(other)).toBeUndefined();
});

test("lines are wrapped at words, and longer words cut", () => {
  expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
  expect(wrap("a bcdefghij k", 4)).toEqual(["a", "bcde", "fghi", "j k"]);
  expect(painter(true)("red", "x")).toBe("\u001b[31mx\u001b[0m");
});

test("a payload is read, or told to be none without its content", () => {
  const token = (payload: string) =>
    `aa.${btoa(payload).replaceAll("=", "").replaceAll("+", "-").replaceAll("/", "_")}.bb`;
  expect(parseToken(token('{"sub":"s","__proto__":{"iss":"x"}}'))).toMatchObject({ ok: true, claims: { sub: "s" } });
  const read = parseToken(token('{"sub":"s","__proto__":{"iss":"x"}}'));
  expect(read.ok && [Object.hasOwn(read.claims, "__proto__"), "iss" in read.claims]).toEqual([true, false]);
  for (const bad of ["", "a.b", "aa.!!.bb", token("[1]"), token("nope"), token('"secret"'), "aa.__8.bb"]) {
    const payload = parseToken(bad);
    expect([bad, payload.ok]).toEqual([bad, false]);
    expect(payload.ok || payload.message).not.toContain("secret");
  }
});

const FULL = `scope: acme/app
tokens:
  - name: one
    claims: {iss: a, n: 7, yes: true, text: "7", big: "12345678901234567890"}
    expect: allow
  - name: two
    like: one
    claims: {n: null}
    expect: deny
    fails: claim_pattern.n
`;

test("a test file keeps the types of claims", () => {
  const parsed = parseTestFile(FULL);
  expect(parsed.ok && parsed.value.tokens[0]?.claims).toEqual({
    iss: "a",
    n: 7,
    yes: true,
    text: "7",
    big: "12345678901234567890",
  });
  expect(parsed.ok && parsed.value.scope).toEqual({ owner: "acme", repository: "app" });
  expect(parsed.ok && parsed.value.tokens[1]?.at).toEqual({ line: 6, column: 5 });
});

test.each([
  ["an unknown key", "expect: allow", "expects: allow", "5:5 unknown key `tokens[0].expects`"],
  ["an unknown key of the file", "scope:", "scopes:", "1:1 unknown key `scopes`"],
  ["another outcome", "expect: deny", "expect: refuse", "9:5 `tokens[1].expect` must be `allow` or `deny`"],
  ["no such clause", "claim_pattern.n", "claims.n", "10:5 `tokens[1].fails` must be issuer"],
  ["a denial at no clause", "    fails: claim_pattern.n\n", "", "6:5 a token that is denied needs `fails`"],
  [
    "a number that is not exact",
    '"12345678901234567890"',
    "12345678901234567890",
    "4:5 the number at big is not exact",
  ],
  ["a like that comes later", "like: one", "like: two", '7:5 no token before this one is named "two"'],
  ["a name twice", "name: two", "name: one", '6:5 two tokens are named "one"'],
  ["a key twice", "like: one", "name: three", "7:5 not valid YAML"],
  ["claims that are a list", "{n: null}", "[n]", "8:5 `tokens[1].claims` must be a mapping of claims"],
])("%s is told with its place", (_name, from, to, wanted) => {
  const parsed = parseTestFile(FULL.replace(from, to));
  const told = parsed.ok ? [] : parsed.diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`);
  expect(told.find((fault) => fault.startsWith(wanted)) === undefined ? told : []).toEqual([]);
  expect(told).not.toEqual([]);
});

test("expectations of warnings, grants and claims are compared exactly", () => {
  const policyText =
    "issuer: https://i.example\nsubject: s\nclaim_pattern: {number: '7', __proto__: x}\npermissions: {contents: read}\n";
  const setting = { kind: "repository", owner: "acme", domain: "d.example", rules: DEFAULT_RULES } as const;
  const { policy, diagnostics } = checkPolicy(policyText, setting);
  const text = `warnings: [no-such-rule]
grants: {permissions: {contents: write}}
tokens:
  - name: good
    claims: {iss: https://i.example, sub: s, aud: d.example, number: 7, __proto__: x}
    expect: allow
  - {name: without, like: good, claims: {__proto__: null}, expect: deny, fails: claim_pattern.__proto__}
  - {name: wrong, like: good, claims: {sub: t}, expect: deny, fails: issuer}
  - {name: let in, like: good, expect: deny, fails: issuer}
  - {name: a file, claims_file: c.json, expect: deny, fails: issuer}
  - {name: no file, claims_file: d.json, expect: deny, fails: issuer}
`;
  const parsed = parseTestFile(text);
  if (!parsed.ok || policy === undefined) throw new Error(JSON.stringify(parsed));
  const files = new Map([["c.json", claimsOfVerifiedToken({ iss: "https://x.example", sub: "s", aud: "d.example" })]]);
  const outcomes = runTests({
    test: parsed.value,
    policy,
    domain: "d.example",
    diagnostics: diagnostics.slice(0, 0),
    files,
  });
  expect(outcomes.map(({ name, passed, message }) => [name, passed, message])).toEqual([
    ["good", true, ""],
    ["without", true, ""],
    ["wrong", false, "expected to be denied at issuer, but it was denied at subject"],
    ["let in", false, "expected to be denied at issuer, but it was allowed"],
    ["a file", true, ""],
    ["no file", false, "d.json was not read"],
    ["warnings", false, "expected no-such-rule, but lint says no warnings"],
    [
      "grants",
      false,
      "expected contents: write on its own repository, but the policy grants contents: read on its own repository",
    ],
  ]);
});
