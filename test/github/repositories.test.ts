// Which repositories an installation sees: one list, read in a bounded number of calls, that never says more than it knows.

import { describe, expect, it } from "vitest";
import { REPOSITORIES_FRESH_MS, REPOSITORIES_READ_EVERY_MS } from "../../worker/limits.ts";
import { createTestWorld, routesOf, type TestWorld } from "./world.ts";

/** Three are there already. */
async function having(count: number): Promise<TestWorld> {
  const world = await createTestWorld();
  for (let number = 4; number <= count; number += 1) world.network.github.addRepository(`acme/r-${number}`);
  return remembering(world);
}

/** Nothing is listed of an installation that nobody looked up. */
async function remembering(world: TestWorld): Promise<TestWorld> {
  for (const app of world.apps) await world.github.installations.find(app, { owner: "acme" }, world.call);
  world.network.forgetCalls();
  return world;
}

async function has({ github, apps, call }: TestWorld, repository: string, voidBefore = 0) {
  const minted: string[] = [];
  const asked = { ...call, minted: (token: string) => minted.push(token) };
  const answer = await github.repositories.has(apps, { owner: "acme", repository }, { voidBefore, call: asked });
  for (const token of minted) await github.revoke(token);
  return answer;
}

describe("whether an installation has a repository", () => {
  it.each([
    [3, 1, false],
    [100, 1, false],
    [101, 2, false],
    [300, 3, false],
    [301, 3, undefined],
  ])("of %i: %i pages, and one that does not exist is there: %j", async (count, pages, known) => {
    const world = await having(count);
    expect(await has(world, "none")).toBe(known);
    expect(routesOf(world.network)).toEqual(["gh.mint", ...Array(pages).fill("gh.repositories"), "gh.revoke"]);
    expect(await has(world, "APP")).toBe(true);
    expect(await has(world, "none-either")).toBe(known);
    expect(world.network.calls.length).toBe(pages + 2);
    world.clock.now += REPOSITORIES_FRESH_MS;
    expect(await has(world, "none")).toBe(known);
    expect(world.network.calls.length).toBe(2 * (pages + 2));
  });

  it("is read with a token that sees names and nothing else, and is revoked", async () => {
    const world = await having(3);
    await has(world, "app");
    expect(world.network.github.tokens.map(({ permissions, revoked }) => ({ permissions, revoked }))).toEqual([
      { permissions: { metadata: "read" }, revoked: true },
    ]);
  });

  it("is nobody's to say where the installation is not remembered", async () => {
    const world = await createTestWorld();
    expect(await has(world, "app")).toBeUndefined();
    expect(world.network.calls.length).toBe(0);
  });

  it("is asked of each App that may be installed there", async () => {
    const world = await createTestWorld({ apps: 2 });
    world.network.github.selectRepositories(101, ["other"]);
    world.network.github.selectRepositories(102, ["app"]);
    await remembering(world);
    expect([await has(world, "app"), await has(world, "other"), await has(world, ".github")]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("is void once a webhook told of the repository, and asked again at most once a minute", async () => {
    const world = await having(3);
    expect(await has(world, "new")).toBe(false);
    world.network.github.addRepository("acme/new");
    expect(await has(world, "new")).toBe(false);
    const told = world.clock.now + 1;
    expect(await has(world, "new", told)).toBeUndefined();
    world.clock.now += REPOSITORIES_READ_EVERY_MS;
    expect(await has(world, "new", told)).toBe(true);
  });

  it("is corrected by what GitHub says to a token's mint", async () => {
    const world = await having(3);
    expect(await has(world, "app")).toBe(true);
    world.network.github.deleteRepository("acme/app");
    const minted = await world.github.mintReadToken(world.app, world.installation, ["app"], world.call);
    expect(minted.ok).toBe(false);
    expect([await has(world, "app"), await has(world, "other")]).toEqual([false, true]);
  });

  it.each([
    ["an object of another kind", { kind: "status", status: 200, body: "{}" }],
    ["a name that is none", { kind: "status", status: 200, body: '{"total_count":1,"repositories":[{"name":"a/b"}]}' }],
    ["a 404", { kind: "status", status: 404 }],
    ["a limit", { kind: "primary" }],
    ["an outage", { kind: "status", status: 503 }],
  ] as const)("is unknown where a page is %s", async (_, fault) => {
    const world = await having(150);
    world.network.fault({ route: "gh.repositories", match: "page=2", ...fault });
    expect([await has(world, "none"), await has(world, "app")]).toEqual([undefined, undefined]);
  });
});
