// Floods that arrive all at once or from many addresses: as many are heard as may be refused.

import { describe, expect, it } from "vitest";
import { flood, forged, path, SHOTS, type Shot, STRANGER, WILDCARD } from "../support/flood.ts";
import { createIssuerWorld, GITHUB, type IssuerWorld, type IssuerWorldOptions } from "../support/issuer-world.ts";
import { POLICY } from "../support/workload.ts";

describe("three hundred requests of one address at once", () => {
  /** As long as none is answered, none is counted as refused. */
  async function atOnce(world: IssuerWorld, shot: (i: number) => Shot) {
    world.network.forgetCalls();
    const answers = await Promise.all(
      Array.from({ length: SHOTS }, async (_, i) => {
        const { scope = `${world.owner}/app`, identity = "deploy", claims } = shot(i);
        return world.send(forged(world, claims), { scope, identity, headers: { "CF-Connecting-IP": STRANGER } });
      }),
    );
    const github = world.network.countHost(GITHUB);
    return { github, issuers: world.calls.length - github, answers };
  }

  it.each<[string, IssuerWorldOptions, (i: number, world: IssuerWorld) => Shot]>([
    ["owners", {}, (i) => ({ scope: `crowd-${i}/app` })],
    ["identities", {}, (i) => ({ identity: `crowd-${i}` })],
    ["paths below a known wildcard", WILDCARD, (i) => ({ claims: { iss: path(i) } })],
  ])("%s: as many are heard as may be refused", async (_about, options, shot) => {
    const world = await createIssuerWorld({ ...options, latencyMs: 20 });
    const { github, issuers, answers } = await atOnce(world, (i) => shot(i, world));
    // Installation, read token, allow-list, policy, the folder of a repository that was not listed yet, revocation.
    expect(github).toBeLessThanOrEqual(6 * 60);
    expect(issuers).toBeLessThanOrEqual(2 * 60);
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(SHOTS - 60);
    // Their places are free again.
    world.clock.now += 60_000;
    expect((await world.send(await world.token(), { headers: { "CF-Connecting-IP": STRANGER } })).status).toBe(200);
  });

  it("whose rate limiter hangs: all are answered, and their places are free again", async () => {
    const limiter = { limit: () => new Promise<never>(() => undefined) };
    const bindings = { CALLER_RATE_LIMIT: limiter, OWNER_RATE_LIMIT: limiter };
    const world = await createIssuerWorld({ bindings, latencyMs: 20 });
    const { answers } = await atOnce(world, (i) => ({ identity: `crowd-${i}` }));
    expect(answers.filter(({ status }) => status === 404 || status === 429)).toHaveLength(SHOTS);
    world.clock.now += 60_000;
    const headers = { "CF-Connecting-IP": STRANGER };
    expect((await world.send(forged(world), { identity: "none", headers })).status).toBe(404);
    expect((await world.send(await world.token(), { headers })).status).toBe(200);
  });

  it("of a fleet whose tokens are good: every one is answered, though nobody knows its issuer", async () => {
    const world = await createIssuerWorld({ latencyMs: 20 });
    const token = await world.token();
    const fleet = (count: number) =>
      Promise.all(
        Array.from({ length: count }, () => world.send(token, { headers: { "CF-Connecting-IP": STRANGER } })),
      );
    expect((await fleet(60)).filter(({ status }) => status === 200)).toHaveLength(60);
    expect((await fleet(SHOTS)).filter(({ status }) => status === 200)).toHaveLength(SHOTS);
  });
});

describe("a flood from many addresses", () => {
  const address = (i: number): string => `198.51.${i >> 8}.${i & 255}`;

  it("for identities of one repository costs a handful of calls, and nobody waits", async () => {
    const world = await createIssuerWorld();
    world.putPolicy(POLICY(world.owner, world.issuer), "cold", "app");
    const cost = await flood(world, (i) => ({ identity: `identity-${i}`, address: address(i) }));
    expect(cost.github).toBeLessThanOrEqual(6);
    expect(cost.limited).toBe(0);
    expect((await world.send(await world.token(), { identity: "cold" })).status).toBe(200);
  });

  it("for repositories of one owner is bounded by that owner's limit, which none of its own meets", async () => {
    const world = await createIssuerWorld();
    world.putPolicy(POLICY(world.owner), "honest", "app");
    world.putPolicy(POLICY(world.owner, world.issuer), "cold", "app");
    // A workload of an issuer that nobody knows, before and during the flood.
    expect((await world.send(await world.token())).status).toBe(200);
    const cost = await flood(world, (i) => ({ scope: `${world.owner}/repository-${i}`, address: address(i) }));
    // Two mints and one revocation at most for each that is heard.
    expect(cost.github).toBeLessThanOrEqual(4 * 31);
    expect(cost.limited).toBe(SHOTS - 30);
    expect((await world.ask({ identity: "honest" })).status).toBe(200);
    expect((await world.send(await world.token())).status).toBe(200);
    // Who is not verified and asks for what nobody knows has to wait.
    const waiting = await world.send(await world.token(), { identity: "cold", scope: `${world.owner}/other` });
    expect([waiting.status, waiting.body.reason, waiting.headers.get("Retry-After")]).toEqual([
      429,
      "caller_rate_limited",
      "60",
    ]);
    world.clock.now += 60_000;
    expect((await world.send(await world.token(), { identity: "cold" })).status).toBe(200);
  });

  it("with a known issuer's name asks that issuer four times for its two documents, and no more", async () => {
    const world = await createIssuerWorld({ known: true });
    const cost = await flood(world, (i) => ({
      header: { kid: `kid-${i}` },
      scope: `owner-${i}/app`,
      address: address(i),
    }));
    expect([cost.github, cost.issuers, cost.limited]).toEqual([12, 8, 0]);
    expect((await world.send(await world.token())).status).toBe(200);
  });
});
