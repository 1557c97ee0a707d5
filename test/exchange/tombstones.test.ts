// What was deleted, or changed by a push, grants nothing any more: whoever learned of it, in whichever isolate, and whatever KV does
// meanwhile. Two isolates are two memories on one KV.

import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { Isolate } from "../support/isolate.ts";
import { readKv, storedValues, watchedKv } from "../support/kv.ts";
import { reset } from "../support/storage.ts";
import { time } from "../support/time.ts";
import { createWebhookWorld, repositoryJson, type WebhookWorld } from "../support/webhook-world.ts";
import { POLICY } from "../support/workload.ts";
import { createWorld, MINUTE, policyPath, type World } from "../support/world.ts";

beforeEach(() => reset());

const PATH = policyPath("deploy");
const FOREIGN = { repository_owner: "somebody", repository_owner_id: "1", repository: "somebody/x" };

async function statusOf(world: World, isolate: Isolate = world.worker): Promise<number> {
  return (await isolate.fetch(await world.request())).status;
}

const tombstones = async () =>
  [...(await storedValues()).values()].filter(({ tuple }) => JSON.parse(String(tuple))[0] === "tombstone");

describe("a deleted policy never returns", () => {
  /** Everyone who may meet the deletion first, an hour's part later. */
  const WITNESSES: Readonly<Record<string, (world: World) => Promise<void>>> = {
    "the owner's workload": async (world) => {
      expect((await world.ask()).body.reason).toBe("policy_not_found");
    },
    "a workload of somebody else": async (world) => {
      expect((await world.ask({ claims: FOREIGN })).body.reason).toBe("not_found");
    },
    "a caller whom nobody verified": async (world) => {
      expect((await world.ask({ issuer: world.unknownIssuer })).body.reason).toBe("not_found");
    },
    "a caller whom nobody verified, by names that another one's 404 made us read": async (world) => {
      await world.ask({ issuer: world.unknownIssuer, identity: "something-else" });
      world.network.forgetCalls();
      expect((await world.ask({ issuer: world.unknownIssuer })).body.reason).toBe("not_found");
      expect(world.routes()).toEqual([]);
    },
  };
  const FAILURES = {
    "500": { kind: "status", status: 500 },
    "no network": { kind: "network" },
    garbage: { kind: "garbage" },
  } as const;
  const cases = Object.keys(WITNESSES).flatMap((by) => Object.keys(FAILURES).map((failure) => [by, failure] as const));

  it.each(cases)("once %s met it, while GitHub answers %s", async (by, failure) => {
    const world = await createWorld();
    const holding = world.isolate();
    expect([await statusOf(world), await statusOf(world, holding)]).toEqual([200, 200]);
    world.removePolicy();
    world.clock.now += 6 * MINUTE;
    await WITNESSES[by]?.(world);
    const fault = FAILURES[failure as keyof typeof FAILURES];
    world.network.fault({ route: "gh.contents", match: "deploy.sts.yaml", ...fault });
    for (const later of [0, 6 * MINUTE, 30 * MINUTE]) {
      world.clock.now += later;
      for (const isolate of [world.worker, holding, world.isolate()]) {
        expect(await statusOf(world, isolate)).not.toBe(200);
      }
    }
  });

  it("and callers who may write nothing cause one write for it, however many they are", async () => {
    const kv = watchedKv();
    const world = await createWorld({ bindings: { STS_CACHE: kv.binding } });
    expect(await statusOf(world)).toBe(200);
    world.removePolicy();
    world.clock.now += 6 * MINUTE;
    kv.puts.length = 0;
    const unverified = () => world.ask({ issuer: world.unknownIssuer });
    await Promise.all([unverified(), unverified(), unverified()]);
    await world.ask({ claims: FOREIGN });
    world.clock.now += 6 * MINUTE;
    await unverified();
    expect(kv.puts.map(({ value }) => JSON.parse(JSON.parse(value).tuple)[0])).toEqual(["tombstone"]);
  });

  it("and what was never there causes no write", async () => {
    const kv = watchedKv();
    const world = await createWorld({ bindings: { STS_CACHE: kv.binding } });
    expect(await statusOf(world)).toBe(200);
    kv.puts.length = 0;
    for (let i = 0; i < 5; i++) {
      world.clock.now += 6 * MINUTE;
      await world.ask({ issuer: world.unknownIssuer, identity: `none-${i}` });
      await world.ask({ claims: FOREIGN, identity: `none-${i}` });
    }
    const kinds = kv.puts.map(({ value }) => JSON.parse(JSON.parse(value).tuple)[0]);
    expect(kinds.filter((kind) => kind === "tombstone" || kind === "policy")).toEqual([]);
  });

  it("but one that is made again is granted by", async () => {
    const world = await createWorld();
    expect(await statusOf(world)).toBe(200);
    world.removePolicy();
    world.clock.now += 6 * MINUTE;
    expect(await statusOf(world)).toBe(404);
    world.putPolicy(POLICY(world.owner));
    world.clock.now += 6 * MINUTE;
    expect([await statusOf(world), await statusOf(world, world.isolate())]).toEqual([200, 200]);
  });
});

/** The same policy, for somebody else. */
const OTHER = (owner: string) => POLICY(owner).replace("refs/heads/main", "refs/heads/other");

interface GatedKv {
  readonly binding: Pick<KVNamespace, "get" | "put">;
  /** Reads of entries wait until it is called. */
  hold(): () => void;
  /** What refuses a write; the keys are hashed, so it is told the tuple. */
  refuses: (tuple: readonly string[]) => boolean;
}

/** The real namespace; reads can be held back, and writes be refused. */
function gatedKv(): GatedKv {
  let gate: Promise<void> = Promise.resolve();
  const gated: GatedKv = {
    refuses: () => false,
    hold() {
      let open = () => {};
      gate = new Promise((resolve) => {
        open = resolve;
      });
      return open;
    },
    binding: {
      get: async (asked: string | string[], type: "json") => {
        // What was there when it was asked for, answered late.
        const value = await readKv(asked, type);
        await gate;
        return value;
      },
      put: async (key: string, value: string, options?: KVNamespacePutOptions) => {
        if (gated.refuses(JSON.parse(JSON.parse(value).tuple))) throw new Error("429 Too Many Requests");
        await env.STS_CACHE.put(key, value, options);
      },
    } as GatedKv["binding"],
  };
  return gated;
}

/** KV takes one write per second and key. */
function onePerSecond(): GatedKv["refuses"] {
  const last = new Map<string, number>();
  return (tuple) => {
    const key = JSON.stringify(tuple);
    const isRefused = time.elapsedMs - (last.get(key) ?? Number.NEGATIVE_INFINITY) < 1_000;
    if (!isRefused) last.set(key, time.elapsedMs);
    return isRefused;
  };
}

async function deployed(kv?: GatedKv): Promise<WebhookWorld> {
  const made = await createWebhookWorld(kv ? { bindings: { STS_CACHE: kv.binding } } : {});
  made.github.putFile(made.repository, PATH, POLICY(made.owner));
  return made;
}

/** What a webhook may tell that ends a policy; the change is made at GitHub first. */
const ENDINGS: Readonly<Record<string, (made: WebhookWorld) => Promise<unknown>>> = {
  "a push that deletes it": (made) => made.push({ [PATH]: null }),
  "a push that changes it": (made) => made.push({ [PATH]: OTHER(made.owner) }),
  "the deletion of its repository": (made) => {
    made.github.deleteRepository(made.repository);
    return made.send("repository", { action: "deleted", repository: repositoryJson(made.owner, "app") });
  },
};
const endings = Object.keys(ENDINGS);
const end = async (made: WebhookWorld, how: string) => ENDINGS[how]?.(made);

describe("a webhook that arrives", () => {
  it.each(endings)("(%s) while an exchange waits for KV is not covered by what KV answers", async (how) => {
    const kv = gatedKv();
    const made = await deployed(kv);
    expect(await statusOf(made)).toBe(200);
    made.clock.now += MINUTE;
    const open = kv.hold();
    const waiting = statusOf(made);
    await new Promise((resolve) => setTimeout(resolve, 50));
    // KV answers the webhook late as well: what counts is what this isolate knows.
    const told = end(made, how);
    await new Promise((resolve) => setTimeout(resolve, 50));
    made.clock.now += 1;
    open();
    await told;
    expect(await waiting).not.toBe(200);
    expect(await statusOf(made)).not.toBe(200);
  });

  it.each(endings)("(%s) while an exchange waits for GitHub is not covered by what GitHub said before", async (how) => {
    const made = await deployed();
    made.network.fault({ route: "gh.contents", kind: "delay", delayMs: 150, times: 2 });
    const waiting = statusOf(made);
    await new Promise((resolve) => setTimeout(resolve, 75));
    made.clock.now += 1;
    await end(made, how);
    expect(await waiting).not.toBe(200);
    expect(await statusOf(made)).not.toBe(200);
  });

  it.each(endings)("(%s) while the issuer's keys are fetched is not overlooked before the mint", async (how) => {
    const made = await createWebhookWorld();
    made.github.putFile(made.repository, PATH, POLICY(made.owner, made.unknownIssuer.url));
    made.network.fault({ route: "oidc.discovery", kind: "delay", delayMs: 200, times: 1 });
    const waiting = made.ask({ issuer: made.unknownIssuer });
    await new Promise((resolve) => setTimeout(resolve, 100));
    made.clock.now += 1;
    await end(made, how);
    const { status, body } = await waiting;
    expect([status, body.reason]).toEqual([503, "github_unavailable"]);
    // Nothing was minted by the policy; a token that the webhook's own check uses is no part of this.
    expect(made.github.tokens.filter(({ permissions }) => permissions.issues !== undefined)).toEqual([]);
  });

  it.each(endings)(
    "(%s) in the second in which an exchange wrote reaches other isolates within two minutes",
    async (how) => {
      const kv = gatedKv();
      kv.refuses = onePerSecond();
      const made = await deployed(kv);
      const other = made.isolate();
      expect([await statusOf(made), await statusOf(made, other)]).toEqual([200, 200]);
      await end(made, how);
      made.clock.now += 2 * MINUTE;
      expect(await statusOf(made, other)).not.toBe(200);
    },
  );

  it.each(endings)("(%s) twice in one second is written for the second time as well", async (how) => {
    const kv = gatedKv();
    kv.refuses = onePerSecond();
    const made = await deployed(kv);
    const other = made.isolate();
    await made.push({ [PATH]: `${POLICY(made.owner)}description: another\n` });
    made.clock.now += 5_000;
    expect(await statusOf(made, other)).toBe(200);
    await end(made, how);
    made.clock.now += 2 * MINUTE;
    expect(await statusOf(made, other)).not.toBe(200);
  });

  it.each(endings)("(%s) while KV refuses is written when KV takes it", async (how) => {
    const kv = gatedKv();
    const made = await deployed(kv);
    const other = made.isolate();
    expect(await statusOf(made, other)).toBe(200);
    let refused = 0;
    kv.refuses = ([kind]) => kind === "tombstone" && ++refused <= 2;
    await end(made, how);
    expect(refused).toBeGreaterThan(2);
    made.clock.now += 2 * MINUTE;
    expect(await statusOf(made, other)).not.toBe(200);
  });

  it("while KV takes nothing counts at least where it arrived, and the log tells of it", async () => {
    const kv = gatedKv();
    const made = await deployed(kv);
    expect(await statusOf(made)).toBe(200);
    kv.refuses = () => true;
    await made.push({ [PATH]: null });
    expect(await statusOf(made)).toBe(404);
    expect(made.worker.logs).toContainEqual(expect.objectContaining({ what: "tombstone_not_written" }));
    expect(await tombstones()).toEqual([]);
  });

  it("of 305 deleted policies ends each of them, here and elsewhere", async () => {
    const made = await createWebhookWorld();
    const names = Array.from({ length: 305 }, (_, index) => `policy-${index}`);
    const files = (text: string | null) => Object.fromEntries(names.map((name) => [policyPath(name), text]));
    made.github.commit(made.repository, { files: files(POLICY(made.owner)) });
    const ask = async (identity: string, isolate: Isolate) =>
      (await isolate.fetch(await made.request({ identity }))).status;
    const other = made.isolate();
    const some = ["policy-0", "policy-150", "policy-300", "policy-304"];
    for (const name of some) expect([await ask(name, made.worker), await ask(name, other)]).toEqual([200, 200]);
    await made.push(files(null));
    for (const name of some) expect(await ask(name, made.worker)).toBe(404);
    made.clock.now += 2 * MINUTE;
    for (const name of some) expect(await ask(name, other)).toBe(404);
    // One for the repository, in place of one for each.
    expect((await tombstones()).length).toBeLessThan(10);
  });
});

describe("KV that does not answer", () => {
  it.each(["get", "all"] as const)("(%s hangs) is a miss, and what may be void by it is read anew", async (what) => {
    const kv = watchedKv();
    const world = await createWorld({ bindings: { STS_CACHE: kv.binding } });
    expect(await statusOf(world)).toBe(200);
    world.putPolicy(OTHER(world.owner));
    kv.hang = what;
    // Memory counts for a minute; then nothing that KV does not confirm.
    expect(await statusOf(world)).toBe(200);
    world.clock.now += MINUTE;
    expect(await statusOf(world)).toBe(403);
  });

  it("is not asked again and again by one exchange", async () => {
    const kv = watchedKv();
    const world = await createWorld({ bindings: { STS_CACHE: kv.binding } });
    kv.fail = "get";
    expect(await statusOf(world)).toBe(200);
    // Each key once, but for the issuer's: whether its keys are at hand is asked before they are used.
    expect(kv.gets.length - new Set(kv.gets).size).toBeLessThanOrEqual(1);
  });
});
