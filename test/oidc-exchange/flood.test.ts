// A stranger's flood costs a bounded number of calls, and locks nobody out. The bounds hold per isolate and minute: one address is
// refused 60 times (limits.ts) before its requests cost nothing more, and each of those costs a handful of calls at most.

import { describe, expect, it } from "vitest";
import { POLICY } from "../exchange/story.ts";
import { type Cost, flood, forged, SHOTS, type Shot, STRANGER } from "./support/flood.ts";
import {
  commonText,
  GITHUB,
  ISSUER_HOST,
  putPolicy,
  type Stage,
  type StageOptions,
  signerNamed,
  stage,
} from "./support/stage.ts";

const WILDCARD: StageOptions = { variables: { KNOWN_ISSUERS: `https://${ISSUER_HOST}/*` } };
const ANY_ISSUER = (owner: string): string =>
  `issuer_pattern: https://[^/]+/.*\nsubject: repo:${owner}/app:ref:refs/heads/main\npermissions:\n  issues: write\n`;

interface Flood {
  readonly about: string;
  readonly options?: StageOptions;
  readonly policy?: (owner: string) => string;
  readonly shot: (i: number, at: Stage) => Shot;
  /** At most so many calls for 300 requests. */
  readonly github: number;
  readonly issuers: number;
}

const path = (i: number): string => `https://${ISSUER_HOST}/path-${i}`;

const FLOODS: readonly Flood[] = [
  // The policy is read once; whatever else is said of it comes from the cache.
  {
    about: "issuers that no policy names",
    shot: (i) => ({ claims: { iss: `https://host-${i}.example/x` } }),
    github: 5,
    issuers: 0,
  },
  {
    about: "kids, of an issuer that nobody knows",
    shot: (i) => ({ header: { kid: `kid-${i}` } }),
    github: 5,
    issuers: 4,
  },
  {
    about: "kids, of a known issuer",
    options: { known: true },
    shot: (i) => ({ header: { kid: `kid-${i}` } }),
    github: 5,
    issuers: 4,
  },
  { about: "one kid, of a known issuer", options: { known: true }, shot: () => ({}), github: 5, issuers: 4 },
  {
    about: "owners, under a known issuer",
    options: { known: true },
    shot: (i) => ({ scope: `owner-${i}/app` }),
    github: 3,
    issuers: 4,
  },
  // Installation once; read token, two files and revocation each.
  { about: "identities", shot: (i) => ({ identity: `identity-${i}` }), github: 3 * 61 + 5, issuers: 0 },
  {
    about: "repositories",
    shot: (i, { owner }) => ({ scope: `${owner}/repository-${i}` }),
    github: 3 * 61 + 5,
    issuers: 0,
  },
  // By repository, organisation and user.
  { about: "owners", shot: (i) => ({ scope: `owner-${i}/app` }), github: 3 * 61, issuers: 0 },
  // Two tries at discovery each.
  {
    about: "paths below a known wildcard",
    options: WILDCARD,
    shot: (i) => ({ claims: { iss: path(i) } }),
    github: 3 * 61 + 5,
    issuers: 2 * 61,
  },
  {
    about: "issuers that the policy's pattern names",
    policy: ANY_ISSUER,
    shot: (i) => ({ claims: { iss: path(i) } }),
    github: 5,
    issuers: 2 * 61,
  },
  {
    about: "hosts that the policy's pattern names",
    policy: ANY_ISSUER,
    shot: (i) => ({ claims: { iss: `https://host-${i}.example/x` } }),
    github: 5,
    issuers: 2 * 61,
  },
  {
    about: "everything at once",
    options: WILDCARD,
    shot: (i) => ({
      scope: `owner-${i % 50}/app`,
      identity: `identity-${i % 70}`,
      header: { kid: `kid-${i % 30}` },
      claims: { iss: i % 3 === 0 ? path(i) : `https://host-${i}.example/x`, sub: `repo:x/${i}` },
    }),
    github: 3 * 61,
    issuers: 2 * 61,
  },
];

async function flooded({ options, policy, shot }: Flood): Promise<{ at: Stage; cost: Cost }> {
  const at = await stage(options);
  if (policy) putPolicy(at, policy(at.owner));
  putPolicy(at, POLICY(at.owner), "app", "honest");
  return { at, cost: await flood(at, (i) => shot(i, at)) };
}

describe("three hundred requests of one address that differ in their", () => {
  it.each(FLOODS.map((one) => [one.about, one] as const))("%s", { timeout: 30_000 }, async (_about, one) => {
    const { at, cost } = await flooded(one);
    expect(cost.github).toBeLessThanOrEqual(one.github);
    expect(cost.issuers).toBeLessThanOrEqual(one.issuers);
    expect(cost.limited).toBe(SHOTS - 60);
    expect(cost.answers.every(({ status }) => [401, 404, 429, 503].includes(status))).toBe(true);
    expect(cost.answers.at(-1)?.headers.get("Retry-After")).toBe("60");
    expect(at.grantMints()).toBe(0);
    // Once over its limit the address costs nothing at all.
    const after = await flood(at, (i) => one.shot(1_000 + i, at), 20);
    expect([after.github, after.issuers, after.limited]).toEqual([0, 0, 20]);
    // And the owner's workload behind the same address still gets its token.
    const answer = await at.ask({ identity: "honest", headers: { "CF-Connecting-IP": STRANGER } });
    expect(answer.status).toBe(200);
    // A minute later the address is heard again.
    at.clock.now += 60_000;
    const again = await at.send(forged(at), { identity: "nothing", headers: { "CF-Connecting-IP": STRANGER } });
    expect(again.status).not.toBe(429);
  });
});

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
