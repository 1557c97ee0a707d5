// An issuer changes its keys, or has a bad hour: honest callers go on, and nobody can make us ask it too often.

import { describe, expect, it } from "vitest";
import { commonText, createIssuerWorld, ISSUER_HOST, type IssuerWorld, signerNamed } from "../support/issuer-world.ts";
import { discoveryOf, keySetOf } from "../support/network.ts";
import { status } from "../support/routes.ts";
import { type Signer, signerOf } from "../support/signer.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The key after the present one, under a kid of its own. */
async function nextKey(): Promise<Signer> {
  const { alg, privateJwk, publicJwk } = await signerNamed("next");
  return signerOf(alg, "key-2", privateJwk, publicJwk);
}

/** Status of an exchange, and how often the issuer was asked for it. */
async function step(world: IssuerWorld, by: Signer, header: Readonly<Record<string, unknown>> = {}) {
  world.network.forgetCalls();
  const answer = await world.send(await world.token({}, header, by));
  return [answer.status, world.network.countHost(ISSUER_HOST)];
}

describe.each([
  ["that nobody knows", false],
  ["that the deployment knows", true],
])("an issuer %s", (_about, known) => {
  const refused = known ? 401 : 404;
  const unavailable = known ? 503 : 404;

  it("publishes a new key: the next token works after one refetch, and the old key as long as it is published", async () => {
    const world = await createIssuerWorld({ known });
    const next = await nextKey();
    expect(await step(world, world.signer)).toEqual([200, 2]);
    expect(await step(world, world.signer)).toEqual([200, 0]);
    world.network.publish(world.issuer, [next.publicJwk, world.signer.publicJwk]);
    expect(await step(world, next)).toEqual([200, 2]);
    expect(await step(world, next)).toEqual([200, 0]);
    expect(await step(world, world.signer)).toEqual([200, 0]);
  });

  it("signs with the new key before it publishes it: found at the next try, and after three for nothing in 30 s", async () => {
    const world = await createIssuerWorld({ known });
    const next = await nextKey();
    await step(world, world.signer);
    for (let i = 0; i < 3; i++) expect(await step(world, next)).toEqual([refused, 2]);
    world.network.publish(world.issuer, [next.publicJwk]);
    expect(await step(world, next)).toEqual([unavailable, 0]);
    expect(world.loggedReason()).toBe("issuer_unreachable");
    world.clock.now += 29_999;
    expect(await step(world, next)).toEqual([unavailable, 0]);
    world.clock.now += 1;
    expect(await step(world, next)).toEqual([200, 2]);
  });

  it("changes its key while somebody names keys that do not exist: the new one is found all the same", async () => {
    const world = await createIssuerWorld({ known });
    const [next, evil] = await Promise.all([nextKey(), signerNamed("evil")]);
    await step(world, world.signer);
    expect(await step(world, evil, { kid: "nobody" })).toEqual([refused, 2]);
    world.network.publish(world.issuer, [next.publicJwk]);
    expect(await step(world, next)).toEqual([200, 2]);
  });

  it("blinks: a client that tries three times within half a minute gets its token", async () => {
    const world = await createIssuerWorld({ known });
    world.network.down(world.issuer);
    const answer = await world.send(await world.token());
    expect([answer.status, answer.headers.get("Retry-After")]).toEqual([unavailable, known ? "5" : null]);
    world.network.publish(world.issuer, [world.signer.publicJwk]);
    world.clock.now += 3_200;
    const again = await world.send(await world.token());
    expect([again.status, again.headers.get("Retry-After")]).toEqual([unavailable, known ? "2" : null]);
    expect(world.grantMints()).toBe(0);
    world.clock.now += 1_800;
    expect(await step(world, world.signer)).toEqual([200, 2]);
  });

  it("withdraws a key: it is refused once the copy is an hour old", async () => {
    const world = await createIssuerWorld({ known });
    const next = await nextKey();
    await step(world, world.signer);
    world.network.publish(world.issuer, [next.publicJwk]);
    world.clock.now += HOUR - 1_000;
    expect(await step(world, world.signer)).toEqual([200, 0]);
    world.clock.now += 1_000;
    expect(await step(world, world.signer)).toEqual([refused, 2]);
    expect(world.loggedReason()).toBe("signature_invalid");
    expect(await step(world, next)).toEqual([200, 0]);
  });

  it("has another key behind the same kid: found by one refetch", async () => {
    const world = await createIssuerWorld({ known });
    await step(world, world.signer);
    const { alg, privateJwk, publicJwk } = await nextKey();
    const same = signerOf(alg, "key-1", privateJwk, publicJwk);
    world.network.publish(world.issuer, [same.publicJwk]);
    expect(await step(world, same)).toEqual([200, 2]);
    expect(await step(world, world.signer)).toEqual([refused, 0]);
  });

  it("is down: cached keys go on working for a day, and it is asked at most once a minute in the end", async () => {
    const world = await createIssuerWorld({ known });
    const next = await nextKey();
    await step(world, world.signer);
    const start = world.clock.now;
    world.network.answer(discoveryOf(world.issuer), status(503));
    world.network.answer(keySetOf(world.issuer), status(503));
    world.clock.now = start + HOUR;
    // One try and its one retry.
    expect(await step(world, world.signer)).toEqual([200, 2]);
    expect(await step(world, world.signer)).toEqual([200, 0]);
    expect(await step(world, next)).toEqual([unavailable, 0]);
    world.clock.now += MINUTE;
    expect(await step(world, world.signer)).toEqual([200, 2]);
    world.clock.now = start + 24 * HOUR - 1_000;
    expect(await step(world, world.signer)).toEqual([200, 2]);
    world.clock.now = start + 24 * HOUR;
    expect(await step(world, world.signer)).toEqual([known ? 503 : 404, 0]);
    world.clock.now += MINUTE;
    expect(await step(world, world.signer)).toEqual([known ? 503 : 404, 2]);
    // It comes back.
    world.network.publish(world.issuer, [next.publicJwk]);
    expect(await step(world, next)).toEqual([known ? 503 : 404, 0]);
    world.clock.now += MINUTE;
    expect(await step(world, next)).toEqual([200, 2]);
  });

  it("takes its documents away: that is its own word, and cached keys end with their hour", async () => {
    const world = await createIssuerWorld({ known });
    await step(world, world.signer);
    world.network.answer(discoveryOf(world.issuer), status(404));
    world.clock.now += HOUR;
    expect(await step(world, world.signer)).toEqual([known ? 400 : 404, 1]);
    expect(world.loggedReason()).toBe("issuer_invalid");
  });

  it("fails: it is left alone for a minute, and then asked again", async () => {
    const world = await createIssuerWorld({ known });
    world.network.answer(discoveryOf(world.issuer), status(404));
    expect(await step(world, world.signer)).toEqual([known ? 400 : 404, 1]);
    world.network.publish(world.issuer, [world.signer.publicJwk]);
    world.clock.now += MINUTE - 1_000;
    expect(await step(world, world.signer)).toEqual([known ? 400 : 404, 0]);
    world.clock.now += 1_000;
    expect(await step(world, world.signer)).toEqual([200, 2]);
  });

  it("is asked by each isolate once at most: the others find its keys in KV", async () => {
    const world = await createIssuerWorld({ known });
    await step(world, world.signer);
    world.network.forgetCalls();
    const answer = await world.isolate().fetch(await world.request({ authorization: `Bearer ${await world.token()}` }));
    expect([answer.status, world.network.countHost(ISSUER_HOST)]).toEqual([200, 0]);
  });

  it("is asked for unknown kids at most three times in 30 s, however many there are and whoever names them", async () => {
    const world = await createIssuerWorld({ known });
    await step(world, world.signer);
    world.network.forgetCalls();
    const evil = await signerNamed("evil");
    for (let i = 0; i < 20; i++) {
      const token = await world.token({}, { kid: `unknown-${i}` }, evil);
      const answer = await world.send(token, { headers: { "CF-Connecting-IP": `192.0.2.${i}` } });
      expect(answer.status).toBe(i < 3 ? refused : unavailable);
      if (!known) expect(answer.body.message).toBe(commonText(world.owner));
      world.clock.now += 1_000;
    }
    expect(world.network.countHost(ISSUER_HOST)).toBe(6);
    expect(await step(world, world.signer)).toEqual([200, 0]);
  });
});
