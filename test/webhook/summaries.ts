// Ten changes as reviewers read them: the summary of the check run, and what GitHub's flavour of Markdown makes of it.

import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { parseTrustedIssuers } from "../../policies/issuers.ts";
import { type ChangedFile, type JudgeContext, judgeFile } from "../../worker/webhook/judge.ts";
import { verdictOf } from "../../worker/webhook/summary.ts";

const ACTIONS = "https://token.actions.githubusercontent.com";
const FOLDER = ".github/chainguard/";
const policy = (subject: string, permissions: string, more = ""): string =>
  `issuer: ${ACTIONS}\nsubject: ${subject}\npermissions:\n  ${permissions}\n${more}`;
const GOOD = policy("repo:acme/app:ref:refs/heads/main", "contents: read");

const REPOSITORY: JudgeContext = {
  owner: "acme",
  isPolicyRepository: false,
  policyRepository: ".github",
  domain: "sts.example.com",
  rules: {
    organizationPermissions: "read",
    requireRepositories: false,
    inlineJwks: true,
    extraPermissions: [],
    apps: undefined,
    isKnownIssuer: (issuer) => issuer === ACTIONS,
    mayBeAsked: () => true,
  },
  missing: () => [],
  enforcedList: undefined,
};
const ORGANIZATION: JudgeContext = { ...REPOSITORY, isPolicyRepository: true };

/** Undefined: there is no such file. */
function file(name: string, before: string | undefined, after: string | undefined, formerName?: string): ChangedFile {
  return {
    path: FOLDER + name,
    ...(formerName === undefined ? {} : { formerPath: FOLDER + formerName }),
    ...(before === undefined ? {} : { before: { kind: "text", text: before } }),
    ...(after === undefined ? {} : { after: { kind: "text", text: after } }),
  };
}

function onlyGitLab(): JudgeContext["enforcedList"] {
  const parsed = parseTrustedIssuers("mode: enforce\nissuers:\n  - https://gitlab.com\n");
  return parsed.ok ? parsed.value : undefined;
}

interface Reviewed {
  readonly context?: JudgeContext;
  readonly files: readonly ChangedFile[];
  readonly misplaced?: readonly string[];
  readonly unchecked?: readonly string[];
}

const LONG = `repo:acme/app:ref:refs/heads/${"x".repeat(900)}/main`;

export const REVIEWED: Readonly<Record<string, Reviewed>> = {
  "a new policy": { files: [file("ci.sts.yaml", undefined, GOOD)] },
  "permissions and a claim change": {
    files: [
      file(
        "ci.sts.yaml",
        `${GOOD}claim_pattern:\n  environment: production\n`,
        policy("repo:acme/app:ref:refs/heads/release", "contents: write\n  issues: read"),
      ),
    ],
  },
  "a removed, a broken and a renamed policy": {
    files: [
      file("gone.sts.yaml", GOOD, undefined),
      file("broken.sts.yaml", GOOD, GOOD.replace("permissions:", "permisions:")),
      file("build.sts.yaml", GOOD, GOOD, "old.sts.yaml"),
    ],
  },
  "the end of a long value": {
    files: [file("ci.sts.yaml", policy(LONG, "contents: read"), policy(`${LONG}-2`, "contents: read"))],
  },
  "an issuer list that comes to be enforced": {
    context: ORGANIZATION,
    files: [
      file(
        "trusted-token-issuers.yaml",
        `mode: audit\nissuers:\n  - ${ACTIONS}\n`,
        `mode: enforce\nissuers:\n  - ${ACTIONS}\n`,
      ),
    ],
  },
  "an issuer list that cannot be used": {
    context: ORGANIZATION,
    files: [file("trusted-token-issuers.yaml", `mode: enforce\nissuers:\n  - ${ACTIONS}\n`, "mode: enforced\n")],
  },
  "no token can be made": {
    context: { ...REPOSITORY, missing: () => ["contents:read"], enforcedList: onlyGitLab() },
    files: [file("ci.sts.yaml", undefined, GOOD)],
  },
  "an organization's policy that reaches more": {
    context: ORGANIZATION,
    files: [file("ci.sts.yaml", `${GOOD}repositories: [app]\n`, `${GOOD}repositories: [app, other]\n`)],
  },
  "files that are no policies, and one that was not read": {
    files: [file("OWNERS.yaml", undefined, "a: b\n"), file("ci.sts.yml", undefined, GOOD)],
    misplaced: ["docs/ci.sts.yaml"],
    unchecked: [`${FOLDER}late.sts.yaml`],
  },
  "text that would mention, link and end its place": {
    files: [
      file("ci.sts.yaml", undefined, `${GOOD}"@everyone <img src=x> [x](https://evil.example)": "\`\`\` # x"\n`),
      file("a`@everyone`\n# b.sts.yaml", undefined, GOOD),
    ],
  },
};

/** Title, Markdown and HTML of each. */
export function renderedSummaries(): string {
  return Object.entries(REVIEWED)
    .map(([name, { context = REPOSITORY, files, misplaced = [], unchecked = [] }]) => {
      const elsewhere = misplaced.map((path): ChangedFile => ({ path, after: { kind: "text", text: "" } }));
      const verdicts = [...elsewhere, ...files].map((one) => judgeFile(one, context));
      const { output } = verdictOf({ verdicts, unchecked, why: "GitHub did not answer" }, "sts.example.com");
      const html = micromark(output.summary, { extensions: [gfm()], htmlExtensions: [gfmHtml()] });
      return `<h1>${name}</h1>\n<p>Title: ${output.title}</p>\n${html}\n`;
    })
    .join("\n");
}
