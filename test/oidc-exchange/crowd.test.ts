// Floods that arrive all at once or from many addresses: as many are heard as may be refused.

import { describe, expect, it } from "vitest";
import { POLICY } from "../exchange/story.ts";
import { flood, forged, path, SHOTS, type Shot, STRANGER, WILDCARD } from "./support/flood.ts";
import { GITHUB, putPolicy, type Stage, type StageOptions, stage } from "./support/stage.ts";

describe("three hundred requests of one address at once", () => {
  /** As long as none is answered, none is counted as refused. */
  async function atOnce(at: Stage, shot: (i: number) => Shot) {
    at.internet.forget();
    const answers = await Promise.all(
      Array.from({ length: SHOTS }, async (_, i) => {
        const { scope = `${at.owner}/app`, identity = "deploy", claims } = shot(i);
        return at.send(forged(at, claims), { scope, identity, headers: { "CF-Connecting-IP": STRANGER } });
      }),
    );
    const github = at.internet.count(GITHUB);
    return { github, issuers: at.internet.asked.length - github, answers };
  }

  it.each<[string, StageOptions, (i: number, at: Stage) => Shot]>([
    ["owners", {}, (i) => ({ scope: `crowd-${i}/app` })],
    ["identities", {}, (i) => ({ identity: `crowd-${i}` })],
    ["paths below a known wildcard", WILDCARD, (i) => ({ claims: { iss: path(i) } })],
  ])("%s: as many are heard as may be refused", { timeout: 30_000 }, async (_about, options, shot) => {
    const at = await stage({ ...options, latencyMs: 20 });
    const { github, issuers, answers } = await atOnce(at, (i) => shot(i, at));
    expect(github).toBeLessThanOrEqual(5 * 60);
    expect(issuers).toBeLessThanOrEqual(2 * 60);
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(SHOTS - 60);
    // Their places are free again.
    at.clock.now += 60_000;
    expect((await at.send(await at.token(), { headers: { "CF-Connecting-IP": STRANGER } })).status).toBe(200);
  });

  it("of a fleet whose tokens are good: every one is answered, though nobody knows its issuer", {
    timeout: 30_000,
  }, async () => {
    const at = await stage({ latencyMs: 20 });
    const token = await at.token();
    const fleet = (count: number) =>
      Promise.all(Array.from({ length: count }, () => at.send(token, { headers: { "CF-Connecting-IP": STRANGER } })));
    expect((await fleet(60)).filter(({ status }) => status === 200)).toHaveLength(60);
    expect((await fleet(SHOTS)).filter(({ status }) => status === 200)).toHaveLength(SHOTS);
  });
});

describe("a flood from many addresses", () => {
  const address = (i: number): string => `198.51.${i >> 8}.${i & 255}`;

  it("with one owner's name is bounded by that owner's limit, which no verified workload meets", async () => {
    const at = await stage();
    putPolicy(at, POLICY(at.owner), "app", "honest");
    // A workload of an issuer that nobody knows, before and during the flood.
    expect((await at.send(await at.token())).status).toBe(200);
    const cost = await flood(at, (i) => ({ identity: `identity-${i}`, address: address(i) }));
    expect(cost.github).toBeLessThanOrEqual(3 * 120 + 5);
    // One of the 120 was the workload's own.
    expect(cost.limited).toBe(SHOTS - 119);
    expect((await at.ask({ identity: "honest" })).status).toBe(200);
    expect((await at.send(await at.token())).status).toBe(200);
    // Who is not verified and asks for what is not cached has to wait.
    putPolicy(at, POLICY(at.owner, at.issuer), "app", "cold");
    const cold = await at.send(await at.token(), { identity: "cold" });
    expect([cold.status, cold.body.reason, cold.headers.get("Retry-After")]).toEqual([
      429,
      "caller_rate_limited",
      "60",
    ]);
    at.clock.now += 60_000;
    expect((await at.send(await at.token(), { identity: "cold" })).status).toBe(200);
  });

  it("with a known issuer's name asks that issuer four times, and no more", async () => {
    const at = await stage({ known: true });
    const cost = await flood(at, (i) => ({
      header: { kid: `kid-${i}` },
      scope: `owner-${i}/app`,
      address: address(i),
    }));
    expect([cost.github, cost.issuers, cost.limited]).toEqual([6, 4, 0]);
    expect((await at.send(await at.token())).status).toBe(200);
  });
});
