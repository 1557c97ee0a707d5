// The consumer of the audit queue: R2 as newline-delimited JSON by day, or one CloudEvents batch, and what becomes of a message that
// neither takes.

import { CloudEvent, HTTP } from "cloudevents";
import { beforeEach, describe, expect, it } from "vitest";
import { AUDIT_BUCKET, storedObjects } from "../support/bucket.ts";
import { reset } from "../support/storage.ts";
import { createWorld, DOMAIN } from "../support/world.ts";

const URI = "https://events.example/in";
const QUEUE = { send: async () => undefined };
const BATCHED = { EVENT_INGRESS_URI: URI, EVENT_INGRESS_MODE: "batched" };

beforeEach(() => reset());

/** The messages of exchanges, as a queue hands them over. */
async function messagesOf(times: readonly number[]) {
  const messages: { request_id: string; time: string }[] = [];
  const send = async (message: (typeof messages)[number]) => void messages.push(JSON.parse(JSON.stringify(message)));
  const world = await createWorld({ bindings: { AUDIT_QUEUE: { send } } });
  for (const at of times) {
    world.clock.now = at;
    await world.ask();
  }
  return messages;
}

const NOON = Date.UTC(2026, 10, 24, 12);
const NEXT_DAY = Date.UTC(2026, 10, 25, 0, 0, 1);

describe("with AUDIT_BUCKET a batch", () => {
  it("becomes one object for each day, and every message is done", async () => {
    const messages = await messagesOf([NOON + 5_000, NOON, NEXT_DAY]);
    const { worker } = await createWorld({ bindings: { AUDIT_BUCKET } });
    const { done, again } = await worker.consume(messages);
    expect([done, again]).toEqual([["0", "1", "2"], []]);
    const objects = await storedObjects();
    expect(Object.keys(objects)).toEqual([
      expect.stringMatching(/^events\/2026\/11\/24\/120000-[0-9a-f]{16}\.ndjson$/),
      expect.stringMatching(/^events\/2026\/11\/25\/000001-[0-9a-f]{16}\.ndjson$/),
    ]);
    const [first = "", second = ""] = Object.values(objects);
    const lines = (text: string) =>
      text
        .trimEnd()
        .split("\n")
        .map((line): unknown => JSON.parse(line));
    expect(lines(first)).toEqual([messages[1], messages[0]]);
    expect(lines(second)).toEqual([messages[2]]);
  });

  it("that comes again, in whatever order, writes what is there already", async () => {
    const messages = await messagesOf([NOON, NOON + 1_000]);
    const { worker } = await createWorld({ bindings: { AUDIT_BUCKET } });
    await worker.consume(messages);
    const before = await storedObjects();
    await worker.consume([...messages].reverse());
    await worker.consume([...messages, ...messages]);
    expect(await storedObjects()).toEqual(before);
    expect(Object.keys(before)).toHaveLength(1);
  });

  it.each([
    ["refuses", () => Promise.reject(new Error("refused"))],
    ["hangs", () => new Promise<never>(() => undefined)],
    [
      "throws at once",
      () => {
        throw new Error("thrown");
      },
    ],
  ])("that R2 %s comes again later each time", async (_about, put) => {
    const messages = await messagesOf([NOON]);
    const { worker } = await createWorld({ bindings: { AUDIT_BUCKET: { put } } });
    const delays = [1, 2, 5, 50].map(async (attempts) => (await worker.consume(messages, attempts)).delays);
    expect((await Promise.all(delays)).flat()).toEqual([30, 60, 480, 3_600]);
    const problems = ["AUDIT_BUCKET: not written"];
    expect(worker.logs[0]).toMatchObject({ type: "audit_batch_failed", done: 0, again: 1, unreadable: 0, problems });
  });

  it("of which R2 takes one day keeps back the other alone", async () => {
    const messages = await messagesOf([NOON, NEXT_DAY]);
    const put = (key: string) => (key.includes("/25/") ? Promise.reject(new Error("refused")) : Promise.resolve());
    const { worker } = await createWorld({ bindings: { AUDIT_BUCKET: { put } } });
    const { done, again } = await worker.consume(messages);
    expect([done, again]).toEqual([["0"], ["1"]]);
  });
});

describe("a message that is no event", () => {
  it.each([["text"], [null], [{}], [{ type: "x", request_id: "y", time: "../../z" }], [[]]])(
    "goes on to the dead letters, and holds up no other: %j",
    async (poison) => {
      const messages = await messagesOf([NOON]);
      const { worker } = await createWorld({ bindings: { AUDIT_BUCKET } });
      const { done, again } = await worker.consume([poison, ...messages]);
      expect([done, again]).toEqual([["1"], ["0"]]);
      expect(worker.logs[0]).toMatchObject({ type: "audit_batch_failed", unreadable: 1, problems: [] });
      expect(Object.keys(await storedObjects())).toHaveLength(1);
    },
  );
});

describe("with EVENT_INGRESS_MODE batched", () => {
  async function batchedWorld(answer: (events: readonly { id: string }[]) => Response) {
    const world = await createWorld({ variables: BATCHED, bindings: { AUDIT_QUEUE: QUEUE } });
    const requests: { headers: Record<string, string>; body: string }[] = [];
    world.network.answer(URI, async (request) => {
      const body = await request.text();
      requests.push({ headers: Object.fromEntries(request.headers), body });
      return answer(JSON.parse(body));
    });
    return { world, requests };
  }
  const status = (code: number, headers = {}) => new Response(null, { status: code, headers });

  it("a batch is one request, which the library of CloudEvents reads, and an exchange sends none", async () => {
    const messages = await messagesOf([NOON, NEXT_DAY]);
    const { world, requests } = await batchedWorld(() => status(204));
    await world.ask();
    expect(requests).toEqual([]);
    expect((await world.worker.consume(messages)).done).toEqual(["0", "1"]);
    expect(requests).toHaveLength(1);
    const events = HTTP.toEvent(requests[0] ?? { headers: {}, body: "" });
    if (!Array.isArray(events)) throw new Error("a batch is sent");
    expect(events.map((event) => event instanceof CloudEvent && event.validate())).toEqual([true, true]);
    expect(events.map(({ data }) => data)).toEqual(messages);
    expect(events[0]).toMatchObject({ id: messages[0]?.request_id, source: `https://${DOMAIN}` });
  });

  it("an outage keeps the whole batch, for as long as it says", async () => {
    const messages = await messagesOf([NOON, NEXT_DAY]);
    const { world, requests } = await batchedWorld(() => status(503, { "Retry-After": "90" }));
    const { done, delays } = await world.worker.consume(messages);
    expect([requests.length, done]).toEqual([1, []]);
    expect(delays).toEqual([90, 90]);
    expect(world.worker.logs.at(-1)?.problems).toEqual(["EVENT_INGRESS_URI: status 503"]);
  });

  it("an event that is refused holds up no other", async () => {
    const messages = await messagesOf([NOON, NOON + 1, NOON + 2]);
    const bad = messages[1]?.request_id;
    const { world } = await batchedWorld((events) => status(events.some(({ id }) => id === bad) ? 400 : 204));
    const { done, again } = await world.worker.consume(messages);
    expect([done, again]).toEqual([["0", "2"], ["1"]]);
    expect(world.worker.logs.at(-1)?.problems).toEqual(["EVENT_INGRESS_URI: status 400"]);
  });

  it("an address where nobody takes events is asked once", async () => {
    const { world, requests } = await batchedWorld(() => status(404));
    const { done } = await world.worker.consume(await messagesOf([NOON, NEXT_DAY]));
    expect([requests.length, done]).toEqual([1, []]);
  });

  it("and AUDIT_BUCKET a message is done once it is with both", async () => {
    const messages = await messagesOf([NOON]);
    const bindings = { AUDIT_QUEUE: QUEUE, AUDIT_BUCKET };
    const world = await createWorld({ variables: BATCHED, bindings });
    world.network.answer(URI, () => status(503));
    expect((await world.worker.consume(messages)).done).toEqual([]);
    world.network.answer(URI, () => status(204));
    expect((await world.worker.consume(messages)).done).toEqual(["0"]);
    expect(Object.keys(await storedObjects())).toHaveLength(1);
  });
});

describe("nothing is lost", () => {
  it("where the consumer has nowhere to put it", async () => {
    const { worker } = await createWorld();
    const { done, again } = await worker.consume(await messagesOf([NOON]));
    expect([done, again.length]).toEqual([[], 1]);
    expect(worker.logs[0]?.problems).toEqual(["neither AUDIT_BUCKET nor EVENT_INGRESS_MODE batched"]);
  });

  it("while the configuration is wrong", async () => {
    const { worker } = await createWorld({ variables: { STS_DOMAIN: "" } });
    const { done, isAllAgain } = await worker.consume([{}]);
    expect([done, isAllAgain]).toEqual([[], true]);
  });
});
