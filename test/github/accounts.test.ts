// Which accounts have an App installed: one list, read in a bounded number of calls, that never says more than it knows.

import { describe, expect, it } from "vitest";
import { ACCOUNTS_FRESH_MS } from "../../worker/limits.ts";
import { createTestWorld, routesOf, type TestWorld } from "./world.ts";

async function installedOn(count: number): Promise<TestWorld> {
  const world = await createTestWorld();
  for (let number = 2; number <= count; number += 1) {
    world.network.github.addUser(`user-${number}`, { id: 10_000 + number });
    world.network.github.install({ app: 1, owner: `user-${number}`, permissions: { contents: "read" } });
  }
  return world;
}

const has = ({ github, app, call }: TestWorld, owner: string) => github.accounts.has(app, owner, call);

describe("whether an owner has the App", () => {
  it.each([
    [1, 1, false],
    [99, 1, false],
    [100, 2, false],
    [250, 3, false],
    [300, 3, undefined],
    [301, 3, undefined],
  ])("of %i installations: %i calls, and a stranger has: %j", async (count, calls, known) => {
    const world = await installedOn(count);
    expect(await has(world, "stranger")).toBe(known);
    expect(routesOf(world.network)).toEqual(Array(calls).fill("gh.installations"));
    expect(await has(world, "ACME")).toBe(known === undefined ? undefined : true);
    expect(await has(world, "another")).toBe(known);
    expect(world.network.calls.length).toBe(calls);
    world.clock.now += ACCOUNTS_FRESH_MS;
    expect(await has(world, "stranger")).toBe(known);
    expect(world.network.calls.length).toBe(2 * calls);
  });

  it("is said of each App for itself", async () => {
    const world = await createTestWorld({ apps: 2 });
    const [, other] = world.apps;
    if (other === undefined) throw new Error("two Apps");
    world.network.github.uninstall(102);
    expect(await has(world, "acme")).toBe(true);
    expect(await has({ ...world, app: other }, "acme")).toBe(false);
  });

  const page = (entries: readonly unknown[]) => JSON.stringify(entries);
  const listed = { account: { login: "Listed", id: 2 } };

  it("is not spoiled by an entry that is no account, such as an enterprise", async () => {
    const world = await createTestWorld();
    const body = page([{ account: { slug: "big", id: 1 } }, { account: null }, 5, listed]);
    world.network.fault({ route: "gh.installations", kind: "status", status: 200, body });
    expect([await has(world, "listed"), await has(world, "big")]).toEqual([true, false]);
  });

  it("is asked on where GitHub says so, although a page is not full", async () => {
    const world = await createTestWorld();
    const link = '<https://api.github.com/app/installations?per_page=100&page=2>; rel="next"';
    const first = { status: 200, body: page([listed]), headers: { link }, times: 1 };
    const second = { status: 200, body: page([{ account: { login: "later", id: 3 } }]) };
    for (const one of [first, second]) world.network.fault({ route: "gh.installations", kind: "status", ...one });
    expect([await has(world, "later"), await has(world, "listed"), await has(world, "no")]).toEqual([
      true,
      true,
      false,
    ]);
    expect(world.network.calls.length).toBe(2);
  });

  it.each([
    ["an object", { kind: "status", status: 200, body: "{}" }],
    ["null", { kind: "status", status: 200, body: "null" }],
    ["a 404", { kind: "status", status: 404 }],
    ["a limit", { kind: "primary" }],
    ["an outage", { kind: "status", status: 503 }],
  ] as const)("is unknown where a page is %s", async (_, fault) => {
    const world = await installedOn(150);
    world.network.fault({ route: "gh.installations", match: "page=2", ...fault });
    expect(await has(world, "stranger")).toBeUndefined();
    expect(await has(world, "acme")).toBeUndefined();
  });
});
