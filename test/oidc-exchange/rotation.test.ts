// An issuer changes its keys, or has a bad hour: honest callers go on, and nobody can make us ask it too often.

import { describe, expect, it } from "vitest";
import { discoveryOf, keySetOf } from "../oidc/support/outside.ts";
import { status } from "../oidc/support/routes.ts";
import { type Signer, signerOf } from "../oidc/support/signer.ts";
import { commonText, ISSUER_HOST, reallyOf, type Stage, signerNamed, stage } from "./support/stage.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The key after the present one, under a kid of its own. */
async function nextKey(): Promise<Signer> {
  const { alg, privateJwk, publicJwk } = await signerNamed("next");
  return signerOf(alg, "key-2", privateJwk, publicJwk);
}

/** Status of an exchange, and how often the issuer was asked for it. */
async function step(at: Stage, by: Signer, header: Readonly<Record<string, unknown>> = {}) {
  at.internet.forget();
  const answer = await at.send(await at.token({}, header, by));
  return [answer.status, at.internet.count(ISSUER_HOST)];
}

describe.each([
  ["that nobody knows", false],
  ["that the deployment knows", true],
])("an issuer %s", (_about, known) => {
  const refused = known ? 401 : 404;

  it("publishes a new key: the next token works after one refetch, and the old key as long as it is published", async () => {
    const at = await stage({ known });
    const next = await nextKey();
    expect(await step(at, at.signer)).toEqual([200, 2]);
    expect(await step(at, at.signer)).toEqual([200, 0]);
    at.internet.issuer(at.issuer, [next.publicJwk, at.signer.publicJwk]);
    expect(await step(at, next)).toEqual([200, 2]);
    expect(await step(at, next)).toEqual([200, 0]);
    expect(await step(at, at.signer)).toEqual([200, 0]);
  });

  it("signs with the new key before it publishes it: refused without a call during the cool-down, then found", async () => {
    const at = await stage({ known });
    const next = await nextKey();
    await step(at, at.signer);
    expect(await step(at, next)).toEqual([refused, 2]);
    at.internet.issuer(at.issuer, [next.publicJwk]);
    expect(await step(at, next)).toEqual([refused, 0]);
    at.clock.now += 29_999;
    expect(await step(at, next)).toEqual([refused, 0]);
    at.clock.now += 1;
    expect(await step(at, next)).toEqual([200, 2]);
  });

  it("withdraws a key: it is refused once the copy is an hour old", async () => {
    const at = await stage({ known });
    const next = await nextKey();
    await step(at, at.signer);
    at.internet.issuer(at.issuer, [next.publicJwk]);
    at.clock.now += HOUR - 1_000;
    expect(await step(at, at.signer)).toEqual([200, 0]);
    at.clock.now += 1_000;
    expect(await step(at, at.signer)).toEqual([refused, 2]);
    expect(reallyOf(at)).toBe("signature_invalid");
    expect(await step(at, next)).toEqual([200, 0]);
  });

  it("has another key behind the same kid: found by one refetch", async () => {
    const at = await stage({ known });
    await step(at, at.signer);
    const { alg, privateJwk, publicJwk } = await nextKey();
    const same = signerOf(alg, "key-1", privateJwk, publicJwk);
    at.internet.issuer(at.issuer, [same.publicJwk]);
    expect(await step(at, same)).toEqual([200, 2]);
    expect(await step(at, at.signer)).toEqual([refused, 0]);
  });

  it("is down: cached keys go on working for a day, and it is asked once a minute", async () => {
    const at = await stage({ known });
    const next = await nextKey();
    await step(at, at.signer);
    const start = at.clock.now;
    at.internet.answer(discoveryOf(at.issuer), status(503));
    at.internet.answer(keySetOf(at.issuer), status(503));
    at.clock.now = start + HOUR;
    // One try and its one retry.
    expect(await step(at, at.signer)).toEqual([200, 2]);
    expect(await step(at, at.signer)).toEqual([200, 0]);
    expect(await step(at, next)).toEqual([refused, 0]);
    at.clock.now += MINUTE;
    expect(await step(at, at.signer)).toEqual([200, 2]);
    at.clock.now = start + 24 * HOUR - 1_000;
    expect(await step(at, at.signer)).toEqual([200, 2]);
    at.clock.now = start + 24 * HOUR;
    expect(await step(at, at.signer)).toEqual([known ? 503 : 404, 0]);
    at.clock.now += MINUTE;
    expect(await step(at, at.signer)).toEqual([known ? 503 : 404, 2]);
    // It comes back.
    at.internet.issuer(at.issuer, [next.publicJwk]);
    expect(await step(at, next)).toEqual([known ? 503 : 404, 0]);
    at.clock.now += MINUTE;
    expect(await step(at, next)).toEqual([200, 2]);
  });

  it("takes its documents away: that is its own word, and cached keys end with their hour", async () => {
    const at = await stage({ known });
    await step(at, at.signer);
    at.internet.answer(discoveryOf(at.issuer), status(404));
    at.clock.now += HOUR;
    expect(await step(at, at.signer)).toEqual([known ? 400 : 404, 1]);
    expect(reallyOf(at)).toBe("issuer_invalid");
  });

  it("fails: it is left alone for a minute, and then asked again", async () => {
    const at = await stage({ known });
    at.internet.answer(discoveryOf(at.issuer), status(404));
    expect(await step(at, at.signer)).toEqual([known ? 400 : 404, 1]);
    at.internet.issuer(at.issuer, [at.signer.publicJwk]);
    at.clock.now += MINUTE - 1_000;
    expect(await step(at, at.signer)).toEqual([known ? 400 : 404, 0]);
    at.clock.now += 1_000;
    expect(await step(at, at.signer)).toEqual([200, 2]);
  });

  it("is asked by each isolate once at most: the others find its keys in KV", async () => {
    const at = await stage({ known });
    await step(at, at.signer);
    at.internet.forget();
    const answer = await at.isolate().fetch(await at.request({ authorization: `Bearer ${await at.token()}` }));
    expect([answer.status, at.internet.count(ISSUER_HOST)]).toEqual([200, 0]);
  });

  it("is asked for unknown kids at most once in 30 s, however many there are and whoever names them", async () => {
    const at = await stage({ known });
    await step(at, at.signer);
    at.internet.forget();
    const evil = await signerNamed("evil");
    for (let i = 0; i < 20; i++) {
      const token = await at.token({}, { kid: `unknown-${i}` }, evil);
      const answer = await at.send(token, { headers: { "CF-Connecting-IP": `192.0.2.${i}` } });
      expect(answer.status).toBe(refused);
      if (!known) expect(answer.body.message).toBe(commonText(at.owner));
      at.clock.now += 1_000;
    }
    expect(at.internet.count(ISSUER_HOST)).toBe(2);
    expect(await step(at, at.signer)).toEqual([200, 0]);
  });
});
