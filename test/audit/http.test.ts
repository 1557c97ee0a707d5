// The HTTP sink: CloudEvents that their own library reads, a secret that goes nowhere else, and tries that end.

import { CloudEvent, HTTP } from "cloudevents";
import { beforeEach, describe, expect, it } from "vitest";
import { reset } from "../support/storage.ts";
import { time } from "../support/time.ts";
import { createWorld, DOMAIN, type World } from "../support/world.ts";

const URI = "https://events.example/in/";
const AUTHORIZATION = "Bearer s3cr3t-of-the-sink";

beforeEach(() => reset());

interface Taken {
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly atMs: number;
}

/** A world whose sink answers these statuses or responses in turn, the last of them for ever. */
async function worldWithSink(
  answers: readonly (number | (() => Response | Promise<Response>))[],
  variables: Readonly<Record<string, string>> = {},
) {
  const world = await createWorld({
    variables: { EVENT_INGRESS_URI: URI, EVENT_INGRESS_AUTHORIZATION: AUTHORIZATION, ...variables },
  });
  const taken: Taken[] = [];
  world.network.answer(URI, async (request) => {
    const answer = answers[Math.min(taken.length, answers.length - 1)] ?? 204;
    taken.push({ headers: Object.fromEntries(request.headers), body: await request.text(), atMs: time.elapsedMs });
    return typeof answer === "number" ? new Response(null, { status: answer }) : answer();
  });
  return { world, taken };
}

const failures = ({ worker }: World) => worker.logs.filter(({ type }) => type === "audit_sink_failed");
const lossesOf = async (world: World) => {
  const request = new Request(`https://${DOMAIN}/readyz`, { headers: { Authorization: "Bearer let-me-see" } });
  return (await world.worker.fetch(request)).body.audit;
};
const later = (status: number, seconds: string) => () =>
  new Response(null, { status, headers: { "Retry-After": seconds } });

describe("a CloudEvent", () => {
  it.each(["binary", "structured"])("in %s mode is read by the library of CloudEvents", async (mode) => {
    const { world, taken } = await worldWithSink([204], { EVENT_INGRESS_MODE: mode });
    const { body: granted } = await world.ask();
    const [sent, ...more] = taken;
    if (!sent || more.length > 0) throw new Error("one event is sent");
    expect(sent.headers.authorization).toBe(AUTHORIZATION);
    const event = HTTP.toEvent(sent);
    if (!(event instanceof CloudEvent)) throw new Error("one event is read");
    expect(event.validate()).toBe(true);
    const logged = world.worker.audits()[0];
    expect(event).toMatchObject({
      specversion: "1.0",
      id: granted.request_id,
      type: "dev.octo-sts.exchange.v3",
      source: `https://${DOMAIN}`,
      subject: `${world.owner}/app/deploy`,
      datacontenttype: "application/json",
    });
    expect(new Date(String(event.time)).toISOString()).toBe(logged?.time);
    expect(event.data).toEqual(logged);
  });

  it("has no subject where the request could not be read", async () => {
    const { world, taken } = await worldWithSink([204]);
    await world.ask({ scope: "a/b/c" });
    expect(taken).toHaveLength(1);
    expect(taken[0]?.headers).not.toHaveProperty("ce-subject");
  });
});

describe("the secret of the sink", () => {
  it("is in no log and no event, and follows no redirect", async () => {
    const redirect = () => new Response(null, { status: 307, headers: { Location: "https://elsewhere.example/" } });
    const { world, taken } = await worldWithSink([redirect]);
    await world.ask();
    expect(taken).toHaveLength(1);
    expect(world.network.countHost("elsewhere.example")).toBe(0);
    expect(failures(world)).toHaveLength(1);
    expect(JSON.stringify([world.worker.logs, taken.map(({ body }) => body)])).not.toContain("s3cr3t");
  });
});

describe("an event that the sink does not take", () => {
  it.each<[string, number | (() => Response | Promise<Response>)]>([
    ["503", 503],
    ["408", 408],
    ["429", 429],
    ["no connection", () => Promise.reject(new TypeError("refused"))],
  ])("is sent again, with growing waits: %s", async (_about, answer) => {
    const { world, taken } = await worldWithSink([answer, answer, 204]);
    await world.ask();
    const waits = taken.map(({ atMs }, index) => atMs - (taken[index - 1]?.atMs ?? atMs));
    expect(waits).toEqual([0, 250, 1_000]);
    expect(failures(world)).toEqual([]);
  });

  it("is sent four times in all, as the same event, and is lost then", async () => {
    const { world, taken } = await worldWithSink([500], { READY_TOKEN: "let-me-see" });
    const { body } = await world.ask();
    expect(taken).toHaveLength(4);
    expect(new Set(taken.map(({ headers }) => headers["ce-id"]))).toEqual(new Set([body.request_id]));
    expect(failures(world)).toEqual([
      {
        type: "audit_sink_failed",
        request_id: body.request_id,
        sink: "http",
        delivery: "lost",
        problem: "status 500",
        taken: 0,
        lost: 1,
        left_out: 0,
      },
    ]);
    await world.ask();
    expect(taken).toHaveLength(4);
    const log = { taken: 2, lost: 0, left_out: 0 };
    const sinks = { log, http: { taken: 0, lost: 1, left_out: 1 } };
    expect(await lossesOf(world)).toEqual({ sinks, sampled_out: 0 });
    world.clock.now += 5_000;
    await world.ask();
    expect(taken.length).toBeGreaterThan(4);
  });

  it.each([400, 403, 413])(
    "because of what it is (%i) is not sent again, and keeps no other from it",
    async (status) => {
      const { world, taken } = await worldWithSink([status, 204]);
      await world.ask();
      await world.ask();
      expect(taken).toHaveLength(2);
      expect(failures(world)).toMatchObject([{ sink: "http", delivery: "lost" }]);
    },
  );

  it.each([301, 401, 404, 410])(
    "because nobody takes any there (%i) is not sent again, nor the next",
    async (status) => {
      const { world, taken } = await worldWithSink([status]);
      await world.ask();
      await world.ask();
      expect(taken).toHaveLength(1);
      expect(failures(world)).toMatchObject([{ delivery: "lost" }, { delivery: "left_out" }]);
    },
  );

  it("waits as long as it is told to", async () => {
    const { world, taken } = await worldWithSink([later(503, "3"), 204]);
    await world.ask();
    expect((taken[1]?.atMs ?? 0) - (taken[0]?.atMs ?? 0)).toBe(3_000);
    expect(failures(world)).toEqual([]);
  });

  it("is lost where that is long, and nothing is sent meanwhile", async () => {
    const { world, taken } = await worldWithSink([later(429, "50"), 204]);
    await world.ask();
    world.clock.now += 49_000;
    await world.ask();
    expect(taken).toHaveLength(1);
    world.clock.now += 1_000;
    await world.ask();
    expect(taken).toHaveLength(2);
    expect(failures(world)).toMatchObject([{ delivery: "lost" }, { delivery: "left_out" }]);
  });
});
