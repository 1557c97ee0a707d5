// Several Apps on one deployment: whom each serves, which one is asked, and who takes over.

import { beforeEach, describe, expect, it } from "vitest";
import { appKeys } from "../emulators/core/keys.ts";
import { type AppSpec, installationOf, isGrantMint, mintedBy, readBy } from "../support/apps.ts";
import { reset } from "../support/storage.ts";
import { createWorld, HOUR, MINUTE, POLICY, type World } from "../support/world.ts";

beforeEach(() => reset());

const at = (app: number) => `/app/installations/${installationOf(app)}/`;
const bucketOf = ({ network }: World, app: number) => network.github.bucket(`installation:${installationOf(app)}`);

async function granted(world: World, identity = "deploy", worker = world.worker): Promise<void> {
  const { status, body } = await worker.fetch(await world.request({ identity }));
  expect({ status, reason: body.reason }).toEqual({ status: 200, reason: undefined });
}

describe("by owner", () => {
  it("an App that names the owner serves it, and no other does", async () => {
    const world = await createWorld({ apps: [{ id: 7 }, { id: 8, named: true }, { id: 9 }] });
    for (let i = 0; i < 3; i++) {
      await granted(world);
      world.clock.now += 5 * MINUTE;
    }
    expect(mintedBy(world.calls)).toEqual([8, 8, 8]);
    expect(readBy(world.calls)).toEqual([8, 8, 8]);
  });

  it("the others are no fallback where the App that names the owner is not installed", async () => {
    const world = await createWorld({ apps: [{ id: 7 }, { id: 8, named: true, install: false }] });
    expect((await world.ask()).body.reason).toBe("app_not_installed");
    expect(world.github.tokens).toEqual([]);
  });

  it("Apps that name nobody serve the owners that no App names", async () => {
    const world = await createWorld({ apps: [{ id: 7 }] });
    await granted(world);
    expect(mintedBy(world.calls)).toEqual([7]);
  });
});

describe("by what is left of the rate limit", () => {
  /** Both Apps have read for this owner, so that both are measured. */
  async function measured(used: Readonly<Record<number, number>>): Promise<World> {
    const world = await createWorld({ apps: [{ id: 7 }, { id: 8 }] });
    for (const [app, count] of Object.entries(used)) bucketOf(world, Number(app)).used = count;
    for (const identity of ["a", "b", "c", "d"]) world.putPolicy(POLICY(world.owner), identity);
    // While one of them is not measured they take turns.
    await granted(world);
    await granted(world, "a");
    expect(new Set(readBy(world.calls))).toEqual(new Set([7, 8]));
    world.network.forgetCalls();
    return world;
  }

  it.each([
    [7, { 7: 100, 8: 4_000 }],
    [8, { 7: 4_000, 8: 100 }],
  ] as const)("App %i, which has most left, is asked", async (best, used) => {
    const world = await measured(used);
    for (const identity of ["b", "c", "d"]) await granted(world, identity);
    expect(readBy(world.calls)).toEqual([best, best, best]);
    expect(mintedBy(world.calls)).toEqual([best, best, best]);
  });
});

describe("the next App serves", () => {
  const TWO: readonly AppSpec[] = [{ id: 7 }, { id: 8 }];

  it.each([7, 8])("when App %i is limited while the policy is read", async (app) => {
    const world = await createWorld({ apps: TWO });
    bucketOf(world, app).used = 5_000;
    await granted(world);
    // A token of a limited installation cannot even be revoked: that is counted.
    expect(world.livingTokens()).toHaveLength(1 + (world.worker.counts().revocation_failed ?? 0));
  });

  it.each([7, 8])("when App %i is limited at the read token's mint", async (app) => {
    const world = await createWorld({ apps: TWO });
    world.network.fault({ route: "gh.mint", kind: "secondary", match: at(app) });
    await granted(world);
    expect(mintedBy(world.calls).at(-1)).toBe(15 - app);
  });

  it.each([7, 8])("when App %i is limited at the final mint", async (app) => {
    const world = await createWorld({ apps: TWO });
    // Whichever is first: it has read, and cannot mint.
    await granted(world);
    world.network.forgetCalls();
    world.network.fault({ route: "gh.mint", kind: "primary", match: at(app) });
    await granted(world);
    await granted(world);
    expect(mintedBy(world.calls).filter((one) => one === 15 - app)).toHaveLength(2);
    expect(mintedBy(world.calls).filter((one) => one === app).length).toBeLessThanOrEqual(1);
  });

  it.each([
    ["refuses its keys", { kind: "status", status: 401 }],
    [
      "says that it is suspended",
      { kind: "status", status: 403, body: '{"message":"This installation has been suspended"}' },
    ],
  ] as const)("when GitHub %s at any mint", async (_about, fault) => {
    for (const app of [7, 8]) {
      await reset();
      const world = await createWorld({ apps: TWO });
      world.network.fault({ route: "gh.mint", match: at(app), ...fault });
      await granted(world);
      expect(mintedBy(world.calls).at(-1)).toBe(15 - app);
      expect(world.livingTokens()).toHaveLength(1);
    }
  });

  it("when the first does not see the repository", async () => {
    for (const app of [7, 8]) {
      await reset();
      const world = await createWorld({
        apps: TWO.map((one) => (one.id === app ? { id: app, selected: ["other"] } : one)),
      });
      await granted(world);
      expect(mintedBy(world.calls)).toEqual([15 - app]);
    }
  });

  it("when the first was uninstalled a moment ago", async () => {
    for (const app of [7, 8]) {
      await reset();
      const world = await createWorld({ apps: TWO });
      for (const worker of [world.worker, world.worker]) await worker.fetch(await world.request());
      world.github.uninstall(installationOf(app));
      for (let i = 0; i < 3; i++) await granted(world);
      expect(mintedBy(world.calls).at(-1)).toBe(15 - app);
    }
  });

  it.each([
    ["limited", { kind: "primary" }, "github_rate_limited"],
    ["out of reach", { kind: "status", status: 503 }, "github_unavailable"],
  ] as const)("and whether it would, is not guessed while it is %s", async (_about, fault, reason) => {
    for (const turns of [0, 1]) {
      await reset();
      const world = await createWorld({ apps: [{ id: 7, selected: ["other", ".github"] }, { id: 8 }] });
      for (let i = 0; i < turns; i++) await world.ask({ scope: "somebody-else/app" });
      // App 7 finds the owner by its name, as it does not see the repository; App 8, first or second, does not get that far.
      const times = fault.kind === "primary" ? 1 : 2;
      world.network.fault({ route: "gh.repo_installation", ...fault, skip: turns, times });
      const answer = await world.ask();
      expect(answer.body.reason).toBe(reason);
    }
  });

  it("not after a mint of which nobody knows what came of it", async () => {
    const world = await createWorld({ apps: TWO });
    world.network.fault({ route: "gh.mint", kind: "status", status: 500, match: '"issues"' });
    expect((await world.ask()).body.reason).toBe("github_unavailable");
    expect(mintedBy(world.calls)).toHaveLength(1);
  });

  it("and where all are limited, the caller is told to wait", async () => {
    const world = await createWorld({ apps: TWO });
    world.network.fault({ route: "gh.mint", kind: "secondary", match: '"issues"' });
    const answer = await world.ask();
    expect(answer.status).toBe(429);
    expect(answer.body.reason).toBe("github_rate_limited");
    expect(answer.headers.get("Retry-After")).toBe("60");
    expect([...mintedBy(world.calls)].sort()).toEqual([7, 8]);
  });
});

describe("checks: write", () => {
  const THREE: readonly AppSpec[] = [{ id: 7 }, { id: 8 }, { id: 9 }];
  /** So many that it takes more than bad luck for one of three Apps to have none. */
  const IDENTITIES = ["deploy", ...Array.from({ length: 39 }, (_, index) => `deploy-${index}`)];
  const checks = (owner: string) => `${POLICY(owner)}  checks: write\n`;

  async function withChecks(apps: readonly AppSpec[]): Promise<World> {
    const world = await createWorld({ apps });
    for (const identity of IDENTITIES) world.putPolicy(checks(world.owner), identity);
    return world;
  }

  async function pinned(world: World, worker = world.worker): Promise<readonly (number | undefined)[]> {
    const chosen: (number | undefined)[] = [];
    for (const identity of IDENTITIES) {
      world.network.forgetCalls();
      await granted(world, identity, worker);
      chosen.push(mintedBy(world.calls).at(-1));
    }
    return chosen;
  }

  it("sticks to one App, in each isolate, whatever the order and the quota; and all Apps have their share", async () => {
    const world = await withChecks(THREE);
    const first = await pinned(world);
    expect(new Set(first)).toEqual(new Set([7, 8, 9]));
    bucketOf(world, 7).used = 4_999 - bucketOf(world, 7).used;
    world.clock.now += 10 * MINUTE;
    expect(await pinned(world)).toEqual(first);
    expect(await pinned(world, world.isolate())).toEqual(first);
  });

  it("moves on to the next in order when the pinned App is gone, and back when it is there again", async () => {
    const world = await withChecks(THREE);
    const first = await pinned(world);
    world.github.uninstall(installationOf(8));
    const second = await pinned(world);
    expect(second).not.toContain(8);
    for (const [index, app] of first.entries()) if (app !== 8) expect(second[index]).toBe(app);
    // The order is the hash's, not whoever has read.
    world.clock.now += HOUR;
    expect(await pinned(world)).toEqual(second);
    world.github.install({
      app: 8,
      id: installationOf(8),
      owner: world.owner,
      permissions: { contents: "read", issues: "write", checks: "write" },
    });
    world.clock.now += 10 * MINUTE;
    expect(await pinned(world)).toEqual(first);
  });

  it("is not pinned where it is only read, or narrowed away", async () => {
    const world = await withChecks(THREE);
    const [pinnedTo] = await pinned(world);
    const free = THREE.map(({ id }) => id).filter((id) => id !== pinnedTo);
    for (const app of THREE) bucketOf(world, app.id).used = app.id === free[0] ? 0 : 4_000;
    const seen = new Set<number | undefined>();
    for (let i = 0; i < 9; i++) {
      world.network.forgetCalls();
      const answer = await world.ask({ query: { permissions: "issues:write,checks:read" } });
      expect(answer.status).toBe(200);
      seen.add(mintedBy(world.calls).at(-1));
      world.clock.now += 2 * MINUTE;
    }
    expect([...seen].some((app) => app !== pinnedTo)).toBe(true);
  });
});

describe("two keys of one App, while rotating", () => {
  it.each([
    ["the old one is gone at GitHub", [1, 0]],
    ["the new one is not yet known at GitHub", [0, 1]],
  ])("%s: the exchange works", async (_about, keySlots) => {
    const world = await createWorld({ apps: [{ id: 7, keySlots }] });
    await granted(world);
    expect(world.livingTokens()).toHaveLength(1);
    world.network.forgetCalls();
    await granted(world);
    // What was learned is remembered: a warm exchange is one call again.
    expect(world.calls.map(({ route, status }) => [route, status])).toEqual([["gh.mint", 201]]);
  });

  it("the key is withdrawn between two exchanges: the other one mints, once", async () => {
    const world = await createWorld({ apps: [{ id: 7, keySlots: [0, 1] }] });
    await granted(world);
    const app = world.github.state.apps.find(({ id }) => id === 7);
    app?.publicKeys.splice(0, 1, (await appKeys(1)).publicKey);
    world.network.forgetCalls();
    await granted(world);
    expect(world.calls.map(({ route, status }) => [route, status])).toEqual([
      ["gh.mint", 401],
      ["gh.mint", 201],
    ]);
  });

  it("neither is known: two attempts at the mint and no more", async () => {
    const world = await createWorld({ apps: [{ id: 7, keySlots: [0, 1] }] });
    await granted(world);
    world.network.forgetCalls();
    world.network.fault({ route: "gh.mint", kind: "status", status: 401 });
    expect((await world.ask()).body.reason).toBe("app_credentials_rejected");
    expect(world.calls.filter(isGrantMint)).toHaveLength(2);
  });
});
