/**
 * `explain`: the change that it names makes the failed clause match, and no more than is needed.
 */

import { expect, test } from "vitest";
import { checkPolicy } from "../../../policies/check.ts";
import { claimsOfVerifiedToken } from "../../../policies/claims.ts";
import type { Change } from "../../../policies/cli/advice/clause.ts";
import { explain } from "../../../policies/cli/explain.ts";
import { explanationAsText } from "../../../policies/cli/explanation.ts";
import { painter } from "../../../policies/cli/layout.ts";
import { quotedScalar } from "../../../policies/cli/scalars.ts";
import { evaluate } from "../../../policies/evaluate.ts";
import { DEFAULT_RULES } from "../judge.ts";

const DOMAIN = "sts.example.com";
const SUBJECT = "repo:acme/app:ref:refs/heads/main";
const CLAIMS: Readonly<Record<string, unknown>> = {
  iss: "https://issuer.example",
  sub: SUBJECT,
  aud: DOMAIN,
  iat: 1_000,
  exp: 1_600,
  actor: "octocat",
  run: 7,
  empty: null,
  list: ["a", "b.c"],
  "kubernetes.io": { serviceaccount: { name: "ci" }, namespace: "build" },
};

const CONTEXT = { kind: "repository", owner: "acme", domain: DOMAIN, rules: DEFAULT_RULES } as const;

function policyOf(lines: string) {
  const rest = ["issuer: https://issuer.example", "subject_pattern: '.*'"].filter(
    (line) => !lines.includes(line.split(/_|:/)[0] ?? ""),
  );
  const text = `${[...rest, lines].join("\n")}\npermissions: {contents: read}\n`;
  const { policy, diagnostics } = checkPolicy(text, CONTEXT);
  if (policy === undefined) throw new Error(JSON.stringify(diagnostics));
  return { policy, text, context: CONTEXT };
}

function changesOf(lines: string, over: Readonly<Record<string, unknown>> = {}) {
  const request = policyOf(lines);
  const claims = { ...CLAIMS, ...over };
  return { request, claims, ...explain(request, claimsOfVerifiedToken(claims)) };
}

type Lines = Pick<Change, "set" | "remove">;
const set = (key: string, value: string): Lines => ({ set: [{ key, value }], remove: [] });
const instead = (key: string, value: string, gone: string): Lines => ({
  set: [{ key, value }],
  remove: [{ key: gone }],
});
const claim = (name: string, value: string, gone?: string): Lines => ({
  set: [{ key: "claim_pattern", claim: name, value }],
  remove: gone === undefined ? [] : [{ key: "claim_pattern", claim: gone }],
});
const without = (name: string): Lines => ({ set: [], remove: [{ key: "claim_pattern", claim: name }] });

const ACTIONS = "https://token.actions.githubusercontent.com";
const IDS = { iss: ACTIONS, repository_owner_id: "1", repository_id: "2", ref: "refs/heads/main" };
const NUMBERED = "repo:acme@1/app@2:ref:refs/heads/main";

const CASES: readonly (readonly [
  name: string,
  policy: string,
  over: Readonly<Record<string, unknown>>,
  change: Lines,
])[] = [
  ["another issuer", "issuer: https://other.example", {}, set("issuer", "https://issuer.example")],
  ["a final slash", "issuer: https://issuer.example/", {}, set("issuer", "https://issuer.example")],
  ["another subject", "subject: repo:acme/app:ref:refs/heads/dev", {}, set("subject", SUBJECT)],
  ["case", "subject: repo:Acme/app:ref:refs/heads/main", {}, set("subject", SUBJECT)],
  [
    "case in a pattern, whose rest stays",
    "subject_pattern: 'repo:Acme/APP:ref:refs/heads/m.*'",
    {},
    set("subject_pattern", "repo:acme/app:ref:refs/heads/m.*"),
  ],
  [
    "a pattern under the exact key",
    "subject: 'repo:acme/app:ref:refs/heads/.*'",
    {},
    instead("subject_pattern", "repo:acme/app:ref:refs/heads/.*", "subject"),
  ],
  [
    "a glob that stays within a part",
    "subject: repo:acme/*:ref:refs/heads/main",
    {},
    instead("subject_pattern", "repo:acme/[^/:]+:ref:refs/heads/main", "subject"),
  ],
  [
    "a glob at the end, which stands for a name and no more",
    "subject: repo:acme/*",
    {},
    instead("subject_pattern", "repo:acme/[^/:]+:ref:refs/heads/main", "subject"),
  ],
  [
    "the same in a pattern",
    "subject_pattern: repo:acme/*",
    {},
    set("subject_pattern", "repo:acme/[^/:]+:ref:refs/heads/main"),
  ],
  [
    "a glob for all behind the repository",
    "subject_pattern: repo:acme/app:*",
    {},
    instead("subject", SUBJECT, "subject_pattern"),
  ],
  [
    "a glob for all behind the repository, exact, and in another case",
    "subject: repo:Acme/app:*",
    {},
    set("subject", SUBJECT),
  ],
  [
    "a glob within, and another case",
    "subject_pattern: repo:Acme/*:ref:refs/heads/[a-z]+",
    {},
    set("subject_pattern", "repo:acme/[^/:]+:ref:refs/heads/[a-z]+"),
  ],
  [
    "a glob for every branch",
    "subject: repo:acme/app:ref:refs/heads/*",
    { sub: "repo:acme/app:ref:refs/heads/fix/it" },
    instead("subject_pattern", "repo:acme/app:ref:refs/heads/[^:]+", "subject"),
  ],
  [
    "a glob in a claim",
    "claim_pattern: {ref: refs/heads/*}",
    { ref: "refs/heads/main" },
    claim("ref", "refs/heads/[^/:]+"),
  ],
  [
    "a pattern of one text that stops early",
    "subject_pattern: 'repo:acme/app:ref:'",
    {},
    instead("subject", SUBJECT, "subject_pattern"),
  ],
  [
    "a pattern of several texts",
    "subject_pattern: 'repo:acme/app:ref:refs/heads/v[0-9]'",
    {},
    set("subject_pattern", `(?:repo:acme/app:ref:refs/heads/v[0-9]|${SUBJECT})`),
  ],
  [
    "an alternative that can match nothing is replaced",
    "subject_pattern: '(repo:acme/app:ref:refs/tags/v[0-9]| repo:acme/app:.*)'",
    {},
    set("subject_pattern", "(?:repo:acme/app:ref:refs/tags/v[0-9]|repo:acme/app:ref:refs/heads/main)"),
  ],
  [
    "a policy for another kind of workload, none of whose subjects can come",
    "issuer: https://accounts.google.com\nsubject_pattern: '(11|22)'",
    IDS,
    { set: [{ key: "issuer", value: ACTIONS }], remove: [] },
  ],
  [
    "an alternative that no subject of the issuer is like",
    `issuer: ${ACTIONS}\nsubject_pattern: 'repo:acme/app:ref:main|repo:acme/app:ref:refs/tags/v[0-9]'`,
    { ...IDS, sub: SUBJECT },
    set("subject_pattern", `(?:repo:acme/app:ref:refs/tags/v[0-9]|${SUBJECT})`),
  ],
  [
    "nothing but what no subject of the issuer is like",
    `issuer: ${ACTIONS}\nsubject_pattern: 'acme/app:ref:(?:refs/heads/main|main)'`,
    { ...IDS, sub: SUBJECT },
    instead("subject", SUBJECT, "subject_pattern"),
  ],
  [
    "a claim's brackets",
    "claim_pattern: {actor: 'dependabot[bot]'}",
    { actor: "dependabot[bot]" },
    claim("actor", "dependabot\\[bot\\]"),
  ],
  [
    "the same among others",
    "claim_pattern: {actor: 'octo.*|dependabot[bot]'}",
    { actor: "dependabot[bot]" },
    claim("actor", "(?:octo.*|dependabot\\[bot\\])"),
  ],
  ["a doubled backslash", "claim_pattern: {file: 'a\\\\.y[a]?ml'}", { file: "a.yml" }, claim("file", "a\\.y[a]?ml")],
  [
    "a pattern without ids",
    `issuer: ${ACTIONS}\nsubject_pattern: 'repo:acme/app:ref:refs/heads/m.*'`,
    { ...IDS, sub: NUMBERED },
    set("subject_pattern", "repo:acme@1/app@2:ref:refs/heads/m.*"),
  ],
  [
    "a pattern over repositories without ids",
    `issuer: ${ACTIONS}\nsubject_pattern: 'repo:acme/[a-z]+:ref:refs/heads/main'`,
    { ...IDS, sub: NUMBERED.replace("@2", "") },
    set("subject_pattern", "repo:acme@1/[a-z]+:ref:refs/heads/main"),
  ],
  [
    "a pattern for two repositories, of which the other may have no ids",
    `issuer: ${ACTIONS}\nsubject_pattern: 'repo:acme/(?:app|lib):ref:refs/heads/main'`,
    { ...IDS, sub: NUMBERED },
    set("subject_pattern", `(?:repo:acme/(?:app|lib):ref:refs/heads/main|${NUMBERED})`),
  ],
  [
    "a repository whose name looks like a pattern",
    `issuer: ${ACTIONS}\nsubject_pattern: 'repo:acme/.*:ref:refs/heads/main'`,
    { ...IDS, sub: NUMBERED.replace("app", ".") },
    set("subject_pattern", "repo:acme@1/.*:ref:refs/heads/main"),
  ],
  [
    "a pattern of branches, and an environment in their place",
    `issuer: ${ACTIONS}\nsubject_pattern: 'repo:acme/app:ref:refs/heads/(?:main|dev)'`,
    { ...IDS, sub: "repo:acme/app:environment:prod" },
    {
      set: [
        {
          key: "subject_pattern",
          value: "(?:repo:acme/app:ref:refs/heads/(?:main|dev)|repo:acme/app:environment:prod)",
        },
        { key: "claim_pattern", claim: "ref", value: "refs/heads/(?:main|dev)" },
      ],
      remove: [],
    },
  ],
  ["the default audience", "", { aud: "sts.amazonaws.com" }, set("audience", "sts.amazonaws.com")],
  ["another audience", "audience: api", {}, { set: [], remove: [{ key: "audience" }] }],
  ["neither audience is the deployment's", "audience: api", { aud: "x" }, set("audience", "x")],
  ["an audience pattern", "audience_pattern: 'x.*'", { aud: ["p", "q"] }, set("audience_pattern", "(?:x.*|p)")],
  ["a claim of one text", "claim_pattern: {actor: hubot}", {}, claim("actor", "octocat")],
  ["a claim of several", "claim_pattern: {actor: hubot.*}", {}, claim("actor", "(?:hubot.*|octocat)")],
  ["a list", "claim_pattern: {list: z}", {}, claim("list", "a")],
  ["a dot in the value", "claim_pattern: {list: z}", { list: ["b.c"] }, claim("list", "b\\.c")],
  ["a misspelt claim", "claim_pattern: {actr: octocat}", {}, claim("actor", "octocat", "actr")],
  [
    "a claim that lies deeper",
    "claim_pattern: {namespace: build}",
    {},
    claim("kubernetes.io/namespace", "build", "namespace"),
  ],
  [
    "a path with dots, and another value",
    "claim_pattern: {kubernetes.io.serviceaccount.name: cd}",
    {},
    claim("kubernetes.io/serviceaccount/name", "ci", "kubernetes.io.serviceaccount.name"),
  ],
  ["a claim that is nowhere", "claim_pattern: {xyzzy: a}", {}, without("xyzzy")],
  ["null", "claim_pattern: {empty: a}", {}, without("empty")],
  ["one token's own number", "claim_pattern: {jti: a}", { jti: "b" }, without("jti")],
  ["a lifetime", "max_token_lifetime: 60", {}, set("max_token_lifetime", "600")],
  ["no iat", "max_token_lifetime: 60", { iat: undefined }, { set: [], remove: [{ key: "max_token_lifetime" }] }],
];

test.each(CASES)("%s: the change makes the token pass", (_name, lines, over, wanted) => {
  const { changes, claims, mended } = changesOf(lines, over);
  const [{ advice, ...told } = { advice: "" }] = changes;
  expect(told).toEqual(wanted);
  expect(advice).not.toBe("");
  expect(mended?.allow).toBe(true);
  const { policy } = checkPolicy(mended?.text ?? "", CONTEXT);
  if (policy === undefined) throw new Error("the mended policy cannot be used");
  const stranger = claimsOfVerifiedToken({ ...claims, iss: "https://evil.example" });
  expect(evaluate(policy, stranger, { domain: DOMAIN }).allow).toBe(false);
});

test("an object is told by what it holds, an ill-formed field as hopeless", () => {
  const adviceOn = (lines: string, over?: Readonly<Record<string, unknown>>) => {
    const { changes, mended } = changesOf(lines, over);
    expect([changes.length, mended]).toEqual([1, undefined]);
    return changes[0];
  };
  expect(adviceOn("claim_pattern: {kubernetes.io: a}")).toEqual({
    advice:
      "The claim `kubernetes.io` is an object; name one of `kubernetes.io/serviceaccount/name`, `kubernetes.io/namespace`.",
    set: [],
    remove: [],
  });
  expect(adviceOn("claim_pattern: {actor: x}", { sub: "two\nlines" })?.advice).toBe(
    "The token's sub is no well-formed subject (character 4 of the subject is a line feed (U+000A)): no policy can accept it. Change what the workload asks its issuer for.",
  );
  expect(adviceOn("", { aud: undefined })?.advice).toBe(
    "The policy names no audience, so that the token must be made for the deployment: ask for the token with audience `sts.example.com`.",
  );
});

test("all that fails is told at once, and the whole policy rewritten with its comments", () => {
  const lines = `# main alone
subject: repo:acme/app:ref:refs/heads/dev # for now
claim_pattern:
  # who
  actor: hubot
  run: 8
audience: api # ours`;
  const { changes, mended } = changesOf(lines);
  expect(changes.length).toBe(4);
  expect(mended).toEqual({
    text: `issuer: https://issuer.example
# main alone
subject: 'repo:acme/app:ref:refs/heads/main' # for now
claim_pattern:
  # who
  actor: 'octocat'
  run: '7'
permissions: {contents: read}
`,
    allow: true,
  });
});

test("a value's control characters reach no terminal, and its quotes no other line of YAML", () => {
  const request = policyOf("claim_pattern: {actor: x+}");
  const claims = claimsOfVerifiedToken({ ...CLAIMS, actor: "\u001b[2Ja'\nadmin: b" });
  const text = explanationAsText(explain(request, claims), request.policy, painter(false));
  expect(text).not.toContain("\u001b");
  expect(text).toContain("token   \\u001b[2Ja'\\u000aadmin: b\n");
  expect(text).toContain('    actor: "(?:x+|\\u001b\\\\[2Ja\'\\nadmin: b)"\n');
  expect(quotedScalar("it's")).toBe("'it''s'");
});
