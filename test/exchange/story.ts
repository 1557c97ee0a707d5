// An organisation with an App, a policy and a workload, so that a test reads like a story: arrange, ask, look at what happened.

import { appKeys } from "../emulators/core/keys.ts";
import type { Issuer, SignOptions } from "../emulators/oidc.ts";
import { createOutside, type Outside } from "../emulators/outside.ts";
import { type Answer, createWorker, type TestWorker } from "./worker.ts";

export const ACTIONS = "https://token.actions.githubusercontent.com";
export const DOMAIN = "sts.example.com";
export const APP_ID = 7;

export interface StoryOptions {
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly bindings?: Readonly<Record<string, unknown>>;
  readonly latencyMs?: number;
  /** Stands between the Worker and the outside world; `pass` is how the emulators answer. */
  readonly internet?: (request: Request, pass: (request: Request) => Promise<Response>) => Promise<Response>;
  /** The policy of acme/app named `deploy`; undefined leaves the file out. */
  readonly policy?: string | undefined;
  readonly visibility?: "public" | "private";
  readonly type?: "Organization" | "User";
  readonly install?: boolean;
  /** Names that the App is installed on; all by default. */
  readonly selected?: readonly string[];
  /** REST base of another GitHub, and its Actions issuer. */
  readonly apiUrl?: string;
  readonly actions?: string;
  readonly permissions?: Readonly<Record<string, string>>;
}

export interface Asking {
  readonly method?: string;
  readonly path?: string;
  readonly scope?: string | null;
  readonly identity?: string | null;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The whole Authorization header; null leaves it out. */
  readonly authorization?: string | null;
  /** Claims over those of the usual workload; null removes. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly sign?: SignOptions;
  /** Whose token; the Actions issuer by default. */
  readonly issuer?: Issuer;
  readonly signal?: AbortSignal;
}

export interface Story {
  readonly owner: string;
  readonly ownerId: number;
  readonly outside: Outside;
  readonly worker: TestWorker;
  readonly actions: Issuer;
  /** An issuer that nobody knows. */
  readonly stranger: Issuer;
  readonly clock: { now: number };
  request(asking?: Asking): Promise<Request>;
  ask(asking?: Asking): Promise<Answer>;
  /** Another isolate over the same KV. */
  isolate(variables?: Readonly<Record<string, unknown>>): TestWorker;
  /** Mints of what the policy grants, as distinct from read tokens. */
  grantMints(): number;
}

let stories = 0;

export const POLICY = (owner: string, issuer = ACTIONS): string =>
  `issuer: ${issuer}\nsubject: repo:${owner}/app:ref:refs/heads/main\npermissions:\n  issues: write\n`;

export const PERMISSIONS = { contents: "write", issues: "write", checks: "write", metadata: "read" };

/** Every story has an owner of its own, as KV is shared by all tests of a file. */
export async function story(options: StoryOptions = {}): Promise<Story> {
  const owner = `acme-${++stories}`;
  const ownerId = 5000 + stories;
  const clock = { now: Date.UTC(2026, 10, 25, 12) };
  const { latencyMs, apiUrl, actions: issuerBase = ACTIONS } = options;
  const outside = createOutside({
    issuerBase,
    now: () => clock.now,
    ...(latencyMs ? { latencyMs } : {}),
    ...(apiUrl ? { apiUrl } : {}),
  });
  const { github } = outside;
  const { privateKeyPem, publicKey } = await appKeys();
  github.addApp({ id: APP_ID, publicKeys: [publicKey] });
  github.addAccount(owner, { type: options.type ?? "Organization", id: ownerId });
  for (const name of ["app", "other", ".github"]) {
    github.addRepository(`${owner}/${name}`, { visibility: options.visibility ?? "private" });
  }
  const policy = "policy" in options ? options.policy : POLICY(owner, issuerBase);
  if (policy !== undefined) github.putFile(`${owner}/app`, ".github/chainguard/deploy.sts.yaml", policy);
  if (options.install !== false) {
    const { permissions = PERMISSIONS, selected: repositories = "all" } = options;
    github.install({ app: APP_ID, owner, permissions, repositories });
  }
  const variables = {
    STS_DOMAIN: DOMAIN,
    ...(apiUrl ? { GITHUB_API_URL: apiUrl, KNOWN_ISSUERS: issuerBase } : {}),
    GITHUB_APP_ID: String(APP_ID),
    GITHUB_APP_PRIVATE_KEY: privateKeyPem,
    ...options.variables,
  };
  const { internet } = options;
  // An Enterprise Server's Actions issuer lies on the host of its API.
  const isIssuers = (url: string) => apiUrl !== undefined && url.startsWith(`${issuerBase}/`);
  const pass = (sent: Request) => (isIssuers(sent.url) ? outside.issuers.fetch(sent) : outside.fetch(sent));
  const isolate = (more: Readonly<Record<string, unknown>> = {}) =>
    createWorker({
      outside: { fetch: (sent) => (internet ? internet(sent, pass) : pass(sent)) },
      variables: { ...variables, ...more },
      now: () => clock.now,
      ...(options.bindings ? { bindings: options.bindings } : {}),
    });
  const worker = isolate();
  const actions = outside.issuers.issuer("");
  const request = (asking: Asking = {}) => requestOf({ owner, ownerId, actions }, asking);
  return {
    owner,
    ownerId,
    outside,
    worker,
    actions,
    stranger: outside.issuers.issuer("stranger"),
    clock,
    request,
    isolate,
    ask: async (asking = {}) => worker.fetch(await request(asking)),
    grantMints: () =>
      outside.calls.filter(({ route, body }) => route === "gh.mint" && !body.includes('{"contents":"read"}')).length,
  };
}

interface Workload {
  readonly owner: string;
  readonly ownerId: number;
  readonly actions: Issuer;
}

/** A private repository's workflow on main. */
export function claimsOf({ owner, ownerId }: Pick<Workload, "owner" | "ownerId">): Readonly<Record<string, unknown>> {
  return {
    sub: `repo:${owner}/app:ref:refs/heads/main`,
    aud: DOMAIN,
    repository: `${owner}/app`,
    repository_owner: owner,
    repository_owner_id: String(ownerId),
    repository_visibility: "private",
    ref: "refs/heads/main",
  };
}

async function requestOf(workload: Workload, asking: Asking): Promise<Request> {
  const { method = "GET", path = "/sts/exchange", scope = `${workload.owner}/app`, identity = "deploy" } = asking;
  const issuer = asking.issuer ?? workload.actions;
  const query = new URLSearchParams({
    ...(scope === null ? {} : { scope }),
    ...(identity === null ? {} : { identity }),
    ...asking.query,
  });
  const token =
    asking.authorization === undefined
      ? await issuer.sign({ ...claimsOf(workload), ...asking.claims }, asking.sign)
      : undefined;
  const authorization = token === undefined ? asking.authorization : `Bearer ${token}`;
  return new Request(`https://${DOMAIN}${path}?${query}`, {
    method,
    headers: { ...(authorization ? { Authorization: authorization } : {}), ...asking.headers },
    ...(asking.body === undefined ? {} : { body: asking.body }),
    ...(asking.signal ? { signal: asking.signal } : {}),
  });
}
