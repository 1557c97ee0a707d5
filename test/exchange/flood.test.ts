// A stranger's flood costs a bounded number of calls, and locks nobody out. The bounds hold per isolate and minute: one address is
// refused 60 times (limits.ts) before its requests cost nothing more, and each of those costs a handful of calls at most.

import { describe, expect, it } from "vitest";
import { type Cost, flood, forged, path, SHOTS, type Shot, STRANGER, WILDCARD } from "../support/flood.ts";
import { createIssuerWorld, type IssuerWorld, type IssuerWorldOptions } from "../support/issuer-world.ts";
import { POLICY } from "../support/workload.ts";

const ANY_ISSUER = (owner: string): string =>
  `issuer_pattern: https://[^/]+/.*\nsubject: repo:${owner}/app:ref:refs/heads/main\npermissions:\n  issues: write\n`;

interface Flood {
  readonly about: string;
  readonly options?: IssuerWorldOptions;
  readonly policy?: (owner: string) => string;
  readonly shot: (i: number, world: IssuerWorld) => Shot;
  /** At most so many calls for 300 requests. */
  readonly github: number;
  readonly issuers: number;
  /** How many of them are not refused by a limit; by default as many as one address is at one owner. */
  readonly heard?: number;
}

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
    // Its documents, and three times again for keys that they lack.
    issuers: 8,
  },
  {
    about: "kids, of a known issuer",
    options: { known: true },
    shot: (i) => ({ header: { kid: `kid-${i}` } }),
    // The installation, and beside each time that the issuer is asked a read token that is minted for nothing and revoked.
    github: 9,
    issuers: 8,
    heard: 60,
  },
  { about: "one kid, of a known issuer", options: { known: true }, shot: () => ({}), github: 5, issuers: 4, heard: 60 },
  {
    about: "owners, under a known issuer",
    options: { known: true },
    shot: (i) => ({ scope: `owner-${i}/app` }),
    github: 3,
    issuers: 4,
    heard: 60,
  },
  // Installation, read token, two files, and the names that answer for every other identity.
  { about: "identities", shot: (i) => ({ identity: `identity-${i}` }), github: 6, issuers: 0 },
  {
    about: "repositories",
    shot: (i, { owner }) => ({ scope: `${owner}/repository-${i}` }),
    // A few are looked up, and the list of them says that there are no others: a token, a page, a revocation.
    github: 3 * 4 + 3,
    issuers: 0,
  },
  // By repository, organisation and user; then one list says that none of them has the App.
  { about: "owners", shot: (i) => ({ scope: `owner-${i}/app` }), github: 3 * 3 + 1, issuers: 0, heard: 60 },
  // Two tries at discovery each.
  {
    about: "paths below a known wildcard",
    options: WILDCARD,
    shot: (i) => ({ claims: { iss: path(i) } }),
    github: 3 * 11 + 5,
    issuers: 2 * 61,
  },
  {
    about: "issuers that the policy's pattern names",
    policy: ANY_ISSUER,
    shot: (i) => ({ claims: { iss: path(i) } }),
    github: 5,
    issuers: 2 * 11,
  },
  {
    about: "hosts that the policy's pattern names",
    policy: ANY_ISSUER,
    shot: (i) => ({ claims: { iss: `https://host-${i}.example/x` } }),
    github: 5,
    issuers: 2 * 11,
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
    heard: 60,
  },
];

async function flooded({ options, policy, shot }: Flood): Promise<{ world: IssuerWorld; cost: Cost }> {
  const world = await createIssuerWorld(options);
  if (policy) world.putPolicy(policy(world.owner));
  world.putPolicy(POLICY(world.owner), "honest", "app");
  return { world, cost: await flood(world, (i) => shot(i, world)) };
}

describe("three hundred requests of one address that differ in their", () => {
  it.each(FLOODS.map((one) => [one.about, one] as const))("%s", async (_about, one) => {
    const { world, cost } = await flooded(one);
    expect(cost.github).toBeLessThanOrEqual(one.github);
    expect(cost.issuers).toBeLessThanOrEqual(one.issuers);
    expect(cost.limited).toBe(SHOTS - (one.heard ?? 10));
    expect(cost.answers.every(({ status }) => [401, 404, 429, 503].includes(status))).toBe(true);
    expect(cost.answers.at(-1)?.headers.get("Retry-After")).toBe("60");
    expect(world.grantMints()).toBe(0);
    // Once over its limit the address costs nothing at all.
    const after = await flood(world, (i) => one.shot(1_000 + i, world), 20);
    expect([after.github, after.issuers, after.limited]).toEqual([0, 0, 20]);
    // And the owner's workload behind the same address still gets its token.
    const answer = await world.ask({ identity: "honest", headers: { "CF-Connecting-IP": STRANGER } });
    expect(answer.status).toBe(200);
    // A minute later the address is heard again.
    world.clock.now += 60_000;
    const again = await world.send(forged(world), { identity: "nothing", headers: { "CF-Connecting-IP": STRANGER } });
    expect(again.status).not.toBe(429);
  });
});

describe("three hundred addresses, each of which names another issuer that a policy's pattern fits", () => {
  // As many as are asked for one owner, whoever names them.
  const asked = 30;

  it.each([
    ["and that does not answer", false],
    ["and that answers", true],
  ] as const)("%s", async (_about, answers) => {
    const world = await createIssuerWorld();
    world.putPolicy(ANY_ISSUER(world.owner));
    world.putPolicy(POLICY(world.owner), "honest", "app");
    if (answers) for (let i = 0; i < SHOTS; i++) world.network.publish(path(i), [world.signer.publicJwk]);
    const cost = await flood(world, (i) => ({ claims: { iss: path(i) }, address: `192.0.2.${i % 250}` }));
    expect(cost.issuers).toBeLessThanOrEqual(2 * asked);
    expect(world.grantMints()).toBe(0);
    expect((await world.ask({ identity: "honest" })).status).toBe(200);
  });
});
