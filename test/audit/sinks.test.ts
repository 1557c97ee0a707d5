// No sink delays or fails an exchange, whatever state it is in: the answer is the same, and nothing is waited for before it.

import { beforeEach, describe, expect, it } from "vitest";
import { reset } from "../support/storage.ts";
import { time } from "../support/time.ts";
import { createWorld, DOMAIN, type World, type WorldOptions } from "../support/world.ts";

const URI = "https://events.example/in";

beforeEach(() => reset());

type Behaviour = () => unknown;
const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  healthy: async () => new Response(null, { status: 204 }),
  slow: () => new Promise((resolve) => setTimeout(() => resolve(new Response(null, { status: 204 })), 2_500)),
  hanging: () => new Promise<never>(() => undefined),
  refusing: () => Promise.reject(new Error("refused")),
  "throwing at once": () => {
    throw new Error("thrown");
  },
};
const SINKS = ["http", "queue", "metrics"] as const;
const TAKES = ["healthy", "slow"];
/** A data point is handed over, and nothing comes back. */
const AT_ONCE = ["healthy", "throwing at once"];

function withSink(sink: (typeof SINKS)[number], behaviour: Behaviour): WorldOptions {
  if (sink === "queue") return { bindings: { AUDIT_QUEUE: { send: behaviour } } };
  if (sink === "metrics") return { bindings: { METRICS: { writeDataPoint: behaviour } } };
  return { variables: { EVENT_INGRESS_URI: URI } };
}

const CASES = SINKS.flatMap((sink) =>
  Object.entries(BEHAVIOURS)
    .filter(([how]) => sink !== "metrics" || AT_ONCE.includes(how))
    .map(([how, behaviour]) => ({ sink, how, behaviour })),
);
const ASKING = [{}, { claims: { sub: "repo:else/where" } }];

/** What can be compared of two answers: tokens and ids differ. */
const shapeOf = ({ status, body }: { readonly status: number; readonly body: object }) => [status, Object.keys(body)];

/** Keys of issuers are shared by all worlds. */
const routesOf = (world: World) => world.routes().filter((route) => route.startsWith("gh."));

describe("a sink that is", () => {
  it.each(CASES)("$how neither changes nor delays an answer: $sink", async ({ sink, how, behaviour }) => {
    const [world, without] = [await createWorld(withSink(sink, behaviour)), await createWorld()];
    // What the world's route answers is what `fetch` does.
    world.network.answer(URI, () => behaviour() as Promise<Response>);
    for (const asking of ASKING) {
      const request = await world.request(asking);
      const startMs = time.elapsedMs;
      const { finished, ...answer } = await world.worker.begin(request);
      expect(time.elapsedMs).toBe(startMs);
      expect(shapeOf(answer)).toEqual(shapeOf(await without.ask(asking)));
      await finished();
    }
    expect(routesOf(world)).toEqual(routesOf(without));
    expect(world.worker.audits()).toHaveLength(2);
    const failed = world.worker.logs.filter(({ type }) => type === "audit_sink_failed");
    expect(failed.map((line) => line.sink)).toEqual(TAKES.includes(how) ? [] : [sink, sink]);
  });

  it("absent costs nothing, and the log has every event", async () => {
    const world = await createWorld();
    await world.ask();
    expect(world.worker.audits()).toHaveLength(1);
    expect(world.network.count("unknown")).toBe(0);
  });

  it("left out of a flood by the sampler is counted as well", async () => {
    const world = await createWorld({ variables: { READY_TOKEN: "let-me-see" } });
    for (let i = 0; i < 75; i += 1) await world.ask({ authorization: "Bearer a.b.c" });
    const headers = { Authorization: "Bearer let-me-see" };
    const { body } = await world.worker.fetch(new Request(`https://${DOMAIN}/readyz`, { headers }));
    // Sixty refusals are told apart, of those over the limit ten are sent.
    expect(world.worker.audits()).toHaveLength(70);
    expect(body.audit).toEqual({ sinks: { log: { taken: 70, lost: 0, left_out: 0 } }, sampled_out: 5 });
  });

  it("the log itself, and throws, keeps nobody from an answer nor another sink from the event", async () => {
    const sent: unknown[] = [];
    const world = await createWorld({ bindings: { AUDIT_QUEUE: { send: async (body: unknown) => sent.push(body) } } });
    world.worker.logs.push = (line) => {
      if (String(line?.type).includes("audit") || line?.outcome === "granted") throw new Error("the log is full");
      return 0;
    };
    expect((await world.ask()).status).toBe(200);
    expect(sent).toHaveLength(1);
  });
});
