// What is not there costs an owner no calls: the names beside the first policy that was not found answer for all others.

import { beforeEach, describe, expect, it } from "vitest";
import type { Isolate } from "../support/isolate.ts";
import { watchedKv } from "../support/kv.ts";
import { reset } from "../support/storage.ts";
import { createWebhookWorld } from "../support/webhook-world.ts";
import { type Asking, POLICY } from "../support/workload.ts";
import { createWorld, MINUTE, policyPath, type World } from "../support/world.ts";

beforeEach(() => reset());

const FOREIGN = { repository_owner: "somebody", repository_owner_id: "1", repository: "somebody/x" };
const callers: readonly (readonly [string, (world: World) => Asking])[] = [
  ["the owner's own", () => ({})],
  ["somebody else's", () => ({ claims: FOREIGN })],
  ["nobody's, unverified", (world) => ({ issuer: world.unknownIssuer, headers: { "CF-Connecting-IP": address() } })],
];

let addresses = 0;
/** Another one each time: of one address few are heard at one owner. */
const address = (): string => `198.51.100.${++addresses}`;

async function reasonOf(world: World, asking: Asking, isolate: Isolate = world.worker): Promise<unknown> {
  await isolate.fetch(await world.request(asking));
  return isolate.audits().at(-1)?.reason;
}

describe.each(callers)("callers: %s", (_, by) => {
  it("twenty identities that are not there cost the calls of one", async () => {
    const world = await createWorld();
    await reasonOf(world, { ...by(world), identity: "none" });
    world.network.forgetCalls();
    for (let i = 0; i < 20; i++) {
      expect(await reasonOf(world, { ...by(world), identity: `none-${i}` })).toBe("policy_not_found");
    }
    expect(world.calls).toEqual([]);
  });

  it("folders that are not there cost none either, and those that are there one each", async () => {
    const world = await createWorld();
    world.putPolicy(POLICY(world.owner), "team/web");
    await reasonOf(world, { ...by(world), identity: "none" });
    world.network.forgetCalls();
    for (let i = 0; i < 10; i++) {
      expect(await reasonOf(world, { ...by(world), identity: `team/none-${i}` })).toBe("policy_not_found");
    }
    // The file that is not there, and the names beside it; a token, and the end of it.
    expect(world.routes()).toEqual(["gh.mint", "gh.contents", "gh.contents"]);
    world.network.forgetCalls();
    for (const identity of ["no-team/web", "no-team/a/b/c", "deploy/x", "deploy.sts.yaml/x"]) {
      expect(await reasonOf(world, { ...by(world), identity })).toBe("policy_not_found");
    }
    expect(world.calls).toEqual([]);
  });

  it("no KV is written for what callers other than the owner's own do not find", async () => {
    const kv = watchedKv();
    const world = await createWorld({ bindings: { STS_CACHE: kv.binding } });
    await world.ask();
    kv.puts.length = 0;
    for (let i = 0; i < 5; i++) await reasonOf(world, { ...by(world), identity: `none-${i}` });
    const kinds = kv.puts.map(({ value }) => JSON.parse(JSON.parse(value).tuple)[0]);
    // Of the owner's own: that the first one is not there.
    expect(kinds.sort()).toEqual(by(world).claims || by(world).issuer ? [] : ["policy", "tombstone"]);
  });
});

describe("the names", () => {
  it("are of five minutes: what is made without a webhook is found then", async () => {
    const world = await createWorld();
    expect(await reasonOf(world, { identity: "none" })).toBe("policy_not_found");
    world.putPolicy(POLICY(world.owner), "late");
    world.clock.now += 5 * MINUTE - 1;
    expect(await reasonOf(world, { identity: "late" })).toBe("policy_not_found");
    world.clock.now += 1;
    expect(await reasonOf(world, { identity: "late" })).toBeUndefined();
  });

  it.each(["late", "team/late"])(
    "are void at once where a webhook told of a new one (%s), elsewhere within two minutes",
    async (identity) => {
      const made = await createWebhookWorld();
      const other = made.isolate();
      for (const isolate of [made.worker, other]) {
        expect(await reasonOf(made, { identity: "none" }, isolate)).toBe("policy_not_found");
        expect(await reasonOf(made, { identity: "team/none" }, isolate)).toBe("policy_not_found");
      }
      await made.push({ [policyPath(identity)]: POLICY(made.owner) });
      expect(await reasonOf(made, { identity })).toBeUndefined();
      made.clock.now += 2 * MINUTE;
      expect(await reasonOf(made, { identity }, other)).toBeUndefined();
    },
  );

  it("say nothing where GitHub lists as many as it ever lists", async () => {
    const world = await createWorld();
    const files = Array.from({ length: 1_001 }, (_, index) => [policyPath(`p-${index}`), POLICY(world.owner)]);
    world.github.commit(`${world.owner}/app`, { files: Object.fromEntries(files) });
    expect(await reasonOf(world, { identity: "none" })).toBe("policy_not_found");
    world.network.forgetCalls();
    expect(await reasonOf(world, { identity: "none-2" })).toBe("policy_not_found");
    expect(world.routes()).toContain("gh.contents");
  });

  it.each([
    ["500", { kind: "status", status: 500 }],
    ["a limit", { kind: "primary" }],
    ["garbage", { kind: "garbage" }],
  ] as const)(
    "say nothing where GitHub does not give them (%s), and the refusal stays what it is",
    async (_, fault) => {
      const world = await createWorld();
      // The folder alone, and none of its files.
      world.network.fault({ route: "gh.contents", match: ".github/chainguard\n", ...fault });
      for (const identity of ["none", "none-2"]) {
        world.network.forgetCalls();
        expect(await reasonOf(world, { identity })).toBe("policy_not_found");
        expect(world.routes()).toContain("gh.contents");
        // A limit is over by then.
        world.clock.now += 31 * MINUTE;
      }
      expect((await world.ask()).status).toBe(200);
    },
  );

  it("are of one repository, and of the one that has its name now", async () => {
    const world = await createWorld();
    world.putPolicy(POLICY(world.owner), "deploy", "other");
    expect(await reasonOf(world, { identity: "none" })).toBe("policy_not_found");
    world.github.renameRepository(`${world.owner}/app`, "former");
    world.github.addRepository(`${world.owner}/app`);
    world.putPolicy(POLICY(world.owner), "late");
    // Another name of the same repository is asked for, whose policy has to be read.
    world.clock.now += 6 * MINUTE;
    expect(await reasonOf(world, { identity: "late" })).toBeUndefined();
  });

  it("do not hide what something of another kind is called like", async () => {
    const world = await createWorld();
    world.github.putFile(`${world.owner}/app`, `${policyPath("folder")}/file`, "text");
    expect(await reasonOf(world, { identity: "none" })).toBe("policy_not_found");
    expect(await reasonOf(world, { identity: "folder" })).toBe("policy_unreadable");
  });

  it("tell the owner's own what lies near, in each answer", async () => {
    const world = await createWorld();
    world.putPolicy(POLICY(world.owner), "team/web");
    for (const [identity, near] of [
      ["deplyo", "deploy"],
      ["deploy_", "deploy"],
      ["Deploy", "deploy"],
      ["team/wbe", "team/web"],
    ]) {
      const { body } = await world.ask({ identity: identity ?? "" });
      expect(body.message).toContain(`did you mean "${near}"?`);
      expect((await world.ask({ claims: FOREIGN, identity: identity ?? "" })).text).not.toContain("did you mean");
    }
  });
});
