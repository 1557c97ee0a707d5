// The audit event as its reader finds it: what an exchange did, where it spent its time, who got what by which revision, and never
// anything that could be used. isolate.ts holds every event of every test against its schema.

import { HTTP } from "cloudevents";
import { beforeEach, describe, expect, it } from "vitest";
import { reset } from "../support/storage.ts";
import { createWorld, DOMAIN, LIST, POLICY, type World } from "../support/world.ts";

beforeEach(() => reset());

const last = (world: World) => world.worker.audits().at(-1);

const TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

describe("where an exchange spent its time", () => {
  const MINT = "POST /app/installations/{installation_id}/access_tokens";
  const CONTENTS = "GET /repos/{owner}/{repo}/contents/{+path}";

  it("has each call by its route's template, and each step", async () => {
    const world = await createWorld({ policy: undefined });
    world.putPolicy(POLICY(world.owner));
    world.network.fault({
      route: "gh.mint",
      kind: "status",
      status: 502,
      headers: { "x-github-request-id": "AB:1" },
      times: 1,
    });
    world.network.fault({ route: "gh.revoke", kind: "network", times: 1 });
    // What the outside takes is what the clock shows.
    const { fetch } = world.network;
    Object.assign(world.network, {
      fetch: (request: Request) => {
        world.clock.now += 10;
        return fetch(request);
      },
    });
    await world.ask();
    const outcome = (route: string, ...outcomes: string[]) => ({ route, count: outcomes.length, outcomes });
    const event = last(world);
    expect(event?.calls).toMatchObject([
      outcome("GET {issuer}/.well-known/openid-configuration", "200"),
      outcome("GET {jwks_uri}", "200"),
      outcome("GET /repos/{owner}/{repo}/installation", "200"),
      { ...outcome(MINT, "502", "201", "201"), github_request_id: "AB:1" },
      outcome(CONTENTS, "404", "200"),
      outcome("DELETE /installation/token", "network", "204"),
    ]);
    expect(Object.keys(event?.steps_ms ?? {})).toEqual(["request", "verify", "open", "read", "mint"]);
    const steps: number[] = Object.values(event?.steps_ms ?? {});
    expect(steps.reduce((sum, ms) => sum + ms)).toBe(event?.duration_ms);
    // Revocations come after the answer.
    expect(event?.duration_ms).toBe(80);
  });

  it("has each cache's part", async () => {
    const world = await createWorld();
    const caches = { issuer_keys: "miss", installation: "miss", policy: "miss", allow_list: "miss" };
    await world.ask();
    expect(last(world)?.caches).toEqual(caches);
    await world.ask();
    expect(last(world)?.caches).toEqual({
      issuer_keys: "memory",
      installation: "memory",
      policy: "memory",
      allow_list: "negative",
    });
    const other = world.isolate();
    await other.fetch(await world.request());
    expect(other.audits()[0]?.caches).toEqual({
      issuer_keys: "kv",
      installation: "kv",
      policy: "kv",
      allow_list: "negative",
    });
    await world.ask({ identity: "none" });
    await world.ask({ identity: "none" });
    expect(last(world)?.caches).toMatchObject({ policy: "negative" });
    world.network.fault({ route: "gh.contents", kind: "status", status: 502 });
    world.clock.now += 6 * 60_000;
    await world.ask();
    expect(last(world)).toMatchObject({
      outcome: "granted",
      caches: { policy: "stale", allow_list: "stale", installation: "kv" },
    });
    world.network.fault({ route: "oidc.discovery", kind: "status", status: 503 });
    world.clock.now += 55 * 60_000;
    await world.ask();
    expect(last(world)?.caches).toMatchObject({ issuer_keys: "stale" });
    const cold = world.isolate({ KNOWN_ISSUERS: world.unknownIssuer.url });
    const failing = await world.request({ issuer: world.unknownIssuer });
    await cold.fetch(failing.clone());
    await cold.fetch(failing);
    expect(cold.audits().map((event) => event.caches)).toMatchObject([
      { issuer_keys: "miss" },
      { issuer_keys: "negative" },
    ]);
  });
});

describe("who asked for what", () => {
  it("has the claims that the policy looked at, what it grants, and what was asked for of that", async () => {
    const world = await createWorld();
    const more = "claim_pattern:\n  ref: refs/heads/.*\n  job/groups: b|x\n";
    world.putPolicy(`${POLICY(world.owner)}  contents: read\n${more}`);
    const claims = { job: { groups: ["a", "b"] } };
    await world.ask({ claims, query: { permissions: "issues:read" }, headers: { traceparent: TRACEPARENT } });
    expect(last(world)).toMatchObject({
      route: "/sts/exchange",
      traceparent: TRACEPARENT,
      narrowing: { permissions: { issues: "read" } },
      actor: {
        verified: true,
        claims: [
          { name: "job/groups", value: ["a", "b"] },
          { name: "ref", value: "refs/heads/main" },
        ],
      },
      owner: world.owner,
      owner_id: world.ownerId,
      trust_policy: { permissions: { issues: "write", contents: "read" }, repositories: ["app"] },
      permissions: { issues: "read", metadata: "read" },
      repositories: ["app"],
    });
    await world.ask({ query: { repositories: "app", dry_run: "true" }, claims });
    expect(last(world)).toMatchObject({ outcome: "would_grant", dry_run: true, narrowing: { repositories: ["app"] } });
  });

  it("has what little there is of a request that cannot be read", async () => {
    const world = await createWorld();
    await world.ask({ identity: "a/../b", authorization: "Bearer a.b.c" });
    expect(Object.keys(last(world) ?? {}).sort()).toEqual(
      [
        ...["calls", "caches", "counts", "details", "duration_ms", "error", "outcome", "reason", "reported_reason"],
        ...["request_id", "route", "steps_ms", "time", "type"],
      ].sort(),
    );
    expect(last(world)?.error).toMatch(/^invalid identity: expected segments/);
  });

  it("has the clause that decided before a token was verified, and the whole reason, whatever was told", async () => {
    const world = await createWorld();
    const { body } = await world.ask({ issuer: world.unknownIssuer });
    expect(body.reason).toBe("not_found");
    expect(last(world)).toMatchObject({
      actor: { iss: world.unknownIssuer.url, verified: false },
      reason: "issuer_mismatch",
      reported_reason: "not_found",
      trace: [{ clause: "issuer", actual: world.unknownIssuer.url, passed: false, why: "no_match" }],
      error: expect.stringContaining("did not match the policy's issuer"),
      details: { at: { line: 1 } },
    });
  });

  it("has the list that refused an issuer", async () => {
    const world = await createWorld();
    world.github.putFile(`${world.owner}/.github`, LIST, "issuers: [https://issuer.example]\n");
    await world.ask();
    const iss = world.actions.url;
    expect(last(world)).toMatchObject({ issuer_allowlist: { mode: "enforce", allowed: false, iss } });
  });

  it("has names in one spelling", async () => {
    const world = await createWorld();
    world.network.fault({ route: "gh.mint", kind: "secondary", match: '"issues"' });
    await world.ask();
    expect(last(world)?.details).toEqual({ limit: "secondary", retry_after_seconds: 60 });
  });
});

describe("where it came from", () => {
  it.each([
    ["a code", "FRA", "FRA"],
    ["what is no code", "FRA<", undefined],
    ["nothing", undefined, undefined],
  ])("by Cloudflare's word: %s", async (_about, colo, expected) => {
    const world = await createWorld();
    const request = new Request(await world.request(), { cf: { colo } });
    request.headers.set("CF-Ray", "230b030023ae2822");
    await world.worker.fetch(request);
    expect(last(world)?.colo).toBe(expected);
  });

  it.each([
    ["another version", TRACEPARENT.replace("00-", "01-")],
    ["the version that is none", TRACEPARENT.replace("00-", "ff-")],
    ["capitals", TRACEPARENT.toUpperCase()],
    ["no trace", TRACEPARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0".repeat(32))],
    ["no span", TRACEPARENT.replace("00f067aa0ba902b7", "0".repeat(16))],
    ["more behind it", `${TRACEPARENT}-x`],
    ["two of them", `${TRACEPARENT}, ${TRACEPARENT}`],
    ["less", TRACEPARENT.slice(0, -1)],
    ["much", `${TRACEPARENT}${"0".repeat(4_000)}`],
  ])("by no trace that is not well formed: %s", async (_about, traceparent) => {
    const world = await createWorld();
    expect((await world.ask({ headers: { traceparent } })).status).toBe(200);
    expect(last(world)).not.toHaveProperty("traceparent");
  });

  it.each(["binary", "structured"])("and the trace goes to who reads events (%s), and to nobody else", async (mode) => {
    const uri = "https://events.example/in";
    const world = await createWorld({ variables: { EVENT_INGRESS_URI: uri, EVENT_INGRESS_MODE: mode } });
    let body = "";
    world.network.answer(uri, async (request) => {
      body = await request.text();
      return new Response(null, { status: 204 });
    });
    await world.ask({ headers: { traceparent: TRACEPARENT, tracestate: "vendor=1" } });
    const told = world.calls.filter(({ headers }) => Object.keys(headers).some((name) => name.includes("trace")));
    expect(told.map(({ url, headers }) => [url, headers.traceparent])).toEqual([[uri, TRACEPARENT]]);
    expect(HTTP.toEvent({ headers: told[0]?.headers ?? {}, body })).toMatchObject({
      traceparent: TRACEPARENT,
      data: last(world),
    });
    expect(JSON.stringify(world.calls)).not.toContain("vendor=1");
  });
});

it("is of exchanges alone", async () => {
  const world = await createWorld({ variables: { GITHUB_WEBHOOK_SECRET: "s" } });
  const at = (path: string, init: RequestInit = {}) =>
    world.worker.fetch(new Request(`https://${DOMAIN}${path}`, init));
  const statuses = [
    await at("/sts/revoke", { method: "POST", body: new URLSearchParams({ token: "ghs_nobody" }) }),
    await at("/webhook", { method: "POST", body: "{}" }),
    await at("/sts/exchange", { method: "HEAD" }),
    await at("/readyz"),
  ].map(({ status }) => status);
  expect(statuses).toEqual([200, 401, 405, 200]);
  expect(world.worker.audits()).toEqual([]);
});

describe("what others answered", () => {
  const CANARY = "canary-of-upstream";
  const BODIES = [
    JSON.stringify({ message: CANARY, token: CANARY, expires_at: CANARY, errors: [{ message: CANARY }], id: CANARY }),
    `<html>${CANARY}</html>`,
    JSON.stringify(CANARY),
  ];
  const STATUSES = [200, 201, 301, 403, 404, 422, 500];
  const headers = {
    "x-github-request-id": `<${CANARY}>`,
    "retry-after": CANARY,
    "x-ratelimit-reset": CANARY,
    location: `https://${CANARY}.example/`,
  };

  it.each(["gh.installations", "gh.mint", "gh.contents", "gh.revoke", "oidc.discovery", "oidc.jwks"])(
    "of %s is in no line of the log",
    async (route) => {
      const world = await createWorld();
      const outcomes = new Set<unknown>();
      for (const [turn, status] of STATUSES.entries()) {
        const body = BODIES[turn % BODIES.length] ?? "";
        world.network.clearFaults();
        world.network.fault({ route, kind: "status", status, body, headers });
        const isolate = world.isolate();
        await isolate.fetch(await world.request());
        outcomes.add(isolate.audits()[0]?.reason ?? isolate.audits()[0]?.outcome);
        expect(JSON.stringify(isolate.logs)).not.toContain(CANARY);
        await reset();
      }
      expect(outcomes.size).toBeGreaterThan(route === "gh.revoke" ? 0 : 1);
    },
  );
});
