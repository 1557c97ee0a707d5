// What a change of files is answered: conclusion, title, annotations with line and column, and what the summary says of access.

import { reset } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import type { FileContent } from "../emulators/github/git.ts";
import type { WorldOptions } from "../support/world.ts";
import { CHAINGUARD, type Run, type Scene, scene } from "./scene.ts";

beforeEach(() => reset());

const ACTIONS = "https://token.actions.githubusercontent.com";
const POLICY = `${CHAINGUARD}/ci.sts.yaml`;
const LIST = `${CHAINGUARD}/trusted-token-issuers.yaml`;

const policy = (permissions: string, more = "") =>
  `issuer: ${ACTIONS}\nsubject: repo:acme/app:ref:refs/heads/main\npermissions:\n  ${permissions}\n${more}`;
const GOOD = policy("contents: read");
const GOOD_LIST = `mode: enforce\nissuers:\n  - ${ACTIONS}\n`;

type Files = Readonly<Record<string, FileContent | null>>;

interface Case {
  /** What the default branch has before. */
  readonly before?: Files;
  readonly change: Files;
  /** Of the owner; `app` without it. */
  readonly repository?: string;
  readonly conclusion: "success" | "failure";
  readonly title?: string;
  /** All of them. */
  readonly annotations?: readonly string[];
  /** Lines that the summary has. */
  readonly says?: readonly string[];
  readonly saysNot?: readonly string[];
  readonly options?: WorldOptions;
}

const VALID = "Valid trust policy.";
const INVALID = "Invalid trust policy.";

const CASES: Readonly<Record<string, Case>> = {
  "a policy is added": {
    change: { [POLICY]: GOOD },
    conclusion: "success",
    says: [
      "1 changed file looked at, 0 errors, 0 warnings, 0 notices.",
      "### `ci`: a new policy",
      "- Gains `contents: read`",
      `- issuer is \`${ACTIONS}\``,
      "- audience is the deployment's domain",
      `- Who: exactly the subject \`repo:acme/app:ref:refs/heads/main\` of \`${ACTIONS}\``,
    ],
  },
  "a policy is added beside files that are nobody's business": {
    change: { [POLICY]: GOOD, [`${CHAINGUARD}/README.md`]: "# Policies", "src/main.ts": "1" },
    conclusion: "success",
    says: ["1 changed file looked at, 0 errors, 0 warnings, 0 notices."],
  },
  "a policy in a folder of its own": {
    change: { [`${CHAINGUARD}/team/deploy.sts.yaml`]: GOOD },
    conclusion: "success",
    says: ["### `team/deploy`: a new policy"],
  },
  "permissions and a clause are edited": {
    before: { [POLICY]: policy("contents: read\n  issues: write") },
    change: { [POLICY]: policy("contents: write").replace("refs/heads/main", "refs/heads/release") },
    conclusion: "success",
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
    says: [
      "- subject matches `repo:acme/app:ref:refs/heads/release-[0-9]+`; before: is `repo:acme/app:ref:refs/heads/main`",
      "- Who: whatever matches the patterns; which workloads these are cannot be told from them",
    ],
    saysNot: ["- Who: exactly"],
  },
  "a claim is added and one is taken away": {
    before: { [POLICY]: `${GOOD}claim_pattern:\n  environment: production\n` },
    change: {
      [POLICY]: `${GOOD}claim_pattern:\n  job_workflow_ref: acme/app/.github/workflows/x\\.yml@refs/heads/main\n`,
    },
    conclusion: "success",
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
    says: ["### `ci`: access does not change"],
    saysNot: ["Who:", "Gains"],
  },
  "a policy is deleted": {
    before: { [POLICY]: GOOD, [`${CHAINGUARD}/other.sts.yaml`]: GOOD },
    change: { [POLICY]: null },
    conclusion: "success",
    says: ["### `ci`: removed: no exchange can use it any more", "- Loses `contents: read`"],
    saysNot: ["other"],
  },
  "the last policy is deleted, and the folder with it": {
    before: { [POLICY]: GOOD },
    change: { [POLICY]: null },
    conclusion: "success",
    says: ["### `ci`: removed: no exchange can use it any more"],
  },
  "a policy is renamed": {
    before: { [POLICY]: GOOD },
    change: { [POLICY]: null, [`${CHAINGUARD}/build.sts.yaml`]: GOOD },
    conclusion: "success",
    says: ["### `build`: a new policy", "### `ci`: removed: no exchange can use it any more"],
  },
  "a policy is broken": {
    before: { [POLICY]: GOOD },
    change: { [POLICY]: GOOD.replace("permissions:", "permisions:").replace("subject:", "subject_pattern: '('\nx:") },
    conclusion: "failure",
    title: INVALID,
    annotations: [
      `${POLICY}:1:1 failure: no permission is given\nname what the token may do, as \`permissions: {contents: read}\``,
      `${POLICY}:2:18 failure: "(" is no pattern: missing closing ): \`(\`\nbalance the parentheses; a literal one is \`\\(\` or \`\\)\``,
      `${POLICY}:3:1 failure: unknown key "x"\nknown are issuer, issuer_pattern, subject, subject_pattern, audience, audience_pattern, claim_pattern, permissions, jwks, max_token_lifetime, description`,
      `${POLICY}:4:1 failure: unknown key "permisions"\ndid you mean \`permissions\`?`,
    ],
    says: ["### `ci`: no exchange can use it", "- Loses `contents: read`"],
  },
  "a broken policy is mended": {
    before: { [POLICY]: "issuer: x\n" },
    change: { [POLICY]: GOOD },
    conclusion: "success",
    says: ["### `ci`: usable, which it was not before", "- Gains `contents: read`"],
  },
  "a policy that the deployment refused comes to be accepted": {
    before: { [POLICY]: policy("members: write") },
    change: { [POLICY]: GOOD },
    conclusion: "success",
    says: ["### `ci`: usable, which it was not before", "- Gains `contents: read`"],
    saysNot: ["- Loses `members: write`"],
  },
  "one policy is broken and another is good": {
    change: { [POLICY]: GOOD, [`${CHAINGUARD}/bad.sts.yaml`]: "{" },
    conclusion: "failure",
    title: INVALID,
    says: ["2 changed files looked at, 1 error, 0 warnings, 0 notices.", "### `ci`: a new policy"],
  },
  "a policy is risky": {
    change: { [POLICY]: GOOD.replace("subject: repo:acme/app:ref:refs/heads/main", "subject_pattern: .*") },
    conclusion: "success",
    says: ["## Warnings and notices", "(subject-of-anyone)"],
  },
  "an empty file": {
    change: { [POLICY]: "" },
    conclusion: "failure",
    title: INVALID,
    annotations: [
      `${POLICY}:1:1 failure: neither issuer nor issuer_pattern is given\nadd \`issuer: ...\``,
      `${POLICY}:1:1 failure: neither subject nor subject_pattern is given\nadd \`subject: ...\``,
      `${POLICY}:1:1 failure: no permission is given\nname what the token may do, as \`permissions: {contents: read}\``,
    ],
  },
  "what is no text": {
    change: { [POLICY]: Uint8Array.of(0xff, 0xfe, 0) },
    conclusion: "failure",
    annotations: [`${POLICY}:1:1 failure: the file is not UTF-8\nsave it as UTF-8`],
  },
  "what is too large": {
    change: { [POLICY]: `# ${"x".repeat(65_536)}\n${GOOD}` },
    conclusion: "failure",
    annotations: [`${POLICY}:1:1 failure: the file is larger than 65536 bytes\nshorten it`],
  },
  "a symbolic link": {
    change: { [POLICY]: { symlink: "../../policy.yaml" } },
    conclusion: "failure",
    annotations: [
      `${POLICY}:1:1 failure: a symbolic link: what it leads to can change without this check\nput the file itself here`,
    ],
  },
  "a submodule": {
    change: { [POLICY]: { submodule: "a".repeat(40) } },
    conclusion: "failure",
    annotations: [`${POLICY}:1:1 failure: a submodule, and no file\nput the file itself here`],
  },
  "a directory with a policy's name": {
    change: { [`${POLICY}/x.txt`]: "x" },
    conclusion: "failure",
    annotations: [`${POLICY}:1:1 failure: a directory, and no file\ngive it another name`],
  },
  "names that are never read": {
    change: { [`${CHAINGUARD}/a.yaml`]: GOOD, [`${CHAINGUARD}/b.sts.yml`]: GOOD },
    conclusion: "failure",
    annotations: [
      `${CHAINGUARD}/a.yaml:1:1 failure: never read: its name does not end in .sts.yaml\nname it a.sts.yaml`,
      `${CHAINGUARD}/b.sts.yml:1:1 failure: never read: its name does not end in .sts.yaml\nname it b.sts.yaml`,
    ],
  },
  "policies elsewhere, next to their folder and far from it": {
    change: { ".github/a.sts.yaml": GOOD, "b.sts.yaml": GOOD, "docs/deep/c.sts.yaml": GOOD },
    conclusion: "success",
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
    annotations: [],
  },
  "a permission that the App does not hold": {
    change: { [POLICY]: policy("deployments: write") },
    conclusion: "success",
    annotations: [
      `${POLICY}:4:3 warning: the App's installation does not hold deployments: write, so that no token can be made\nhave an owner grant it to the App, or remove it here`,
    ],
  },
  "a permission that the deployment refuses": {
    change: { [POLICY]: policy("members: write") },
    conclusion: "failure",
    annotations: [
      `${POLICY}:4:3 failure: members: write reaches the whole organization, and a repository's policy may not grant it here\ngrant it in a policy of the owner's policy repository`,
      `${POLICY}:4:3 warning: members: write can add and remove members of the organization and its teams\nkeep it only if the workload does just that, and let nothing else match the policy`,
    ],
    says: ["### `ci`: no exchange can use it"],
  },
  "extensions of this service": {
    change: { [POLICY]: `${GOOD}max_token_lifetime: 900\ndescription: for the robots\n` },
    conclusion: "success",
    says: [
      "- Extensions, which octo-sts refuses: `max_token_lifetime`, `description`",
      "- max_token_lifetime is at most `900 s`",
    ],
  },
  "`repositories` in a repository's policy": {
    change: { [POLICY]: `${GOOD}repositories: [other]\n` },
    conclusion: "failure",
  },
  "an organization's policy comes to reach more": {
    repository: ".github",
    before: { [POLICY]: `${GOOD}repositories: [app, other]\n` },
    change: { [POLICY]: `${GOOD}repositories: [app, third]\n` },
    conclusion: "success",
    says: ["- Reaches `third`", "- Reaches no more `other`"],
  },
  "an organization's policy comes to reach everything": {
    repository: ".github",
    before: { [POLICY]: `${GOOD}repositories: [app]\n` },
    change: { [POLICY]: `${GOOD}repositories: []\n` },
    conclusion: "success",
    says: [
      "- Reaches `every other repository of the installation`",
      "- repositories are all of the installation's; before: are `app`",
    ],
  },
  "the issuer list is added": {
    repository: ".github",
    change: { [LIST]: GOOD_LIST },
    conclusion: "success",
    says: ["### `trusted-token-issuers.yaml`: a new list of issuers", `- Gains \`${ACTIONS}\``, "- mode is `enforce`"],
  },
  "the issuer list is edited": {
    repository: ".github",
    before: { [LIST]: GOOD_LIST },
    change: { [LIST]: "mode: audit\nissuers:\n  - https://gitlab.com\n" },
    conclusion: "success",
    says: ["- Gains `https://gitlab.com`", `- Loses \`${ACTIONS}\``, "- mode is `audit`; before: is `enforce`"],
  },
  "the issuer list is broken": {
    repository: ".github",
    change: { [LIST]: "mode: enforce\nissuers:\n  - not a url\n" },
    conclusion: "failure",
    title: INVALID,
    annotations: [
      `${LIST}:3:5 failure: "not a url" is no issuer URL\nwrite the token's \`iss\`, as \`https://host/path\``,
    ],
    says: ["### `trusted-token-issuers.yaml`: not usable"],
  },
  "the issuer list is removed": {
    repository: ".github",
    before: { [LIST]: GOOD_LIST },
    change: { [LIST]: null },
    conclusion: "success",
    says: ["### `trusted-token-issuers.yaml`: removed: every issuer is permitted again"],
  },
  "an issuer list where none is read": {
    change: { [LIST]: GOOD_LIST },
    conclusion: "failure",
    annotations: [
      `${LIST}:1:1 failure: the list of trusted issuers is read from the owner's policy repository only\nmove it there, or remove it`,
    ],
  },
  "text that would be Markdown": {
    change: { [POLICY]: GOOD.replace("repo:acme/app", "'</code>`@everyone` ![x](https://evil.example)'\n# ") },
    conclusion: "success",
    says: ["- subject is `` </code>`@everyone` ![x](https://evil.example) ``"],
  },
  "a path that would be Markdown": {
    change: { [`${CHAINGUARD}/a\`\n## Approved\n.sts.yaml`]: GOOD },
    conclusion: "failure",
    saysNot: ["## Approved"],
  },
};

function check(run: Run, { conclusion, title, annotations, says = [], saysNot = [] }: Case): void {
  expect([run.status, run.conclusion]).toEqual(["completed", conclusion]);
  expect(run.title).toBe(title ?? (conclusion === "success" ? VALID : INVALID));
  if (annotations) expect(run.annotations).toEqual(annotations);
  for (const line of says) expect(run.summary).toContain(line);
  for (const line of saysNot) expect(run.summary.split("\n")).not.toContain(line);
  expect(run.summary.length).toBeLessThan(65_535);
  expect(run.text).toContain("node policies/cli.ts check");
}

/** Each scene has an owner of its own. */
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

async function arranged({ before, change, ...one }: Case): Promise<Scene & { at: string; change: Files; one: Case }> {
  const made = await scene(one.options);
  const { owner, network } = made;
  const at = `${owner}/${one.repository ?? "app"}`;
  if (before) network.github.commit(at, { files: filesOf(before, owner) });
  return Object.assign(made, { at, change: filesOf(change, owner), one: { ...ofOwner(one, owner), change } });
}

describe("a pull request in which", () => {
  it.each(Object.entries(CASES))("%s", async (_name, world) => {
    const { pull, runs, at, change, one } = await arranged(world);
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
    const world = CASES[name];
    if (world === undefined) throw new Error(name);
    const { push, runs, at, change, one } = await arranged(world);
    await push(change, { repository: at });
    const [run, ...others] = runs(at);
    expect(others).toEqual([]);
    if (run === undefined) throw new Error("no check run was made");
    check(run, one);
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
    const { pull, runs, outcome } = await scene();
    await pull(change);
    expect(runs()).toEqual([]);
    expect(outcome()).toBe("nothing");
  });
});
