// What the stories of this folder share: several Apps on one owner, KV that is watched or fails, and what is asked of every
// exchange at its end.

import { env } from "cloudflare:workers";
import { appKeys } from "../emulators/core/keys.ts";
import type { Call } from "../emulators/outside.ts";
import { APP_ID, PERMISSIONS, type Story, type StoryOptions, story } from "../exchange/story.ts";
import type { TestWorker } from "../exchange/worker.ts";

export const LIST = ".github/chainguard/trusted-token-issuers.yaml";
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export const policyPath = (identity: string): string => `.github/chainguard/${identity}.sts.yaml`;

/** Puts the owner's issuer allow-list; null takes it away. */
export function putList({ outside, owner }: Story, text: string | null): void {
  if (text === null) outside.github.removeFile(`${owner}/.github`, LIST);
  else outside.github.putFile(`${owner}/.github`, LIST, text);
}

export function putPolicy({ outside, owner }: Story, text: string, identity = "deploy", repository = "app"): void {
  outside.github.putFile(`${owner}/${repository}`, policyPath(identity), text);
}

/** Tokens that still work. After a granted exchange exactly one, that of the answer; after a refusal none. */
export const living = ({ outside }: Story): readonly string[] =>
  outside.github.tokens.filter(({ revoked }) => !revoked).map(({ value }) => value);

/** Calls before the answer. */
export const exchangeCalls = ({ outside }: Story): readonly Call[] =>
  outside.calls.filter(({ route }) => route !== "gh.revoke");

export const routes = (told: Story): readonly string[] => exchangeCalls(told).map(({ route }) => route);

/** What the last audit event counted. */
export function counts(worker: TestWorker): Readonly<Record<string, number>> {
  const counted = worker.audits().at(-1)?.counts;
  // The event's own type has it so.
  return counted as Readonly<Record<string, number>>;
}

export interface AppSpec {
  readonly id: number;
  /** True: it names this story's owner. */
  readonly named?: boolean;
  readonly install?: boolean;
  readonly selected?: readonly string[];
  readonly permissions?: Readonly<Record<string, string>>;
  /** Of its keys, in the order in which they are configured; slot 0 by default, which is also what GitHub knows. */
  readonly keySlots?: readonly number[];
}

/** Installation ids are told by App: 70,000 and the App's id. */
export const installationOf = (app: number): number => 70_000 + app;

/** A story whose deployment has these Apps; each is installed on the owner unless it says otherwise. */
export async function storyOfApps(apps: readonly AppSpec[], options: StoryOptions = {}): Promise<Story> {
  const told = await story({ ...options, install: false });
  const { github } = told.outside;
  const configured: object[] = [];
  for (const { id, named, install, selected, permissions, keySlots = [0] } of apps) {
    const keys = await Promise.all(keySlots.map((slot) => appKeys(slot)));
    const { publicKey } = await appKeys(0);
    if (id !== APP_ID) github.addApp({ id, publicKeys: [publicKey] });
    if (install !== false) {
      github.install({
        app: id,
        id: installationOf(id),
        owner: told.owner,
        permissions: permissions ?? PERMISSIONS,
        repositories: selected ?? "all",
      });
    }
    const privateKey = keys.map(({ privateKeyPem }) => privateKeyPem).join("");
    configured.push({ id, privateKey, ...(named ? { owners: [told.owner] } : {}) });
  }
  const variables = { GITHUB_APPS: JSON.stringify(configured) };
  const worker = told.isolate(variables);
  return {
    ...told,
    worker,
    ask: async (asking = {}) => worker.fetch(await told.request(asking)),
    isolate: (more = {}) => told.isolate({ ...variables, ...more }),
  };
}

/** Which Apps were asked for the caller's token, in order. */
export const mintedBy = ({ outside }: Story): readonly number[] =>
  outside.calls.filter(isGrantMint).map(({ path }) => Number(/\/installations\/(\d+)\//.exec(path)?.[1]) - 70_000);

export const isGrantMint = ({ route, body }: Call): boolean =>
  route === "gh.mint" && !body.includes('"permissions":{"contents":"read"}');

export interface WatchedKv {
  readonly binding: Pick<KVNamespace, "get" | "put">;
  readonly gets: string[];
  readonly puts: { readonly key: string; readonly value: string }[];
  /** What throws from now on. */
  fail: "nothing" | "get" | "put" | "all";
}

/** The real namespace, watched. */
export function watchedKv(): WatchedKv {
  const kv = env.STS_CACHE;
  const watched: WatchedKv = {
    gets: [],
    puts: [],
    fail: "nothing",
    // Only the two forms that the Worker uses; the rest of the overloads is the platform's.
    binding: {
      get: async (key: string, type: "json") => {
        watched.gets.push(key);
        if (watched.fail === "get" || watched.fail === "all") throw new Error("KV is out of order");
        return kv.get(key, type);
      },
      put: async (key: string, value: string, options?: KVNamespacePutOptions) => {
        if (watched.fail === "put" || watched.fail === "all") throw new Error("KV is out of order");
        watched.puts.push({ key, value });
        await kv.put(key, value, options);
      },
    } as Pick<KVNamespace, "get" | "put">,
  };
  return watched;
}

/** Every value in the namespace, parsed. */
export async function storedValues(): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>> {
  const { keys } = await env.STS_CACHE.list();
  const found = new Map<string, Readonly<Record<string, unknown>>>();
  for (const { name } of keys) {
    const value = await env.STS_CACHE.get<Readonly<Record<string, unknown>>>(name, "json");
    if (value) found.set(name, value);
  }
  return found;
}
