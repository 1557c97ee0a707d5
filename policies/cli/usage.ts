/**
 * How a workload uses its policy: the workflow that asks for the token, or the commands. Pure.
 */

import type { DraftRequest } from "./draft.ts";
import { plainScalar } from "./scalars.ts";
import { lasting } from "./volatile.ts";

export interface Usage {
  readonly language: "yaml" | "sh";
  /** Where a workflow lies, in which repository if it is known; commands have no place. */
  readonly file: { readonly path: string; readonly repository: string | undefined } | undefined;
  readonly text: string;
}

/**
 * `action`: what the workflow uses, without its revision. octo-sts's own where nothing is said; a copy of this service's lies at
 * `OWNER/REPOSITORY/.github/actions/token`.
 */
export function usageOf(request: DraftRequest, identity: string, action = "octo-sts/action"): Usage {
  const { kind, claims, domain } = request;
  if (kind.ask === undefined) return workflow(request, identity, action);
  const values = { audience: domain, scope: askedScope(request), identity, issuer: String(claims.iss) };
  const lines = kind.ask.map((line) =>
    Object.entries(values).reduce((text, [name, value]) => text.replaceAll(`{${name}}`, () => value), line),
  );
  const isYaml = lines.some((line) => /^\s*- /.test(line));
  return { language: isYaml ? "yaml" : "sh", file: undefined, text: `${lines.join("\n")}\n` };
}

/** What the exchange is asked for. */
export function askedScope({ scope: { owner, repository } }: Pick<DraftRequest, "scope">): string {
  return repository === undefined ? owner : `${owner}/${repository}`;
}

function workflow(request: DraftRequest, identity: string, action: string): Usage {
  const { claims, domain } = request;
  const file = fileOf(request, identity);
  const environment = environmentOf(claims);
  const job = identity.replaceAll(/[^A-Za-z0-9_-]/g, "-").replace(/^[^A-Za-z_]/, "_");
  const asked = [domain, askedScope(request), identity].map(plainScalar);
  return {
    language: "yaml",
    file,
    text: [
      `# ${file.path}${file.repository === undefined ? "" : ` in ${file.repository}`}`,
      "on:",
      ...triggerOf(request).map((line) => `  ${line}`),
      "permissions: {}",
      "jobs:",
      `  ${job}:`,
      "    runs-on: ubuntu-latest",
      ...(environment === undefined ? [] : [`    environment: ${plainScalar(environment)} # the policy wants it`]),
      "    permissions:",
      `      id-token: write # lets the job ask for an OIDC token${isCalled(claims) ? "; the caller's job needs it too" : ""}`,
      "    steps:",
      "      - id: sts",
      `        uses: ${action}@COMMIT # a full commit SHA`,
      `        with: { domain: ${asked[0]}, scope: ${asked[1]}, identity: ${asked[2]} }`,
      `      - run: gh api "repos/${repositoryFor(request)}"`,
      `        env: { GH_TOKEN: "\${{ steps.sts.outputs.token }}" }`,
      "",
    ].join("\n"),
  };
}

/** The first repository that the token reaches. */
function repositoryFor({ scope, repositories }: DraftRequest): string {
  const name = scope.repository ?? repositories[0] ?? "REPOSITORY";
  return name.includes("/") ? name : `${scope.owner}/${name}`;
}

type Claims = DraftRequest["claims"];

/** Whether the job's workflow is another one than that of the run. */
const isCalled = ({ job_workflow_ref: called, workflow_ref: own }: Claims): boolean =>
  called !== undefined && called !== own;

/** The file that the token names, else one with the identity's name. */
function fileOf({ claims }: DraftRequest, identity: string): NonNullable<Usage["file"]> {
  const named = isCalled(claims) ? claims.job_workflow_ref : claims.workflow_ref;
  // Nobody has verified the claims: what is no name of GitHub's goes into no file and no link.
  const [, repository, path] = /^([\w.-]+\/[\w.-]+)\/(\.github\/workflows\/[^@\s\p{Cc}]+)@/u.exec(String(named)) ?? [];
  if (path !== undefined) return { path, repository };
  const [own] = /^[\w.-]+\/[\w.-]+$/.exec(String(claims.repository)) ?? [];
  return { path: `.github/workflows/${identity.split("/").at(-1)}.yml`, repository: own };
}

/** The environment that the job needs, as the subject has it. */
export function environmentOf({ sub }: Claims): string | undefined {
  return /^repo:[^:]+:environment:([^:]+)/.exec(String(sub))?.[1];
}

/** What starts a run with such a token. */
function triggerOf({ kind, claims }: DraftRequest): readonly string[] {
  const { sub, event_name: event } = claims;
  if (isCalled(claims)) return ["workflow_call:"];
  const [, ref = ""] = /:ref:(refs\/.+)$/.exec(String(sub)) ?? [];
  if (event === "schedule") return ["schedule:", '  - cron: "17 4 * * *"'];
  if (typeof event === "string" && event !== "push" && /^[a-z_]+$/.test(event)) return [`${event}:`];
  if (ref.startsWith("refs/tags/")) return ["push:", `  tags: [${JSON.stringify(tagFilter(ref.slice(10), kind))}]`];
  if (ref.startsWith("refs/heads/gh-readonly-queue/")) return ["merge_group:"];
  if (ref.startsWith("refs/heads/")) return ["push:", `  branches: [${JSON.stringify(ref.slice(11))}]`];
  return /:pull_request$|:ref:refs\/pull\//.test(String(sub)) ? ["pull_request:"] : ["workflow_dispatch:"];
}

/** Its numbers free, in the language of GitHub's filters, where a dot is a dot. */
function tagFilter(tag: string, kind: DraftRequest["kind"]): string {
  const { kind: form, value } = lasting(`refs/tags/${tag}`, kind);
  return (form === "exact" ? value : value.replaceAll("\\", "")).slice("refs/tags/".length);
}
