// Several Apps on one deployment: whom each serves, which one is asked, and who takes over.

import { reset } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { POLICY, type Story } from "../exchange/story.ts";
import {
  type AppSpec,
  counts,
  HOUR,
  installationOf,
  isGrantMint,
  living,
  MINUTE,
  mintedBy,
  putPolicy,
  storyOfApps,
} from "./support.ts";

beforeEach(() => reset());

const READ = '"permissions":{"contents":"read"}';
const at = (app: number) => `/app/installations/${installationOf(app)}/`;
const bucketOf = ({ outside }: Story, app: number) => outside.github.bucket(`installation:${installationOf(app)}`);

/** Which Apps minted read tokens, in order. */
const readBy = ({ outside }: Story): readonly number[] =>
  outside.calls
    .filter(({ route, body }) => route === "gh.mint" && body.includes(READ))
    .map(({ path }) => Number(/\/installations\/(\d+)\//.exec(path)?.[1]) - 70_000);

async function granted(told: Story, identity = "deploy"): Promise<void> {
  const { status, body } = await told.ask({ identity });
  expect({ status, reason: body.reason }).toEqual({ status: 200, reason: undefined });
}

describe("by owner", () => {
  it("an App that names the owner serves it, and no other does", async () => {
    const told = await storyOfApps([{ id: 7 }, { id: 8, named: true }, { id: 9 }]);
    for (let i = 0; i < 3; i++) {
      await granted(told);
      told.clock.now += 5 * MINUTE;
    }
    expect(mintedBy(told)).toEqual([8, 8, 8]);
    expect(readBy(told)).toEqual([8, 8, 8]);
  });

  it("the others are no fallback where the App that names the owner is not installed", async () => {
    const told = await storyOfApps([{ id: 7 }, { id: 8, named: true, install: false }]);
    expect((await told.ask()).body.reason).toBe("app_not_installed");
    expect(told.outside.github.tokens).toEqual([]);
  });

  it("Apps that name nobody serve the owners that no App names", async () => {
    const told = await storyOfApps([{ id: 7 }]);
    await granted(told);
    expect(mintedBy(told)).toEqual([7]);
  });
});

describe("by what is left of the rate limit", () => {
  /** Both Apps have read for this owner, so that both are measured. */
  async function measured(used: Readonly<Record<number, number>>): Promise<Story> {
    const told = await storyOfApps([{ id: 7 }, { id: 8 }]);
    for (const [app, count] of Object.entries(used)) bucketOf(told, Number(app)).used = count;
    for (const identity of ["a", "b", "c", "d"]) putPolicy(told, POLICY(told.owner), identity);
    // While one of them is not measured they take turns.
    await granted(told);
    await granted(told, "a");
    expect(new Set(readBy(told))).toEqual(new Set([7, 8]));
    told.outside.forgetCalls();
    return told;
  }

  it.each([
    [7, { 7: 100, 8: 4_000 }],
    [8, { 7: 4_000, 8: 100 }],
  ] as const)("App %i, which has most left, is asked", async (best, used) => {
    const told = await measured(used);
    for (const identity of ["b", "c", "d"]) await granted(told, identity);
    expect(readBy(told)).toEqual([best, best, best]);
    expect(mintedBy(told)).toEqual([best, best, best]);
  });
});

describe("the next App serves", () => {
  const TWO: readonly AppSpec[] = [{ id: 7 }, { id: 8 }];

  it.each([7, 8])("when App %i is limited while the policy is read", async (app) => {
    const told = await storyOfApps(TWO);
    bucketOf(told, app).used = 5_000;
    await granted(told);
    // A token of a limited installation cannot even be revoked: that is counted.
    expect(living(told)).toHaveLength(1 + (counts(told.worker).revocation_failed ?? 0));
  });

  it.each([7, 8])("when App %i is limited at the read token's mint", async (app) => {
    const told = await storyOfApps(TWO);
    told.outside.fault({ route: "gh.mint", kind: "secondary", match: at(app) });
    await granted(told);
    expect(mintedBy(told).at(-1)).toBe(15 - app);
  });

  it.each([7, 8])("when App %i is limited at the final mint", async (app) => {
    const told = await storyOfApps(TWO);
    // Whichever is first: it has read, and cannot mint.
    await granted(told);
    told.outside.forgetCalls();
    told.outside.fault({ route: "gh.mint", kind: "primary", match: at(app) });
    await granted(told);
    await granted(told);
    expect(mintedBy(told).filter((one) => one === 15 - app)).toHaveLength(2);
    expect(mintedBy(told).filter((one) => one === app).length).toBeLessThanOrEqual(1);
  });

  it.each([
    ["refuses its keys", { kind: "status", status: 401 }],
    [
      "says that it is suspended",
      { kind: "status", status: 403, body: '{"message":"This installation has been suspended"}' },
    ],
  ] as const)("when GitHub %s at any mint", async (_about, fault) => {
    for (const app of [7, 8]) {
      await reset();
      const told = await storyOfApps(TWO);
      told.outside.fault({ route: "gh.mint", match: at(app), ...fault });
      await granted(told);
      expect(mintedBy(told).at(-1)).toBe(15 - app);
      expect(living(told)).toHaveLength(1);
    }
  });

  it("when the first does not see the repository", async () => {
    for (const app of [7, 8]) {
      await reset();
      const told = await storyOfApps(TWO.map((one) => (one.id === app ? { id: app, selected: ["other"] } : one)));
      await granted(told);
      expect(mintedBy(told)).toEqual([15 - app]);
    }
  });

  it("when the first was uninstalled a moment ago", async () => {
    for (const app of [7, 8]) {
      await reset();
      const told = await storyOfApps(TWO);
      for (const worker of [told.worker, told.worker]) await worker.fetch(await told.request());
      told.outside.github.uninstall(installationOf(app));
      for (let i = 0; i < 3; i++) await granted(told);
      expect(mintedBy(told).at(-1)).toBe(15 - app);
    }
  });

  it.each([
    ["limited", { kind: "primary" }, "github_rate_limited"],
    ["out of reach", { kind: "status", status: 503 }, "github_unavailable"],
  ] as const)("and whether it would, is not guessed while it is %s", async (_about, fault, reason) => {
    for (const turns of [0, 1]) {
      await reset();
      const told = await storyOfApps([{ id: 7, selected: ["other", ".github"] }, { id: 8 }]);
      for (let i = 0; i < turns; i++) await told.ask({ scope: "somebody-else/app" });
      // App 7 finds the owner by its name, as it does not see the repository; App 8, first or second, does not get that far.
      const times = fault.kind === "primary" ? 1 : 2;
      told.outside.fault({ route: "gh.repo_installation", ...fault, skip: turns, times });
      const answer = await told.ask();
      expect(answer.body.reason).toBe(reason);
    }
  });

  it("not after a mint of which nobody knows what came of it", async () => {
    const told = await storyOfApps(TWO);
    told.outside.fault({ route: "gh.mint", kind: "status", status: 500, match: '"issues"' });
    expect((await told.ask()).body.reason).toBe("github_unavailable");
    expect(mintedBy(told)).toHaveLength(1);
  });

  it("and where all are limited, the caller is told to wait", async () => {
    const told = await storyOfApps(TWO);
    told.outside.fault({ route: "gh.mint", kind: "secondary", match: '"issues"' });
    const answer = await told.ask();
    expect(answer.status).toBe(429);
    expect(answer.body.reason).toBe("github_rate_limited");
    expect(answer.headers.get("Retry-After")).toBe("60");
    expect([...mintedBy(told)].sort()).toEqual([7, 8]);
  });
});

describe("checks: write", () => {
  const THREE: readonly AppSpec[] = [{ id: 7 }, { id: 8 }, { id: 9 }];
  const IDENTITIES = ["deploy", ..."abcdefghijklmnopqrs"];
  const checks = (owner: string) => `${POLICY(owner)}  checks: write\n`;

  async function withChecks(apps: readonly AppSpec[]): Promise<Story> {
    const told = await storyOfApps(apps);
    for (const identity of IDENTITIES) putPolicy(told, checks(told.owner), identity);
    return told;
  }

  async function pinned(told: Story): Promise<readonly (number | undefined)[]> {
    const chosen: (number | undefined)[] = [];
    for (const identity of IDENTITIES) {
      told.outside.forgetCalls();
      await granted(told, identity);
      chosen.push(mintedBy(told).at(-1));
    }
    return chosen;
  }

  it("sticks to one App, in each isolate, whatever the order and the quota; and all Apps have their share", async () => {
    const told = await withChecks(THREE);
    const first = await pinned(told);
    expect(new Set(first)).toEqual(new Set([7, 8, 9]));
    bucketOf(told, 7).used = 4_999 - bucketOf(told, 7).used;
    told.clock.now += 10 * MINUTE;
    expect(await pinned(told)).toEqual(first);
    const elsewhere = told.isolate();
    const again = { ...told, ask: async (asking = {}) => elsewhere.fetch(await told.request(asking)) };
    expect(await pinned(again)).toEqual(first);
  });

  it("moves on to the next in order when the pinned App is gone, and back when it is there again", async () => {
    const told = await withChecks(THREE);
    const first = await pinned(told);
    told.outside.github.uninstall(installationOf(8));
    const second = await pinned(told);
    expect(second).not.toContain(8);
    for (const [index, app] of first.entries()) if (app !== 8) expect(second[index]).toBe(app);
    // The order is the hash's, not whoever has read.
    told.clock.now += HOUR;
    expect(await pinned(told)).toEqual(second);
    told.outside.github.install({
      app: 8,
      id: installationOf(8),
      owner: told.owner,
      permissions: { contents: "read", issues: "write", checks: "write" },
    });
    told.clock.now += 10 * MINUTE;
    expect(await pinned(told)).toEqual(first);
  });

  it("is not pinned where it is only read, or narrowed away", async () => {
    const told = await withChecks(THREE);
    const [pinnedTo] = await pinned(told);
    const free = THREE.map(({ id }) => id).filter((id) => id !== pinnedTo);
    for (const app of THREE) bucketOf(told, app.id).used = app.id === free[0] ? 0 : 4_000;
    const seen = new Set<number | undefined>();
    for (let i = 0; i < 9; i++) {
      told.outside.forgetCalls();
      const answer = await told.ask({ query: { permissions: "issues:write,checks:read" } });
      expect(answer.status).toBe(200);
      seen.add(mintedBy(told).at(-1));
      told.clock.now += 2 * MINUTE;
    }
    expect([...seen].some((app) => app !== pinnedTo)).toBe(true);
  });
});

describe("two keys of one App, while rotating", () => {
  it.each([
    ["the old one is gone at GitHub", [1, 0]],
    ["the new one is not yet known at GitHub", [0, 1]],
  ])("%s: the exchange works", async (_about, keySlots) => {
    const told = await storyOfApps([{ id: 7, keySlots }]);
    await granted(told);
    expect(living(told)).toHaveLength(1);
    told.outside.forgetCalls();
    await granted(told);
    // What was learned is remembered: a warm exchange is one call again.
    expect(told.outside.calls.map(({ route, status }) => [route, status])).toEqual([["gh.mint", 201]]);
  });

  it("the key is withdrawn between two exchanges: the other one mints, once", async () => {
    const told = await storyOfApps([{ id: 7, keySlots: [0, 1] }]);
    await granted(told);
    const { appKeys } = await import("../emulators/core/keys.ts");
    const app = told.outside.github.world.apps.find(({ id }) => id === 7);
    app?.publicKeys.splice(0, 1, (await appKeys(1)).publicKey);
    told.outside.forgetCalls();
    await granted(told);
    expect(told.outside.calls.map(({ route, status }) => [route, status])).toEqual([
      ["gh.mint", 401],
      ["gh.mint", 201],
    ]);
  });

  it("neither is known: two attempts at the mint and no more", async () => {
    const told = await storyOfApps([{ id: 7, keySlots: [0, 1] }]);
    await granted(told);
    told.outside.forgetCalls();
    told.outside.fault({ route: "gh.mint", kind: "status", status: 401 });
    expect((await told.ask()).body.reason).toBe("app_credentials_rejected");
    expect(told.outside.calls.filter(isGrantMint)).toHaveLength(2);
  });
});
