// When GitHub is left alone: what callers get meanwhile, whom it does not concern, and that it ends.

import { describe, expect, it } from "vitest";
import { Backoff } from "../../worker/github/backoff.ts";
import { createCheckRun } from "../../worker/github/checks.ts";
import { readFile } from "../../worker/github/contents.ts";
import type { ApiResult } from "../../worker/github/response.ts";
import { BREAKER_FAILURES, BREAKER_MS } from "../../worker/limits.ts";
import type { Fault } from "../support/network.ts";
import { createTestWorld, livingTokens, POLICY_PATH, type TestWorld } from "./world.ts";

const DOWN: ApiResult = { kind: "unavailable", problem: "status 500" };
const UP: ApiResult = { kind: "not_found", json: {} };

describe("what a call came to", () => {
  function backoff() {
    const clock = { now: 1_000_000 };
    const made = new Backoff(() => clock.now);
    const note = (...results: readonly ApiResult[]) => {
      for (const result of results) made.note("app 1", result);
    };
    return { clock, made, note, held: () => made.heldBack("app 1", {}) };
  }
  const limited = (retryAfterSeconds: number): ApiResult => ({
    kind: "rate_limited",
    limit: "secondary",
    retryAfterSeconds,
  });
  const times = (count: number, result: ApiResult) => Array.from({ length: count }, () => result);

  it("a limit: what is left of its time, to the second, then nothing", () => {
    const { clock, note, held } = backoff();
    note(limited(60));
    expect(held()).toEqual(limited(60));
    clock.now += 30_500;
    expect(held()).toEqual(limited(30));
    clock.now += 29_499;
    expect(held()).toEqual(limited(1));
    clock.now += 1;
    expect(held()).toBeUndefined();
  });

  it("a limit holds although an earlier call is answered", () => {
    const { note, held } = backoff();
    note(limited(60), UP);
    expect(held()).toEqual(limited(60));
  });

  it("failures in a row: a few seconds, and again after the next one", () => {
    const { clock, note, held } = backoff();
    note(...times(BREAKER_FAILURES - 1, DOWN));
    expect(held()).toBeUndefined();
    note(DOWN);
    expect(held()).toMatchObject({ kind: "unavailable" });
    clock.now += BREAKER_MS;
    expect(held()).toBeUndefined();
    note(DOWN);
    expect(held()).toMatchObject({ kind: "unavailable" });
    clock.now += BREAKER_MS;
    note(UP, ...times(BREAKER_FAILURES - 1, DOWN));
    expect(held()).toBeUndefined();
  });

  it.each<ApiResult>([{ kind: "deadline" }, { kind: "invalid", problem: "the answer was cut off" }])(
    "neither: %j",
    (result) => {
      const { note, held } = backoff();
      note(...times(20, result));
      expect(held()).toBeUndefined();
      note(...times(BREAKER_FAILURES - 1, DOWN), result, DOWN);
      expect(held()).toMatchObject({ kind: "unavailable" });
    },
  );

  it("concerns nobody else", () => {
    const { made, note } = backoff();
    note(limited(60), ...times(9, DOWN));
    expect(made.heldBack("app 2", {})).toBeUndefined();
    expect(made.heldBack("installation 1", {})).toBeUndefined();
  });
});

const FILE = { owner: "acme", repository: "app", path: POLICY_PATH };
const GRANT = { permissions: { contents: "read" }, repositories: ["app"] };

const uses = {
  "a look-up": ({ github, app, call }: TestWorld) => github.installations.find(app, { owner: "acme" }, call),
  "a read token": ({ github, app, installation, call }: TestWorld) =>
    github.mintReadToken(app, installation, ["app"], call),
  "the caller's token": ({ github, app, installation, call }: TestWorld) =>
    github.mintGrantToken(app, installation, GRANT, call),
  "the App": ({ github, app, call }: TestWorld) => github.getApp(app, call),
};

describe("an App that GitHub told to wait", () => {
  const faults: [Omit<Fault, "route">, number][] = [
    [{ kind: "primary" }, 1800],
    [{ kind: "secondary" }, 60],
    [{ kind: "status", status: 429, headers: { "retry-after": "7" } }, 7],
  ];
  it.each(faults)("sends nothing meanwhile, whatever was limited: %j", async (fault, seconds) => {
    for (const first of Object.values(uses)) {
      const world = await createTestWorld();
      world.network.fault({ route: "gh.*", ...fault, times: 1 });
      await first(world);
      expect(world.network.calls.length).toBe(1);
      world.clock.now += 2_000;
      for (const [title, next] of Object.entries(uses)) {
        const denial = { reason: "github_rate_limited", retryAfterSeconds: seconds - 2 };
        expect(await next(world), title).toMatchObject({ ok: false, denial });
      }
      expect(world.network.calls.length).toBe(1);
      // Nothing was sent, so there is no token that nobody saw.
      expect(world.call.counted).not.toContain("mint_unknown");
      expect(world.call.counted.filter((what) => what === "github_held_back")).toHaveLength(4);
      world.clock.now += (seconds - 2) * 1000;
      for (const [title, next] of Object.entries(uses)) expect(await next(world), title).toMatchObject({ ok: true });
    }
  });

  it("leaves the other Apps to work", async () => {
    const world = await createTestWorld({ apps: 2 });
    const [, other] = world.apps;
    if (other === undefined) throw new Error("two Apps");
    world.network.fault({ route: "gh.org_installation", kind: "primary", times: 1 });
    await uses["a look-up"](world);
    expect(await world.github.installations.find(other, { owner: "acme" }, world.call)).toMatchObject({ ok: true });
  });
});

describe("an installation that GitHub told to wait", () => {
  async function limitedWorld() {
    const world = await createTestWorld();
    const minted = await uses["a read token"](world);
    if (!minted.ok) throw new Error(minted.denial.reason);
    const { token } = minted.value;
    world.network.fault({ route: "gh.contents", kind: "secondary", times: 1 });
    const read = () => readFile(world.github, token, FILE, world.call);
    await read();
    world.network.forgetCalls();
    return { world, token, read };
  }
  const denial = { reason: "github_rate_limited", limit: "secondary", retryAfterSeconds: 60 };

  it("is asked nothing, and gets no token to ask with", async () => {
    const { world, read } = await limitedWorld();
    expect(await read()).toEqual({ kind: "denied", denial });
    expect(await uses["a read token"](world)).toEqual({ ok: false, denial });
    expect(world.network.calls).toEqual([]);
    world.clock.now += 60_000;
    expect(await read()).toMatchObject({ kind: "found" });
  });

  it("is told all the same what a check came to", async () => {
    const { world } = await limitedWorld();
    const minted = await world.github.mintCheckToken(world.app, world.installation, "app", world.call);
    if (!minted.ok) throw new Error(minted.denial.reason);
    const head = world.network.github.repository("acme/app").git.branches.get("main") ?? "";
    const output = { title: "not done", summary: "a limit" };
    const verdict = { conclusion: "failure", detailsUrl: "https://sts.example/", output } as const;
    const run = { owner: "acme", repository: "app", head, verdict };
    const made = await createCheckRun(world.github, minted.value.token, run, world.call);
    expect(made).toMatchObject({ kind: "found", value: { conclusion: "failure" } });
    expect(await readFile(world.github, minted.value.token, FILE, world.call)).toEqual({ kind: "denied", denial });
  });

  it("still gives callers what costs none of its quota, and takes tokens back", async () => {
    const { world, token } = await limitedWorld();
    expect(await uses["the caller's token"](world)).toMatchObject({ ok: true });
    expect(await world.github.revoke(token)).toBe("revoked");
    expect(livingTokens(world)).toHaveLength(1);
  });

  it("is no other installation", async () => {
    const { world } = await limitedWorld();
    world.network.github.addUser("mona", { id: 77 });
    world.network.github.addRepository("mona/app", { files: { [POLICY_PATH]: "issuer: x\n" } });
    world.network.github.install({ app: 1, owner: "mona", permissions: { contents: "read" }, id: 300 });
    const installation = { ...world.installation, id: 300, owner: "mona", accountId: 77 };
    const minted = await uses["a read token"]({ ...world, installation });
    if (!minted.ok) throw new Error(minted.denial.reason);
    const read = await readFile(world.github, minted.value.token, { ...FILE, owner: "mona" }, world.call);
    expect(read).toMatchObject({ kind: "found" });
  });
});

describe("a GitHub that fails", () => {
  const failures: Omit<Fault, "route">[] = [
    { kind: "status", status: 500 },
    { kind: "status", status: 503 },
    { kind: "network" },
  ];
  it.each(failures)("is asked a bounded number of times, by however many: %j", async (fault) => {
    for (const [title, use] of Object.entries(uses)) {
      const world = await createTestWorld();
      world.network.fault({ route: "gh.*", ...fault });
      for (let i = 0; i < 60; i += 1) {
        expect(await use(world), title).toMatchObject({ ok: false, denial: { reason: "github_unavailable" } });
      }
      // A call that may be repeated is sent twice.
      expect(world.network.calls.length).toBeLessThanOrEqual(2 * BREAKER_FAILURES);
      world.network.clearFaults();
      world.clock.now += BREAKER_MS;
      expect(await use(world), title).toMatchObject({ ok: true });
    }
  });

  it("for one installation's files is asked for another's", async () => {
    const world = await createTestWorld();
    const minted = await uses["a read token"](world);
    if (!minted.ok) throw new Error(minted.denial.reason);
    world.network.fault({ route: "gh.contents", kind: "status", status: 502 });
    for (let i = 0; i < 20; i += 1) await readFile(world.github, minted.value.token, FILE, world.call);
    expect(world.network.count("gh.contents")).toBe(2 * BREAKER_FAILURES);
    expect(await uses["the caller's token"](world)).toMatchObject({ ok: true });
    expect(await uses["a look-up"](world)).toMatchObject({ ok: true });
  });

  it("has its mints counted as unknown only where they were sent", async () => {
    const world = await createTestWorld();
    world.network.fault({ route: "gh.mint", kind: "status", status: 500 });
    for (let i = 0; i < 20; i += 1) await uses["the caller's token"](world);
    expect(world.call.counted.filter((what) => what === "mint_unknown")).toHaveLength(BREAKER_FAILURES);
  });
});
