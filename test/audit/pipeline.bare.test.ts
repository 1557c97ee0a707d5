// From an exchange to the object in R2 through a real queue, in the runtime as it is deployed; and where a message goes that nobody can
// store.

import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundle, compatibility, type Process } from "../support/workerd/process.ts";
import { openWorkerd, type WorkerdWorld } from "../support/workerd.ts";

const QUEUE = "octo-sts-audit";
const DEAD = "octo-sts-audit-dead";
/** Puts what it is sent where the test can read it. */
const UNDERTAKER = `export default {
  async queue({ messages }, { DEAD }) {
    for (const { id, body } of messages) await DEAD.put(id, JSON.stringify(body));
  },
};`;

let miniflare: Miniflare;
let world: WorkerdWorld;

async function start(variables: Readonly<Record<string, string>>): Promise<Process> {
  const [script, { date, flags }] = await Promise.all([bundle(), compatibility()]);
  const modules = (contents: string) => [{ type: "ESModule" as const, path: "worker.mjs", contents }];
  const options = convertV4MiniflareOptions({
    // Nobody reads the log here.
    handleStructuredLogs: () => undefined,
    workers: [
      {
        name: "main",
        modules: modules(script),
        compatibilityDate: date,
        compatibilityFlags: [...flags],
        bindings: variables,
        kvNamespaces: ["STS_CACHE"],
        r2Buckets: ["AUDIT_BUCKET"],
        queueProducers: { AUDIT_QUEUE: { queueName: QUEUE } },
        queueConsumers: { [QUEUE]: { maxBatchTimeout: 0.1, maxRetries: 0, deadLetterQueue: DEAD } },
      },
      {
        name: "undertaker",
        modules: modules(UNDERTAKER),
        kvNamespaces: ["DEAD"],
        queueConsumers: { [DEAD]: { maxBatchTimeout: 0.1 } },
      },
    ],
  });
  miniflare = new Miniflare(options);
  const { port } = await miniflare.ready;
  return {
    port: Number(port),
    pid: 0,
    output: () => "",
    ended: new Promise(() => undefined),
    stop: () => miniflare.dispose(),
  };
}

beforeAll(async () => {
  world = await openWorkerd({ start, variables: { AUDIT_REQUIRED: "queue" } });
});

afterAll(() => world?.close());

/** Asks until there is something. */
async function found<T>(look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new Error("what was waited for did not happen");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

it("keeps every event of a day in R2, and a message that is none among the dead letters", async () => {
  const granted = await world.ask();
  const refused = await world.ask(world.target("none"));
  expect([granted.status, refused.status]).toEqual([200, 404]);
  const queue = await miniflare.getQueueProducer("AUDIT_QUEUE", "main");
  await queue.send("no event");

  const bucket = await miniflare.getR2Bucket("AUDIT_BUCKET", "main");
  const lines = await found(async () => {
    const { objects } = await bucket.list({ prefix: "events/" });
    const texts = await Promise.all(objects.map(async ({ key }) => (await bucket.get(key))?.text()));
    const all = texts.join("").trimEnd().split("\n");
    return all.length === 2 ? all.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>) : undefined;
  });
  // Our own answers.
  const ids = [granted, refused].map(({ headers }) => headers.get("X-Request-Id"));
  expect(lines.map(({ request_id }) => request_id).sort()).toEqual(ids.sort());
  expect(lines.map(({ outcome }) => outcome).sort()).toEqual(["granted", "refused"]);

  const dead = await miniflare.getKVNamespace("DEAD", "undertaker");
  const [key] = await found(async () => {
    const { keys } = await dead.list();
    return keys.length > 0 ? keys.map(({ name }) => name) : undefined;
  });
  expect(await dead.get(key ?? "")).toBe('"no event"');
});
