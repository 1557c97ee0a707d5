// What is answered alike is counted alike: from how many refusals come before the first 429 nobody can tell whether an owner has the App,
// a repository is there, a policy exists, or a cache holds any of it.

import { beforeEach, describe, expect, it } from "vitest";
import { forged } from "../support/flood.ts";
import { createIssuerWorld, type IssuerWorld, type IssuerWorldOptions } from "../support/issuer-world.ts";
import { reset } from "../support/storage.ts";
import { POLICY } from "../support/workload.ts";

// A list of accounts in KV would be every App's.
beforeEach(() => reset());

interface Matter {
  readonly about: string;
  readonly options?: IssuerWorldOptions;
  readonly repository?: string;
  readonly arrange?: (world: IssuerWorld) => void;
}

const installation = ({ network }: IssuerWorld): number => network.github.state.installations[0]?.id ?? 0;

const MATTERS: readonly Matter[] = [
  { about: "the owner has not installed the App", options: { install: false } },
  { about: "the installation is suspended", arrange: (world) => world.github.suspend(installation(world)) },
  { about: "there is no such repository", repository: "none" },
  { about: "there is no such policy", options: { policy: undefined } },
  { about: "the policy is broken", arrange: (world) => world.putPolicy("issuer: [") },
  {
    about: "the policy names another issuer",
    arrange: (world) => world.putPolicy(POLICY(world.owner, "https://x.example")),
  },
  {
    about: "a pattern of the policy fits, and nobody answers there",
    arrange: (world) =>
      world.putPolicy("issuer_pattern: https://[^/]+/.*\nsubject_pattern: .*\npermissions:\n  issues: write\n"),
  },
];

/** Of a workflow of somebody else's, whose token is good. */
const foreign = (i: number) => ({
  claims: {
    repository_owner: `somebody-${i}`,
    repository_owner_id: String(900 + i),
    sub: `repo:somebody-${i}/x:ref:y`,
  },
});

type Send = (world: IssuerWorld, i: number, scope: string) => Promise<{ readonly status: number }>;

/** An issuer of its own each time, none of which answers. */
const stranger = (world: IssuerWorld, i: number) => forged(world, { iss: `https://silent.example/${i}` });
const from = (address: string) => ({ headers: { "CF-Connecting-IP": address } });

const CALLERS: readonly (readonly [string, Send, number])[] = [
  ["one address", (world, i, scope) => world.send(stranger(world, i), { scope, ...from("192.0.2.1") }), 10],
  ["many addresses", (world, i, scope) => world.send(stranger(world, i), { scope, ...from(`192.0.2.${i}`) }), 4],
];
const FOREIGNERS: readonly (readonly [string, Send, number])[] = [
  ["one account of a known issuer", (world, _, scope) => world.ask({ scope, ...foreign(1) }), 4],
  ["many accounts of a known issuer", (world, i, scope) => world.ask({ scope, ...foreign(i) }), 4],
];

/** So many at one owner, so that what counts there is seen in a few requests. */
function limitedTo(perKey: number) {
  const counts = new Map<string, number>();
  return {
    limit: async ({ key }: { readonly key: string }) => {
      counts.set(key, (counts.get(key) ?? 0) + 1);
      return { success: (counts.get(key) ?? 0) <= perKey };
    },
  };
}

async function statuses(matter: Matter, isCached: boolean, [, send, heard]: (typeof CALLERS)[number]) {
  const bindings = heard === 4 ? { OWNER_RATE_LIMIT: limitedTo(4) } : {};
  const world = await createIssuerWorld({ ...matter.options, bindings });
  if (matter.options && "policy" in matter.options) world.github.removeFile(`${world.owner}/app`, PATH);
  matter.arrange?.(world);
  const scope = `${world.owner}/${matter.repository ?? "app"}`;
  // The owner's own are never charged, and leave everything in the cache.
  if (isCached) await world.ask({ scope });
  const seen: number[] = [];
  for (let i = 0; i < heard + 2; i += 1) seen.push((await send(world, i, scope)).status);
  return seen;
}

const PATH = ".github/chainguard/deploy.sts.yaml";

describe("as many refusals come before the first 429, whatever is the matter, for", () => {
  it.each(CALLERS)("%s that cannot be verified", async (...caller) => {
    await expectAlike(MATTERS, caller);
  });

  it.each(FOREIGNERS)("%s", async (...caller) => {
    // A policy that is there tells a verified caller which of its clauses failed.
    await expectAlike(MATTERS.slice(0, 5), caller);
  });
});

async function expectAlike(matters: readonly Matter[], caller: (typeof CALLERS)[number]): Promise<void> {
  const expected = [...Array<number>(caller[2]).fill(404), 429, 429];
  for (const matter of matters) {
    for (const isCached of [false, true]) {
      expect([matter.about, isCached, await statuses(matter, isCached, caller)]).toEqual([
        matter.about,
        isCached,
        expected,
      ]);
    }
  }
}

describe("where nobody knows which owners have the App", () => {
  it.each([
    ["none of them has it", () => undefined],
    ["one of them has it", (world: IssuerWorld) => world.owner],
  ])("as many owners are heard: %s", async (_about, special) => {
    const world = await createIssuerWorld();
    world.network.fault({ route: "gh.installations", match: "per_page", kind: "status", status: 404 });
    await world.ask();
    const seen: number[] = [];
    for (let i = 0; i < 23; i += 1) {
      const owner = (i === 9 && special(world)) || `${world.owner}-${i}`;
      seen.push((await world.send(stranger(world, i), { scope: `${owner}/app`, ...from(`192.0.2.${i}`) })).status);
    }
    expect(seen).toEqual([...Array<number>(20).fill(404), 429, 429, 429]);
    // Of whom something is remembered, and who may have it, gets it.
    expect((await world.send(await world.token())).status).toBe(200);
  });
});

it("an owner whose rate limit is nearly used up has one answer for all, cached or not", async () => {
  const world = await createIssuerWorld();
  world.putPolicy(POLICY(world.owner, "https://x.example"), "others");
  world.putPolicy(POLICY(world.owner), "own");
  for (const identity of ["deploy", "none", "others"]) await world.send(await world.token(), { identity });
  const quota = world.github.bucket(`installation:${installation(world)}`);
  quota.used = Math.ceil(quota.limit * 0.8);
  expect((await world.ask({ identity: "own" })).status).toBe(200);
  const asked = [{ identity: "none" }, { identity: "others" }, { scope: `${world.owner}/other` }];
  const answers = await Promise.all(asked.map((one) => world.send(forged(world), { ...one, ...from("192.0.2.9") })));
  expect(answers.map(({ status }) => status)).toEqual([429, 429, 429]);
  expect((await world.send(await world.token())).status).toBe(200);
});
