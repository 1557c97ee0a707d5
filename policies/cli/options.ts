/**
 * The command line's words: commands, options, help; and the options of a call, checked. Pure.
 */

import { hostOfDeployment } from "../names.ts";
import type { DeploymentRules } from "../policy/deployment.ts";
import { assumedRules } from "./assumed-rules.ts";
import { Unusable } from "./disk.ts";
import type { PlaceOptions } from "./place.ts";

/** As parseArgs gives them. */
export interface RawOptions extends RuleOptions {
  readonly owner?: string | undefined;
  readonly kind?: string | undefined;
  readonly domain?: string | undefined;
  readonly "org-policy-repo"?: string | undefined;
  readonly format?: string | undefined;
  readonly strict?: boolean | undefined;
  readonly claims?: string | undefined;
  readonly token?: string | undefined;
  readonly "token-file"?: string | undefined;
  readonly scope?: string | undefined;
  readonly permissions?: string | undefined;
  readonly repositories?: string | undefined;
  readonly jwks?: string | undefined;
  readonly out?: string | undefined;
  readonly pin?: string | undefined;
}

export interface Options extends PlaceOptions {
  readonly domain: string | undefined;
  readonly rules: DeploymentRules;
  readonly format: string;
  readonly strict: boolean;
  /** Files, and the token itself. */
  readonly claims: string | undefined;
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
}

/** Throws Unusable. `domain`: what the environment says. */
export function optionsFrom(values: RawOptions, formats: readonly string[], domain: string | undefined): Options {
  const { kind, format = "text" } = values;
  const named = values.domain ?? domain;
  const host = named === undefined ? undefined : hostOfDeployment(named);
  if (named !== undefined && host === undefined) {
    throw new Unusable(`--domain must be the deployment's host, as sts.example.com, or its URL, not "${named}"`);
  }
  const rules = rulesFrom(values, host);
  if (rules === undefined) throw new Unusable("--org-permissions must be none, read or any");
  if (kind !== undefined && kind !== "repository" && kind !== "organization") {
    throw new Unusable("--kind must be repository or organization");
  }
  if (!formats.includes(format)) throw new Unusable(`--format must be one of ${formats.join(", ")}`);
  return {
    kind,
    owner: values.owner,
    policyRepository: values["org-policy-repo"] ?? ".github",
    domain: host,
    rules,
    format,
    strict: values.strict ?? false,
    claims: values.claims,
    token: values.token,
    tokenFile: values["token-file"],
  };
}

/** The deployment that `check`, `explain` and `test` assume: one without settings, but for what the options say. */
interface RuleOptions {
  readonly "org-permissions"?: string | undefined;
  readonly "require-repositories"?: boolean | undefined;
  readonly "no-inline-jwks"?: boolean | undefined;
  readonly "extra-permissions"?: string | undefined;
  readonly apps?: string | undefined;
  readonly "allow-loopback"?: boolean | undefined;
}

/** Undefined if `org-permissions` is none of its values. */
function rulesFrom(options: RuleOptions, domain: string | undefined): DeploymentRules | undefined {
  const level = options["org-permissions"] ?? "read";
  if (level !== "none" && level !== "read" && level !== "any") return undefined;
  return assumedRules({
    domain,
    allowLoopback: options["allow-loopback"] ?? false,
    organizationPermissions: level,
    requireRepositories: options["require-repositories"] ?? false,
    inlineJwks: !(options["no-inline-jwks"] ?? false),
    extraPermissions: options["extra-permissions"]?.split(/[\s,]+/) ?? [],
    // A name or an id, which are put to the policy alike.
    apps: options.apps?.split(/[\s,]+/).map((id) => ({ id })),
  });
}

const COMMON = {
  owner: { type: "string" },
  kind: { type: "string" },
  domain: { type: "string" },
  "org-policy-repo": { type: "string" },
  "org-permissions": { type: "string" },
  "require-repositories": { type: "boolean" },
  "no-inline-jwks": { type: "boolean" },
  "extra-permissions": { type: "string" },
  apps: { type: "string" },
  "allow-loopback": { type: "boolean" },
  format: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** For parseArgs of node:util. */
export const OPTIONS = {
  ...COMMON,
  strict: { type: "boolean" },
  claims: { type: "string" },
  token: { type: "string" },
  "token-file": { type: "string" },
  scope: { type: "string" },
  permissions: { type: "string" },
  repositories: { type: "string" },
  jwks: { type: "string" },
  pin: { type: "string" },
  out: { type: "string" },
} as const;

const TOKEN = ["claims", "token", "token-file"];

/** The options that a command takes, and its formats. */
export const COMMANDS: Readonly<
  Record<string, { readonly options: readonly string[]; readonly formats: readonly string[] }>
> = {
  check: { options: [...Object.keys(COMMON), "strict"], formats: ["text", "json", "sarif", "github"] },
  explain: { options: [...Object.keys(COMMON), ...TOKEN], formats: ["text", "json"] },
  test: { options: Object.keys(COMMON), formats: ["text", "json"] },
  new: {
    options: [...Object.keys(COMMON), ...TOKEN, "scope", "permissions", "repositories", "jwks", "pin", "out"],
    formats: ["text"],
  },
  schema: { options: ["help"], formats: [] },
};

export const HELP = `Trust policies on the command line

  policy check FILE|DIR...     errors and warnings, with line and column
  policy explain POLICY        what a policy says to a token, clause by clause
  policy test FILE|DIR...      run the *.sts.test.yaml files beside policies
  policy new IDENTITY          write a first policy and its test
  policy schema [NAME]         print the JSON Schema of \`policy\` (the default)
                               or \`trusted-token-issuers\`

check
  --format F      text (default), json, sarif, github
  --strict        exit 1 for warnings too
explain
  --claims FILE       a token or its payload as JSON, the log of a job with
                      octo-sts/action, or a refusal as the service answered
                      it; \`-\` reads standard input
  --token-file FILE   the same
  --token TOKEN       a token; a shell keeps it in its history
  --format F          text (default), json
test
  --format F      text (default), json
new
  --claims FILE, --token-file FILE, --token TOKEN
                      a token of the workload, its payload, or a job's log
  --kind K [N=V...]   without a token: github-branch, github-tag,
                      github-environment, github-reusable-workflow, github,
                      gitlab, buildkite, circleci, bitbucket, hcp-terraform,
                      aws, aws-eks, google, google-gke, azure, azure-aks, fly,
                      kubernetes, spiffe, auth0, other; alone it tells what it
                      needs
  --pin NAME,NAME     further claims of the token that the policy wants as
                      they are
  --scope OWNER/REPO  what the GitHub token is for; OWNER alone makes an
                      organization policy, which needs --repositories A,B
  --permissions P     as contents:read,issues:write (contents:read)
  --jwks FILE         the issuer's key set, where nobody can fetch it
  --out DIR           where to (.github/chainguard)

check, explain, test
  --kind K              repository, or organization for a policy of the
                        owner's policy repository; by default read off the
                        repository's name, or the file
  --owner NAME          of the repository; by default read off its origin
for all of them
  --domain HOST         of the deployment, or its URL: the default audience;
                        by default $STS_DOMAIN
  --org-policy-repo N   the owner's policy repository (.github)
  --org-permissions L   highest level of organization-wide permissions in a
                        repository's policy: none, read (default), any
  --extra-permissions N,N
                        permissions that GitHub has and this version lacks
  --apps N,N            names or ids of the deployment's Apps that serve the
                        owner; without it none is missed
  --require-repositories, --no-inline-jwks, --allow-loopback
                        as the deployment's REQUIRE_REPOSITORIES, INLINE_JWKS,
                        ALLOW_LOOPBACK

Exit code: 0 for clean, or warnings only; allowed; all tests passed.
1 for errors; refused; a failed test. 2 for a wrong call or an unreadable file.
`;
