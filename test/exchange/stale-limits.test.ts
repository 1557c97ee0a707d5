// A stale copy stands in while GitHub limits or fails; but nobody who uses up an owner's limit is served what a policy said before.

import { beforeEach, describe, expect, it } from "vitest";
import type { Isolate } from "../support/isolate.ts";
import { reset } from "../support/storage.ts";
import { ACTIONS, type Asking, POLICY } from "../support/workload.ts";
import { createWorld, LIST, MINUTE, type World } from "../support/world.ts";

beforeEach(() => reset());

const FOREIGN = { repository_owner: "somebody", repository_owner_id: "1", repository: "somebody/x" };
/** One of the owner's repositories that anybody can read. */
const PUBLIC = { repository_visibility: "public" };
const LIMITS = {
  "a primary limit": { kind: "primary" },
  "a secondary limit": { kind: "secondary" },
  "429": { kind: "status", status: 429 },
} as const;
const OUTAGES = { "500": { kind: "status", status: 500 }, "no network": { kind: "network" } } as const;
type LimitName = keyof typeof LIMITS;

const limits = Object.keys(LIMITS) as LimitName[];
const everybodys = (world: World) => POLICY(world.owner).replace(/^subject: .*$/m, 'subject_pattern: ".*"');

async function answered(world: World, asking: Asking = {}, isolate: Isolate = world.worker) {
  const { status, body } = await isolate.fetch(await world.request(asking));
  return { status, reason: body.reason };
}

/** A workload has used its policy; ten minutes later it is taken out of it, no webhook tells, and GitHub limits. */
async function takenOut(limit: LimitName, between: (world: World) => Promise<void>): Promise<World> {
  const world = await createWorld();
  expect((await world.ask()).status).toBe(200);
  world.putPolicy(POLICY(world.owner).replace("refs/heads/main", "refs/heads/other"));
  await between(world);
  world.network.fault({ route: "gh.contents", match: "deploy.sts.yaml", ...LIMITS[limit] });
  world.clock.now += 10 * MINUTE;
  return world;
}

const MISSES: Readonly<Record<string, (world: World) => Promise<unknown>>> = {
  "a workload of somebody else": (world) => world.ask({ claims: FOREIGN, identity: "none" }),
  "a caller whom nobody verified": (world) => world.ask({ issuer: world.unknownIssuer, identity: "none" }),
  "a workload of somebody else, of a policy in another repository": (world) =>
    world.ask({ claims: FOREIGN, scope: `${world.owner}/other` }),
};

describe.each(limits)("during %s", (limit) => {
  it.each(Object.keys(MISSES))("after misses of %s no stale policy is served to anybody", async (by) => {
    const world = await takenOut(limit, async (here) => {
      await MISSES[by]?.(here);
    });
    const before = world.livingTokens();
    expect(await answered(world)).toEqual({ status: 429, reason: "github_rate_limited" });
    expect(world.livingTokens()).toEqual(before);
  });

  it("no stale policy is served to callers who do not belong to the owner", async () => {
    const world = await createWorld();
    world.putPolicy(everybodys(world));
    world.putPolicy(everybodys(world).replace(ACTIONS, world.unknownIssuer.url), "unknown");
    const callers: readonly Asking[] = [{ claims: FOREIGN }, { issuer: world.unknownIssuer, identity: "unknown" }];
    for (const caller of callers) expect(await answered(world, caller)).toMatchObject({ status: 200 });
    world.network.fault({ route: "gh.contents", ...LIMITS[limit] });
    world.clock.now += 10 * MINUTE;
    for (const caller of callers) expect(await answered(world, caller)).toMatchObject({ status: 429 });
  });

  it.each([
    ["private", {}],
    ["public", PUBLIC],
  ])("the owner's own (of a %s repository) are served, where no others asked in vain", async (_, claims) => {
    const world = await createWorld();
    world.putPolicy(everybodys(world));
    // What others find is no miss.
    expect(await answered(world, { claims: FOREIGN })).toMatchObject({ status: 200 });
    expect(await answered(world, { claims })).toMatchObject({ status: 200 });
    // Nor is what the owner's own do not find.
    expect(await answered(world, { claims, identity: "none" })).toMatchObject({ status: 404 });
    world.network.fault({ route: "gh.contents", ...LIMITS[limit] });
    world.clock.now += 10 * MINUTE;
    expect(await answered(world, { claims })).toMatchObject({ status: 200 });
  });

  it("nor is a stale allow-list, which may have grown stricter", async () => {
    const world = await createWorld();
    world.putAllowList(`issuers: [${ACTIONS}]\n`);
    expect((await world.ask()).status).toBe(200);
    await world.ask({ claims: FOREIGN, identity: "none" });
    world.network.fault({ route: "gh.contents", match: LIST, ...LIMITS[limit] });
    world.clock.now += 6 * MINUTE;
    expect(await answered(world)).toEqual({ status: 429, reason: "allow_list_rate_limited" });
  });

  it("the owner's own are served again an hour after the last miss", async () => {
    const world = await createWorld();
    await world.ask({ claims: FOREIGN, identity: "none" });
    world.clock.now += 60 * MINUTE;
    expect((await world.ask()).status).toBe(200);
    world.network.fault({ route: "gh.contents", ...LIMITS[limit] });
    world.clock.now += 10 * MINUTE;
    expect((await world.ask()).status).toBe(200);
  });
});

describe.each(Object.keys(OUTAGES) as (keyof typeof OUTAGES)[])("during an outage (%s)", (outage) => {
  it("misses change nothing: nobody can cause one", async () => {
    const world = await createWorld();
    world.putPolicy(everybodys(world));
    expect(await answered(world, { claims: FOREIGN })).toMatchObject({ status: 200 });
    await world.ask({ claims: FOREIGN, identity: "none" });
    world.network.fault({ route: "gh.contents", ...OUTAGES[outage] });
    world.clock.now += 10 * MINUTE;
    expect(await answered(world, { claims: FOREIGN })).toMatchObject({ status: 200 });
    expect(await answered(world)).toMatchObject({ status: 200 });
  });
});
