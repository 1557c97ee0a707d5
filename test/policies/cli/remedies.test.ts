/** Remedies for one click: what each makes of a text, and that none makes a policy worse. */

import { expect, test } from "vitest";
import { checkPolicy, checkTrustedIssuers } from "../../../policies/check.ts";
import { withRemedies } from "../../../policies/cli/editing/remedies.ts";
import { MENDER } from "../../../policies/lint/mending/mender.ts";
import { DEFAULT_RULES } from "../judge.ts";
import { GOOD } from "../lint/cases/all.ts";
import { GRANTS } from "../lint/cases/grants.ts";
import { SUBJECTS } from "../lint/cases/subjects.ts";
import { VALUES } from "../lint/cases/values.ts";

type Kind = "repository" | "organization";
const checker =
  (kind: Kind = "repository") =>
  (text: string) =>
    checkPolicy(text, { kind, owner: "acme", domain: "sts.example.com", rules: DEFAULT_RULES, mender: MENDER });
const listed = (text: string) => checkTrustedIssuers(text, MENDER);

/** All remedies of all that is said of the text, by what they are called. */
function remediesOf(text: string, check = (made: string) => checker()(made).diagnostics) {
  return withRemedies(check(text), text, check).flatMap(({ remedies }) => remedies);
}

const HEAD = "issuer: https://token.actions.githubusercontent.com\n";
const TAIL = "permissions:\n  contents: read\n";
const SUBJECT = "subject: repo:acme/app:ref:refs/heads/main\n";
const GITHUB = "https://token.actions.githubusercontent.com";

const CASES: readonly (readonly [name: string, before: string, label: string, after: string])[] = [
  [
    "a key in another spelling",
    `isuer: ${GITHUB} # ours\n${SUBJECT}${TAIL}`,
    "Rename it to issuer",
    `issuer: ${GITHUB} # ours\n${SUBJECT}${TAIL}`,
  ],
  [
    "a permission with a dash",
    `${HEAD}${SUBJECT}permissions: {pull-requests: write, contents: read}\n`,
    "Rename it to pull_requests",
    `${HEAD}${SUBJECT}permissions: {pull_requests: write, contents: read}\n`,
  ],
  [
    "a permission that no App has",
    `${HEAD}${SUBJECT}permissions:\n  contents: read\n  id-token: write # for OIDC\n`,
    "Remove id-token",
    `${HEAD}${SUBJECT}permissions:\n  contents: read\n`,
  ],
  [
    "a level that is none",
    `${HEAD}${SUBJECT}permissions: {contents: wriet}\n`,
    "Write write",
    `${HEAD}${SUBJECT}permissions: {contents: write}\n`,
  ],
  [
    "a level of many",
    `${HEAD}${SUBJECT}permissions: {contents: all}\n`,
    "Write read",
    `${HEAD}${SUBJECT}permissions: {contents: read}\n`,
  ],
  [
    "a subject without its scheme",
    `${HEAD}# main\nsubject: acme/app:ref:refs/heads/main # alone\n${TAIL}`,
    "Write subject: repo:acme/app:ref:refs/heads/main",
    `${HEAD}# main\nsubject: 'repo:acme/app:ref:refs/heads/main' # alone\n${TAIL}`,
  ],
  [
    "a star in an exact value",
    `${HEAD}subject: "repo:acme/a.b:ref:refs/heads/v*"\n${TAIL}`,
    "Write subject_pattern: 'repo:acme/a\\.b:ref:refs/heads/v[^:/]+'",
    `${HEAD}subject_pattern: 'repo:acme/a\\.b:ref:refs/heads/v[^:/]+'\n${TAIL}`,
  ],
  [
    "a pattern as an exact value",
    `${HEAD}subject: ^repo:acme/app:ref:refs/heads/main$\n${TAIL}`,
    "Rename it to subject_pattern",
    `${HEAD}subject_pattern: ^repo:acme/app:ref:refs/heads/main$\n${TAIL}`,
  ],
  [
    "a shell's star in a pattern",
    `${HEAD}subject_pattern: repo:acme/app:ref:refs/heads/*\n${TAIL}`,
    "Write 'repo:acme/app:ref:refs/heads/[^:/]+'",
    `${HEAD}subject_pattern: 'repo:acme/app:ref:refs/heads/[^:/]+'\n${TAIL}`,
  ],
  [
    "an alternation without a group",
    `${HEAD}${SUBJECT}claim_pattern: {event_name: push|schedule}\n${TAIL}`,
    "Write '(push|schedule)'",
    `${HEAD}${SUBJECT}claim_pattern: {event_name: '(push|schedule)'}\n${TAIL}`,
  ],
  [
    "dots of a host",
    `issuer_pattern: https://ci.example-1.dev\nsubject: me\n${TAIL}`,
    "Write 'https://ci\\.example-1\\.dev'",
    `issuer_pattern: 'https://ci\\.example-1\\.dev'\nsubject: me\n${TAIL}`,
  ],
  [
    "a claim at the top",
    `${HEAD}${SUBJECT}ref: refs/heads/release-1.2\n${TAIL}`,
    "Move ref below claim_pattern",
    `${HEAD}${SUBJECT}claim_pattern:\n  ref: 'refs/heads/release-1\\.2'\n${TAIL}`,
  ],
  [
    "a list for one text",
    `${HEAD}subject: [a.b, c]\n${TAIL}`,
    "Write subject_pattern: (a\\.b|c)",
    `${HEAD}subject_pattern: '(a\\.b|c)'\n${TAIL}`,
  ],
  [
    "repositories where none may stand",
    `${HEAD}${SUBJECT}repositories:\n- app\n- web\n${TAIL}`,
    "Remove repositories",
    `${HEAD}${SUBJECT}${TAIL}`,
  ],
  [
    "what YAML 1.1 reads as another number",
    `${HEAD}subject: 0777 # odd\n${TAIL}`,
    "Put it in quotes",
    `${HEAD}subject: "0777" # odd\n${TAIL}`,
  ],
  [
    "a truth value for a text",
    `${HEAD}${SUBJECT}claim_pattern:\n  ref_protected: yes\n${TAIL}`,
    "Write true",
    `${HEAD}${SUBJECT}claim_pattern:\n  ref_protected: true\n${TAIL}`,
  ],
  [
    "a second colon",
    `${HEAD}subject: repo: acme # x\n${TAIL}`,
    "Put it in single quotes",
    `${HEAD}subject: 'repo: acme' # x\n${TAIL}`,
  ],
  [
    "an escape in double quotes",
    `${HEAD}subject_pattern: "repo:acme/app:ref:refs/tags/v1\\.2"\n${TAIL}`,
    "Put it in single quotes",
    `${HEAD}subject_pattern: 'repo:acme/app:ref:refs/tags/v1\\.2'\n${TAIL}`,
  ],
  ["a tab", `${HEAD}${SUBJECT}permissions:\n\tcontents: read\n`, "Use spaces", `${HEAD}${SUBJECT}${TAIL}`],
  [
    "a colon without its space",
    `${HEAD}subject:me # x\n${TAIL}`,
    "Write a space after the colon",
    `${HEAD}subject: me # x\n${TAIL}`,
  ],
];

test.each(CASES)("%s", (_name, before, label, after) => {
  const remedies = remediesOf(before);
  expect(remedies.map((remedy) => remedy.label)).toContain(label);
  expect(remedies.find((remedy) => remedy.label === label)?.text).toBe(after);
});

test("an entry of a list is mended and taken out, in brackets and below each other", () => {
  const doubled = "issuers:\n  - https://a.dev\n  - https://b.dev\n  - https://a.dev # again\n";
  expect(remediesOf(doubled, listed)).toEqual([
    { label: "Remove this entry", text: "issuers:\n  - https://a.dev\n  - https://b.dev\n" },
  ]);
  const inBrackets = `issuers: [${GITHUB}/, "https://a.dev", https://a.dev]\n`;
  expect(remediesOf(inBrackets, listed).map(({ text }) => text)).toEqual([
    `issuers: ['${GITHUB}', "https://a.dev", https://a.dev]\n`,
    `issuers: [${GITHUB}/, "https://a.dev"]\n`,
  ]);
});

test("a byte order mark, and line ends of Windows, stay", () => {
  const before = `\ufeffisuer: ${GITHUB}\r\n${SUBJECT}${TAIL}`;
  expect(remediesOf(before).map(({ text }) => text)).toEqual([`\ufeffissuer: ${GITHUB}\r\n${SUBJECT}${TAIL}`]);
});

test("no click takes a restriction away, or makes an example of what is there", () => {
  for (const text of [
    `${HEAD}${SUBJECT}max_token_lifetime: 600\n${TAIL}`,
    `${HEAD}${SUBJECT}app: ci\n${TAIL}`,
    `${HEAD}${SUBJECT}claim_pattern: {xyzzy: a}\n${TAIL}`,
    `${HEAD}${SUBJECT}subject_pattern: .*\n${TAIL}`,
    `${HEAD}${SUBJECT}claim_pattern: a\n${TAIL}`,
    `${HEAD}${SUBJECT}permissions: contents\n`,
    `${HEAD}${SUBJECT}jwks: {keys: [{kty: RSA, n: a, e: AQAB, d: secret}]}\n${TAIL}`,
  ]) {
    expect([text, checker()(text).diagnostics.length > 0, remediesOf(text)]).toEqual([text, true, []]);
  }
});

/** Of the other rules only the author knows the remedy. */
const MENDED =
  "brackets-are-a-class doubled-backslash duplicate-repository exact-looks-like-pattern glob-as-pattern issuer-misspelt matches-nothing never-together owner-case subject-customized top-level-alternation unescaped-dot";

test("whatever lint finds, its remedy takes it away and keeps every clause", () => {
  const mended = new Set<string>();
  for (const [id, { fires }] of Object.entries({ ...SUBJECTS, ...VALUES, ...GRANTS })) {
    for (const { keys, kind } of fires) {
      const text = JSON.stringify({ ...GOOD, ...keys }, undefined, 2);
      const check = checker(kind);
      const { diagnostics, policy } = check(text);
      for (const { remedies, ...one } of withRemedies(diagnostics, text, (made) => check(made).diagnostics)) {
        for (const remedy of one.id === id ? remedies : []) {
          const after = check(remedy.text);
          mended.add(id);
          const clauses = (checked: typeof after) => checked.policy?.claims.length;
          expect([remedy.label, clauses(after)]).toEqual([remedy.label, clauses({ diagnostics, policy })]);
          expect(after.diagnostics).not.toContainEqual(one);
        }
      }
    }
  }
  expect([...mended].sort().join(" ")).toBe(MENDED);
});
