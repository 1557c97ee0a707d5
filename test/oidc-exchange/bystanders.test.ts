// Honest callers behind the address of a flood: what they may still ask, and what is never counted against them.

import { describe, expect, it } from "vitest";
import { POLICY } from "../exchange/story.ts";
import { flood, forged, STRANGER, WILDCARD } from "./support/flood.ts";
import { commonText, GITHUB, ISSUER_HOST, putPolicy, type Stage, signerNamed, stage } from "./support/stage.ts";

describe("honest callers behind the address of a flood", () => {
  const from = { headers: { "CF-Connecting-IP": STRANGER } };
  const exhaust = async (at: Stage) => {
    const cost = await flood(at, (i) => ({ identity: `identity-${i}` }), 70);
    expect(cost.limited).toBe(10);
  };

  it("of an issuer that nobody knows go on as long as nothing must be asked for them", async () => {
    const at = await stage();
    expect((await at.send(await at.token(), from)).status).toBe(200);
    await exhaust(at);
    at.internet.forget();
    expect((await at.send(await at.token({ jti: "2" }), from)).status).toBe(200);
    // The mint alone.
    expect([at.internet.count(GITHUB), at.internet.count(ISSUER_HOST)]).toEqual([1, 0]);
    expect((await at.send(await at.token({}, { kid: "unknown" }), from)).status).toBe(429);
  });

  it("of a known issuer go on though everything must be asked", async () => {
    const at = await stage({ known: true });
    await exhaust(at);
    expect((await at.send(await at.token(), from)).status).toBe(200);
  });

  it("of an issuer below a wildcard go on while its keys are at hand; others have to wait", async () => {
    const at = await stage(WILDCARD);
    expect((await at.send(await at.token(), from)).status).toBe(200);
    await exhaust(at);
    expect((await at.send(await at.token(), from)).status).toBe(200);
    const other = `https://${ISSUER_HOST}/honest-${at.owner}`;
    at.internet.issuer(other, [at.signer.publicJwk]);
    putPolicy(at, POLICY(at.owner, other), "app", "other");
    at.internet.forget();
    expect((await at.send(await at.token({ iss: other }), { identity: "other", ...from })).status).toBe(429);
    expect(at.internet.asked).toEqual([]);
    expect((await at.send(await at.token({ iss: other }), { identity: "other" })).status).toBe(200);
  });

  it("whose tokens are refused after verification are never counted", async () => {
    const at = await stage({ known: true });
    for (let i = 0; i < 70; i++) {
      const answer = await at.send(await at.token({ sub: `repo:x/${i}` }), from);
      expect(answer.body.reason).toBe("subject_mismatch");
    }
    const stranger = await at.send(forged(at, {}, { kid: "x" }), from);
    expect(stranger.status).toBe(401);
  });

  it("are not counted while their listed issuer is down", async () => {
    const at = await stage({ known: true });
    at.internet.down(at.issuer);
    for (let i = 0; i < 70; i++) expect((await at.send(await at.token(), from)).status).toBe(503);
    expect((await at.send("a.b.c", from)).status).toBe(400);
  });
});

it("an unknown issuer's outage is counted like every other refusal, so that the count tells nothing", async () => {
  const from = { headers: { "CF-Connecting-IP": STRANGER } };
  const counts: number[] = [];
  const evil = await signerNamed("evil");
  for (const arrange of [(at: Stage) => at.internet.down(at.issuer), (at: Stage) => putPolicy(at, POLICY(at.owner))]) {
    const at = await stage();
    arrange(at);
    let told = 0;
    for (let i = 0; i < 70; i++) {
      const answer = await at.send(await at.token({}, {}, evil), from);
      if (answer.body.message === commonText(at.owner)) told += 1;
    }
    counts.push(told);
  }
  expect(counts).toEqual([60, 60]);
});
