// What an exchange costs at GitHub: calls by route and in sequence, revocations after the answer apart. Compared with the
// table of worker/README.md, "Calls".

import { beforeEach, describe, expect, it } from "vitest";
import readme from "../../worker/README.md?raw";
import { installationOf } from "../support/apps.ts";
import { callsByRoute } from "../support/network.ts";
import { reset } from "../support/storage.ts";
import { type Asking, createWorld, HOUR, MINUTE, POLICY, type World } from "../support/world.ts";

const LATENCY = { latencyMs: 20 };

interface Cost {
  readonly about: string;
  /** Brings everything into its state; what it calls is not counted. */
  readonly tell: () => Promise<World>;
  readonly asking?: Asking | ((world: World) => Asking);
  readonly calls: Readonly<Record<string, number>>;
  readonly hops: number;
  /** After the answer. */
  readonly revocations: number;
}

const FILES = { "gh.mint": 2, "gh.contents": 2 };

/** Keys of the issuer, fetched on behalf of another owner. */
async function keysOnly(world: World): Promise<World> {
  await world.ask({ scope: "somebody-else/app" });
  return world;
}

async function warm(world: World): Promise<World> {
  world.putPolicy(POLICY(world.owner), "release");
  await world.ask();
  return world;
}

async function waitUntil(world: World, ...times: readonly number[]): Promise<World> {
  await warm(world);
  const start = world.clock.now;
  for (const [index, time] of times.entries()) {
    world.clock.now = start + time;
    if (index < times.length - 1) await world.ask();
  }
  return world;
}

/** Found at the beginning by one issuer's token, so that the other's keys are younger than it. */
async function oldInstallation(): Promise<World> {
  const world = await createWorld(LATENCY);
  world.putPolicy(POLICY(world.owner, world.unknownIssuer.url), "stranger");
  await world.ask({ issuer: world.unknownIssuer, identity: "stranger" });
  const start = world.clock.now;
  for (const time of [30 * MINUTE, HOUR - 4 * MINUTE]) {
    world.clock.now = start + time;
    await world.ask();
  }
  world.clock.now = start + HOUR;
  return world;
}

async function withList(text: string): Promise<World> {
  const world = await createWorld(LATENCY);
  world.putAllowList(text);
  return world;
}

const outOfReach = () => createWorld({ ...LATENCY, selected: ["app"] });

/** Two Apps take turns while nothing is known of their limits; a limit of App 8 makes App 7 the second. */
const TWO = [{ id: 7 }, { id: 8 }];

async function limited(bucket: string): Promise<World> {
  const world = await keysOnly(await createWorld({ apps: TWO, ...LATENCY }));
  const { github } = world.network;
  // The turn after that of the exchange for the keys is App 7's.
  github.bucket(bucket).used = 5000;
  return world;
}

const COSTS: readonly Cost[] = [
  {
    about: "warm",
    tell: async () => warm(await createWorld(LATENCY)),
    calls: { "gh.mint": 1 },
    hops: 1,
    revocations: 0,
  },
  {
    about: "policy cold (another identity of a repository in use)",
    tell: async () => warm(await createWorld(LATENCY)),
    asking: { identity: "release" },
    calls: { "gh.mint": 2, "gh.contents": 1 },
    hops: 3,
    revocations: 1,
  },
  {
    about: "policy and allow-list cold (five minutes later)",
    tell: async () => waitUntil(await createWorld(LATENCY), 5 * MINUTE),
    calls: FILES,
    hops: 3,
    revocations: 1,
  },
  {
    about: "installation cold (an hour later, policy in use)",
    tell: oldInstallation,
    calls: { "gh.repo_installation": 1, "gh.mint": 1 },
    hops: 2,
    revocations: 0,
  },
  {
    about: "all cold, allow-list absent",
    tell: async () => keysOnly(await createWorld(LATENCY)),
    calls: { "gh.repo_installation": 1, ...FILES },
    hops: 4,
    revocations: 1,
  },
  {
    about: "all cold, allow-list present",
    tell: async () => keysOnly(await withList("issuers: [https://token.actions.githubusercontent.com]\n")),
    calls: { "gh.repo_installation": 1, ...FILES },
    hops: 4,
    revocations: 1,
  },
  {
    about: "all cold, allow-list out of the App's reach",
    tell: async () => keysOnly(await outOfReach()),
    calls: { "gh.repo_installation": 1, "gh.mint": 4, "gh.contents": 1 },
    hops: 5,
    revocations: 1,
  },
  {
    about: "- the same, another identity (remembered as absent)",
    tell: async () => warm(await outOfReach()),
    asking: { identity: "release" },
    calls: { "gh.mint": 2, "gh.contents": 1 },
    hops: 3,
    revocations: 1,
  },
  {
    about: "- the same, five minutes later",
    tell: async () => waitUntil(await outOfReach(), 5 * MINUTE),
    calls: { "gh.mint": 3, "gh.contents": 1 },
    hops: 3,
    revocations: 1,
  },
  {
    about: "all cold, scope of an organisation",
    tell: async () => {
      const world = await keysOnly(await createWorld(LATENCY));
      world.putPolicy(`${POLICY(world.owner)}repositories: [app]\n`, "deploy", ".github");
      return world;
    },
    asking: ({ owner }) => ({ scope: owner }),
    calls: { "gh.org_installation": 1, ...FILES },
    hops: 4,
    revocations: 1,
  },
  {
    about: "all cold, scope of a user",
    tell: async () => {
      const world = await keysOnly(await createWorld({ ...LATENCY, type: "User" }));
      world.putPolicy(`${POLICY(world.owner)}repositories: [app]\n`, "deploy", ".github");
      return world;
    },
    asking: ({ owner }) => ({ scope: owner }),
    calls: { "gh.org_installation": 1, "gh.user_installation": 1, ...FILES },
    hops: 5,
    revocations: 1,
  },
  {
    about: "all cold, keys of a known issuer too",
    tell: () => createWorld(LATENCY),
    calls: { "oidc.discovery": 1, "gh.repo_installation": 1, "oidc.jwks": 1, ...FILES },
    hops: 4,
    revocations: 1,
  },
  {
    about: "all cold, an issuer that only the policy names",
    tell: async () => {
      const world = await createWorld(LATENCY);
      world.putPolicy(POLICY(world.owner, world.unknownIssuer.url));
      return world;
    },
    asking: ({ unknownIssuer }) => ({ issuer: unknownIssuer }),
    calls: { "gh.repo_installation": 1, ...FILES, "oidc.discovery": 1, "oidc.jwks": 1 },
    hops: 6,
    revocations: 1,
  },
  {
    about: "two Apps, all cold",
    tell: async () => keysOnly(await createWorld({ apps: TWO, ...LATENCY })),
    calls: { "gh.repo_installation": 1, ...FILES },
    hops: 4,
    revocations: 1,
  },
  {
    about: "two Apps, all cold, the first not installed",
    tell: async () => keysOnly(await createWorld({ apps: [{ id: 7, install: false }, { id: 8 }], ...LATENCY })),
    calls: { "gh.repo_installation": 2, "gh.org_installation": 1, "gh.user_installation": 1, ...FILES },
    hops: 7,
    revocations: 1,
  },
  {
    about: "two Apps, all cold, the first limited as an App",
    tell: () => limited("app:7"),
    calls: { "gh.repo_installation": 2, ...FILES },
    hops: 5,
    revocations: 1,
  },
  {
    about: "two Apps, all cold, the first limited where it is installed",
    tell: () => limited(`installation:${installationOf(7)}`),
    calls: { "gh.repo_installation": 1, "gh.org_installation": 2, "gh.mint": 4, "gh.contents": 4 },
    hops: 7,
    revocations: 5,
  },
];

/** Calls at GitHub, and at the issuer behind a plus. */
function callsCell(calls: Cost["calls"]): string {
  const sum = (prefix: string) =>
    Object.entries(calls).reduce((total, [route, count]) => total + (route.startsWith(prefix) ? count : 0), 0);
  return sum("oidc.") > 0 ? `${sum("gh.")} + ${sum("oidc.")}` : String(sum("gh."));
}

/** Of the rows of the table in worker/README.md whose head this begins. */
function cellsBelow(head: RegExp): readonly (readonly string[])[] {
  const lines = readme.split("\n");
  const start = lines.findIndex((line) => head.test(line));
  const rows = lines.slice(start + 2, lines.indexOf("", start));
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split(" | ")
      .map((cell) => cell.trim()),
  );
}

it("stands in the table of worker/README.md", () => {
  const rows = cellsBelow(/^\| state +\| calls at GitHub/);
  const counted = COSTS.map(({ about, calls, hops, revocations }) => ({
    about,
    calls: callsCell(calls),
    hops: String(hops),
    revoked: revocations === 0 ? "-" : String(revocations),
  }));
  expect(rows.map(([about, , calls, hops, revoked]) => ({ about, calls, hops, revoked }))).toEqual(counted);
});

it("takes as long from afar as worker/README.md says, wherever the Worker runs", () => {
  const NEAR_MS = 5;
  const hopsOf = (start: string) => COSTS.find(({ about }) => about.startsWith(start))?.hops ?? Number.NaN;
  const states = ["warm", "policy cold (another", "all cold, allow-list absent"].map(hopsOf);
  const expected = [5, 40, 160].map((farMs) => {
    const times = states.map((hops) => [NEAR_MS + hops * farMs, farMs + hops * NEAR_MS]);
    return [`${farMs} ms`, ...times.flat().map((ms) => `${ms} ms`)];
  });
  expect(cellsBelow(/^\| caller to GitHub +\|/)).toEqual(expected);
});

beforeEach(() => reset());

describe("calls and sequential hops of an exchange", () => {
  it.each(COSTS.map((cost) => [cost.about, cost] as const))("%s", async (_about, cost) => {
    const world = await cost.tell();
    world.network.forgetCalls();
    const answer = await world.ask(typeof cost.asking === "function" ? cost.asking(world) : cost.asking);
    expect(answer.status).toBe(200);
    const calls = world.calls.filter(({ route }) => route !== "gh.revoke");
    expect(callsByRoute(calls)).toEqual(cost.calls);
    expect(world.network.hops(calls)).toBe(cost.hops);
    expect(world.network.count("gh.revoke")).toBe(cost.revocations);
  });
});
