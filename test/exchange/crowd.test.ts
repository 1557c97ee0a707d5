// Floods that arrive all at once or from many addresses: as many are heard as may be refused.

import { describe, expect, it } from "vitest";
import { flood, forged, path, SHOTS, type Shot, STRANGER, WILDCARD } from "../support/flood.ts";
import {
  createIssuerWorld,
  GITHUB,
  ISSUER_HOST,
  type IssuerWorld,
  type IssuerWorldOptions,
} from "../support/issuer-world.ts";
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

  // Installation, read token, allow-list, policy, the folder of a repository that was not listed yet, revocation.
  const LOOKUP = 6;
  const IN_FLIGHT = 10;

  it.each<[string, IssuerWorldOptions, (i: number, world: IssuerWorld) => Shot, number]>([
    // By repository, organization and user; then the list.
    ["owners", {}, (i) => ({ scope: `crowd-${i}/app` }), 20 * 3 + 1],
    // One of the first reads the folder, and others take the places of the rest meanwhile.
    ["identities", {}, (i) => ({ identity: `crowd-${i}` }), 2 * IN_FLIGHT * LOOKUP],
    ["repositories", {}, (i, { owner }) => ({ scope: `${owner}/crowd-${i}` }), (3 + IN_FLIGHT) * LOOKUP + 3],
    ["one identity", {}, () => ({}), IN_FLIGHT * LOOKUP],
    ["paths below a known wildcard", WILDCARD, (i) => ({ claims: { iss: path(i) } }), IN_FLIGHT * LOOKUP],
  ])("%s: as many are heard as may be refused", async (_about, options, shot, calls) => {
    const world = await createIssuerWorld({ ...options, latencyMs: 20 });
    const { github, issuers, answers } = await atOnce(world, (i) => shot(i, world));
    expect(github).toBeLessThanOrEqual(calls);
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

  it.each([true, false])(
    "whose issuer's keys are not at hand (known: %s): a few ask for them, and all are granted",
    async (known) => {
      const world = await createIssuerWorld({ known, latencyMs: 20 });
      // The owner's own leave policy and list in the cache.
      await world.ask();
      world.network.forgetCalls();
      const token = await world.token();
      const crowd = await Promise.all(Array.from({ length: SHOTS }, () => world.send(token)));
      expect(crowd.filter(({ status }) => status === 200)).toHaveLength(SHOTS);
      expect(world.network.countHost(ISSUER_HOST)).toBeLessThanOrEqual(2 * 5);
    },
  );

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

  const SCARCELY = 30;

  /** Of the owner's own, nothing of whose policies is remembered: by an issuer that everybody knows, and by one that nobody knows. */
  async function expectOwnServed(world: IssuerWorld): Promise<void> {
    world.putPolicy(POLICY(world.owner), "honest", "other");
    world.putPolicy(POLICY(world.owner, world.issuer), "cold", "other");
    const scope = `${world.owner}/other`;
    expect((await world.send(await world.token(), { identity: "cold", scope })).status).toBe(200);
    expect((await world.ask({ identity: "honest", scope })).status).toBe(200);
  }

  it("for identities of one repository costs a handful of calls", async () => {
    const world = await createIssuerWorld();
    const cost = await flood(world, (i) => ({ identity: `identity-${i}`, address: address(i) }));
    expect(cost.github).toBeLessThanOrEqual(6);
    expect(cost.limited).toBe(SHOTS - SCARCELY);
    await expectOwnServed(world);
  });

  it("for repositories of one owner that do not exist costs a few look-ups, and the list of those that do", async () => {
    const world = await createIssuerWorld();
    const cost = await flood(world, (i) => ({ scope: `${world.owner}/repository-${i}`, address: address(i) }));
    expect(cost.github).toBeLessThanOrEqual(3 * 4 + 3);
    expect(cost.limited).toBe(SHOTS - SCARCELY);
    expect(world.livingTokens()).toEqual([]);
    await expectOwnServed(world);
  });

  it("for repositories that do exist costs one look at each", async () => {
    const world = await createIssuerWorld();
    const names = Array.from({ length: 40 }, (_, i) => `real-${i}`);
    for (const name of names) world.github.addRepository(`${world.owner}/${name}`, { visibility: "public" });
    const cost = await flood(world, (i) => ({
      scope: `${world.owner}/${names[i % names.length]}`,
      identity: `identity-${i}`,
      address: address(i),
    }));
    // Read token, policy, folder, revocation; once an installation, an allow-list, and the list: token, page, revocation.
    expect(cost.github).toBeLessThanOrEqual(names.length * 4 + 2 + 3);
    await expectOwnServed(world);
  });

  it("where there are more than are listed, only those beyond have to wait", async () => {
    const world = await createIssuerWorld();
    for (let i = 0; i < 300; i += 1) world.github.addRepository(`${world.owner}/more-${i}`);
    world.github.addRepository(`${world.owner}/beyond`);
    const cost = await flood(world, (i) => ({ scope: `${world.owner}/repository-${i}`, address: address(i) }));
    expect(cost.github).toBeLessThanOrEqual(31 * 4 + 5);
    await expectOwnServed(world);
    world.putPolicy(POLICY(world.owner, world.issuer), "cold", "beyond");
    const ask = async () => world.send(await world.token(), { identity: "cold", scope: `${world.owner}/beyond` });
    const waiting = await ask();
    expect([waiting.status, waiting.body.reason, waiting.headers.get("Retry-After")]).toEqual([
      429,
      "caller_rate_limited",
      "60",
    ]);
    world.clock.now += 60_000;
    expect((await ask()).status).toBe(200);
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
