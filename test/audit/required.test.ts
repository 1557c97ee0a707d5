// AUDIT_REQUIRED: no token is handed out that the sink did not record; none lives that was not handed out; and what the sink was told
// of a grant that came to nothing is corrected.

import { beforeEach, describe, expect, it } from "vitest";
import { reset } from "../support/storage.ts";
import { time } from "../support/time.ts";
import { createWorld, type World } from "../support/world.ts";

const URI = "https://events.example/in";

beforeEach(() => reset());

type Line = Readonly<Record<string, unknown>>;
/** What the sink does with one event. */
type Mood = () => Promise<unknown>;
const takes: Mood = async () => undefined;
const refuses: Mood = () => Promise.reject(new Error("refused"));
const hangs: Mood = () => new Promise<never>(() => undefined);
const isSlow: Mood = () => new Promise((resolve) => setTimeout(resolve, 1_900));
/** It has the event, and the answer is lost. */
const dies: Mood = async () => {
  throw new TypeError("the connection was lost");
};

/** A world with a required sink that behaves as the test says, and all that it was sent. */
async function requiring(kind: "queue" | "http", mood: Mood = takes) {
  const sent: Line[] = [];
  const sink = { mood, sent };
  const receive = async (event: Line) => {
    sent.push(JSON.parse(JSON.stringify(event)));
    await sink.mood();
  };
  const world = await createWorld({
    variables: { AUDIT_REQUIRED: kind, ...(kind === "http" ? { EVENT_INGRESS_URI: URI } : {}) },
    bindings: kind === "queue" ? { AUDIT_QUEUE: { send: receive } } : {},
  });
  world.network.answer(URI, async (request) => {
    await receive(await request.json());
    return new Response(null, { status: 204 });
  });
  return { world, sink };
}

const REFUSAL = {
  code: 14,
  reason: "audit_unavailable",
  error: "temporarily_unavailable",
  message: "this deployment hands out no token that it cannot record, and its audit events are not taken now",
};

async function expectRefused(world: World, mints: number) {
  const answer = await world.ask();
  expect(answer.status).toBe(503);
  expect(answer.body).toMatchObject(REFUSAL);
  expect(answer.body).not.toHaveProperty("token");
  expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(0);
  expect([world.grantMints(), world.livingTokens()]).toEqual([mints, []]);
  expect(world.worker.audits().at(-1)).toMatchObject({ outcome: "refused", reason: "audit_unavailable" });
}

describe.each(["queue", "http"] as const)("with AUDIT_REQUIRED %s", (kind) => {
  it.each([
    ["takes the event", takes],
    ["is slow, but within its time", isSlow],
  ])("a sink that %s has it before the answer, and once", async (_about, mood) => {
    const { world, sink } = await requiring(kind, mood);
    const { finished, ...answer } = await world.worker.begin(await world.request());
    expect(answer.status).toBe(200);
    expect(sink.sent).toMatchObject([{ outcome: "granted", request_id: answer.body.request_id }]);
    expect(sink.sent[0]?.hashed_token).toMatch(/^[\w+/]{43}=$/);
    await finished();
    expect(sink.sent).toHaveLength(1);
    expect(world.livingTokens()).toEqual([answer.body.token]);
    expect(world.worker.audits()).toMatchObject([{ outcome: "granted" }]);
  });

  it.each([
    ["refuses", refuses],
    ["never answers", hangs],
    ["dies after it took the event", dies],
  ])("a sink that %s costs the grant, and the token is revoked", async (_about, mood) => {
    const { world, sink } = await requiring(kind, mood);
    const startMs = time.elapsedMs;
    const { finished, ...answer } = await world.worker.begin(await world.request());
    expect(time.elapsedMs - startMs).toBeLessThanOrEqual(2_000);
    expect([answer.status, answer.body.reason]).toEqual([503, "audit_unavailable"]);
    await finished();
    expect(world.livingTokens()).toEqual([]);
    const [first, last] = [sink.sent[0], sink.sent.at(-1)];
    expect(first).toMatchObject({ outcome: "granted" });
    expect(first).not.toHaveProperty("correction");
    expect(last).toMatchObject({
      outcome: "refused",
      reason: "audit_unavailable",
      correction: true,
      request_id: first?.request_id,
      hashed_token: first?.hashed_token,
    });
    expect(Object.keys(last ?? {})).not.toContain("expires_at");
    expect(world.worker.audits()).toHaveLength(1);
  });

  it("a caller who leaves while the sink takes the event leaves no token, and a correction", async () => {
    const leave = new AbortController();
    const { world, sink } = await requiring(kind, async () => leave.abort());
    const request = await world.request();
    await world.worker.fetch(new Request(request, { signal: leave.signal }));
    expect(sink.sent).toMatchObject([
      { outcome: "granted" },
      { outcome: "refused", reason: "deadline_exceeded", correction: true, counts: { caller_left: 1 } },
    ]);
    expect(world.livingTokens()).toEqual([]);
  });

  it("a refusal waits for nobody, and a dry run needs no record", async () => {
    const { world } = await requiring(kind, hangs);
    const startMs = time.elapsedMs;
    for (const asking of [{ claims: { sub: "repo:else/where" } }, { query: { dry_run: "true" } }]) {
      const { finished, ...answer } = await world.worker.begin(await world.request(asking));
      expect([answer.status, answer.body.reason]).not.toContain("audit_unavailable");
      expect(time.elapsedMs).toBe(startMs);
      // What hangs goes on in the background, where no test waits for it.
      finished().catch(() => undefined);
    }
    expect(world.grantMints()).toBe(0);
  });
});

const readiness = async ({ worker }: World): Promise<number> =>
  (await worker.fetch(new Request("https://sts.example.com/readyz"))).status;

describe("a sink that is known to take nothing", () => {
  it("by HTTP keeps grants from being minted, until its pause is over", async () => {
    const { world, sink } = await requiring("http", refuses);
    expect(await readiness(world)).toBe(200);
    await expectRefused(world, 1);
    await expectRefused(world, 1);
    expect(await readiness(world)).toBe(503);
    sink.mood = takes;
    await expectRefused(world, 1);
    world.clock.now += 5_000;
    expect((await world.ask()).status).toBe(200);
    expect(await readiness(world)).toBe(200);
  });

  it("as a queue does so after four events, and is well again as soon as it takes one of any kind", async () => {
    const { world, sink } = await requiring("queue", refuses);
    // A grant that is refused leaves two: its event, and the correction.
    await expectRefused(world, 1);
    await expectRefused(world, 2);
    await expectRefused(world, 2);
    sink.mood = takes;
    await expectRefused(world, 2);
    expect((await world.ask()).status).toBe(200);
  });
});

describe("a required sink that is not there", () => {
  it.each([
    ["queue", { AUDIT_REQUIRED: "queue" }, "AUDIT_REQUIRED"],
    ["http", { AUDIT_REQUIRED: "http" }, "AUDIT_REQUIRED"],
    ["a value of another kind", { AUDIT_REQUIRED: "log" }, "AUDIT_REQUIRED"],
    ["blank", { AUDIT_REQUIRED: " " }, "AUDIT_REQUIRED"],
    [
      "http, where events go in batches",
      { AUDIT_REQUIRED: "http", EVENT_INGRESS_URI: URI, EVENT_INGRESS_MODE: "batched" },
      "AUDIT_REQUIRED",
    ],
  ])("is a wrong configuration, and grants nothing: %s", async (_about, variables, name) => {
    const world = await createWorld({ variables });
    const answer = await world.ask();
    expect([answer.status, answer.body.reason]).toEqual([503, "misconfigured"]);
    expect(answer.body.message).toContain(name);
    expect(world.calls).toEqual([]);
  });
});
