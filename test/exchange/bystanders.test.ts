// Honest callers behind the address of a flood: what they may still ask, and what is never counted against them.

import { describe, expect, it } from "vitest";
import { flood, forged, STRANGER, WILDCARD } from "../support/flood.ts";
import {
  commonText,
  createIssuerWorld,
  GITHUB,
  ISSUER_HOST,
  type IssuerWorld,
  signerNamed,
} from "../support/issuer-world.ts";
import { POLICY } from "../support/workload.ts";

describe("honest callers behind the address of a flood", () => {
  const from = { headers: { "CF-Connecting-IP": STRANGER } };
  const exhaust = async (world: IssuerWorld) => {
    const cost = await flood(world, (i) => ({ scope: `${world.owner}-${i}/app` }), 70);
    expect(cost.limited).toBe(10);
  };

  it("of an issuer that nobody knows go on as long as nothing must be asked for them", async () => {
    const world = await createIssuerWorld();
    expect((await world.send(await world.token(), from)).status).toBe(200);
    await exhaust(world);
    world.network.forgetCalls();
    expect((await world.send(await world.token({ jti: "2" }), from)).status).toBe(200);
    // The mint alone.
    expect([world.network.countHost(GITHUB), world.network.countHost(ISSUER_HOST)]).toEqual([1, 0]);
    expect((await world.send(await world.token({}, { kid: "unknown" }), from)).status).toBe(429);
  });

  it("of a known issuer go on though everything must be asked", async () => {
    const world = await createIssuerWorld({ known: true });
    await exhaust(world);
    expect((await world.send(await world.token(), from)).status).toBe(200);
  });

  it("of an issuer below a wildcard go on while its keys are at hand; others have to wait", async () => {
    const world = await createIssuerWorld(WILDCARD);
    expect((await world.send(await world.token(), from)).status).toBe(200);
    await exhaust(world);
    expect((await world.send(await world.token(), from)).status).toBe(200);
    const other = `https://${ISSUER_HOST}/honest-${world.owner}`;
    world.network.publish(other, [world.signer.publicJwk]);
    world.putPolicy(POLICY(world.owner, other), "other", "app");
    world.network.forgetCalls();
    expect((await world.send(await world.token({ iss: other }), { identity: "other", ...from })).status).toBe(429);
    expect(world.calls).toEqual([]);
    expect((await world.send(await world.token({ iss: other }), { identity: "other" })).status).toBe(200);
  });

  it("whose tokens are refused after verification are never counted", async () => {
    const world = await createIssuerWorld({ known: true });
    for (let i = 0; i < 70; i++) {
      const answer = await world.send(await world.token({ sub: `repo:x/${i}` }), from);
      expect(answer.body.reason).toBe("subject_mismatch");
    }
    const stranger = await world.send(forged(world, {}, { kid: "x" }), from);
    expect(stranger.status).toBe(401);
  });

  it("are not counted while their listed issuer is down", async () => {
    const world = await createIssuerWorld({ known: true });
    world.network.down(world.issuer);
    for (let i = 0; i < 70; i++) expect((await world.send(await world.token(), from)).status).toBe(503);
    expect((await world.send("a.b.c", from)).status).toBe(400);
  });
});

it("an unknown issuer's outage is counted like every other refusal, so that the count tells nothing", async () => {
  const from = { headers: { "CF-Connecting-IP": STRANGER } };
  const counts: number[] = [];
  const evil = await signerNamed("evil");
  for (const arrange of [
    (world: IssuerWorld) => world.network.down(world.issuer),
    (world: IssuerWorld) => world.putPolicy(POLICY(world.owner)),
  ]) {
    const world = await createIssuerWorld();
    arrange(world);
    let count = 0;
    for (let i = 0; i < 70; i++) {
      const answer = await world.send(await world.token({}, {}, evil), from);
      if (answer.body.message === commonText(world.owner)) count += 1;
    }
    counts.push(count);
  }
  expect(counts).toEqual([10, 10]);
});
