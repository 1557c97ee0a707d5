// Who pays for what callers make the service ask: whatever is sent, from wherever and under whatever names, costs a number of calls that
// does not grow with it, and the owner's own workloads get their tokens in the middle of it.

import { describe, expect, it } from "vitest";
import { installationOf } from "../support/apps.ts";
import { watchedKv } from "../support/kv.ts";
import { POLICY } from "../support/workload.ts";
import { createWorld, type World, type WorldOptions } from "../support/world.ts";

const SHOTS = 300;
/** Its installation has a number that the tests know. */
const APP = { id: 7 };

/** A workflow of somebody else's: its token is good, and proves nothing about the owner. */
const foreign = (account: number) => ({
  repository_owner: `somebody-${account}`,
  repository_owner_id: String(1_000_000 + account),
  sub: `repo:somebody-${account}/else:ref:refs/heads/main`,
});

interface Shot {
  readonly scope?: string;
  readonly identity?: string;
  readonly account?: number;
}

interface Flood {
  readonly about: string;
  readonly shot: (i: number, owner: string) => Shot;
  /** Calls of GitHub that 300 of them may cost. */
  readonly calls: number;
  /** Of KV; none by default. */
  readonly writes?: number;
}

const FLOODS: readonly Flood[] = [
  { about: "identities of one repository", shot: (i) => ({ identity: `none-${i}` }), calls: 8 },
  { about: "identities in folders", shot: (i) => ({ identity: `a-${i}/b/c` }), calls: 8 },
  {
    about: "identities of one repository, each of another account",
    shot: (i) => ({ identity: `none-${i}`, account: i }),
    calls: 8,
  },
  { about: "repositories", shot: (i, owner) => ({ scope: `${owner}/none-${i}` }), calls: 3 * 4 + 3 },
  {
    about: "repositories, each of another account",
    shot: (i, owner) => ({ scope: `${owner}/none-${i}`, account: i }),
    calls: 3 * 4 + 3,
  },
  { about: "owners", shot: (i) => ({ scope: `none-${i}/app` }), calls: 3 * 3 + 1, writes: 1 },
  {
    about: "owners, each of another account",
    shot: (i) => ({ scope: `none-${i}/app`, account: i }),
    calls: 3 * 3 + 1,
    writes: 1,
  },
];

async function flood(world: World, shot: Flood["shot"], shots = SHOTS) {
  const before = world.calls.length;
  const answers = [];
  for (let i = 0; i < shots; i += 1) {
    const { account = 0, ...asked } = shot(i, world.owner);
    answers.push(await world.ask({ ...asked, claims: foreign(account) }));
  }
  return { calls: world.calls.length - before, answers };
}

async function flooded(options: WorldOptions = {}) {
  const kv = watchedKv();
  const world = await createWorld({
    apps: [APP],
    ...options,
    bindings: { STS_CACHE: kv.binding, ...options.bindings },
  });
  // The issuer's keys, the installation and the list are known, as in any isolate that serves somebody.
  expect((await world.ask()).status).toBe(200);
  world.putPolicy(POLICY(world.owner), "cold", "app");
  return { world, kv };
}

describe("three hundred good tokens of workflows that do not belong to the owner, for", () => {
  it.each(FLOODS.map((one) => [one.about, one] as const))("%s", async (_about, one) => {
    const { world, kv } = await flooded();
    const writes = kv.puts.length;
    const { calls, answers } = await flood(world, one.shot);
    expect(calls).toBeLessThanOrEqual(one.calls);
    expect(kv.puts.length - writes).toBeLessThanOrEqual(one.writes ?? 0);
    expect(answers.every(({ status }) => status === 404 || status === 429)).toBe(true);
    expect(world.livingTokens().length).toBe(1);
    // The owner's own, of whom nothing is cached.
    expect((await world.ask({ identity: "cold" })).status).toBe(200);
  });
});

/** As GitHub counts the requests of the owner's installation. */
const quotaOf = ({ github }: World) => github.bucket(`installation:${installationOf(APP.id)}`);

describe("an owner whose rate limit is nearly used up", () => {
  it("is still served, while others who would miss there wait", async () => {
    const { world } = await flooded();
    const quota = quotaOf(world);
    quota.used = Math.ceil(quota.limit * 0.8);
    expect((await world.ask({ identity: "cold" })).status).toBe(200);
    const before = world.calls.length;
    const refused = await world.ask({ scope: `${world.owner}/none`, claims: foreign(1) });
    expect([refused.status, refused.body.reason, refused.headers.get("Retry-After")]).toEqual([
      429,
      "caller_rate_limited",
      "60",
    ]);
    expect(world.calls.length).toBe(before);
    // What is there is read for everyone, and the owner's own are charged nothing for what is not.
    expect((await world.ask({ scope: `${world.owner}/none` })).status).toBe(404);
  });

  it("is left a quarter of it, however many others ask for whatever", async () => {
    const { world } = await flooded();
    const quota = quotaOf(world);
    quota.limit = 200;
    for (let minute = 0; minute < 20; minute += 1) {
      world.clock.now += 60_000;
      await flood(world, (i, owner) => ({ scope: `${owner}/none-${minute}-${i}`, account: i }), 40);
    }
    expect(quota.limit - quota.used).toBeGreaterThanOrEqual(quota.limit / 4 - 8);
    expect((await world.ask({ identity: "cold" })).status).toBe(200);
  });
});

describe("over a limit", () => {
  const ASKED = [{ identity: "deploy" }, { identity: "none" }, { identity: "uncached" }];
  const ELSEWHERE = { scope: "nobody-has-it/x" };
  const bytes = (body: Readonly<Record<string, unknown>>) => JSON.stringify({ ...body, request_id: "" });

  it.each([
    ["one's own", true, (i: number) => ({ scope: `none-${i}/app`, account: 7 })],
    ["others' at an owner", false, (i: number, owner: string) => ({ scope: `${owner}/none-${i}`, account: i })],
  ] as const)("%s: every refusal is the same, whether it was remembered or not", async (_about, own, shot) => {
    const { world } = await flooded();
    world.putPolicy(POLICY(world.owner), "uncached", "app");
    expect((await world.ask({ identity: "none", claims: foreign(7) })).status).toBe(404);
    await flood(world, shot, 130);
    const before = world.calls.length;
    const asked = own ? [...ASKED, ELSEWHERE] : ASKED;
    const answers = await Promise.all(asked.map((one) => world.ask({ ...one, claims: foreign(7) })));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 429));
    expect(new Set(answers.map(({ body }) => bytes(body))).size).toBe(1);
    // Others at the owner do not keep anybody from a policy that is there: it is read, once.
    expect(world.calls.length - before).toBe(own ? 0 : 3);
    expect((await world.ask()).status).toBe(200);
  });

  it("KV is read no more after twice as many refusals, and what memory holds is still granted", async () => {
    const { world, kv } = await flooded();
    const account = 3;
    await flood(world, (i) => ({ identity: `none-${i}`, account }), 130);
    const gets = kv.gets.length;
    await flood(world, (i) => ({ identity: `more-${i}`, account }), 50);
    expect(kv.gets.length - gets).toBe(0);
  });
});

describe("whoever asks what else can be asked", () => {
  it("/readyz asks GitHub every half minute", async () => {
    const { world } = await flooded();
    const ready = () => world.worker.fetch(new Request("https://sts.example.com/readyz"));
    const before = world.calls.length;
    // The first one asks, and nobody is told "not ready" meanwhile.
    const answers = await Promise.all(Array.from({ length: 100 }, ready));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    for (let i = 0; i < 100; i += 1) answers.push(await ready());
    expect(world.calls.length - before).toBe(1);
    expect((await ready()).status).toBe(200);
    world.clock.now += 30_000;
    await ready();
    expect(world.calls.length - before).toBe(2);
  });

  it("a token that is brought back is always tried, as many at once as there are places", async () => {
    const { world } = await flooded();
    const give = (token: string, address = "192.0.2.9") =>
      world.worker.fetch(
        new Request("https://sts.example.com/sts/revoke", {
          method: "POST",
          headers: { Authorization: `Bearer ${token}`, "CF-Connecting-IP": address },
        }),
      );
    for (let i = 0; i < 70; i += 1) expect((await give(`ghs_dead${i}`)).status).toBe(200);
    const asked = world.network.count("gh.revoke");
    for (let i = 0; i < 50; i += 1) expect((await give("ghs_dead1")).status).toBe(200);
    expect(world.network.count("gh.revoke")).toBe(asked);
    world.clock.now += 10_000;
    await give("ghs_dead1");
    expect(world.network.count("gh.revoke")).toBe(asked + 1);
    const [living = ""] = world.livingTokens();
    expect((await give(living)).status).toBe(200);
    expect(world.livingTokens()).toEqual([]);
    world.network.fault({ route: "gh.revoke", kind: "delay", delayMs: 50, times: 300 });
    const before = world.calls.length;
    const crowd = await Promise.all(Array.from({ length: 300 }, (_, i) => give(`ghs_crowd${i}`, `192.0.2.${i % 250}`)));
    expect(crowd.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(250);
    expect(world.calls.length - before).toBeLessThanOrEqual(50);
  });

  it("a sink that takes no event is left alone, and its losses are logged", async () => {
    const world = await createWorld({ variables: { EVENT_INGRESS_URI: "https://sink.example/events" } });
    world.network.answer("https://sink.example/events", () => new Response(null, { status: 500 }));
    for (let i = 0; i < 50; i += 1) await world.ask();
    const posts = world.network.countHost("sink.example");
    expect(posts).toBeLessThanOrEqual(4);
    expect(world.worker.logs.filter(({ type }) => type === "audit_sink_failed").length).toBe(50);
    expect(world.worker.audits().length).toBe(50);
  });

  it.each([
    ["answers 500", () => new Response(null, { status: 500 })],
    ["never answers", () => new Promise<never>(() => undefined)],
  ] as const)(
    "a sink that %s is sent each event of a crowd once, and one of them four times",
    async (_about, answer) => {
      const world = await createWorld({ variables: { EVENT_INGRESS_URI: "https://sink.example/events" } });
      world.network.answer("https://sink.example/events", answer);
      await Promise.all(Array.from({ length: 50 }, () => world.ask()));
      expect(world.network.countHost("sink.example")).toBeLessThanOrEqual(50 + 3);
      expect(world.worker.logs.filter(({ type }) => type === "audit_sink_failed").length).toBe(50);
    },
  );

  it("events of callers over their limit are sampled, and those left out counted", async () => {
    const { world } = await flooded();
    await flood(world, (i) => ({ scope: `none-${i}/app`, account: 1 }), 300);
    const limited = world.worker.audits().filter(({ reason }) => reason === "caller_rate_limited");
    expect(limited.length).toBeLessThan(20);
    const { scope } = limited.at(-1) ?? {};
    expect(scope).toMatch(/^none-/);
  });
});
