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
  const [script, { date, flags }] = await Promise.all([bundle("patient"), compatibility()]);
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

it("keeps every event of a day in R2, and a message that is none among the dead letters", async () => {
  // First, so that every part of the pipeline has been started: a grant waits no longer than two seconds for the queue.
  const queue = await miniflare.getQueueProducer("AUDIT_QUEUE", "main");
  await queue.send("no event");
  const dead = await miniflare.getKVNamespace("DEAD", "undertaker");
  const letters = async () => {
    const { keys } = await dead.list();
    return Promise.all(keys.map(({ name }) => dead.get(name)));
  };
  await expect.poll(letters).toEqual(['"no event"']);

  const granted = await world.ask();
  const refused = await world.ask(world.target("none"));
  expect([granted.status, refused.status]).toEqual([200, 404]);
  const bucket = await miniflare.getR2Bucket("AUDIT_BUCKET", "main");
  const stored = async (): Promise<readonly Readonly<Record<string, unknown>>[]> => {
    const { objects } = await bucket.list({ prefix: "events/" });
    const texts = await Promise.all(objects.map(async ({ key }) => (await bucket.get(key))?.text()));
    const lines = texts.join("").split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line));
  };
  await expect.poll(async () => (await stored()).length).toBe(2);
  const outcomes = (await stored()).map(({ request_id, outcome }) => [request_id, outcome]);
  expect(Object.fromEntries(outcomes)).toEqual({
    [granted.headers.get("X-Request-Id") ?? ""]: "granted",
    [refused.headers.get("X-Request-Id") ?? ""]: "refused",
  });
  expect(await letters()).toHaveLength(1);
});
