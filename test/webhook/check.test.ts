// What a change of files is answered: conclusion, title, annotations with line and column, and what the summary says of access.

import { beforeEach, describe, expect, it } from "vitest";
import type { FileContent } from "../emulators/github/git.ts";
import { reset } from "../support/storage.ts";
import { CHAINGUARD, createWebhookWorld, type Run, type WebhookWorld } from "../support/webhook-world.ts";
import { DOMAIN, type WorldOptions } from "../support/world.ts";

beforeEach(() => reset());

const ACTIONS = "https://token.actions.githubusercontent.com";
const POLICY = `${CHAINGUARD}/ci.sts.yaml`;
const LIST = `${CHAINGUARD}/trusted-token-issuers.yaml`;

const policy = (permissions: string, more = "") =>
  `issuer: ${ACTIONS}\nsubject: repo:acme/app:ref:refs/heads/main\npermissions:\n  ${permissions}\n${more}`;
const GOOD = policy("contents: read");
const KEYED = GOOD.replace(ACTIONS, "https://cluster.internal");
const GOOD_OF_GITLAB = GOOD.replace(ACTIONS, "https://gitlab.com").replace(
  "repo:acme/app:ref:refs/heads/main",
  "project_path:acme/app:ref_type:branch:ref:main",
);
/** A key of this name; the letter makes it differ. */
const jwks = (kid: string, letter: string): string =>
  `jwks:\n  keys:\n    - {kty: OKP, kid: ${kid}, alg: EdDSA, crv: Ed25519, x: ${letter}${"A".repeat(42)}}\n`;
const GOOD_LIST = `mode: enforce\nissuers:\n  - ${ACTIONS}\n`;

type Files = Readonly<Record<string, FileContent | null>>;

interface Case {
  /** What the default branch has before. */
  readonly before?: Files;
  readonly change: Files;
  /** Of the owner; `app` without it. */
  readonly repository?: string;
  readonly conclusion: "success" | "failure";
  readonly title: string;
  /** All of them. */
  readonly annotations?: readonly string[];
  /** Lines that the summary has. */
  readonly says?: readonly string[];
  readonly saysNot?: readonly string[];
  readonly options?: WorldOptions;
}

const WIDENS = "Valid; access widens for 1 identity";
const CHANGES = "Valid; access changes for 1 identity";

const CASES: Readonly<Record<string, Case>> = {
  "a policy is added": {
    change: { [POLICY]: GOOD },
    conclusion: "success",
    title: WIDENS,
    says: [
      "1 changed file looked at: 0 errors, 0 warnings, 0 notices.",
      "### `ci`: a new policy",
      "- Grants `contents: read`",
      `- issuer is \`${ACTIONS}\``,
      "- audience is the deployment's domain",
      `- Who: exactly the subject \`repo:acme/app:ref:refs/heads/main\` of \`${ACTIONS}\``,
    ],
  },
  "a policy is added beside files that are nobody's business": {
    change: { [POLICY]: GOOD, [`${CHAINGUARD}/README.md`]: "# Policies", "src/main.ts": "1" },
    conclusion: "success",
    title: WIDENS,
    says: ["1 changed file looked at: 0 errors, 0 warnings, 0 notices."],
  },
  "a policy in a folder of its own": {
    change: { [`${CHAINGUARD}/team/deploy.sts.yaml`]: GOOD },
    conclusion: "success",
    title: WIDENS,
    says: ["### `team/deploy`: a new policy"],
  },
  "permissions and a clause are edited": {
    before: { [POLICY]: policy("contents: read\n  issues: write") },
    change: { [POLICY]: policy("contents: write").replace("refs/heads/main", "refs/heads/release") },
    conclusion: "success",
    title: WIDENS,
    says: [
      "### `ci`: changed",
      "- Gains `contents: write in place of read`",
      "- Loses `issues: write`",
      "- subject is `repo:acme/app:ref:refs/heads/release`; before: is `repo:acme/app:ref:refs/heads/main`",
    ],
  },
  "an exact subject becomes a pattern": {
    before: { [POLICY]: GOOD },
    change: { [POLICY]: GOOD.replace("subject:", "subject_pattern:").replace("heads/main", "heads/release-[0-9]+") },
    conclusion: "success",
    title: CHANGES,
    says: [
      "- subject matches `repo:acme/app:ref:refs/heads/release-[0-9]+`; before: is `repo:acme/app:ref:refs/heads/main`",
      `- Who: whatever matches (issuer is \`${ACTIONS}\`, subject matches \`repo:acme/app:ref:refs/heads/release-[0-9]+\`); which workloads these are cannot be told from patterns`,
    ],
    saysNot: ["- Who: exactly"],
  },
  "a claim is added and one is taken away": {
    before: { [POLICY]: `${GOOD}claim_pattern:\n  environment: production\n` },
    change: {
      [POLICY]: `${GOOD}claim_pattern:\n  job_workflow_ref: acme/app/.github/workflows/x\\.yml@refs/heads/main\n`,
    },
    conclusion: "success",
    title: WIDENS,
    says: [
      "- claim `environment` is not asked for any more; before: matches `production`",
      "- claim `job_workflow_ref` matches `acme/app/.github/workflows/x\\.yml@refs/heads/main`",
      ", if its claims match as well",
    ],
  },
  "only a comment changes": {
    before: { [POLICY]: GOOD },
    change: { [POLICY]: `# for the robots\n${GOOD}` },
    conclusion: "success",
    title: "Valid",
    says: ["### `ci`: access does not change"],
    saysNot: ["Who:", "Gains"],
  },
  "the end of a long pattern is widened": {
    before: { [POLICY]: GOOD.replace("subject: ", `subject_pattern: ${"x".repeat(900)}`) },
    change: { [POLICY]: GOOD.replace("subject: ", `subject_pattern: ${"x".repeat(900)}`).replace("main", "main|.*") },
    conclusion: "success",
    title: "Valid; access changes for 1 identity; 1 warning",
    says: ["main|.*`; before: matches `…"],
  },
  "a key is replaced by another of the same name": {
    before: { [POLICY]: `${KEYED}${jwks("one", "E")}` },
    change: { [POLICY]: `${KEYED}${jwks("one", "I")}` },
    conclusion: "success",
    title: CHANGES,
    says: ["- key `one` is `", '"x":"IAA', '"x":"EAA'],
  },
  "a key is added": {
    before: { [POLICY]: `${KEYED}${jwks("one", "E")}` },
    change: { [POLICY]: `${KEYED}${jwks("one", "E")}${jwks("two", "I").slice("jwks:\n  keys:\n".length)}` },
    conclusion: "success",
    title: WIDENS,
    says: ["- key `two` is "],
    saysNot: ["- key `one`"],
  },
  "a key is put before another of the same name": {
    before: { [POLICY]: `${KEYED}${jwks("one", "E")}` },
    change: { [POLICY]: `${KEYED}${jwks("one", "I")}${jwks("one", "E").slice("jwks:\n  keys:\n".length)}` },
    conclusion: "success",
    title: WIDENS,
    says: ["- key `one` is `", "- key `one` (2) is `", '"x":"IAA', '"x":"EAA'],
  },
  "a policy is deleted": {
    before: { [POLICY]: GOOD, [`${CHAINGUARD}/other.sts.yaml`]: GOOD },
    change: { [POLICY]: null },
    conclusion: "success",
    title: "1 policy removed; access narrows for 1 identity",
    says: [
      "### `ci`: removed: no exchange can use it any more",
      `- Until now it granted \`contents: read\` to exactly the subject \`repo:acme/app:ref:refs/heads/main\` of \`${ACTIONS}\``,
    ],
    saysNot: ["other"],
  },
  "the last policy is deleted, and the folder with it": {
    before: { [POLICY]: GOOD },
    change: { [POLICY]: null },
    conclusion: "success",
    title: "1 policy removed; access narrows for 1 identity",
    says: ["### `ci`: removed: no exchange can use it any more"],
  },
  "a policy is renamed": {
    before: { [POLICY]: GOOD },
    change: { [POLICY]: null, [`${CHAINGUARD}/build.sts.yaml`]: GOOD },
    conclusion: "success",
    title: CHANGES,
    says: ["### `build`: renamed; exchanges that ask for `ci` find nothing"],
    saysNot: ["### `ci`: removed: no exchange can use it any more"],
  },
  "a policy is broken": {
    before: { [POLICY]: GOOD },
    change: { [POLICY]: GOOD.replace("permissions:", "permisions:").replace("subject:", "subject_pattern: '('\nx:") },
    conclusion: "failure",
    title: "Invalid: 4 errors; access narrows for 1 identity",
    annotations: [
      `${POLICY}:1:1 failure: no permission is given\nname what the token may do, as \`permissions: {contents: read}\``,
      `${POLICY}:2:18 failure: "(" is no pattern: missing closing ): \`(\`\nbalance the parentheses; a literal one is \`\\(\` or \`\\)\``,
      `${POLICY}:3:1 failure: unknown key "x"\nknown are issuer, issuer_pattern, subject, subject_pattern, audience, audience_pattern, claim_pattern, app, app_pattern, permissions, jwks, max_token_lifetime, description`,
      `${POLICY}:4:1 failure: unknown key "permisions"\ndid you mean \`permissions\`?`,
    ],
    says: [
      "### `ci`: broken: no exchange can use it",
      `- Until now it granted \`contents: read\` to exactly the subject \`repo:acme/app:ref:refs/heads/main\` of \`${ACTIONS}\``,
    ],
  },
  "a broken policy is mended": {
    before: { [POLICY]: "issuer: x\n" },
    change: { [POLICY]: GOOD },
    conclusion: "success",
    title: WIDENS,
    says: ["### `ci`: usable, which it was not before", "- Grants `contents: read`"],
  },
  "a policy that the deployment refused comes to be accepted": {
    before: { [POLICY]: policy("members: write") },
    change: { [POLICY]: GOOD },
    conclusion: "success",
    title: WIDENS,
    says: ["### `ci`: usable, which it was not before", "- Grants `contents: read`"],
    saysNot: ["- Loses `members: write`"],
  },
  "one policy is broken and another is good": {
    change: { [POLICY]: GOOD, [`${CHAINGUARD}/bad.sts.yaml`]: "{" },
    conclusion: "failure",
    title: "Invalid: 1 error; access widens for 1 identity",
    says: ["2 changed files looked at: 1 error, 0 warnings, 0 notices.", "### `ci`: a new policy"],
  },
  "a policy is risky": {
    change: { [POLICY]: GOOD.replace("subject: repo:acme/app:ref:refs/heads/main", "subject_pattern: .*") },
    conclusion: "success",
    title: "Valid; access widens for 1 identity; 1 warning",
    says: ["## Warnings and notices", "(subject-of-anyone)"],
  },
  "an empty file": {
    change: { [POLICY]: "" },
    conclusion: "failure",
    title: "Invalid: 3 errors",
    annotations: [
      `${POLICY}:1:1 failure: neither issuer nor issuer_pattern is given\nadd \`issuer: ...\``,
      `${POLICY}:1:1 failure: neither subject nor subject_pattern is given\nadd \`subject: ...\``,
      `${POLICY}:1:1 failure: no permission is given\nname what the token may do, as \`permissions: {contents: read}\``,
    ],
  },
  "what is no text": {
    change: { [POLICY]: Uint8Array.of(0xff, 0xfe, 0) },
    conclusion: "failure",
    title: "Invalid: 1 error",
    annotations: [`${POLICY}:1:1 failure: the file is not UTF-8\nsave it as UTF-8`],
  },
  "what is too large": {
    change: { [POLICY]: `# ${"x".repeat(65_536)}\n${GOOD}` },
    conclusion: "failure",
    title: "Invalid: 1 error",
    annotations: [`${POLICY}:1:1 failure: the file is larger than 65536 bytes\nshorten it`],
  },
  "a symbolic link": {
    change: { [POLICY]: { symlink: "../../policy.yaml" } },
    conclusion: "failure",
    title: "Invalid: 1 error",
    annotations: [
      `${POLICY}:1:1 failure: a symbolic link that leads to no file of this repository\nput the file itself here`,
    ],
  },
  "a symbolic link to a policy, which exchanges follow": {
    change: { [POLICY]: { symlink: "../../policies/../shared.yaml" }, "shared.yaml": GOOD },
    conclusion: "success",
    title: "Valid; access widens for 1 identity; 1 warning",
    annotations: [
      `${POLICY}:1:1 warning: a symbolic link: exchanges read what "../../policies/../shared.yaml" leads to, and a change of that file is not checked here\nput the file itself here`,
    ],
    says: ["### `ci`: a new policy", "- Grants `contents: read`"],
  },
  "a symbolic link to a file with an error": {
    before: { "shared.yaml": GOOD, [POLICY]: GOOD },
    change: { [POLICY]: { symlink: "../../shared.yaml" }, "shared.yaml": "issuer: x\n" },
    conclusion: "failure",
    title: "Invalid: 2 errors; access narrows for 1 identity; 1 warning",
  },
  "a symbolic link out of the repository": {
    change: { [POLICY]: { symlink: "../../../etc/passwd" } },
    conclusion: "failure",
    title: "Invalid: 1 error",
  },
  "a submodule": {
    change: { [POLICY]: { submodule: "a".repeat(40) } },
    conclusion: "failure",
    title: "Invalid: 1 error",
    annotations: [`${POLICY}:1:1 failure: a submodule, and no file\nput the file itself here`],
  },
  "a directory with a policy's name": {
    change: { [`${POLICY}/x.txt`]: "x" },
    conclusion: "failure",
    title: "Invalid: 1 error",
    annotations: [`${POLICY}:1:1 failure: a directory, and no file\ngive it another name`],
  },
  "files that are no policies, and look like none": {
    change: { [`${CHAINGUARD}/OWNERS.yaml`]: "a: b", [`${CHAINGUARD}/renovate.json`]: "{}", [POLICY]: GOOD },
    conclusion: "success",
    title: "Valid; access widens for 1 identity; 2 warnings",
  },
  "names that are never read": {
    change: { [`${CHAINGUARD}/a.yaml`]: GOOD, [`${CHAINGUARD}/b.sts.yml`]: GOOD },
    conclusion: "failure",
    title: "Invalid: 1 error; 1 warning",
    annotations: [
      `${CHAINGUARD}/b.sts.yml:1:1 failure: never read: its name does not end in .sts.yaml\nname it b.sts.yaml`,
      `${CHAINGUARD}/a.yaml:1:1 warning: never read: its name does not end in .sts.yaml\nname it a.sts.yaml`,
    ],
  },
  "policies elsewhere, next to their folder and far from it": {
    change: { ".github/a.sts.yaml": GOOD, "b.sts.yaml": GOOD, "docs/deep/c.sts.yaml": GOOD },
    conclusion: "success",
    title: "No trust policy is changed; 3 warnings",
    annotations: [
      `.github/a.sts.yaml:1:1 warning: never read: it does not lie in ${CHAINGUARD}/\nmove it to ${CHAINGUARD}/a.sts.yaml`,
      `b.sts.yaml:1:1 warning: never read: it does not lie in ${CHAINGUARD}/\nmove it to ${CHAINGUARD}/b.sts.yaml`,
      `docs/deep/c.sts.yaml:1:1 warning: never read: it does not lie in ${CHAINGUARD}/\nmove it to ${CHAINGUARD}/c.sts.yaml`,
    ],
  },
  "a file of a never read name is deleted": {
    before: { [`${CHAINGUARD}/a.yaml`]: GOOD },
    change: { [`${CHAINGUARD}/a.yaml`]: null, [POLICY]: GOOD },
    conclusion: "success",
    title: WIDENS,
    annotations: [],
  },
  "a policy for an App that does not serve the owner": {
    options: { variables: { GITHUB_APP_NAME: "ci" } },
    change: { [POLICY]: policy("contents: read", "app: nightly\n") },
    conclusion: "failure",
    title: "Invalid: 1 error",
    annotations: [
      `${POLICY}:5:1 failure: no App of this deployment that serves the owner fits app "nightly"\nwrite the name that the deployment gives the App, or its id`,
      `${POLICY}:5:1 notice: app is new: octo-sts up to 0.8 refuses such a policy\nremove it to keep the policy portable, or ignore this`,
    ],
  },
  "a policy for the App that serves the owner": {
    options: { variables: { GITHUB_APP_NAME: "ci" } },
    change: { [POLICY]: policy("contents: read", "app: ci\n") },
    conclusion: "success",
    title: WIDENS,
    says: ["1 changed file looked at: 0 errors, 0 warnings, 1 notice."],
  },
  "a permission that the App does not hold": {
    change: { [POLICY]: policy("deployments: write") },
    conclusion: "success",
    title: "No token can be made by 1 policy; 1 warning",
    annotations: [
      `${POLICY}:4:3 warning: the App's installation does not hold deployments: write, so that no token can be made\nhave an owner grant it to the App, or remove it here`,
    ],
  },
  "a permission that the deployment refuses": {
    change: { [POLICY]: policy("members: write") },
    conclusion: "failure",
    title: "Invalid: 1 error; 1 warning",
    annotations: [
      `${POLICY}:4:3 failure: members: write reaches the whole organization, and a repository's policy may not grant it here\ngrant it in a policy of the owner's policy repository`,
      `${POLICY}:4:3 warning: members: write can add and remove members of the organization and its teams\nkeep it only if the workload does just that`,
    ],
    says: ["### `ci`: broken: no exchange can use it"],
  },
  "extensions of this service": {
    change: { [POLICY]: `${GOOD}max_token_lifetime: 900\ndescription: for the robots\n` },
    conclusion: "success",
    title: WIDENS,
    says: [
      "- `max_token_lifetime` is at most `900 s`",
      "`max_token_lifetime` is an extension: octo-sts refuses such a policy",
      "description is an extension: octo-sts refuses such a policy",
    ],
  },
  "`repositories` in a repository's policy": {
    change: { [POLICY]: `${GOOD}repositories: [other]\n` },
    conclusion: "failure",
    title: "Invalid: 1 error",
  },
  "an organization's policy comes to reach more": {
    repository: ".github",
    before: { [POLICY]: `${GOOD}repositories: [app, other]\n` },
    change: { [POLICY]: `${GOOD}repositories: [app, third]\n` },
    conclusion: "success",
    title: WIDENS,
    says: ["- Reaches `third`", "- Reaches no more `other`"],
  },
  "an organization's policy comes to reach everything": {
    repository: ".github",
    before: { [POLICY]: `${GOOD}repositories: [app]\n` },
    change: { [POLICY]: `${GOOD}repositories: []\n` },
    conclusion: "success",
    title: WIDENS,
    says: ["- Reaches `every other repository of the installation`"],
  },
  "the issuer list is added": {
    repository: ".github",
    change: { [LIST]: GOOD_LIST },
    conclusion: "success",
    title: "Valid; issuers are shut out",
    says: [
      "### `trusted-token-issuers.yaml`: a new list of issuers",
      `- From now on only these issuers are let in: \`${ACTIONS}\`. Every other issuer is shut out`,
    ],
  },
  "the issuer list is edited": {
    repository: ".github",
    before: { [LIST]: GOOD_LIST },
    change: { [LIST]: "mode: audit\nissuers:\n  - https://gitlab.com\n" },
    conclusion: "success",
    title: "Valid; issuers are let in",
    says: [
      "### `trusted-token-issuers.yaml`: not enforced any more",
      `- It only records what it would refuse: every issuer is let in, and nobody is shut out. Until now only these were let in: \`${ACTIONS}\``,
    ],
  },
  "the issuer list is broken": {
    repository: ".github",
    change: { [LIST]: "mode: enforce\nissuers:\n  - not a url\n" },
    conclusion: "failure",
    title: "Invalid: 1 error; issuers are shut out",
    annotations: [
      `${LIST}:3:5 failure: "not a url" is no issuer URL\nwrite the token's \`iss\`, as \`https://host/path\``,
    ],
    says: [
      "### `trusted-token-issuers.yaml`: not usable",
      "- There is no earlier list to go on with: every exchange of this owner is refused",
    ],
  },
  "the issuer list is removed": {
    repository: ".github",
    before: { [LIST]: GOOD_LIST },
    change: { [LIST]: null },
    conclusion: "success",
    title: "Issuer list removed; issuers are let in",
    says: [
      "### `trusted-token-issuers.yaml`: removed",
      `- Every issuer is let in again. Until now only these were: \`${ACTIONS}\``,
    ],
  },
  "the issuer list is broken where a good one was": {
    repository: ".github",
    before: { [LIST]: GOOD_LIST },
    change: { [LIST]: "mode: enforced\n" },
    conclusion: "failure",
    title: "Invalid: 2 errors; issuers are shut out",
    says: [
      "- The last list that could be read stays in force while exchanges go on; where it was not read for an hour, every exchange of this owner is refused",
    ],
  },
  "the issuer list is mended": {
    repository: ".github",
    before: { [LIST]: "mode: enforced\n" },
    change: { [LIST]: GOOD_LIST },
    conclusion: "success",
    title: "Valid; issuers are shut out",
    says: ["### `trusted-token-issuers.yaml`: usable, which it was not before"],
  },
  "the issuer list comes to be enforced": {
    repository: ".github",
    before: { [LIST]: GOOD_LIST.replace("enforce", "audit") },
    change: { [LIST]: GOOD_LIST },
    conclusion: "success",
    title: "Valid; issuers are shut out",
    says: [
      "### `trusted-token-issuers.yaml`: enforced from now on",
      `- From now on only these issuers are let in: \`${ACTIONS}\`. Every other issuer is shut out`,
    ],
  },
  "the issuer list names others": {
    repository: ".github",
    before: { [LIST]: GOOD_LIST },
    change: { [LIST]: GOOD_LIST.replace(ACTIONS, "https://gitlab.com") },
    conclusion: "success",
    title: "Valid; issuers are let in",
    says: ["- Let in from now on: `https://gitlab.com`", `- Shut out from now on: \`${ACTIONS}\``],
  },
  "an issuer list that only records is added, edited": {
    repository: ".github",
    before: { [LIST]: "mode: audit\nissuers:\n  - https://gitlab.com\n" },
    change: { [LIST]: GOOD_LIST.replace("enforce", "audit") },
    conclusion: "success",
    title: "Valid",
    says: [
      `- Listed as well: \`${ACTIONS}\``,
      "- Listed no more: `https://gitlab.com`",
      "- It only records what it would refuse: every issuer is let in, and nobody is shut out",
    ],
  },
  "a policy's issuer is not on the list of the same commit": {
    repository: ".github",
    before: { [LIST]: GOOD_LIST },
    change: { [POLICY]: GOOD_OF_GITLAB },
    conclusion: "success",
    title: "No token can be made by 1 policy; 2 warnings",
    says: [
      "this issuer is not on the owner's enforced list of trusted issuers, so that every exchange is refused: `https://gitlab.com`",
    ],
  },
  "an issuer list where none is read": {
    change: { [LIST]: GOOD_LIST },
    conclusion: "failure",
    title: "Invalid: 1 error",
    annotations: [
      `${LIST}:1:1 failure: the list of trusted issuers is read from the owner's policy repository only\nmove it there, or remove it`,
    ],
  },
  "text that would be Markdown": {
    change: { [POLICY]: GOOD.replace("repo:acme/app", "'</code>`@everyone` ![x](https://evil.example)'\n# ") },
    conclusion: "success",
    title: `${WIDENS}; 1 warning`,
    says: ["- subject is `` </code>`@everyone` ![x](https://evil.example) ``"],
  },
  "a path that would be Markdown": {
    change: { [`${CHAINGUARD}/a\`\n## Approved\n.sts.yaml`]: GOOD },
    conclusion: "failure",
    title: "Invalid: 1 error",
    saysNot: ["## Approved"],
  },
};

function check(run: Run, { conclusion, title, annotations, says = [], saysNot = [] }: Case): void {
  expect([run.status, run.conclusion]).toEqual(["completed", conclusion]);
  expect(run.title).toBe(title);
  if (annotations) expect(run.annotations).toEqual(annotations);
  for (const line of says) expect(run.summary).toContain(line);
  for (const line of saysNot) expect(run.summary.split("\n")).not.toContain(line);
  expect(run.summary.length).toBeLessThan(65_535);
  expect(run.text).toContain("npm run policy -- check");
  expect(run.detailsUrl).toBe(`https://${DOMAIN}/`);
}

/** Each world has an owner of its own. */
function ofOwner<T>(value: T, owner: string): T {
  return JSON.parse(JSON.stringify(value).replaceAll("acme/", `${owner}/`));
}

/** Bytes are left as they are. */
function filesOf(files: Files, owner: string): Files {
  const entries = Object.entries(files);
  return Object.fromEntries(
    entries.map(([path, text]) => [path, typeof text === "string" ? ofOwner(text, owner) : text]),
  );
}

async function arranged({
  before,
  change,
  ...one
}: Case): Promise<WebhookWorld & { at: string; change: Files; one: Case }> {
  const made = await createWebhookWorld(one.options);
  const { owner, network } = made;
  const at = `${owner}/${one.repository ?? "app"}`;
  if (before) network.github.commit(at, { files: filesOf(before, owner) });
  return Object.assign(made, { at, change: filesOf(change, owner), one: { ...ofOwner(one, owner), change } });
}

describe("a pull request in which", () => {
  it.each(Object.entries(CASES))("%s", async (_name, told) => {
    const { pull, runs, at, change, one } = await arranged(told);
    const { commit } = await pull(change, { repository: at });
    const [run, ...others] = runs(at);
    expect(others).toEqual([]);
    if (run === undefined) throw new Error("no check run was made");
    expect([run.name, run.headSha, run.externalId]).toEqual(["Trust Policy Validation", commit.sha, commit.sha]);
    check(run, one);
  });
});

describe("a push to the default branch in which", () => {
  const names = ["a policy is added", "a policy is broken", "a policy is renamed", "the issuer list is edited"];
  it.each(names)("%s", async (name) => {
    const told = CASES[name];
    if (told === undefined) throw new Error(name);
    const { push, runs, at, change, one } = await arranged(told);
    await push(change, { repository: at });
    const [run, ...others] = runs(at);
    expect(others).toEqual([]);
    if (run === undefined) throw new Error("no check run was made");
    check(run, one);
  });
});

describe("the owner's list of trusted issuers", () => {
  const UNLISTED = "this issuer is not on the owner's enforced list of trusted issuers";
  const onGitLab = (mode: string) => `mode: ${mode}\nissuers:\n  - https://gitlab.com\n`;

  async function against(list: string | undefined, text: string) {
    const made = await createWebhookWorld();
    if (list !== undefined) made.github.putFile(`${made.owner}/.github`, LIST, list);
    await made.pull({ [POLICY]: ofOwner(text, made.owner) });
    return made;
  }

  it("is read for a policy of another repository, and its token revoked", async () => {
    const { onlyRun, github } = await against(onGitLab("enforce"), GOOD);
    expect([onlyRun().conclusion, onlyRun().title]).toEqual(["success", "No token can be made by 1 policy; 1 warning"]);
    expect(onlyRun().summary).toContain(UNLISTED);
    expect(onlyRun().annotations).toEqual([expect.stringContaining(`${POLICY}:1:9 warning: ${UNLISTED}`)]);
    expect(github.tokens.map(({ requested, revoked }) => [requested, revoked])).toEqual([
      [{ permissions: { contents: "read", checks: "write" }, repositories: ["app"] }, false],
      [{ permissions: { contents: "read" }, repositories: [".github"] }, true],
    ]);
  });

  it("refuses keys in a repository's policy while it is enforced, as exchanges do", async () => {
    const list = "mode: enforce\nissuers:\n  - https://cluster.internal\n";
    const { onlyRun } = await against(list, `${KEYED}${jwks("one", "E")}`);
    expect([onlyRun().conclusion, onlyRun().title]).toEqual(["success", "No token can be made by 1 policy; 1 warning"]);
    expect(onlyRun().annotations.join()).toContain(
      `${POLICY}:5:1 warning: keys in a repository's policy are refused while the owner enforces a list`,
    );
    const audited = await against(list.replace("enforce", "audit"), `${KEYED}${jwks("one", "E")}`);
    expect(audited.onlyRun().title).toBe(WIDENS);
  });

  it("says that no listed issuer matches a pattern", async () => {
    const pattern = GOOD.replace(
      `issuer: ${ACTIONS}`,
      "issuer_pattern: https://token\\.actions\\.githubusercontent\\.com",
    );
    const { onlyRun } = await against(onGitLab("enforce"), pattern);
    expect(onlyRun().summary).toContain("no issuer on the owner's enforced list of trusted issuers matches");
  });

  it.each([
    ["names the issuer", `${onGitLab("enforce")}  - ${ACTIONS}\n`],
    ["only records", onGitLab("audit")],
    ["is not there", undefined],
    ["cannot be used", "mode: x\n"],
  ])("says nothing where it %s", async (_name, list) => {
    const { onlyRun } = await against(list, GOOD);
    expect([onlyRun().title, onlyRun().summary.includes("trusted issuers")]).toEqual([WIDENS, false]);
  });

  it("is asked for once in five minutes", async () => {
    const made = await against(onGitLab("enforce"), GOOD);
    made.network.forgetCalls();
    await made.elsewhere().pull({ [POLICY]: `${ofOwner(GOOD, made.owner)}# x\n` });
    expect(made.network.count("gh.contents")).toBe(0);
    expect(made.runs()[1]?.summary).toContain(UNLISTED);
  });
});

describe("nothing is said", () => {
  it.each([
    ["of other files", { "src/main.ts": "1" }],
    [
      "of files of the folder that are no policies",
      { [`${CHAINGUARD}/README.md`]: "x", [`${CHAINGUARD}/ci.sts.test.yaml`]: "x" },
    ],
  ])("%s", async (_name, change) => {
    const { pull, runs, outcome } = await createWebhookWorld();
    await pull(change);
    expect(runs()).toEqual([]);
    expect(outcome()).toBe("nothing");
  });
});

it("what lets somebody in stands first, however much else changes", async () => {
  const { pull, onlyRun, network, repository, owner } = await createWebhookWorld();
  const many = Array.from({ length: 200 }, (_, i) => `${CHAINGUARD}/a${i}.sts.yaml`);
  network.github.commit(repository, { files: Object.fromEntries(many.map((path) => [path, ofOwner(GOOD, owner)])) });
  const commented = Object.fromEntries(many.map((path) => [path, `# x\n${ofOwner(GOOD, owner)}`]));
  await pull({ ...commented, [`${CHAINGUARD}/z.sts.yaml`]: ofOwner(policy("contents: write"), owner) });
  expect(onlyRun().title).toBe(WIDENS);
  const [, access = ""] = onlyRun().summary.split("## What this changes in access\n\n");
  expect(access).toMatch(/^### `z`: a new policy\n- Grants `contents: write`/);
});

describe("every link", () => {
  const linksIn = ({ detailsUrl, summary, text }: Run) =>
    `${detailsUrl} ${summary} ${text}`.match(/https:[^\s)`]+/g)?.filter((url) => !url.startsWith(ACTIONS)) ?? [];

  it.each([
    ["a verdict", undefined, ["/", "/schemas/policy.json", "/reasons/subject_mismatch"]],
    ["a check that could not be done", 500, ["/", "/reasons/github_unavailable"]],
  ])("of %s leads to what this deployment serves", async (_name, status, paths) => {
    const { pull, onlyRun, network, worker, owner } = await createWebhookWorld();
    if (status) network.fault({ route: "gh.compare", kind: "status", status });
    await pull({ [POLICY]: ofOwner(GOOD, owner) });
    const links = linksIn(onlyRun());
    expect(links).toEqual(expect.arrayContaining(paths.map((path) => `https://${DOMAIN}${path}`)));
    for (const link of links) expect([link, (await worker.fetch(new Request(link))).status]).toEqual([link, 200]);
  });
});
