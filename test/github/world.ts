// A world for the tests of worker/github: the emulated GitHub, ours over it, one App on one owner, and a call context that
// remembers what it was given. No socket; the clock stands still until a test moves it.

import { ACCOUNTS_CACHE, type AccountsValue } from "../../worker/github/accounts.ts";
import { readAppKeys } from "../../worker/github/app.ts";
import type { CallContext } from "../../worker/github/call.ts";
import { type App, GitHub, type Installation } from "../../worker/github/github.ts";
import { INSTALLATION_CACHE, type InstallationValue } from "../../worker/github/installations.ts";
import { TieredCache } from "../../worker/store/cache.ts";
import { Deadline } from "../../worker/store/deadline.ts";
import { KvStore } from "../../worker/store/kv.ts";
import { appKeys } from "../emulators/core/keys.ts";
import { Network } from "../support/network.ts";

export const API = "https://api.github.com";
export const PERMISSIONS = { contents: "write", issues: "write", checks: "write", members: "read" };
export const POLICY_PATH = ".github/chainguard/ci.sts.yaml";

export interface TestCall extends CallContext {
  readonly counted: string[];
  /** Ends when everything that was left for later is done. */
  settled(): Promise<void>;
  /** As if the exchange's own time were over, or about to be. */
  expire(leftMs?: number): void;
}

export function testCall(): TestCall {
  const counted: string[] = [];
  const pending: Promise<unknown>[] = [];
  let deadline = new Deadline(10_000);
  return {
    deadline: {
      get leftMs() {
        return deadline.leftMs;
      },
    },
    counted,
    count: (what) => counted.push(what),
    waitUntil: (work) => pending.push(work),
    expire: (leftMs = 0) => {
      deadline = new Deadline(leftMs);
    },
    async settled() {
      while (pending.length > 0) await pending.shift();
    },
  };
}

export interface Clock {
  now: number;
}

export interface TestWorld {
  readonly network: Network;
  readonly github: GitHub;
  readonly apps: readonly App[];
  readonly app: App;
  readonly installation: Installation;
  readonly clock: Clock;
  readonly cache: TieredCache<InstallationValue>;
  readonly events: object[];
  readonly call: TestCall;
}

export interface WorldOptions {
  readonly apiUrl?: string;
  /** How many Apps; all of them are installed on acme. */
  readonly apps?: number;
  readonly repositories?: "all" | readonly string[];
  readonly kv?: KVNamespace;
  /** How long one call may take, where a test lets it hang. */
  readonly timeoutMs?: number;
}

export async function appOf(id: number, slots: readonly number[] = [0]): Promise<App> {
  const pems = await Promise.all(slots.map(async (slot) => (await appKeys(slot)).privateKeyPem));
  const keys = readAppKeys(pems.join(""));
  if (!keys.ok) throw new Error(keys.message);
  return { id: String(id), keys: keys.pkcs8, owners: [] };
}

export function installationCache(clock: Clock, kv?: KVNamespace): TieredCache<InstallationValue> {
  return new TieredCache<InstallationValue>({
    ...INSTALLATION_CACHE,
    apiHost: "api.github.com",
    kv: kv && new KvStore({ kv }),
    now: () => clock.now,
    maxEntries: 50,
  });
}

function accountsCache(clock: Clock): TieredCache<AccountsValue> {
  return new TieredCache<AccountsValue>({
    ...ACCOUNTS_CACHE,
    apiHost: "api.github.com",
    kv: undefined,
    now: () => clock.now,
    maxEntries: 50,
  });
}

/** acme with `app`, `other` and a public `.github`; App 1 (and more) installed on all of them, by default. */
export async function createTestWorld(options: WorldOptions = {}): Promise<TestWorld> {
  const apiUrl = options.apiUrl ?? API;
  const clock: Clock = { now: Date.UTC(2026, 4, 6, 12) };
  const network = new Network({ apiUrl, now: () => clock.now });
  const emulator = network.github;
  emulator.addOrganization("acme", { id: 42 });
  emulator.addRepository("acme/app", { files: { [POLICY_PATH]: "issuer: x\n" } });
  emulator.addRepository("acme/other");
  emulator.addRepository("acme/.github", { visibility: "public" });
  const { publicKey } = await appKeys(0);
  const apps: App[] = [];
  for (let id = 1; id <= (options.apps ?? 1); id += 1) {
    emulator.addApp({ id, publicKeys: [publicKey] });
    const repositories = options.repositories ?? "all";
    emulator.install({ app: id, owner: "acme", permissions: PERMISSIONS, repositories, id: 100 + id });
    apps.push(await appOf(id));
  }
  const cache = installationCache(clock, options.kv);
  const events: object[] = [];
  const github = new GitHub({
    fetcher: (request) => network.fetch(request),
    now: () => clock.now,
    random: () => 0,
    apiUrl,
    timeoutMs: options.timeoutMs,
    apps,
    installationCache: cache,
    accountsCache: accountsCache(clock),
    log: (event) => events.push(event),
  });
  const app = apps[0];
  if (app === undefined) throw new Error("a world needs an App");
  const call = testCall();
  return { network, github, apps, app, installation: acmeInstallation(), clock, cache, events, call };
}

/** What the look-up of App 1 on acme finds. */
export const acmeInstallation = (): Installation => ({
  id: 101,
  appId: "1",
  appSlug: "app-1",
  owner: "acme",
  accountId: 42,
  ownerType: "Organization",
  repositorySelection: "all",
  permissions: new Map(Object.entries({ metadata: "read", ...PERMISSIONS })),
  suspended: false,
});

export const routesOf = (network: Network): string[] => network.calls.map((call) => call.route);

/** Tokens that work now: what must be empty when nobody was given one. */
export const livingTokens = ({ network }: TestWorld): readonly unknown[] =>
  network.github.tokens.filter((token) => !token.revoked);
