// `npm run bench`: calls, KV operations and processor time of one exchange, warm and cold. Measured in Node, whose engine is
// that of Workers; threads of Web Crypto are counted in. An outside world that is played back costs next to nothing.

import { createApp } from "../../../worker/app.ts";
import { setUp } from "../../../worker/services.ts";
import { appKeys } from "../../emulators/core/keys.ts";
import { Network } from "../../support/network.ts";
import { createKv, createRecorder, type Recorder } from "./recorded.ts";

const WARM_UP = 200;
const ROUNDS = 5;
const PER_ROUND = 200;
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
type Kind = (typeof KINDS)[number];

function counted(kv: ReturnType<typeof createKv>) {
  const counts = { reads: 0, writes: 0 };
  const get = (key: string, type: string) => {
    counts.reads += 1;
    return kv.get(key, type);
  };
  const put = (key: string, value: string) => {
    counts.writes += 1;
    return kv.put(key, value);
  };
  return { counts, kv: { get, put } };
}

async function cpuMsOf(exchange: () => Promise<void>): Promise<number> {
  const rounds: number[] = [];
  for (let i = 0; i < WARM_UP; i++) await exchange();
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < PER_ROUND; i++) await exchange();
    const { user, system } = process.cpuUsage(before);
    rounds.push((user + system) / 1000 / PER_ROUND);
  }
  return rounds.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
}

export async function prepare(world: Bench, kind: Kind) {
  const { counts, kv } = counted(createKv());
  const first = createWorker(world, kv);
  if (kind !== "cold") await first();
  const next = { warm: () => first, "new isolate": () => createWorker(world, kv), cold: () => first }[kind];
  const again = kind === "cold" ? () => createWorker(world, createKv()) : next;
  return { counts, next, again };
}

async function countsOf(world: Bench, kind: Kind): Promise<Counts> {
  const { counts, next } = await prepare(world, kind);
  Object.assign(counts, { reads: 0, writes: 0 });
  world.recorder.calls = 0;
  await next()();
  return { calls: world.recorder.calls, kvReads: counts.reads, kvWrites: counts.writes };
}

async function cpuMs(world: Bench, kind: Kind): Promise<number> {
  const { again } = await prepare(world, kind);
  return cpuMsOf(() => again()());
}

export async function openRecorded(): Promise<Bench> {
  const world = await openBench();
  await createWorker(world, createKv())();
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

if (import.meta.main) {
  const world = await openRecorded();
  console.log("one exchange     calls out   KV reads   KV writes   CPU, ms (median)   ratio");
  let warmMs: number | undefined;
  for (const kind of KINDS) {
    const counts = await countsOf(world, kind);
    const ms = await cpuMs(world, kind);
    warmMs ??= ms;
    const numbers = [counts.calls, counts.kvReads, counts.kvWrites].map((n) => String(n).padStart(9)).join("  ");
    const ratio = (ms / warmMs).toFixed(1);
    console.log(`${kind.padEnd(15)} ${numbers}  ${ms.toFixed(2).padStart(16)}  ${ratio.padStart(6)}`);
  }
  console.log(`${ROUNDS} rounds of ${PER_ROUND} exchanges each, after ${WARM_UP} to warm up`);
}
