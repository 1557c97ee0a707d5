// The world that every test of whole exchanges uses: an owner on an emulated GitHub, a deployment of this service with its App, a
// trust policy, and a workload that asks. Everything outside the Worker is emulated; nothing opens a socket. A story in five lines:
//
//     const world = await createWorld({ variables: { REQUIRE_REPOSITORIES: "true" } });
//     world.putPolicy(`${POLICY(world.owner)}max_token_lifetime: 60\n`);
//     world.network.fault({ route: "gh.contents", kind: "hang", times: 1 });
//     const { status, body } = await world.ask({ claims: { sub: "repo:other/app" } });
//     expect([status, body.reason, world.livingTokens()]).toEqual([403, "subject_mismatch", []]);
//
// More: `world.github` builds (addRepository, install, suspend ...), `world.isolate()` is another isolate on the same KV, writing to
// `world.clock.now` lets time pass, `world.calls` and `world.network` tell what was called, `world.worker.logs`, `.audits()` and
// `.counts()` what was logged, watchedKv() of kv.ts is a KV that counts, hangs or refuses (`bindings: { STS_CACHE: kv.binding }`).
// Where the issuer is to misbehave: createIssuerWorld; where webhooks arrive: createWebhookWorld; where it must be the bare runtime
// (callers who leave, KV that hangs, memory): openWorkerd, in a file named *.bare.test.ts. Waits cost no time: see time.ts.

import { appKeys } from "../emulators/core/keys.ts";
import type { GitHub } from "../emulators/github.ts";
import type { Issuer } from "../emulators/oidc.ts";
import { APP_ID, type AppSpec, addApps, isGrantMint, PERMISSIONS } from "./apps.ts";
import { type Answer, createIsolate, type Isolate } from "./isolate.ts";
import { type Call, Network } from "./network.ts";
import { nextNumber } from "./numbers.ts";
import { ACTIONS, type Asking, DOMAIN, POLICY, requestOf } from "./workload.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
/** Where an owner's issuer allow-list lies. */
export const LIST = ".github/chainguard/trusted-token-issuers.yaml";

export const policyPath = (identity: string): string => `.github/chainguard/${identity}.sts.yaml`;

export interface WorldOptions {
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly bindings?: Readonly<Record<string, unknown>>;
  readonly latencyMs?: number;
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
  /** The deployment's Apps, in place of the one. */
  readonly apps?: readonly AppSpec[];
}

interface Deps {
  readonly owner: string;
  readonly ownerId: number;
  readonly network: Network;
  readonly clock: { now: number };
  isolate(variables?: Readonly<Record<string, unknown>>): Isolate;
}

/** Its functions may be taken out of it: `const { ask, github } = await createWorld()`. */
export class World {
  readonly owner: string;
  readonly ownerId: number;
  readonly network: Network;
  readonly github: GitHub;
  readonly actions: Issuer;
  /** An issuer that nobody knows. */
  readonly unknownIssuer: Issuer;
  /** Ms since the epoch; write to it to let time pass. */
  readonly clock: { now: number };
  readonly worker: Isolate;
  /** Another isolate over the same KV. */
  readonly isolate: (variables?: Readonly<Record<string, unknown>>) => Isolate;

  constructor({ owner, ownerId, network, clock, isolate }: Deps) {
    this.owner = owner;
    this.ownerId = ownerId;
    this.network = network;
    this.github = network.github;
    this.actions = network.issuers.issuer("");
    this.unknownIssuer = network.issuers.issuer("unknown");
    this.clock = clock;
    this.isolate = isolate;
    this.worker = isolate();
  }

  readonly request = (asking: Asking = {}): Promise<Request> => requestOf(this, asking);

  readonly ask = async (asking: Asking = {}): Promise<Answer> => this.worker.fetch(await this.request(asking));

  /** Every call to the outside, in order. */
  get calls(): readonly Call[] {
    return this.network.calls;
  }

  /** Routes of the calls before the answer, in order. */
  readonly routes = (): readonly string[] =>
    this.calls.map(({ route }) => route).filter((route) => route !== "gh.revoke");

  /** Mints of what the policy grants, as distinct from read tokens. */
  readonly grantMints = (): number => this.calls.filter(isGrantMint).length;

  /** Tokens that still work. After a granted exchange exactly one, that of the answer; after a refusal none. */
  readonly livingTokens = (): readonly string[] =>
    this.github.tokens.filter(({ revoked }) => !revoked).map(({ value }) => value);

  /** Why the last exchange was refused, whatever the caller was told. */
  readonly loggedReason = (): unknown => this.worker.audits().at(-1)?.reason;

  readonly putPolicy = (text: string, identity = "deploy", repository = "app"): void => {
    this.github.putFile(`${this.owner}/${repository}`, policyPath(identity), text);
  };

  readonly removePolicy = (identity = "deploy", repository = "app"): void => {
    this.github.removeFile(`${this.owner}/${repository}`, policyPath(identity));
  };

  /** The owner's issuer allow-list; null takes it away. */
  readonly putAllowList = (text: string | null): void => {
    if (text === null) this.github.removeFile(`${this.owner}/.github`, LIST);
    else this.github.putFile(`${this.owner}/.github`, LIST, text);
  };
}

/** What a world is made of. Every one has an owner of its own, as KV is shared by all tests of a file. */
export async function worldDeps(options: WorldOptions = {}): Promise<Deps> {
  const number = nextNumber("world");
  const owner = `acme-${number}`;
  const ownerId = 5000 + number;
  const clock = { now: Date.UTC(2026, 10, 25, 12) };
  const now = () => clock.now;
  const { latencyMs = 0, apiUrl, actions: issuerBase = ACTIONS, apps } = options;
  const network = new Network({ issuerBase, now, latencyMs, ...(apiUrl ? { apiUrl } : {}) });
  const { github } = network;
  github.addAccount(owner, { type: options.type ?? "Organization", id: ownerId });
  for (const name of ["app", "other", ".github"]) {
    github.addRepository(`${owner}/${name}`, { visibility: options.visibility ?? "private" });
  }
  const policy = "policy" in options ? options.policy : POLICY(owner, issuerBase);
  if (policy !== undefined) github.putFile(`${owner}/app`, policyPath("deploy"), policy);
  const variables = {
    STS_DOMAIN: DOMAIN,
    ...(apiUrl ? { GITHUB_API_URL: apiUrl, KNOWN_ISSUERS: issuerBase } : {}),
    ...(apps ? await addApps(github, owner, apps) : await addOneApp(github, owner, options)),
    ...options.variables,
  };
  const isolate = (more: Readonly<Record<string, unknown>> = {}) =>
    createIsolate({ network, variables: { ...variables, ...more }, now, bindings: options.bindings ?? {} });
  return { owner, ownerId, network, clock, isolate };
}

export const createWorld = async (options: WorldOptions = {}): Promise<World> => new World(await worldDeps(options));

async function addOneApp(github: GitHub, owner: string, options: WorldOptions) {
  const { privateKeyPem, publicKey } = await appKeys();
  github.addApp({ id: APP_ID, publicKeys: [publicKey] });
  const { permissions = PERMISSIONS, selected: repositories = "all" } = options;
  if (options.install !== false) github.install({ app: APP_ID, owner, permissions, repositories });
  return { GITHUB_APP_ID: String(APP_ID), GITHUB_APP_PRIVATE_KEY: privateKeyPem };
}

export { APP_ID, PERMISSIONS } from "./apps.ts";
export { ACTIONS, type Asking, claimsOf, DOMAIN, POLICY } from "./workload.ts";
