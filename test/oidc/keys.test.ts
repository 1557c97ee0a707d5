import { beforeAll, describe, expect, it } from "vitest";
import {
  ISSUER_KEYS_FRESH_MS,
  ISSUER_KEYS_MISS_HOLD_MS,
  ISSUER_KEYS_STALE_MS,
  ISSUER_NEGATIVE_MS,
  ISSUER_REFETCH_WINDOW_MS,
  ISSUER_UNREACHABLE_MAX_MS,
  ISSUER_UNREACHABLE_MS,
} from "../../worker/limits.ts";
import { ISSUER_KEYS_CACHE } from "../../worker/oidc/issuer-keys.ts";
import { usableKeys } from "../../worker/oidc/jwk.ts";
import { discoveryOf, keySetOf, type Route } from "../support/network.ts";
import { cut } from "../support/routes.ts";
import { goodPayload, ISSUER, makeSigner, NOW_SECONDS, type Signer, sign } from "../support/signer.ts";
import type { VerifierWorld } from "./verifier.ts";
import { createVerifierWorld, outcomeOf, PendingWrites, read, step } from "./verifier.ts";

const DISCOVERY = discoveryOf(ISSUER);
const KEYS = keySetOf(ISSUER);
const FETCHED = [DISCOVERY, KEYS];
// Long-lived, so that it is never the token that runs out here.
const payload = goodPayload({ exp: NOW_SECONDS + 10 * 24 * 3600 });

let old: Signer;
let next: Signer;
let oldToken: string;
let nextToken: string;

beforeAll(async () => {
  [old, next] = await Promise.all([makeSigner("ES256", "old"), makeSigner("ES256", "next")]);
  [oldToken, nextToken] = await Promise.all([sign(old, payload), sign(next, payload)]);
});

function worldWith(...keys: readonly unknown[]): VerifierWorld {
  const world = createVerifierWorld();
  world.network.publish(ISSUER, keys);
  return world;
}

describe("fresh keys", () => {
  it("are asked for once and used for an hour", async () => {
    const world = worldWith(old.publicJwk);
    expect(await step(world, oldToken)).toEqual(["accepted", FETCHED]);
    expect(await step(world, oldToken)).toEqual(["accepted", []]);
    world.clock.now += ISSUER_KEYS_FRESH_MS - 1;
    expect(await step(world, oldToken)).toEqual(["accepted", []]);
    world.clock.now += 1;
    expect(await step(world, oldToken)).toEqual(["accepted", FETCHED]);
  });

  it("of one issuer are not asked for another", async () => {
    const world = worldWith(old.publicJwk);
    const other = `${ISSUER}b`;
    world.network.publish(other, [next.publicJwk]);
    await step(world, oldToken);
    const token = await sign(next, { ...payload, iss: other });
    expect(await step(world, token)).toEqual(["accepted", [discoveryOf(other), keySetOf(other)]]);
  });
});

describe("rotation", () => {
  it("costs one refetch when a new key appears", async () => {
    const world = worldWith(old.publicJwk);
    await step(world, oldToken);
    world.network.publish(ISSUER, [old.publicJwk, next.publicJwk]);
    expect(await step(world, nextToken)).toEqual(["accepted", FETCHED]);
    expect(await step(world, nextToken)).toEqual(["accepted", []]);
    expect(await step(world, oldToken)).toEqual(["accepted", []]);
  });

  it("shuts the old key out after the freshness time", async () => {
    const world = worldWith(old.publicJwk);
    await step(world, oldToken);
    world.network.publish(ISSUER, [next.publicJwk]);
    world.clock.now += ISSUER_KEYS_FRESH_MS - 1;
    expect(await step(world, oldToken)).toEqual(["accepted", []]);
    world.clock.now += 1;
    expect(await step(world, oldToken)).toEqual(["signature_invalid", FETCHED]);
  });

  it("shuts the old key out as soon as the new one was fetched", async () => {
    const world = worldWith(old.publicJwk);
    await step(world, oldToken);
    world.network.publish(ISSUER, [next.publicJwk]);
    await step(world, nextToken);
    expect((await step(world, oldToken))[0]).toBe("signature_invalid");
  });

  it("under the same kid is noticed when a signature fails", async () => {
    const world = worldWith({ ...old.publicJwk, kid: "only" });
    const tokenOf = (signer: Signer) => sign(signer, payload, { kid: "only" });
    expect(await step(world, await tokenOf(old))).toEqual(["accepted", FETCHED]);
    world.network.publish(ISSUER, [{ ...next.publicJwk, kid: "only" }]);
    expect(await step(world, await tokenOf(next))).toEqual(["accepted", FETCHED]);
  });

  it("without kids is noticed too", async () => {
    const world = worldWith({ ...old.publicJwk, kid: undefined });
    const tokenOf = (signer: Signer) => sign(signer, payload, { kid: undefined });
    expect(await step(world, await tokenOf(old))).toEqual(["accepted", FETCHED]);
    world.network.publish(ISSUER, [{ ...next.publicJwk, kid: undefined }]);
    expect(await step(world, await tokenOf(next))).toEqual(["accepted", FETCHED]);
  });

  it("to another algorithm is noticed too", async () => {
    const world = createVerifierWorld();
    world.network.publish(ISSUER, [old.publicJwk], { id_token_signing_alg_values_supported: ["RS256"] });
    await step(world, oldToken);
    world.network.publish(ISSUER, [old.publicJwk], { id_token_signing_alg_values_supported: ["ES256"] });
    expect(await step(world, oldToken)).toEqual(["accepted", FETCHED]);
  });
});

/** What became of the token, and when a client may try again. */
async function verdict({ verifier, clock }: VerifierWorld, compact: string) {
  const verified = await verifier.verify(read(compact, clock.now), { known: true });
  if (verified.ok) return "accepted";
  const { denial } = verified;
  return "retryAfterSeconds" in denial ? `${denial.reason} ${denial.retryAfterSeconds}` : denial.reason;
}

describe("an unknown key", () => {
  it("makes us ask three times in 30 s; then it may be asked for again after what is left of them", async () => {
    const world = worldWith(old.publicJwk);
    await step(world, oldToken);
    for (let i = 0; i < 3; i++) {
      const token = await sign(next, payload, { kid: `nobody-${i}` });
      expect(await step(world, token)).toEqual(["signature_invalid", FETCHED]);
      world.clock.now += 4_000;
    }
    world.network.forgetCalls();
    for (let i = 0; i < 20; i++) {
      expect(await verdict(world, await sign(next, payload, { kid: `nobody-${i}` }))).toBe("issuer_unreachable 18");
    }
    expect(world.network.urls()).toEqual([]);
    expect(await step(world, oldToken)).toEqual(["accepted", []]);
    world.clock.now += 17_999;
    expect(await verdict(world, nextToken)).toBe("issuer_unreachable 1");
    world.clock.now += 1;
    expect(await step(world, nextToken)).toEqual(["signature_invalid", FETCHED]);
    // Only the first of the three has left.
    expect(await verdict(world, nextToken)).toBe("issuer_unreachable 4");
  });

  it("that is forged does not keep one that is really new from being found", async () => {
    const world = worldWith(old.publicJwk);
    await step(world, oldToken);
    expect(await step(world, await sign(next, payload, { kid: "forged" }))).toEqual(["signature_invalid", FETCHED]);
    world.network.publish(ISSUER, [next.publicJwk]);
    expect(await step(world, nextToken)).toEqual(["accepted", FETCHED]);
  });

  it("without a kid may be new as well, but one that is published and does not fit is wrong", async () => {
    const world = worldWith(old.publicJwk);
    await step(world, oldToken);
    const [nameless, forged] = await Promise.all([
      sign(next, payload, { kid: undefined }),
      sign(next, payload, { kid: "old" }),
    ]);
    expect(await step(world, forged)).toEqual(["signature_invalid", FETCHED]);
    expect(await step(world, forged)).toEqual(["signature_invalid", []]);
    for (let i = 0; i < 2; i++) expect(await step(world, nameless)).toEqual(["signature_invalid", FETCHED]);
    expect(await verdict(world, nameless)).toBe(`issuer_unreachable ${ISSUER_REFETCH_WINDOW_MS / 1000}`);
    expect(await step(world, forged)).toEqual(["signature_invalid", []]);
    expect(await step(world, oldToken)).toEqual(["accepted", []]);
  });

  it("cannot be told from a wrong one while the issuer does not answer, and says when to ask again", async () => {
    const world = worldWith(old.publicJwk);
    await step(world, oldToken);
    world.network.down(ISSUER);
    expect(await verdict(world, nextToken)).toBe("issuer_unreachable 5");
    expect(await verdict(world, await sign(next, payload, { kid: "old" }))).toBe("signature_invalid");
  });

  it("is each issuer's own", async () => {
    const world = worldWith(old.publicJwk);
    const other = `${ISSUER}b`;
    world.network.publish(other, [old.publicJwk]);
    const [otherOld, otherNext] = await Promise.all(
      [old, next].map((signer) => sign(signer, { ...payload, iss: other })),
    );
    await step(world, oldToken);
    await step(world, otherOld ?? "");
    await step(world, nextToken);
    expect(await step(world, otherNext ?? "")).toEqual(["signature_invalid", [discoveryOf(other), keySetOf(other)]]);
  });

  it("does not let a request ask twice", async () => {
    expect(await step(worldWith(old.publicJwk), nextToken)).toEqual(["signature_invalid", FETCHED]);
  });

  it("counts for requests that come at the same time", async () => {
    const world = worldWith(old.publicJwk);
    await step(world, oldToken);
    world.network.forgetCalls();
    await Promise.all(Array.from({ length: 20 }, () => outcomeOf(world, nextToken)));
    expect([...world.network.urls()].sort()).toEqual([...FETCHED, ...FETCHED, ...FETCHED].sort());
  });

  it("counts although the refetch failed, and leaves the good copy alone", async () => {
    const world = worldWith(old.publicJwk);
    await step(world, oldToken);
    world.network.answer(DISCOVERY, () => new Response(null, { status: 404 }));
    for (let i = 0; i < 3; i++) expect(await step(world, nextToken)).toEqual(["signature_invalid", [DISCOVERY]]);
    expect(await step(world, nextToken)).toEqual(["issuer_unreachable", []]);
    expect(await step(world, oldToken)).toEqual(["accepted", []]);
  });
});

describe("an issuer that is down", () => {
  it("is stood in for by stale keys for 24 hours, and asked after pauses that grow to a minute", async () => {
    const world = worldWith(old.publicJwk);
    await step(world, oldToken);
    world.network.down(ISSUER);
    world.clock.now += ISSUER_KEYS_FRESH_MS;
    for (const pause of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
      expect(await step(world, oldToken)).toEqual(["accepted", [DISCOVERY, DISCOVERY]]);
      expect(await verdict(world, nextToken)).toBe(`issuer_unreachable ${pause / 1000}`);
      world.clock.now += pause - 1;
      expect(await step(world, oldToken)).toEqual(["accepted", []]);
      world.clock.now += 1;
    }
    world.clock.now += ISSUER_KEYS_STALE_MS - ISSUER_KEYS_FRESH_MS - 195_000 - 1;
    expect(await step(world, oldToken)).toEqual(["accepted", [DISCOVERY, DISCOVERY]]);
    world.clock.now += 1;
    expect(await step(world, oldToken)).toEqual(["issuer_unreachable", []]);
  });

  it("is heard again once it is back", async () => {
    const world = worldWith(old.publicJwk);
    await step(world, oldToken);
    world.network.down(ISSUER);
    world.clock.now += ISSUER_KEYS_FRESH_MS;
    await step(world, oldToken);
    world.network.publish(ISSUER, [next.publicJwk]);
    world.clock.now += ISSUER_UNREACHABLE_MS;
    expect(await step(world, oldToken)).toEqual(["signature_invalid", FETCHED]);
    expect(await step(world, nextToken)).toEqual(["accepted", []]);
  });

  it("is not stood in for when it takes its word back", async () => {
    for (const status of [404, 410, 403]) {
      const world = worldWith(old.publicJwk);
      await step(world, oldToken);
      world.network.answer(DISCOVERY, () => new Response(null, { status }));
      world.clock.now += ISSUER_KEYS_FRESH_MS;
      expect(await step(world, oldToken)).toEqual(["issuer_invalid", [DISCOVERY]]);
      expect(await step(world, oldToken)).toEqual(["issuer_invalid", []]);
    }
  });

  it.each<readonly [string, Route]>([
    ["429", () => new Response(null, { status: 429 })],
    ["503", () => new Response(null, { status: 503 })],
    ["a cut body", () => cut()],
  ])("by %s is down too", async (_about, route) => {
    const world = worldWith(old.publicJwk);
    await step(world, oldToken);
    world.network.answer(KEYS, route);
    world.clock.now += ISSUER_KEYS_FRESH_MS;
    expect((await step(world, oldToken))[0]).toBe("accepted");
  });
});

describe("a failure", () => {
  it("to reach the issuer is remembered for 5 s at first, then for twice as long each time, up to a minute", async () => {
    const world = createVerifierWorld();
    for (const pause of [5, 10, 20, 40, 60, 60]) {
      world.network.forgetCalls();
      expect(await verdict(world, oldToken)).toBe(`issuer_unreachable ${pause}`);
      expect(world.network.urls()).toEqual([DISCOVERY, DISCOVERY]);
      world.network.forgetCalls();
      world.clock.now += pause * 1000 - 1_500;
      expect(await verdict(world, oldToken)).toBe("issuer_unreachable 2");
      world.clock.now += 1_499;
      expect(await verdict(world, oldToken)).toBe("issuer_unreachable 1");
      expect(world.network.urls()).toEqual([]);
      world.clock.now += 1;
    }
    world.network.publish(ISSUER, [old.publicJwk]);
    expect(await step(world, oldToken)).toEqual(["accepted", FETCHED]);
  });

  it("is of another outage when the issuer answered in between, or nobody asked it for long", async () => {
    const world = createVerifierWorld();
    await step(world, oldToken);
    world.clock.now += ISSUER_UNREACHABLE_MS;
    expect(await verdict(world, oldToken)).toBe("issuer_unreachable 10");
    world.clock.now += 10_000 + ISSUER_UNREACHABLE_MAX_MS;
    expect(await verdict(world, oldToken)).toBe("issuer_unreachable 5");
    world.clock.now += 5_000;
    world.network.publish(ISSUER, [old.publicJwk]);
    expect(await verdict(world, oldToken)).toBe("accepted");
    world.network.down(ISSUER);
    world.clock.now += ISSUER_KEYS_STALE_MS;
    expect(await verdict(world, oldToken)).toBe("issuer_unreachable 5");
  });

  it("of several requests at once counts once", async () => {
    const world = createVerifierWorld();
    const all = await Promise.all(Array.from({ length: 5 }, () => verdict(world, oldToken)));
    expect(new Set(all)).toEqual(new Set(["issuer_unreachable 5"]));
    world.clock.now += ISSUER_UNREACHABLE_MS;
    expect(await verdict(world, oldToken)).toBe("issuer_unreachable 10");
  });

  it.each<readonly [string, Route]>([
    ["404", () => new Response(null, { status: 404 })],
    ["a wrong document", () => Response.json({ issuer: `${ISSUER}b` })],
  ])("by %s is the issuer's own word, and stands for a minute", async (_about, route) => {
    const world = createVerifierWorld();
    world.network.answer(DISCOVERY, route);
    expect(await step(world, oldToken)).toEqual(["issuer_invalid", [DISCOVERY]]);
    world.network.publish(ISSUER, [old.publicJwk]);
    world.clock.now += ISSUER_NEGATIVE_MS - 1;
    expect(await step(world, oldToken)).toEqual(["issuer_invalid", []]);
    world.clock.now += 1;
    expect(await step(world, oldToken)).toEqual(["accepted", FETCHED]);
  });

  it.each(["before", "after"])("that ends %s another request succeeds costs nobody anything", async (order) => {
    const world = worldWith(old.publicJwk);
    const good = world.network.answerAt(DISCOVERY);
    const waiting: ((answer: Response) => void)[] = [];
    world.network.answer(DISCOVERY, () => new Promise<Response>((resolve) => waiting.push(resolve)));
    const [unlucky, lucky] = [outcomeOf(world, oldToken), outcomeOf(world, oldToken)];
    await world.network.begun("answered", 2);
    const fail = () => waiting[0]?.(new Response(null, { status: 404 }));
    const succeed = async () => waiting[1]?.((await good?.(new Request(DISCOVERY))) ?? new Response());
    if (order === "before") fail();
    if (order === "before") expect(await unlucky).toBe("issuer_invalid");
    await succeed();
    expect(await lucky).toBe("accepted");
    if (order === "after") fail();
    if (order === "after") expect(await unlucky).toBe("accepted");
    expect(await step(world, oldToken)).toEqual(["accepted", []]);
  });

  it("of the caller's own time says nothing of the issuer", async () => {
    const world = worldWith(old.publicJwk);
    const late = await world.verifier.verify(read(oldToken), { known: true, deadline: { leftMs: 0 } });
    expect(late).toMatchObject({ ok: false, denial: { reason: "issuer_unreachable" } });
    expect(await step(world, oldToken)).toEqual(["accepted", FETCHED]);
  });

  it("says whether the issuer is known", async () => {
    for (const known of [true, false]) {
      expect(await createVerifierWorld().verifier.verify(read(oldToken), { known })).toEqual({
        ok: false,
        denial: { reason: "issuer_unreachable", known, problem: "discovery: network", retryAfterSeconds: 5 },
      });
    }
  });
});

describe("keys in KV", () => {
  const fresh = (beside?: VerifierWorld): VerifierWorld => createVerifierWorld({ kv: true, ...(beside && { beside }) });

  it("serve other isolates, once a verified caller had them written", async () => {
    const issuer = `${ISSUER}/kv-1`;
    const first = fresh();
    first.network.publish(issuer, [old.publicJwk]);
    const token = await sign(old, { ...payload, iss: issuer });
    const writes = new PendingWrites();
    expect((await first.verifier.verify(read(token), { known: true, writes })).ok).toBe(true);
    expect(writes.count).toBe(1);

    const before = fresh(first);
    expect(await step(before, token)).toEqual(["accepted", [discoveryOf(issuer), keySetOf(issuer)]]);
    await writes.carryOut();
    const after = fresh(first);
    expect(await after.verifier.needsNoFetch(read(token))).toBe(true);
    expect(await step(after, token)).toEqual(["accepted", []]);
    const nobody = await sign(next, { ...payload, iss: issuer });
    expect(await after.verifier.needsNoFetch(read(nobody))).toBe(false);
  });

  it("are looked for again a second after they were not there", async () => {
    const issuer = `${ISSUER}/kv-2`;
    const first = fresh();
    first.network.publish(issuer, [old.publicJwk]);
    const token = await sign(old, { ...payload, iss: issuer });
    const second = fresh(first);
    expect(await second.verifier.needsNoFetch(read(token))).toBe(false);
    const writes = new PendingWrites();
    await first.verifier.verify(read(token), { known: true, writes });
    await writes.carryOut();
    first.clock.now += ISSUER_KEYS_MISS_HOLD_MS - 1;
    expect(await second.verifier.needsNoFetch(read(token))).toBe(false);
    first.clock.now += 1;
    expect(await second.verifier.needsNoFetch(read(token))).toBe(true);
  });

  it("are not written for a failure", async () => {
    const writes = new PendingWrites();
    const { verifier } = createVerifierWorld({ kv: true });
    await verifier.verify(read(oldToken), { known: true, writes });
    expect(writes.count).toBe(0);
  });

  it("of another issuer are a miss, wherever they lie", async () => {
    const world = worldWith(old.publicJwk);
    const foreign = { issuer: `${ISSUER}b`, algorithms: ["ES256"], jwks: usableKeys([next.publicJwk]) };
    world.cache.put([ISSUER], { value: foreign, readAt: world.clock.now }, undefined);
    expect(await world.verifier.needsNoFetch(read(nextToken))).toBe(false);
    expect(await step(world, nextToken)).toEqual(["signature_invalid", FETCHED]);
  });

  it("are judged again when they are read", () => {
    const stored = { issuer: ISSUER, algorithms: ["ES256"], keys: [old.publicJwk] };
    const keys = ISSUER_KEYS_CACHE.decode(stored);
    expect(keys?.jwks.map((key) => key.kid)).toEqual(["old"]);
    expect(keys && ISSUER_KEYS_CACHE.decode(JSON.parse(JSON.stringify(ISSUER_KEYS_CACHE.encode(keys))))).toEqual(keys);
    for (const wrong of [
      null,
      [],
      { ...stored, issuer: 1 },
      { ...stored, algorithms: ["HS256"] },
      { ...stored, algorithms: [] },
      { ...stored, keys: [{ kty: "oct", k: "AAAA" }] },
      { ...stored, keys: "x" },
    ]) {
      expect(ISSUER_KEYS_CACHE.decode(wrong)).toBeUndefined();
    }
  });
});
