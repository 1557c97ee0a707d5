// What is remembered, for how long, and what never is: policies, installations, and the two tiers. Each isolate is a memory of its
// own over the same KV; the clock is the test's.

import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { Fault } from "../emulators/outside.ts";
import { APP_ID, PERMISSIONS, POLICY, type Story, story } from "../exchange/story.ts";
import { counts, HOUR, living, MINUTE, policyPath, putPolicy, routes, storedValues, watchedKv } from "./support.ts";

beforeEach(() => reset());

const READ: Pick<Fault, "route" | "match"> = { route: "gh.contents", match: "deploy.sts.yaml" };

const other = (told: Story) =>
  `issuer: https://issuer.example\nsubject: ${told.owner}\npermissions:\n  issues: write\n`;
const remove = ({ outside, owner }: Story) => outside.github.removeFile(`${owner}/app`, policyPath("deploy"));

async function reasonOf(told: Story, worker = told.worker): Promise<unknown> {
  const { status, body } = await worker.fetch(await told.request());
  return status === 200 ? "granted" : body.reason;
}

describe("trust policies", () => {
  it("are fresh for five minutes", async () => {
    const told = await story();
    expect(await reasonOf(told)).toBe("granted");
    putPolicy(told, other(told));
    told.clock.now += 5 * MINUTE - 1;
    expect(await reasonOf(told)).toBe("granted");
    told.clock.now += 1;
    expect(await reasonOf(told)).toBe("issuer_mismatch");
  });

  it("that are broken are remembered for five minutes as well", async () => {
    const told = await story({ policy: "issuer: [\n" });
    expect(await reasonOf(told)).toBe("policy_invalid");
    putPolicy(told, POLICY(told.owner));
    told.clock.now += 5 * MINUTE - 1;
    told.outside.forgetCalls();
    expect(await reasonOf(told)).toBe("policy_invalid");
    expect(routes(told)).toEqual([]);
    told.clock.now += 1;
    expect(await reasonOf(told)).toBe("granted");
  });

  it("that are not there are remembered for five minutes", async () => {
    const told = await story({ policy: undefined });
    expect(await reasonOf(told)).toBe("policy_not_found");
    putPolicy(told, POLICY(told.owner));
    told.clock.now += 5 * MINUTE - 1;
    expect(await reasonOf(told)).toBe("policy_not_found");
    told.clock.now += 1;
    expect(await reasonOf(told)).toBe("granted");
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
    const told = await story();
    expect(await reasonOf(told)).toBe("granted");
    told.outside.fault({ ...READ, ...fault });
    told.clock.now += HOUR - 1;
    expect(await reasonOf(told)).toBe("granted");
    expect(counts(told.worker).stale_served).toBe(1);
    told.clock.now += 1;
    expect(await reasonOf(told)).not.toBe("granted");
    expect(living(told)).toHaveLength(2);
  });

  it.each([
    ["a bare 403", { kind: "bare403" }, "github_forbidden"],
    ["404", { kind: "status", status: 404 }, "policy_not_found"],
    ["a redirect for good", { kind: "redirect", status: 301 }, "repository_not_visible"],
  ] as const)("are not served stale for %s", async (_about, fault, reason) => {
    const told = await story();
    expect(await reasonOf(told)).toBe("granted");
    told.outside.fault({ ...READ, ...fault });
    told.clock.now += 10 * MINUTE;
    expect(await reasonOf(told)).toBe(reason);
  });

  it("are not served stale when they no longer say what they said", async () => {
    const told = await story();
    await told.ask();
    putPolicy(told, "issuer: [\n");
    told.clock.now += 5 * MINUTE;
    expect(await reasonOf(told)).toBe("policy_invalid");
    told.outside.fault({ ...READ, kind: "status", status: 500 });
    told.clock.now += 5 * MINUTE;
    expect(await reasonOf(told)).toBe("github_unavailable");
  });
});

describe("a deleted policy never returns", () => {
  async function deleted(): Promise<Story> {
    const told = await story();
    expect(await reasonOf(told)).toBe("granted");
    remove(told);
    told.clock.now += 6 * MINUTE;
    return told;
  }

  const outage = (told: Story) => told.outside.fault({ ...READ, kind: "status", status: 500 });

  it("in the isolate that saw the 404", async () => {
    const told = await deleted();
    expect(await reasonOf(told)).toBe("policy_not_found");
    outage(told);
    told.clock.now += 6 * MINUTE;
    expect(await reasonOf(told)).toBe("github_unavailable");
  });

  it("in another isolate, which held it in memory, over the same KV", async () => {
    const told = await deleted();
    const holding = told.isolate();
    told.clock.now -= 6 * MINUTE;
    expect(await reasonOf(told, holding)).toBe("granted");
    told.clock.now += 6 * MINUTE;
    expect(await reasonOf(told)).toBe("policy_not_found");
    outage(told);
    told.clock.now += 6 * MINUTE;
    expect(await reasonOf(told, holding)).toBe("github_unavailable");
  });

  it("not even where a later write brought the old entry back to KV", async () => {
    const told = await deleted();
    const before = await storedValues();
    expect(await reasonOf(told)).toBe("policy_not_found");
    // A slower isolate's write of what it had read before: KV has no compare-and-set.
    for (const [key, value] of before) await env.STS_CACHE.put(key, JSON.stringify(value));
    outage(told);
    told.clock.now += MINUTE;
    expect(await reasonOf(told, told.isolate())).toBe("github_unavailable");
  });

  it("in the isolate where only an unverified caller learned of it, and in every other: with one write", async () => {
    const kv = watchedKv();
    const told = await story({ bindings: { STS_CACHE: kv.binding } });
    expect(await reasonOf(told)).toBe("granted");
    remove(told);
    told.clock.now += 6 * MINUTE;
    kv.puts.length = 0;
    const stranger = await told.ask({ issuer: told.stranger });
    expect(stranger.body.reason).toBe("not_found");
    expect(told.worker.audits().at(-1)).toMatchObject({ reason: "policy_not_found" });
    expect(kv.puts.map(({ value }) => JSON.parse(JSON.parse(value).tuple)[0])).toEqual(["tombstone"]);
    await told.ask({ issuer: told.stranger });
    expect(kv.puts).toHaveLength(1);
    outage(told);
    expect(await reasonOf(told, told.isolate())).toBe("github_unavailable");
    for (const [minutes, reason] of [
      [4, "policy_not_found"],
      [1, "github_unavailable"],
      [40, "github_unavailable"],
    ] as const) {
      told.clock.now += minutes * MINUTE;
      expect(await reasonOf(told)).toBe(reason);
    }
  });
});

describe("installations", () => {
  const id = ({ outside, owner }: Story) =>
    outside.github.world.installations.find(({ account }) => account.login === owner)?.id ?? 0;

  const reinstall = (told: Story) => {
    told.outside.github.uninstall(id(told));
    told.outside.github.install({ app: APP_ID, owner: told.owner, permissions: PERMISSIONS });
  };

  it("are kept for an hour", async () => {
    const told = await story();
    await told.ask();
    told.outside.forgetCalls();
    told.clock.now += HOUR - 1;
    expect(await reasonOf(told)).toBe("granted");
    expect(told.outside.count("gh.installations")).toBe(0);
    told.clock.now += 1;
    expect(await reasonOf(told)).toBe("granted");
    expect(told.outside.count("gh.installations")).toBe(1);
  });

  it("that are not there are remembered for five minutes", async () => {
    const told = await story({ install: false });
    expect(await reasonOf(told)).toBe("app_not_installed");
    told.outside.github.install({ app: APP_ID, owner: told.owner, permissions: PERMISSIONS });
    told.clock.now += 5 * MINUTE - 1;
    told.outside.forgetCalls();
    expect(await reasonOf(told)).toBe("app_not_installed");
    expect(routes(told)).toEqual([]);
    told.clock.now += 1;
    expect(await reasonOf(told)).toBe("granted");
  });

  it("of a reinstalled App are looked up once more in the same exchange: found by the read token's mint", async () => {
    const told = await story();
    await told.ask();
    reinstall(told);
    told.clock.now += 5 * MINUTE;
    told.outside.forgetCalls();
    expect(await reasonOf(told)).toBe("granted");
    expect(routes(told)).toEqual([
      "gh.mint",
      "gh.repo_installation",
      "gh.mint",
      "gh.contents",
      "gh.contents",
      "gh.mint",
    ]);
  });

  it("of a reinstalled App are looked up once more in the same exchange: found by the final mint", async () => {
    const told = await story();
    await told.ask();
    reinstall(told);
    told.outside.forgetCalls();
    expect(await reasonOf(told)).toBe("granted");
    expect(routes(told)).toEqual(["gh.mint", "gh.repo_installation", "gh.mint"]);
    // And the new one is what the next exchange, in any isolate, uses.
    told.outside.forgetCalls();
    expect(await reasonOf(told, told.isolate())).toBe("granted");
    expect(routes(told)).toEqual(["gh.mint"]);
  });

  it.each([
    ["the read token's mint", 5 * MINUTE, "app_not_installed"],
    ["the final mint", 0, "repository_not_visible"],
  ] as const)("of an uninstalled App are dropped: found by %s", async (_about, waitUntil, reason) => {
    const told = await story();
    await told.ask();
    told.outside.github.uninstall(id(told));
    told.clock.now += waitUntil;
    expect(await reasonOf(told)).toBe(reason);
    expect(await reasonOf(told)).toBe("app_not_installed");
    told.outside.forgetCalls();
    expect(await reasonOf(told)).toBe("app_not_installed");
    expect(routes(told)).toEqual([]);
  });

  it("that were suspended are dropped: found by either mint", async () => {
    const told = await story();
    await told.ask();
    told.outside.github.suspend(id(told));
    expect(await reasonOf(told)).toBe("installation_suspended");
    told.outside.github.unsuspend(id(told));
    expect(await reasonOf(told)).toBe("granted");
    told.outside.github.suspend(id(told));
    told.clock.now += 5 * MINUTE;
    expect(await reasonOf(told)).toBe("installation_suspended");
  });

  it("that are suspended are remembered for five minutes: the suspension may be lifted at any time", async () => {
    const told = await story();
    await told.ask();
    told.outside.github.suspend(id(told));
    told.clock.now += 5 * MINUTE;
    expect(await reasonOf(told)).toBe("installation_suspended");
    told.outside.forgetCalls();
    expect(await reasonOf(told)).toBe("installation_suspended");
    expect(await reasonOf(told)).toBe("installation_suspended");
    expect(routes(told)).toEqual(["gh.repo_installation"]);
    told.outside.github.unsuspend(id(told));
    told.clock.now += 5 * MINUTE - 1;
    expect(await reasonOf(told)).toBe("installation_suspended");
    told.clock.now += 1;
    expect(await reasonOf(told)).toBe("granted");
  });

  it("that are refused by 401 are dropped, and looked up again", async () => {
    const told = await story();
    await told.ask();
    told.outside.forgetCalls();
    told.outside.fault({ route: "gh.mint", kind: "status", status: 401, times: 1 });
    expect(await reasonOf(told)).toBe("granted");
    expect(routes(told)).toEqual(["gh.mint", "gh.repo_installation", "gh.mint"]);
  });
});

describe("the two tiers", () => {
  it("memory is asked for a minute, then KV, and GitHub only when neither is fresh", async () => {
    const kv = watchedKv();
    const told = await story({ bindings: { STS_CACHE: kv.binding } });
    await told.ask();
    kv.gets.length = 0;
    told.outside.forgetCalls();
    told.clock.now += MINUTE - 1;
    await told.ask();
    expect(kv.gets).toEqual([]);
    told.clock.now += 1;
    await told.ask();
    // Policy, allow-list, installation (with its repository), the issuer's keys; and the tombstones of either file, of either
    // repository, and of the owner.
    expect(new Set(kv.gets).size).toBe(10);
    expect(routes(told)).toEqual(["gh.mint", "gh.mint"]);
  });

  it("a change that one isolate learned reaches another within a minute", async () => {
    const told = await story();
    const another = told.isolate();
    await told.ask();
    expect(await reasonOf(told, another)).toBe("granted");
    putPolicy(told, other(told));
    told.clock.now += 5 * MINUTE;
    expect(await reasonOf(told)).toBe("issuer_mismatch");
    told.outside.forgetCalls();
    expect(await reasonOf(told, another)).toBe("issuer_mismatch");
    expect(routes(told)).toEqual([]);
  });

  it.each(["get", "put", "all"] as const)("KV that fails at %s is a miss, and is logged", async (what) => {
    const kv = watchedKv();
    const told = await story({ bindings: { STS_CACHE: kv.binding } });
    kv.fail = what;
    expect(await reasonOf(told)).toBe("granted");
    expect(await reasonOf(told)).toBe("granted");
    told.clock.now += 2 * MINUTE;
    expect(await reasonOf(told)).toBe("granted");
    const failed = told.worker.logs.filter(({ type }) => type === "kv_failed").map(({ operation }) => operation);
    expect(new Set(failed)).toEqual(new Set(what === "all" ? ["get", "put"] : [what]));
    expect(living(told)).toHaveLength(3);
  });

  it("strangers cause no write, whatever they ask for", async () => {
    const kv = watchedKv();
    const told = await story({ bindings: { STS_CACHE: kv.binding } });
    const { stranger, owner } = told;
    for (const scope of [`${owner}/app`, `${owner}/nonexistent`, owner, "nobody/nothing"]) {
      const answer = await told.ask({ issuer: stranger, scope });
      expect(answer.body.reason).toBe("not_found");
    }
    putPolicy(told, POLICY(owner, stranger.url), "theirs");
    const forged = await told.ask({ issuer: stranger, identity: "theirs", sign: { tamper: "flip-sig" } });
    expect(forged.body.reason).toBe("not_found");
    const bad = await told.ask({ sign: { tamper: "flip-sig" } });
    expect(bad.body.reason).toBe("signature_invalid");
    expect(kv.puts).toEqual([]);
    const proven = await told.isolate().fetch(await told.request({ issuer: stranger, identity: "theirs" }));
    expect(proven.status).toBe(200);
    expect(kv.puts.length).toBeGreaterThan(0);
  });

  it("a value copied under another tenant's key is a miss", async () => {
    const told = await story();
    const theirs = await story();
    remove(theirs);
    await told.ask();
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
    theirs.outside.forgetCalls();
    const answer = await theirs.isolate().fetch(await theirs.request());
    expect(answer.body.reason).toBe("policy_not_found");
    expect(routes(theirs)).toEqual(expect.arrayContaining(["gh.repo_installation", "gh.mint", "gh.contents"]));
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
    const told = await story();
    await told.ask();
    const stored = await storedValues();
    for (const [key, value] of stored) await env.STS_CACHE.put(key, spoil(value));
    told.outside.forgetCalls();
    expect(await reasonOf(told, told.isolate())).toBe("granted");
    expect(routes(told).filter((route) => route.startsWith("gh."))).toEqual([
      "gh.repo_installation",
      "gh.mint",
      "gh.contents",
      "gh.contents",
      "gh.mint",
    ]);
  });

  it("holds nothing that looks like a token or a key", async () => {
    const told = await story();
    putPolicy(told, POLICY(told.owner, told.stranger.url), "theirs");
    await told.ask();
    await told.ask({ issuer: told.stranger, identity: "theirs" });
    await told.ask({ identity: "none" });
    remove(told);
    told.clock.now += 10 * MINUTE;
    await told.ask();
    const values = JSON.stringify([...(await storedValues())]);
    expect(values.length).toBeGreaterThan(1_000);
    for (const { value } of told.outside.github.tokens) expect(values).not.toContain(value);
    // Installation tokens, JWTs of whoever, PEM, and the private members of RSA, EC and symmetric keys.
    expect(values).not.toMatch(/ghs_|eyJ[\w-]+\.|PRIVATE KEY|"(?:d|p|q|dp|dq|qi|k)\\*":/);
  });
});

type Stored = Readonly<Record<string, unknown>>;
