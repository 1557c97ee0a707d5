// What a caller who is not verified learns (worker/README.md, "Who may learn what"): one answer, byte for byte, whatever is the matter.

import { describe, expect, it } from "vitest";
import { commonText, createIssuerWorld } from "../support/issuer-world.ts";
import { discoveryOf } from "../support/network.ts";
import { DOMAIN } from "../support/world.ts";
import { answered, bytesOf, CASES, scopeOf } from "./indistinguishable.ts";

describe("whoever is not verified", () => {
  it("gets the same bytes in every case", async () => {
    const all = await Promise.all(CASES.map(answered));
    expect([...new Set(all.map(({ bytes }) => bytes))]).toEqual([
      [
        404,
        "cache-control: no-store",
        "content-type: application/json; charset=utf-8",
        "x-content-type-options: nosniff",
        "x-request-id: <id>",
        `x-sts-refusal: not_found: ${commonText("<owner>").replaceAll('"', "'")}`,
        `${JSON.stringify({
          code: 5,
          message: commonText("<owner>"),
          details: [],
          reason: "not_found",
          error: "invalid_target",
          error_description: commonText("<owner>").replaceAll('"', "'"),
          error_uri: `https://${DOMAIN}/reasons/not_found`,
          request_id: "<id>",
        })}\n`,
      ].join("\n"),
    ]);
  });

  it("gets them again from warm caches, and by way of OAuth the same as 400", async () => {
    for (const one of CASES) {
      const { world, bytes } = await answered(one);
      const token = await (one.token ?? ((world) => world.token()))(world);
      expect(bytesOf(await world.send(token, { scope: scopeOf(one, world) }), world), one.about).toBe(bytes);
      const form = new URLSearchParams({
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        subject_token: token,
        subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
        resource: scopeOf(one, world),
        scope: "deploy",
      });
      const headers = { "Content-Type": "application/x-www-form-urlencoded" };
      const oauth = await world.ask({
        method: "POST",
        path: "/oauth2/token",
        authorization: null,
        body: form.toString(),
        headers,
      });
      expect(oauth.status, one.about).toBe(400);
      expect(bytesOf(oauth, world).replace("400\n", "404\n"), one.about).toBe(bytes);
    }
  });

  it("is not told which parts its exchange had, whatever DEBUG_TIMING says", async () => {
    for (const one of CASES) {
      const { answer } = await answered({ ...one, options: { ...one.options, variables: { DEBUG_TIMING: "true" } } });
      expect(answer.headers.get("Server-Timing"), one.about).toBeNull();
    }
  });

  it("learns nothing from an issuer that is so slow that the exchange runs out of time", async () => {
    const world = await createIssuerWorld();
    const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    const hop = (i: number) => (i === 0 ? discoveryOf(world.issuer) : `https://issuer.example/hop-${i}`);
    // Each hop in its time, all of them beyond that of the exchange.
    for (const i of [0, 1]) {
      world.network.answer(hop(i), async () => {
        await wait(2_900);
        return new Response(null, { status: 302, headers: { Location: hop(i + 1) } });
      });
    }
    world.network.answer(hop(2), async () => {
      await wait(2_900);
      return new Response("{}", { status: 500 });
    });
    const answer = await world.send(await world.token());
    expect(answer.status).toBe(404);
    expect(answer.body.message).toBe(commonText(world.owner));
  });
});
