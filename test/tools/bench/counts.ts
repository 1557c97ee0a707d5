// Calls and KV operations of one exchange, warm and cold, as Node runs it in an outside world that is played back.

import { createApp } from "../../../worker/app.ts";
import { setUp } from "../../../worker/services.ts";
import { appKeys } from "../../emulators/core/keys.ts";
import { memoryKv } from "../../support/memory-kv.ts";
import { Network } from "../../support/network.ts";
import { createRecorder, type Recorder } from "./recorded.ts";

const DOMAIN = "sts.example.com";

interface Bench {
  readonly recorder: Recorder;
  readonly environment: Readonly<Record<string, unknown>>;
  readonly request: () => Request;
}

async function openBench(): Promise<Bench> {
  const { privateKeyPem, publicKey } = await appKeys();
  const network = new Network();
  const issuer = network.issuers.issuer("ci", { keys: ["rsa"] });
  const policy = `issuer: ${issuer.url}\nsubject_pattern: repo:acme/app:.*\nclaim_pattern:\n  ref: refs/heads/(main|release-.+)\npermissions:\n  contents: read\n`;
  network.github.addOrganization("acme");
  network.github.addRepository("acme/.github");
  network.github.addRepository("acme/app", { files: { ".github/chainguard/deploy.sts.yaml": policy } });
  network.github.addApp({ id: 7, publicKeys: [publicKey] });
  network.github.install({ app: 7, owner: "acme", permissions: { contents: "write" } });
  const claims = { aud: DOMAIN, sub: "repo:acme/app:ref:refs/heads/main", ref: "refs/heads/main" };
  const token = await issuer.sign(claims, { exp: 3_600 });
  const url = `https://${DOMAIN}/sts/exchange?scope=acme/app&identity=deploy`;
  return {
    recorder: createRecorder(network),
    environment: { STS_DOMAIN: DOMAIN, GITHUB_APP_ID: "7", GITHUB_APP_PRIVATE_KEY: privateKeyPem },
    request: () => new Request(url, { headers: { Authorization: `Bearer ${token}` } }),
  };
}

/** A Worker whose memory and KV are empty; gives back what sends it one exchange. */
function createWorker({ recorder, environment, request }: Bench, kv: object): () => Promise<void> {
  const env = { ...environment, KNOWN_ISSUERS: "https://issuers.example/*", STS_CACHE: kv };
  const setup = setUp(env, {
    fetcher: (asked) => recorder.fetch(asked),
    now: Date.now,
    random: () => 0,
    log: () => undefined,
  });
  const app = createApp(
    () => setup,
    () => undefined,
  );
  return async () => {
    const work: Promise<unknown>[] = [];
    const context = { waitUntil: (one: Promise<unknown>) => work.push(one), passThroughOnException() {}, props: {} };
    const response = await app.fetch(request(), env, context);
    if (response.status !== 200) throw new Error(`the exchange was refused: ${await response.text()}`);
    for (const one of work) await one;
  };
}

export interface Counts {
  readonly calls: number;
  readonly kvReads: number;
  readonly kvWrites: number;
}

/** Warm: the same isolate again. New isolate: memory empty, KV filled. Cold: both empty. */
export const KINDS = ["warm", "new isolate", "cold"] as const;
export type Kind = (typeof KINDS)[number];

/** Reads by keys, as they are paid, however many come in one operation. */
function counted(kv: ReturnType<typeof memoryKv>) {
  const counts = { reads: 0, writes: 0 };
  const get = (asked: string | readonly string[]) => {
    counts.reads += [asked].flat().length;
    return kv.get(asked);
  };
  const put = (key: string, value: string) => {
    counts.writes += 1;
    return kv.put(key, value);
  };
  return { counts, kv: { get, put } };
}

export async function prepare(world: Bench, kind: Kind) {
  const { counts, kv } = counted(memoryKv());
  const first = createWorker(world, kv);
  if (kind !== "cold") await first();
  return { counts, next: () => (kind === "new isolate" ? createWorker(world, kv) : first) };
}

async function countsOf(world: Bench, kind: Kind): Promise<Counts> {
  const { counts, next } = await prepare(world, kind);
  Object.assign(counts, { reads: 0, writes: 0 });
  world.recorder.calls = 0;
  await next()();
  return { calls: world.recorder.calls, kvReads: counts.reads, kvWrites: counts.writes };
}

export async function openRecorded(): Promise<Bench> {
  const world = await openBench();
  await createWorker(world, memoryKv())();
  world.recorder.replay();
  return world;
}

/** What one exchange of each kind asks of others; no time is measured. */
export async function countAll(): Promise<ReadonlyMap<Kind, Counts>> {
  const world = await openRecorded();
  const all = new Map<Kind, Counts>();
  for (const kind of KINDS) all.set(kind, await countsOf(world, kind));
  return all;
}
