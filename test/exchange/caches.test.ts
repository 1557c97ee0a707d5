// What is remembered, for how long, and what never is: policies, installations, and the two tiers. Each isolate is a memory of its
// own over the same KV; the clock is the test's.

import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { storedValues, watchedKv } from "../support/kv.ts";
import type { Fault } from "../support/network.ts";
import { reset } from "../support/storage.ts";
import { APP_ID, createWorld, HOUR, MINUTE, PERMISSIONS, POLICY, policyPath, type World } from "../support/world.ts";

beforeEach(() => reset());

const READ: Pick<Fault, "route" | "match"> = { route: "gh.contents", match: "deploy.sts.yaml" };

const other = (world: World) =>
  `issuer: https://issuer.example\nsubject: ${world.owner}\npermissions:\n  issues: write\n`;
const remove = ({ network, owner }: World) => network.github.removeFile(`${owner}/app`, policyPath("deploy"));

async function reasonOf(world: World, worker = world.worker): Promise<unknown> {
  const { status, body } = await worker.fetch(await world.request());
  return status === 200 ? "granted" : body.reason;
}

describe("trust policies", () => {
  it("are fresh for five minutes", async () => {
    const world = await createWorld();
    expect(await reasonOf(world)).toBe("granted");
    world.putPolicy(other(world));
    world.clock.now += 5 * MINUTE - 1;
    expect(await reasonOf(world)).toBe("granted");
    world.clock.now += 1;
    expect(await reasonOf(world)).toBe("issuer_mismatch");
  });

  it("that are broken are remembered for five minutes as well", async () => {
    const world = await createWorld({ policy: "issuer: [\n" });
    expect(await reasonOf(world)).toBe("policy_invalid");
    world.putPolicy(POLICY(world.owner));
    world.clock.now += 5 * MINUTE - 1;
    world.network.forgetCalls();
    expect(await reasonOf(world)).toBe("policy_invalid");
    expect(world.routes()).toEqual([]);
    world.clock.now += 1;
    expect(await reasonOf(world)).toBe("granted");
  });

  it("that are not there are remembered for five minutes", async () => {
    const world = await createWorld({ policy: undefined });
    expect(await reasonOf(world)).toBe("policy_not_found");
    world.putPolicy(POLICY(world.owner));
    world.clock.now += 5 * MINUTE - 1;
    expect(await reasonOf(world)).toBe("policy_not_found");
    world.clock.now += 1;
    expect(await reasonOf(world)).toBe("granted");
  });

  it.each([
    ["a primary limit", { kind: "primary" }],
    ["a secondary limit", { kind: "secondary" }],
    ["429", { kind: "status", status: 429 }],
    ["500", { kind: "status", status: 500 }],
    ["no network", { kind: "network" }],
    ["a cut answer", { kind: "cut" }],
    ["garbage", { kind: "garbage" }],
  ] as const)("are served stale for one hour during %s, and no longer", async (_about, fault) => {
    const world = await createWorld();
    expect(await reasonOf(world)).toBe("granted");
    world.network.fault({ ...READ, ...fault });
    world.clock.now += HOUR - 1;
    expect(await reasonOf(world)).toBe("granted");
    expect(world.worker.counts().stale_served).toBe(1);
    world.clock.now += 1;
    expect(await reasonOf(world)).not.toBe("granted");
    expect(world.livingTokens()).toHaveLength(2);
  });

  it.each([
    ["a bare 403", { kind: "bare403" }, "github_forbidden"],
    ["404", { kind: "status", status: 404 }, "policy_not_found"],
    ["a redirect for good", { kind: "redirect", status: 301 }, "repository_not_visible"],
  ] as const)("are not served stale for %s", async (_about, fault, reason) => {
    const world = await createWorld();
    expect(await reasonOf(world)).toBe("granted");
    world.network.fault({ ...READ, ...fault });
    world.clock.now += 10 * MINUTE;
    expect(await reasonOf(world)).toBe(reason);
  });

  it("are not served stale when they no longer say what they said", async () => {
    const world = await createWorld();
    await world.ask();
    world.putPolicy("issuer: [\n");
    world.clock.now += 5 * MINUTE;
    expect(await reasonOf(world)).toBe("policy_invalid");
    world.network.fault({ ...READ, kind: "status", status: 500 });
    world.clock.now += 5 * MINUTE;
    expect(await reasonOf(world)).toBe("github_unavailable");
  });
});

describe("a deleted policy never returns", () => {
  async function deleted(): Promise<World> {
    const world = await createWorld();
    expect(await reasonOf(world)).toBe("granted");
    remove(world);
    world.clock.now += 6 * MINUTE;
    return world;
  }

  const outage = (world: World) => world.network.fault({ ...READ, kind: "status", status: 500 });

  it("in the isolate that saw the 404", async () => {
    const world = await deleted();
    expect(await reasonOf(world)).toBe("policy_not_found");
    outage(world);
    world.clock.now += 6 * MINUTE;
    expect(await reasonOf(world)).toBe("github_unavailable");
  });

  it("in another isolate, which held it in memory, over the same KV", async () => {
    const world = await deleted();
    const holding = world.isolate();
    world.clock.now -= 6 * MINUTE;
    expect(await reasonOf(world, holding)).toBe("granted");
    world.clock.now += 6 * MINUTE;
    expect(await reasonOf(world)).toBe("policy_not_found");
    outage(world);
    world.clock.now += 6 * MINUTE;
    expect(await reasonOf(world, holding)).toBe("github_unavailable");
  });

  it("not even where a later write brought the old entry back to KV", async () => {
    const world = await deleted();
    const before = await storedValues();
    expect(await reasonOf(world)).toBe("policy_not_found");
    // A slower isolate's write of what it had read before: KV has no compare-and-set.
    for (const [key, value] of before) await env.STS_CACHE.put(key, JSON.stringify(value));
    outage(world);
    world.clock.now += MINUTE;
    expect(await reasonOf(world, world.isolate())).toBe("github_unavailable");
  });

  it("in the isolate where only an unverified caller learned of it, and in every other: with one write", async () => {
    const kv = watchedKv();
    const world = await createWorld({ bindings: { STS_CACHE: kv.binding } });
    expect(await reasonOf(world)).toBe("granted");
    remove(world);
    world.clock.now += 6 * MINUTE;
    kv.puts.length = 0;
    const unknownIssuer = await world.ask({ issuer: world.unknownIssuer });
    expect(unknownIssuer.body.reason).toBe("not_found");
    expect(world.worker.audits().at(-1)).toMatchObject({ reason: "policy_not_found" });
    expect(kv.puts.map(({ value }) => JSON.parse(JSON.parse(value).tuple)[0])).toEqual(["tombstone"]);
    await world.ask({ issuer: world.unknownIssuer });
    expect(kv.puts).toHaveLength(1);
    outage(world);
    expect(await reasonOf(world, world.isolate())).toBe("github_unavailable");
    for (const [minutes, reason] of [
      [4, "policy_not_found"],
      [1, "github_unavailable"],
      [40, "github_unavailable"],
    ] as const) {
      world.clock.now += minutes * MINUTE;
      expect(await reasonOf(world)).toBe(reason);
    }
  });
});

describe("installations", () => {
  const id = ({ network, owner }: World) =>
    network.github.state.installations.find(({ account }) => account.login === owner)?.id ?? 0;

  const reinstall = (world: World) => {
    world.github.uninstall(id(world));
    world.github.install({ app: APP_ID, owner: world.owner, permissions: PERMISSIONS });
  };

  it("are kept for an hour", async () => {
    const world = await createWorld();
    await world.ask();
    world.network.forgetCalls();
    world.clock.now += HOUR - 1;
    expect(await reasonOf(world)).toBe("granted");
    expect(world.network.count("gh.installations")).toBe(0);
    world.clock.now += 1;
    expect(await reasonOf(world)).toBe("granted");
    expect(world.network.count("gh.installations")).toBe(1);
  });

  it("that are not there are remembered for five minutes", async () => {
    const world = await createWorld({ install: false });
    expect(await reasonOf(world)).toBe("app_not_installed");
    world.github.install({ app: APP_ID, owner: world.owner, permissions: PERMISSIONS });
    world.clock.now += 5 * MINUTE - 1;
    world.network.forgetCalls();
    expect(await reasonOf(world)).toBe("app_not_installed");
    expect(world.routes()).toEqual([]);
    world.clock.now += 1;
    expect(await reasonOf(world)).toBe("granted");
  });

  it("of a reinstalled App are looked up once more in the same exchange: found by the read token's mint", async () => {
    const world = await createWorld();
    await world.ask();
    reinstall(world);
    world.clock.now += 5 * MINUTE;
    world.network.forgetCalls();
    expect(await reasonOf(world)).toBe("granted");
    expect(world.routes()).toEqual([
      "gh.mint",
      "gh.repo_installation",
      "gh.mint",
      "gh.contents",
      "gh.contents",
      "gh.mint",
    ]);
  });

  it("of a reinstalled App are looked up once more in the same exchange: found by the final mint", async () => {
    const world = await createWorld();
    await world.ask();
    reinstall(world);
    world.network.forgetCalls();
    expect(await reasonOf(world)).toBe("granted");
    expect(world.routes()).toEqual(["gh.mint", "gh.repo_installation", "gh.mint"]);
    // And the new one is what the next exchange, in any isolate, uses.
    world.network.forgetCalls();
    expect(await reasonOf(world, world.isolate())).toBe("granted");
    expect(world.routes()).toEqual(["gh.mint"]);
  });

  it.each([
    ["the read token's mint", 5 * MINUTE],
    ["the final mint", 0],
  ] as const)("of an uninstalled App are dropped, and the owner is led to install it: found by %s", async (_, wait) => {
    const world = await createWorld();
    await world.ask();
    world.github.uninstall(id(world));
    world.clock.now += wait;
    const { status, body } = await world.ask();
    const link = `https://github.com/apps/app-${APP_ID}/installations/new`;
    expect({ status, reason: body.reason }).toEqual({ status: 404, reason: "app_not_installed" });
    expect(body.message).toContain(link);
    world.network.forgetCalls();
    expect(await reasonOf(world)).toBe("app_not_installed");
    expect(world.routes()).toEqual([]);
  });

  it.each([
    ["suspended", (world: World, to: number) => world.github.suspend(to), "installation_suspended"],
    [
      "limited",
      (world: World) => world.network.fault({ route: "gh.repo_installation", kind: "primary" }),
      "github_rate_limited",
    ],
    [
      "unreachable",
      (world: World) => world.network.fault({ route: "gh.repo_installation", kind: "network" }),
      "github_unavailable",
    ],
  ] as const)(
    "of an App that was uninstalled, and is %s when it is looked up again: that is told",
    async (_, happens, reason) => {
      const world = await createWorld();
      await world.ask();
      reinstall(world);
      happens(world, id(world));
      expect(await reasonOf(world)).toBe(reason);
      expect(world.github.tokens.filter(({ permissions, revoked }) => permissions.issues && !revoked)).toHaveLength(1);
    },
  );

  it("that were suspended are dropped: found by either mint", async () => {
    const world = await createWorld();
    await world.ask();
    world.github.suspend(id(world));
    expect(await reasonOf(world)).toBe("installation_suspended");
    world.github.unsuspend(id(world));
    expect(await reasonOf(world)).toBe("granted");
    world.github.suspend(id(world));
    world.clock.now += 5 * MINUTE;
    expect(await reasonOf(world)).toBe("installation_suspended");
  });

  it("that are suspended are remembered for five minutes: the suspension may be lifted at any time", async () => {
    const world = await createWorld();
    await world.ask();
    world.github.suspend(id(world));
    world.clock.now += 5 * MINUTE;
    expect(await reasonOf(world)).toBe("installation_suspended");
    world.network.forgetCalls();
    expect(await reasonOf(world)).toBe("installation_suspended");
    expect(await reasonOf(world)).toBe("installation_suspended");
    expect(world.routes()).toEqual(["gh.repo_installation"]);
    world.github.unsuspend(id(world));
    world.clock.now += 5 * MINUTE - 1;
    expect(await reasonOf(world)).toBe("installation_suspended");
    world.clock.now += 1;
    expect(await reasonOf(world)).toBe("granted");
  });

  it("that are refused by 401 are dropped, and looked up again", async () => {
    const world = await createWorld();
    await world.ask();
    world.network.forgetCalls();
    world.network.fault({ route: "gh.mint", kind: "status", status: 401, times: 1 });
    expect(await reasonOf(world)).toBe("granted");
    expect(world.routes()).toEqual(["gh.mint", "gh.repo_installation", "gh.mint"]);
  });
});

describe("the two tiers", () => {
  it("memory is asked for a minute, then KV, and GitHub only when neither is fresh", async () => {
    const kv = watchedKv();
    const world = await createWorld({ bindings: { STS_CACHE: kv.binding } });
    await world.ask();
    kv.gets.length = 0;
    kv.reads.length = 0;
    world.network.forgetCalls();
    world.clock.now += MINUTE - 1;
    await world.ask();
    expect(kv.gets).toEqual([]);
    world.clock.now += 1;
    await world.ask();
    // Policy, allow-list, installation (with its repository), the issuer's keys; and the tombstones of either file, of either
    // repository, and of the owner.
    expect(new Set(kv.gets).size).toBe(10);
    // In one operation what is known at the same time: keys, files with their tombstones, installation.
    expect(kv.reads).toEqual([1, 7, 2]);
    expect(world.routes()).toEqual(["gh.mint", "gh.mint"]);
  });

  it("a change that one isolate learned reaches another within a minute", async () => {
    const world = await createWorld();
    const another = world.isolate();
    await world.ask();
    expect(await reasonOf(world, another)).toBe("granted");
    world.putPolicy(other(world));
    world.clock.now += 5 * MINUTE;
    expect(await reasonOf(world)).toBe("issuer_mismatch");
    world.network.forgetCalls();
    expect(await reasonOf(world, another)).toBe("issuer_mismatch");
    expect(world.routes()).toEqual([]);
  });

  it.each(["get", "put", "all"] as const)("KV that fails at %s is a miss, and is logged", async (what) => {
    const kv = watchedKv();
    const world = await createWorld({ bindings: { STS_CACHE: kv.binding } });
    kv.fail = what;
    expect(await reasonOf(world)).toBe("granted");
    expect(await reasonOf(world)).toBe("granted");
    world.clock.now += 2 * MINUTE;
    expect(await reasonOf(world)).toBe("granted");
    const failed = world.worker.logs.filter(({ type }) => type === "kv_failed").map(({ operation }) => operation);
    expect(new Set(failed)).toEqual(new Set(what === "all" ? ["get", "put"] : [what]));
    expect(world.livingTokens()).toHaveLength(3);
  });

  it("strangers cause no write, whatever they ask for", async () => {
    const kv = watchedKv();
    const world = await createWorld({ bindings: { STS_CACHE: kv.binding } });
    const { unknownIssuer, owner } = world;
    for (const scope of [`${owner}/app`, `${owner}/nonexistent`, owner, "nobody/nothing"]) {
      const answer = await world.ask({ issuer: unknownIssuer, scope });
      expect(answer.body.reason).toBe("not_found");
    }
    world.putPolicy(POLICY(owner, unknownIssuer.url), "theirs");
    const forged = await world.ask({ issuer: unknownIssuer, identity: "theirs", sign: { tamper: "flip-sig" } });
    expect(forged.body.reason).toBe("not_found");
    const bad = await world.ask({ sign: { tamper: "flip-sig" } });
    expect(bad.body.reason).toBe("signature_invalid");
    expect(kv.puts).toEqual([]);
    const proven = await world.isolate().fetch(await world.request({ issuer: unknownIssuer, identity: "theirs" }));
    expect(proven.status).toBe(200);
    expect(kv.puts.length).toBeGreaterThan(0);
  });

  it("a value copied under another tenant's key is a miss", async () => {
    const world = await createWorld();
    const theirs = await createWorld();
    remove(theirs);
    await world.ask();
    const mine = await storedValues();
    expect(await reasonOf(theirs)).toBe("policy_not_found");
    const all = await storedValues();
    // Each of theirs is overwritten by mine of the same kind.
    let copied = 0;
    for (const [key, value] of all) {
      if (mine.has(key)) continue;
      const [kind] = JSON.parse(String(value.tuple));
      const twin = [...mine.values()].find(({ tuple }) => JSON.parse(String(tuple))[0] === kind);
      if (!twin) continue;
      copied += 1;
      await env.STS_CACHE.put(key, JSON.stringify(twin));
    }
    expect(copied).toBeGreaterThanOrEqual(3);
    theirs.network.forgetCalls();
    const answer = await theirs.isolate().fetch(await theirs.request());
    expect(answer.body.reason).toBe("policy_not_found");
    expect(theirs.routes()).toEqual(expect.arrayContaining(["gh.repo_installation", "gh.mint", "gh.contents"]));
    expect(theirs.grantMints()).toBe(0);
  });

  it.each([
    ["null", () => "null"],
    ["text", () => '"text"'],
    ["no JSON", () => "{"],
    ["no value", ({ tuple }: Stored) => JSON.stringify({ tuple, readAt: 0 })],
    [
      "a value of another shape",
      (stored: Stored) => JSON.stringify({ ...stored, value: { state: "present", kind: "found" } }),
    ],
    ["a value that is a list", (stored: Stored) => JSON.stringify({ ...stored, value: [] })],
    ["a time that is text", (stored: Stored) => JSON.stringify({ ...stored, readAt: "0" })],
  ] as const)("KV that holds %s is a miss", async (_about, spoil) => {
    const world = await createWorld();
    await world.ask();
    const stored = await storedValues();
    for (const [key, value] of stored) await env.STS_CACHE.put(key, spoil(value));
    world.network.forgetCalls();
    expect(await reasonOf(world, world.isolate())).toBe("granted");
    expect(world.routes().filter((route) => route.startsWith("gh."))).toEqual([
      "gh.repo_installation",
      "gh.mint",
      "gh.contents",
      "gh.contents",
      "gh.mint",
    ]);
  });

  it("holds nothing that looks like a token or a key", async () => {
    const world = await createWorld();
    world.putPolicy(POLICY(world.owner, world.unknownIssuer.url), "theirs");
    await world.ask();
    await world.ask({ issuer: world.unknownIssuer, identity: "theirs" });
    await world.ask({ identity: "none" });
    remove(world);
    world.clock.now += 10 * MINUTE;
    await world.ask();
    const values = JSON.stringify([...(await storedValues())]);
    expect(values.length).toBeGreaterThan(1_000);
    for (const { value } of world.github.tokens) expect(values).not.toContain(value);
    // Installation tokens, JWTs of whoever, PEM, and the private members of RSA, EC and symmetric keys.
    // The letters of a public key are made at random, and may have `ghs_` in their midst.
    expect(values).not.toMatch(/(?<![\w-])ghs_|eyJ[\w-]+\.|PRIVATE KEY|"(?:d|p|q|dp|dq|qi|k)\\*":/);
  });
});

type Stored = Readonly<Record<string, unknown>>;
