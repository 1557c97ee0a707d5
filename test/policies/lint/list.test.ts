/** Lint of the organization's list of trusted issuers. */

import { describe, expect, test } from "vitest";
import { parseTrustedIssuers } from "../../../policies/issuers.ts";
import { lintTrustedIssuers } from "../../../policies/lint/lint.ts";

const ID = "https://id.acme.dev";

function lint(list: Readonly<Record<string, unknown>>) {
  const parsed = parseTrustedIssuers(JSON.stringify(list, null, 2));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
  return lintTrustedIssuers(parsed.value).map(({ id, path, severity }) => `${severity} ${id} ${path}`);
}

const patterns = (...issuer_patterns: readonly string[]) => ({ issuer_patterns });

describe("fires", () => {
  test.each([
    ["notice audit-mode mode", { mode: "audit", issuers: [ID] }],
    ["notice audit-mode mode", { mode: "audit", ...patterns("https://[a-z]+\\.acme\\.dev") }],
    ["notice duplicate-issuer issuers[1]", { issuers: [ID, ID] }],
    ["notice duplicate-issuer issuers[0]", { issuers: [ID], ...patterns("https://[a-z]+\\.acme\\.dev") }],
    ["warning issuer-of-anyone issuer_patterns[0]", patterns("https://[^/]+")],
    ["warning issuer-of-anyone issuer_patterns[0]", patterns("https://[^/]*acme\\.dev")],
    ["warning issuer-of-any-customer issuer_patterns[0]", patterns("https://[^/]+\\.auth0\\.com/")],
    [
      "warning issuer-of-any-customer issuer_patterns[0]",
      patterns("https://oidc\\.eks\\.eu-west-1\\.amazonaws\\.com/id/[0-9A-F]{32}"),
    ],
    ["warning placeholder issuers[0]", { issuers: ["https://id.example.com"] }],
    ["warning issuer-misspelt issuers[0]", { issuers: ["https://token.actions.githubusercontent.com/"] }],
    ["warning issuer-misspelt issuers[0]", { issuers: ["https://sts.amazonaws.com"] }],
    ["warning matches-nothing issuer_patterns[0]", patterns("https://id\\.acme\\.dev/\\?[a-z]+")],
  ])("%s", (expected, list) => {
    expect(lint(list)).toEqual([expected]);
  });
});

describe("silent", () => {
  test.each([
    { issuers: [ID, "https://token.actions.githubusercontent.com"] },
    { mode: "enforce", issuers: [ID] },
    patterns("https://id\\.acme\\.dev"),
    patterns("https://[a-z]+\\.acme\\.dev", "https://id\\.acme\\.(?:com|net)"),
    // The list's patterns mean the same in octo-sts, alternation or not.
    patterns("https://a\\.acme\\.dev|https://b\\.acme\\.dev"),
    { issuers: [ID], ...patterns("https://[a-z]+\\.acme\\.com") },
    patterns("https://container\\.googleapis\\.com/v1/projects/acme/locations/[^/]+/clusters/[^/]+"),
  ])("%j", (list) => {
    expect(lint(list)).toEqual([]);
  });
});
