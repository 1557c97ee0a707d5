/**
 * What people have at hand is read as it is: tokens, claims, a job's log, refusals; and nothing that is read makes the reader fail.
 */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Evidence, readEvidence } from "../../../policies/cli/evidence.ts";
import { type RefusedClause, refusedClause } from "../../../policies/cli/refused-clause.ts";

const CLAIMS = {
  iss: "https://token.actions.githubusercontent.com",
  sub: "repo:acme/app:ref:refs/heads/main",
  aud: "sts.example.com",
  note: 'a "quoted" } {\\ and \ttab',
  "kubernetes.io": { pod: { name: "x" } },
};
const TOKEN = `eyJhbGciOiJSUzI1NiJ9.${btoa(JSON.stringify(CLAIMS)).replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_")}.c2ln`;
const REFUSAL = {
  code: 7,
  message: 'trust policy: subject "repo:acme/app:pull_request" did not match',
  details: [],
  reason: "subject_mismatch",
  request_id: "1",
};

/** As octo-sts/action prints claims, and its failure; what stands around it is GitHub's. */
const ACTION = [
  "Run octo-sts/action@v1.1.0",
  "  with:",
  "    scope: acme/app",
  '    identity: "odd { name"',
  "::group::OIDC Token Claims",
  ...JSON.stringify(CLAIMS, undefined, 2).split("\n"),
  "::endgroup::",
  `Attempt 1 failed for URL: https://sts.example.com/sts/exchange. Error: HTTP error! status: 403, body: ${JSON.stringify(REFUSAL)}`,
  `::error::Error: OctoSTS fetch failed: {"not": "closed`,
];
const lines = (prefix: string, text: readonly string[] = ACTION) => text.map((line) => `${prefix}${line}`).join("\n");

const claimsOf = (evidence: Evidence) => (evidence.ok ? evidence.claims : evidence.message);
const refusalOf = (evidence: Evidence) => (evidence.ok ? evidence.refusal : evidence.message);

describe("claims are found in", () => {
  const TIME = "2026-11-25T05:30:15.1234567Z ";
  test.each<readonly [string, string]>([
    ["claims as JSON", JSON.stringify(CLAIMS)],
    ["claims as JSON, over lines", `\n${JSON.stringify(CLAIMS, undefined, "\t")}\n`],
    ["a token", TOKEN],
    ["a token in a header", `curl -H "Authorization: Bearer ${TOKEN}" https://sts.example.com`],
    ["a token in a variable", `export OIDC_TOKEN=${TOKEN}\n`],
    ["the runner's answer", JSON.stringify({ count: 1, value: TOKEN })],
    ["a log without times", lines("")],
    ["a log as GitHub keeps it", `\ufeff${lines(TIME)}`.replaceAll("::group::", "##[group]")],
    ["a log with line ends of Windows", lines(TIME).replaceAll("\n", "\r\n")],
    ["a log as the browser shows it", lines("Wed, 25 Nov 2026 05:30:15 GMT ")],
    ["a log as gh prints it", lines(`release\tRun octo-sts/action\t\ufeff${TIME}`)],
    ["a log with colours", lines("\u001b[36;1m").replaceAll(",\n", ",\u001b[0m\n")],
    ["a log of GitLab", lines(`${TIME}01O `)],
    ["a log of Buildkite", lines("\u001b_bk;t=1764048615123\u0007")],
    [
      "the claims of the last of two tokens",
      `${lines("").replaceAll("refs/heads/main", "refs/heads/old")}\n${lines("")}`,
    ],
    [
      "text around",
      `Hello,\n\nthese are its claims:\n\n\`\`\`json\n${JSON.stringify(CLAIMS, undefined, 2)}\n\`\`\`\nBye`,
    ],
  ])("%s", (_, text) => {
    expect(claimsOf(readEvidence(text, "the log"))).toEqual(CLAIMS);
  });

  test("a log holds the refusal too", () => {
    expect(refusalOf(readEvidence(lines(TIME), "the log"))).toEqual({
      reason: "subject_mismatch",
      message: REFUSAL.message,
    });
  });

  test("nothing, which is told without a part of a token", () => {
    const told = [
      `x.${TOKEN.split(".")[1]}`,
      "",
      "no claims here",
      '{"iss": 1',
      "[]",
      TOKEN.slice(0, -8).replace("eyJpc", "eyJ"),
    ];
    for (const text of told) {
      const evidence = readEvidence(text, "the file");
      expect([text, evidence.ok]).toEqual([text, false]);
      expect(JSON.stringify(evidence)).not.toContain(TOKEN.slice(30, 50));
    }
  });
});

describe("a refusal names the clause and what the token has", () => {
  test.each<readonly [string, Partial<RefusedClause> | undefined]>([
    // Ours, to others and to the owner.
    ['trust policy: subject "a b" did not match', { clause: "subject", name: "sub", actual: "a b", isWhole: true }],
    [
      'trust policy: issuer "https://a" did not match ("https://b")',
      { clause: "issuer", name: "iss", actual: "https://a" },
    ],
    ['trust policy: subject "x" did not match (pattern "y \\"z\\"")', { actual: "x" }],
    [
      'trust policy: audience ["a" "b"] did not match ("c" or "https://c")',
      { clause: "audience", name: "aud", actual: ["a", "b"] },
    ],
    [
      'trust policy: claim "ref" "refs/heads/a \\"b\\"" did not match (pattern "c")',
      { clause: "claim", name: "ref", actual: 'refs/heads/a "b"' },
    ],
    [
      'trust policy: expected claim "ref" not found in token',
      { clause: "claim", name: "ref", actual: undefined, isWhole: true },
    ],
    ["trust policy: expected audience not found in token", { clause: "audience", name: "aud", actual: undefined }],
    [`trust policy: subject "${"a".repeat(299)}…" did not match`, { isWhole: false }],
    // octo-sts's.
    ['trust policy: issuer "https://a" did not match pattern "b"', { clause: "issuer", actual: "https://a" }],
    ['trust policy: subject "a" did not match "b"', { clause: "subject", actual: "a" }],
    [
      'trust policy: audience "c" did not match any of ["a" "b"]',
      { clause: "audience", actual: ["a", "b"], isWhole: true },
    ],
    ['trust policy: audience_pattern "c" did not match any of ["a"]', { clause: "audience", actual: ["a"] }],
    [
      'trust policy: claim "ref" did not match "^b$"',
      { clause: "claim", name: "ref", actual: undefined, isWhole: false },
    ],
    ['rpc error: code = PermissionDenied desc = trust policy: subject "a" did not match "b"', { actual: "a" }],
    // About no clause.
    ["trust policy: the token lives longer than the policy allows", undefined],
    ['unable to find trust policy for "release"', undefined],
  ])("%s", (message, wanted) => {
    const found = refusedClause(message);
    if (wanted === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject(wanted);
  });
});

describe("whatever it is given, it answers", () => {
  const shard = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.constantFrom(
      "{",
      "}",
      '"',
      "\\",
      "\n",
      "\t",
      "::group::",
      "2026-11-25T05:30:15Z ",
      "\u001b[0m",
      "\u001b_",
      ...ACTION,
    ),
    fc.constantFrom(
      TOKEN,
      JSON.stringify(CLAIMS),
      JSON.stringify(REFUSAL),
      "eyJ",
      ".",
      "trust policy: ",
      ' did not match "',
    ),
    fc.json({ maxDepth: 3 }),
  );

  test("shards of all that it reads", () => {
    fc.assert(
      fc.property(fc.array(shard, { maxLength: 30 }), (shards) => {
        const text = shards.join("");
        const evidence = readEvidence(text, "it");
        expect(typeof evidence.ok).toBe("boolean");
        expect([undefined, "object"]).toContain(refusedClause(text) && "object");
        if (evidence.ok) expect(evidence.claims ?? evidence.refusal).toBeDefined();
      }),
    );
  });

  test("texts that are long and nested, in bounded work", () => {
    const deep = `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`;
    for (const text of [
      "{".repeat(1_000_000),
      deep.repeat(10),
      "a".repeat(2_000_000),
      '{"'.repeat(300_000),
      `${"\t\u001b".repeat(300_000)}x`,
    ]) {
      expect(readEvidence(text, "it").ok).toBe(false);
    }
    expect(claimsOf(readEvidence(`${"{ noise\n".repeat(400_000)}${lines("")}`, "it"))).toEqual(CLAIMS);
    expect(refusedClause(`trust policy: ${'"'.repeat(100_000)}`)).toBeUndefined();
  });
});
