// Who is charged, for what, and under which name: with Cloudflare's rate-limiting bindings, and what happens when one fails.

import { beforeEach, describe, expect, it } from "vitest";
import { forged } from "../support/flood.ts";
import { createIssuerWorld } from "../support/issuer-world.ts";
import { reset } from "../support/storage.ts";
import { ACTIONS, POLICY } from "../support/workload.ts";

/** A binding that lets so many pass under each key, and remembers what it was asked. */
function binding(perKey: number) {
  const keys: string[] = [];
  return {
    keys,
    limit: async ({ key }: { readonly key: string }) => {
      keys.push(key);
      return { success: keys.filter((one) => one === key).length <= perKey };
    },
  };
}

async function bound(callers = 100, owners = 100) {
  const [CALLER_RATE_LIMIT, OWNER_RATE_LIMIT] = [binding(callers), binding(owners)];
  const world = await createIssuerWorld({ bindings: { CALLER_RATE_LIMIT, OWNER_RATE_LIMIT } });
  world.putPolicy(POLICY(world.owner), "actions", "app");
  return { world, callers: CALLER_RATE_LIMIT.keys, owners: OWNER_RATE_LIMIT.keys };
}

/** Of a workflow of somebody else's. */
const FOREIGN = {
  repository_owner: "somebody",
  repository_owner_id: "999",
  sub: "repo:somebody/else:ref:refs/heads/main",
};

const from = (address: string) => ({ headers: { "CF-Connecting-IP": address } });

// The Actions issuer is the same for all: each test begins with nothing cached.
beforeEach(() => reset());

describe("with bindings", () => {
  it("a caller is charged for what is refused before verification, and for nothing else", async () => {
    const { world, callers } = await bound();
    const home = from("192.0.2.1");
    await world.ask({ identity: "actions", ...home });
    await world.ask({ identity: "actions", claims: { sub: "repo:x/y" }, ...home });
    await world.send(await world.token(), home);
    await world.send(await world.token({ sub: "repo:x/y" }), home);
    await world.ask({ identity: "none", ...home });
    expect(callers).toEqual([]);
    await world.send("a.b.c", home);
    await world.send(forged(world), home);
    await world.ask({ scope: "a/b/c", ...home });
    await world.ask({ authorization: null, ...home });
    expect(callers).toEqual(["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.1"]);
  });

  it("an owner's budget is charged for all that others are refused alike there, and for what GitHub was asked", async () => {
    const { world, owners } = await bound();
    await world.ask({ identity: "actions" });
    await world.ask({ identity: "none" });
    await world.send(await world.token(), { scope: `${world.owner.toUpperCase()}/app` });
    await world.send("a.b.c");
    await world.send(forged(world), { scope: "a/b/c" });
    expect(owners).toEqual([]);
    // By the names that the owner's own 404 left, nobody needs to be asked.
    await world.send(forged(world), { identity: "none-either" });
    expect(owners).toEqual([JSON.stringify([world.owner])]);
    owners.length = 0;
    await world.send(forged(world), { scope: `${world.owner}/nowhere` });
    await world.ask({ scope: `${world.owner}/neither`, claims: FOREIGN });
    expect(owners.map((key) => JSON.parse(key))).toEqual([
      [world.owner],
      [world.owner, null, "/"],
      [world.owner, ACTIONS],
      [world.owner, ACTIONS, "/"],
    ]);
  });

  it.each([
    ["2001:db8:1:2::1", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"],
    ["::1", "0:0:0:0::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["192.0.2.7", "192.0.2.7"],
  ])("%s is known as %s", async (address, key) => {
    const { world, callers } = await bound();
    await world.send("a.b.c", from(address));
    expect(callers).toEqual([key]);
  });

  it("their word counts: 429 with Retry-After, and no call while it holds", async () => {
    const { world } = await bound(2);
    for (const [i, status] of [404, 404, 429, 429].entries()) {
      world.network.forgetCalls();
      const answer = await world.send(forged(world), { identity: `identity-${i}`, ...from("192.0.2.1") });
      expect(answer.status).toBe(status);
      if (status === 429) expect(answer.headers.get("Retry-After")).toBe("60");
      // The third is refused after it was heard, and the fourth before.
      if (i === 3) expect(world.calls).toEqual([]);
    }
    expect((await world.send(forged(world), { identity: "else", ...from("192.0.2.2") })).status).toBe(404);
    expect((await world.ask({ identity: "actions", ...from("192.0.2.1") })).status).toBe(200);
  });

  it("an owner's too: unverified callers wait, its own workloads do not", async () => {
    const { world } = await bound(100, 1);
    const nowhere = (i: number) => world.send(forged(world), { scope: `${world.owner}/nowhere-${i}` });
    expect((await nowhere(1)).status).toBe(404);
    expect((await nowhere(2)).status).toBe(429);
    world.network.forgetCalls();
    const limited = await nowhere(3);
    expect([limited.status, limited.body.reason]).toEqual([429, "caller_rate_limited"]);
    expect(world.calls).toEqual([]);
    expect((await world.ask({ identity: "actions" })).status).toBe(200);
  });

  it("one that fails is no outage: this isolate's own count stands in", async () => {
    const failing = { limit: () => Promise.reject(new Error("down")) };
    const world = await createIssuerWorld({ bindings: { CALLER_RATE_LIMIT: failing, OWNER_RATE_LIMIT: failing } });
    const home = from("192.0.2.1");
    for (let i = 0; i < 60; i++) expect((await world.send("a.b.c", home)).status).toBe(400);
    expect((await world.send("a.b.c", home)).status).toBe(429);
    expect((await world.send(await world.token())).status).toBe(200);
  });
});
