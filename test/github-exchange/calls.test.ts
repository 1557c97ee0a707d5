// What an exchange costs at GitHub: calls by route and in sequence, revocations after the answer apart. The same rows stand in
// worker/README.md, "Calls".

import { reset } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { callsByRoute } from "../emulators/outside.ts";
import { type Asking, POLICY, type Story, story } from "../exchange/story.ts";
import { exchangeCalls, HOUR, installationOf, MINUTE, putList, putPolicy, storyOfApps } from "./support.ts";

const LATENCY = { latencyMs: 20 };

interface Cost {
  readonly about: string;
  /** Brings everything into its state; what it calls is not counted. */
  readonly tell: () => Promise<Story>;
  readonly asking?: Asking | ((told: Story) => Asking);
  readonly calls: Readonly<Record<string, number>>;
  readonly hops: number;
  /** After the answer. */
  readonly revocations: number;
}

const FILES = { "gh.mint": 2, "gh.contents": 2 };

/** Keys of the issuer, fetched on behalf of another owner. */
async function keysOnly(told: Story): Promise<Story> {
  await told.ask({ scope: "somebody-else/app" });
  return told;
}

async function warm(told: Story): Promise<Story> {
  putPolicy(told, POLICY(told.owner), "release");
  await told.ask();
  return told;
}

async function waitUntil(told: Story, ...times: readonly number[]): Promise<Story> {
  await warm(told);
  const start = told.clock.now;
  for (const [index, time] of times.entries()) {
    told.clock.now = start + time;
    if (index < times.length - 1) await told.ask();
  }
  return told;
}

/** Found at the beginning by one issuer's token, so that the other's keys are younger than it. */
async function oldInstallation(): Promise<Story> {
  const told = await story(LATENCY);
  putPolicy(told, POLICY(told.owner, told.stranger.url), "stranger");
  await told.ask({ issuer: told.stranger, identity: "stranger" });
  const start = told.clock.now;
  for (const time of [30 * MINUTE, HOUR - 4 * MINUTE]) {
    told.clock.now = start + time;
    await told.ask();
  }
  told.clock.now = start + HOUR;
  return told;
}

async function withList(text: string): Promise<Story> {
  const told = await story(LATENCY);
  putList(told, text);
  return told;
}

const outOfReach = () => story({ ...LATENCY, selected: ["app"] });

/** Two Apps take turns while nothing is known of their limits; a limit of App 8 makes App 7 the second. */
const TWO = [{ id: 7 }, { id: 8 }];

async function limited(bucket: string): Promise<Story> {
  const told = await keysOnly(await storyOfApps(TWO, LATENCY));
  const { github } = told.outside;
  // The turn after that of the exchange for the keys is App 7's.
  github.bucket(bucket).used = 5000;
  return told;
}

const COSTS: readonly Cost[] = [
  {
    about: "warm",
    tell: async () => warm(await story(LATENCY)),
    calls: { "gh.mint": 1 },
    hops: 1,
    revocations: 0,
  },
  {
    about: "policy cold (another identity of a repository in use)",
    tell: async () => warm(await story(LATENCY)),
    asking: { identity: "release" },
    calls: { "gh.mint": 2, "gh.contents": 1 },
    hops: 3,
    revocations: 1,
  },
  {
    about: "policy and allow-list cold (five minutes later)",
    tell: async () => waitUntil(await story(LATENCY), 5 * MINUTE),
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
    tell: async () => keysOnly(await story(LATENCY)),
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
    calls: { "gh.repo_installation": 1, "gh.mint": 3, "gh.contents": 1 },
    hops: 5,
    revocations: 1,
  },
  {
    about: "the same, another identity (remembered as absent)",
    tell: async () => warm(await outOfReach()),
    asking: { identity: "release" },
    calls: { "gh.mint": 2, "gh.contents": 1 },
    hops: 3,
    revocations: 1,
  },
  {
    about: "the same, five minutes later (asked for apart, side by side)",
    tell: async () => waitUntil(await outOfReach(), 5 * MINUTE),
    calls: { "gh.mint": 3, "gh.contents": 1 },
    hops: 3,
    revocations: 1,
  },
  {
    about: "all cold, scope of an organisation",
    tell: async () => {
      const told = await keysOnly(await story(LATENCY));
      putPolicy(told, `${POLICY(told.owner)}repositories: [app]\n`, "deploy", ".github");
      return told;
    },
    asking: ({ owner }) => ({ scope: owner }),
    calls: { "gh.org_installation": 1, ...FILES },
    hops: 4,
    revocations: 1,
  },
  {
    about: "all cold, scope of a user",
    tell: async () => {
      const told = await keysOnly(await story({ ...LATENCY, type: "User" }));
      putPolicy(told, `${POLICY(told.owner)}repositories: [app]\n`, "deploy", ".github");
      return told;
    },
    asking: ({ owner }) => ({ scope: owner }),
    calls: { "gh.org_installation": 1, "gh.user_installation": 1, ...FILES },
    hops: 5,
    revocations: 1,
  },
  {
    about: "all cold, known issuer cold too",
    tell: () => story(LATENCY),
    calls: { "oidc.discovery": 1, "gh.repo_installation": 1, "oidc.jwks": 1, ...FILES },
    hops: 4,
    revocations: 1,
  },
  {
    about: "all cold, issuer that only the policy names",
    tell: async () => {
      const told = await story(LATENCY);
      putPolicy(told, POLICY(told.owner, told.stranger.url));
      return told;
    },
    asking: ({ stranger }) => ({ issuer: stranger }),
    calls: { "gh.repo_installation": 1, ...FILES, "oidc.discovery": 1, "oidc.jwks": 1 },
    hops: 6,
    revocations: 1,
  },
  {
    about: "two Apps, all cold",
    tell: async () => keysOnly(await storyOfApps(TWO, LATENCY)),
    calls: { "gh.repo_installation": 1, ...FILES },
    hops: 4,
    revocations: 1,
  },
  {
    about: "two Apps, all cold, the first not installed",
    tell: async () => keysOnly(await storyOfApps([{ id: 7, install: false }, { id: 8 }], LATENCY)),
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
    revocations: 3,
  },
];

beforeEach(() => reset());

describe("calls and sequential hops of an exchange", () => {
  it.each(COSTS.map((cost) => [cost.about, cost] as const))("%s", async (_about, cost) => {
    const told = await cost.tell();
    told.outside.forgetCalls();
    const answer = await told.ask(typeof cost.asking === "function" ? cost.asking(told) : cost.asking);
    expect(answer.status).toBe(200);
    const calls = exchangeCalls(told);
    expect(callsByRoute(calls)).toEqual(cost.calls);
    expect(told.outside.hops(calls)).toBe(cost.hops);
    expect(told.outside.count("gh.revoke")).toBe(cost.revocations);
  });
});
