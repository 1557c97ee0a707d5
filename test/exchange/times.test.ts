// Times in tokens through whole exchanges: expiry without leeway, `nbf` and `iat` with five minutes, and how long a policy lets a
// token live. Seconds from now, against the world's clock.

import { describe, expect, it } from "vitest";
import { createIssuerWorld } from "../support/issuer-world.ts";
import { discoveryOf, keySetOf } from "../support/network.ts";
import { POLICY } from "../support/workload.ts";

const seconds = (world: { readonly clock: { readonly now: number } }, more: number): number =>
  Math.floor(world.clock.now / 1000) + more;

describe("times", () => {
  it.each<[string, Readonly<Record<string, number | undefined>>, number, string | undefined]>([
    ["a second to live", { exp: 1 }, 200, undefined],
    ["half a second to live", { exp: 0.5 }, 200, undefined],
    ["expiring now", { exp: 0 }, 401, "token_expired"],
    ["expired a second ago", { exp: -1 }, 401, "token_expired"],
    ["expired by less than a second", { exp: -0.25 }, 401, "token_expired"],
    ["living for ten years", { exp: 315_360_000 }, 200, undefined],
    ["valid in 5 minutes", { nbf: 300 }, 200, undefined],
    ["valid in 5 minutes and a second", { nbf: 301 }, 401, "token_not_yet_valid"],
    ["valid long since", { nbf: -1e6 }, 200, undefined],
    ["issued in 5 minutes", { iat: 300 }, 200, undefined],
    ["issued in 5 minutes and a second", { iat: 301 }, 401, "token_from_the_future"],
    ["issued a year ago", { iat: -31_536_000 }, 200, undefined],
    ["issued after it expires", { iat: 200, exp: 100 }, 200, undefined],
    ["valid only after it expired", { nbf: 400, exp: -1 }, 401, "token_expired"],
    ["issued nobody knows when", { iat: undefined }, 200, undefined],
  ])("%s", async (_about, times, status, reason) => {
    const world = await createIssuerWorld();
    const claims = Object.entries(times).map(([name, more]) => [
      name,
      more === undefined ? undefined : seconds(world, more),
    ]);
    const answer = await world.send(await world.token(Object.fromEntries(claims)));
    expect([answer.status, answer.body.reason]).toEqual([status, reason]);
    if (status === 401) {
      expect(world.network.hosts()).toEqual([]);
      expect(answer.headers.get("WWW-Authenticate")).toContain('error="invalid_token"');
    }
  });

  it.each([
    ["discovery", discoveryOf],
    ["the key set", keySetOf],
  ])("it expired while %s was fetched", async (_name, addressOf) => {
    const world = await createIssuerWorld();
    const token = await world.token({ exp: seconds(world, 2) });
    const address = addressOf(world.issuer);
    const usual = world.network.answerAt(address);
    world.network.answer(address, (request: Request) => {
      world.clock.now += 2_000;
      return usual?.(request) ?? new Response(null, { status: 500 });
    });
    const answer = await world.send(token);
    expect([answer.status, answer.body.reason]).toEqual([401, "token_expired"]);
    expect(world.grantMints()).toBe(0);
  });
});

describe("max_token_lifetime", () => {
  it.each<[string, Readonly<Record<string, number | undefined>>, number]>([
    ["exactly as long", { iat: 0, exp: 300 }, 200],
    ["a second longer", { iat: 0, exp: 301 }, 403],
    ["half a second longer", { iat: 0, exp: 300.5 }, 403],
    ["long since issued, with seconds to live", { iat: -3_600, exp: 5 }, 403],
    ["issued a little in the future", { iat: 100, exp: 400 }, 200],
    ["issued a little in the future, and too long", { iat: 100, exp: 401 }, 403],
    ["issued after it expires", { iat: 200, exp: 100 }, 200],
    ["issued nobody knows when", { iat: undefined, exp: 10 }, 403],
  ])("%s", async (_about, times, status) => {
    const world = await createIssuerWorld();
    world.putPolicy(`${POLICY(world.owner, world.issuer)}max_token_lifetime: 300\n`);
    const claims = Object.entries(times).map(([name, more]) => [
      name,
      more === undefined ? undefined : seconds(world, more),
    ]);
    const answer = await world.send(await world.token(Object.fromEntries(claims)));
    expect([answer.status, answer.body.reason]).toEqual(
      status === 200 ? [200, undefined] : [403, "token_too_long_lived"],
    );
    expect(world.grantMints()).toBe(status === 200 ? 1 : 0);
    // What is made at random may have the number in it.
    const { token, access_token, policy, request_id, ...told } = answer.body;
    expect(JSON.stringify(told)).not.toContain("300");
  });
});
