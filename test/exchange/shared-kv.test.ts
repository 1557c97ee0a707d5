// Deployments that share one KV namespace: what one read by its configuration decides nothing for another.

import { beforeEach, describe, expect, it } from "vitest";
import { appKeys } from "../emulators/core/keys.ts";
import type { Isolate } from "../support/isolate.ts";
import { reset } from "../support/storage.ts";
import { createWorld, MINUTE, type World } from "../support/world.ts";

beforeEach(() => reset());

const ENFORCED = "mode: enforce\nissuers: [https://gitlab.com]\n";

async function answered(world: World, isolate: Isolate) {
  const { status, body } = await isolate.fetch(await world.request());
  return { status, reason: body.reason };
}

const refused = { status: 403, reason: "issuer_not_permitted" };
const granted = { status: 200, reason: undefined };

describe("an allow-list that is enforced", () => {
  it("is not lifted by a deployment that looks for it in another repository, nor is that one held by it", async () => {
    const world = await createWorld();
    world.putAllowList(ENFORCED);
    const elsewhere = { ORG_POLICY_REPO: "other" };
    // Each first, in memories of their own, and once more after what the other one wrote.
    expect(await answered(world, world.isolate(elsewhere))).toEqual(granted);
    expect(await answered(world, world.isolate())).toEqual(refused);
    expect(await answered(world, world.isolate(elsewhere))).toEqual(granted);
    world.clock.now += 4 * MINUTE;
    expect(await answered(world, world.isolate())).toEqual(refused);
  });

  it("is not lifted by a deployment whose App cannot see it", async () => {
    const world = await createWorld({ apps: [{ id: 7 }, { id: 8, selected: ["app"] }] });
    world.putAllowList(ENFORCED);
    const { privateKeyPem: privateKey } = await appKeys();
    const only = (id: number) => world.isolate({ GITHUB_APPS: JSON.stringify([{ id, privateKey }]) });
    const [seeing, blind] = [7, 8];
    expect(await answered(world, only(blind))).toEqual(granted);
    expect(await answered(world, only(seeing))).toEqual(refused);
    expect(await answered(world, world.isolate())).toEqual(refused);
    expect(await answered(world, only(blind))).toEqual(granted);
    // Nor does "not visible" make the list void for those who see it.
    world.network.fault({ route: "gh.contents", kind: "status", status: 500 });
    world.clock.now += 10 * MINUTE;
    expect(await answered(world, only(seeing))).toEqual(refused);
  });

  it("counts for the deployment that found none before, once its own copy is old", async () => {
    const world = await createWorld();
    const isolate = world.isolate();
    expect(await answered(world, isolate)).toEqual(granted);
    world.putAllowList(ENFORCED);
    world.clock.now += 5 * MINUTE;
    expect(await answered(world, isolate)).toEqual(refused);
  });
});

describe("a trust policy", () => {
  it("of the policy repository is another one where the policy repository is another", async () => {
    const world = await createWorld();
    // As an organisation's policy it grants what it lists; as a repository's own it may not list anything.
    const text = `issuer: ${world.actions.url}\nsubject_pattern: ".*"\npermissions: {issues: write}\nrepositories: [app]\n`;
    world.putPolicy(text, "deploy", ".github");
    const scope = `${world.owner}/.github`;
    const ask = async (isolate: Isolate) => (await isolate.fetch(await world.request({ scope }))).body;
    const own = { ORG_POLICY_REPO: "other" };
    for (let round = 0; round < 2; round++) {
      expect(await ask(world.isolate())).toMatchObject({ repositories: ["app"] });
      expect(await ask(world.isolate(own))).toMatchObject({ reason: "policy_invalid" });
    }
  });
});
