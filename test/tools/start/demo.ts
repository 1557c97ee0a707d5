// What `npm start` talks to: one organisation with one repository and one trust policy on an emulated GitHub, whose Actions issuer
// hands a workflow of any branch its OIDC token. It lies where an Enterprise Server's does, so that a workload of the organisation is
// proven to be one. All listens on loopback only.

import { appKeys } from "../../emulators/core/keys.ts";
import { createGitHub, type GitHub } from "../../emulators/github.ts";
import { createIssuers, type Issuer } from "../../emulators/oidc.ts";
import { type Served, serve } from "../../emulators/serve.ts";
import type { Ports } from "./ports.ts";

export const OWNER = "acme";
export const REPOSITORY = "app";
export const SCOPE = `${OWNER}/${REPOSITORY}`;
export const IDENTITY = "deploy";
export const POLICY_PATH = `.github/chainguard/${IDENTITY}.sts.yaml`;
const APP_ID = 7;
const OWNER_ID = 1;
/** Where an Enterprise Server's Actions issuer lies. */
const ISSUER_PATH = "/_services/token";

export interface Demo {
  readonly github: GitHub;
  readonly githubUrl: string;
  readonly issuer: Issuer;
  readonly issuerUrl: string;
  readonly policy: string;
  /** What the Worker is configured with. */
  readonly variables: Readonly<Record<string, string>>;
  /** Where a workflow on this branch gets its OIDC token, as plain text. */
  tokenUrl(branch: string): string;
  close(): Promise<void>;
}

export function subjectOf(branch: string): string {
  return `repo:${SCOPE}:ref:refs/heads/${branch}`;
}

const policyFor = (issuer: string): string => `# A workflow of ${SCOPE} on main may read this repository.
issuer: ${issuer}
subject: ${subjectOf("main")}
permissions:
  contents: read
`;

/** What GitHub Actions says of a run, as far as trust policies look at it. */
function claimsOf(branch: string, audience: string): Readonly<Record<string, unknown>> {
  return {
    aud: audience,
    sub: subjectOf(branch),
    ref: `refs/heads/${branch}`,
    ref_type: "branch",
    repository: SCOPE,
    repository_owner: OWNER,
    repository_owner_id: String(OWNER_ID),
    repository_visibility: "private",
    actor: "octocat",
    event_name: "push",
    runner_environment: "github-hosted",
    workflow_ref: `${SCOPE}/.github/workflows/deploy.yml@refs/heads/${branch}`,
    job_workflow_ref: `${SCOPE}/.github/workflows/deploy.yml@refs/heads/${branch}`,
  };
}

async function populate(github: GitHub, policy: string): Promise<void> {
  const { publicKey } = await appKeys();
  github.addOrganization(OWNER, { id: OWNER_ID });
  github.addRepository(`${OWNER}/.github`, { files: { "README.md": "# Policies of acme\n" } });
  github.addRepository(SCOPE, { files: { "README.md": "# The app of acme\n", [POLICY_PATH]: policy } });
  github.addApp({ id: APP_ID, publicKeys: [publicKey], slug: "sts" });
  github.install({ app: APP_ID, owner: OWNER, permissions: { contents: "write", issues: "write" } });
}

async function variablesFor(domain: string, githubUrl: string): Promise<Record<string, string>> {
  const { privateKeyPem } = await appKeys();
  return {
    STS_DOMAIN: domain,
    GITHUB_API_URL: githubUrl,
    GITHUB_APP_ID: String(APP_ID),
    GITHUB_APP_PRIVATE_KEY: Buffer.from(privateKeyPem).toString("base64"),
    ALLOW_LOOPBACK: "true",
  };
}

/** `GET /token/BRANCH` on GitHub's port: a fresh token each time, so that a pasted command never goes stale. */
async function handOut(issuer: Issuer, branch: string, domain: string): Promise<Response> {
  return new Response(await issuer.sign(claimsOf(branch, domain)));
}

export async function openDemo(ports: Ports, domain: string): Promise<Demo> {
  const githubUrl = `http://127.0.0.1:${ports.github}`;
  const github = createGitHub({ apiUrl: githubUrl });
  const issuers = createIssuers({ base: `${githubUrl}${ISSUER_PATH}` });
  const issuer = issuers.issuer("", { keys: ["rsa"] });
  const policy = policyFor(issuer.url);
  await populate(github, policy);
  const answer = (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    const branch = /^\/token\/([A-Za-z0-9._-]+)$/.exec(pathname)?.[1];
    if (branch !== undefined) return handOut(issuer, branch, domain);
    return pathname.startsWith(`${ISSUER_PATH}/`) ? issuers.fetch(request) : github.fetch(request);
  };
  const served: Served = await serve({ name: "the emulated GitHub", port: ports.github, fetch: answer });
  const variables = await variablesFor(domain, githubUrl);
  const tokenUrl = (branch: string): string => `${githubUrl}/token/${branch}`;
  return { github, githubUrl, issuer, issuerUrl: issuer.url, policy, variables, tokenUrl, close: () => served.close() };
}
