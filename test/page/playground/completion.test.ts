/** What the editor offers where the cursor (`|`) stands. */

import { expect, test } from "vitest";
import { type KnownNames, offersAt } from "../../../worker/page/editor/completion.ts";

const KNOWN: KnownNames = {
  file: "repository",
  claims: {
    iss: "https://issuer.acme.dev",
    sub: "ci: me",
    environment: "prod-1.2",
    "kubernetes.io": { namespace: "build" },
  },
  domain: "sts.acme.dev",
  apps: ["ci"],
};
const GITHUB = "issuer: https://token.actions.githubusercontent.com\n";

function offered(marked: string, known: Partial<KnownNames> = {}) {
  const at = marked.indexOf("|");
  const found = offersAt(marked.replace("|", ""), at, { ...KNOWN, ...known });
  const replaced = marked.slice(found?.from ?? at, at);
  return { replaced, labels: found?.offers.map(({ label }) => label) ?? [], offers: found?.offers ?? [] };
}

test.each([
  ["keys that are not there yet", `${GITHUB}su|`, ["subject", "subject_pattern"], ["issuer", "repositories"]],
  ["issuers, the token's first", "issuer: ht|", ["https://issuer.acme.dev", "https://gitlab.com"], []],
  [
    "the token's subject and the issuer's forms",
    `${GITHUB}subject: |`,
    ["ci: me", "repo:OWNER/REPOSITORY:pull_request"],
    [],
  ],
  [
    "claims of the token by path, and of the issuer",
    `${GITHUB}claim_pattern:\n  |`,
    ["kubernetes.io/namespace", "job_workflow_ref"],
    ["sub"],
  ],
  ["a claim's values", `${GITHUB}claim_pattern:\n  event_name: pu|`, ["push"], []],
  ["the token's value of a claim, as a pattern", `${GITHUB}claim_pattern:\n  environment: |`, ["prod-1\\.2"], []],
  ["permissions that an App can have", "permissions:\n  con|", ["contents", "pull_requests"], ["emails", "id-token"]],
  ["their levels", "permissions:\n  organization_projects: |", ["read", "write", "admin"], []],
  ["in brackets, too", "permissions: {contents: read, iss|", ["issues"], []],
  ["levels in brackets", "permissions: {contents: |", ["read", "write"], ["admin"]],
  ["the audience of the deployment", "audience: |", ["sts.acme.dev"], []],
  ["Apps", "app: |", ["ci"], []],
])("%s", (_name, marked, some, none) => {
  const { labels } = offered(marked);
  expect(labels).toEqual(expect.arrayContaining(some));
  for (const label of none) expect(labels).not.toContain(label);
});

test("what stands there is replaced, and what is no plain text is quoted", () => {
  expect(offered(`${GITHUB}su|`).replaced).toBe("su");
  expect(offered("permissions: {con|").replaced).toBe("con");
  expect(offered("subject: |").offers[0]).toMatchObject({ label: "ci: me", insert: "'ci: me'" });
});

test("an organization's policy names repositories, a list of issuers has keys of its own", () => {
  expect(offered("re|", { file: "organization" }).labels).toContain("repositories");
  expect(offered("|", { file: "issuers" }).labels).toEqual(["mode", "issuers", "issuer_patterns"]);
  expect(offered("mode: |", { file: "issuers" }).labels).toEqual(["enforce", "audit"]);
  expect(offered("issuers:\n  - |", { file: "issuers" }).labels).toContain("https://gitlab.com");
});

test("nothing where nothing is known", () => {
  for (const marked of ["description: a|", "# a comm|", "jwks:\n  keys:\n    - kt|", "claim_pattern:\n  a:\n    b|"])
    expect([marked, offered(marked).labels]).toEqual([marked, []]);
});
