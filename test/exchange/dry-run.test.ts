// `dry_run=true`: what a request would come to, before anything depends on it. It mints nothing, says no more than the refusal of
// a real request, and is counted and logged like one.

import { beforeEach, describe, expect, it } from "vitest";
import { createIssuerWorld } from "../support/issuer-world.ts";
import { watchedKv } from "../support/kv.ts";
import { reset } from "../support/storage.ts";
import { type Asking, createWorld, POLICY, type World, type WorldOptions } from "../support/world.ts";

beforeEach(() => reset());

const DRY = { dry_run: "true" };
const form = { "Content-Type": "application/x-www-form-urlencoded" };
const json = { "Content-Type": "application/json" };

const expectNothingMinted = (world: World) => expect([world.grantMints(), world.livingTokens()]).toEqual([0, []]);

describe("what would be granted", () => {
  it.each<[string, WorldOptions & { readonly text?: string }, Asking]>([
    ["by a repository's policy", {}, {}],
    [
      "downscoped",
      { text: "permissions:\n  issues: write\n  contents: read\n" },
      { query: { permissions: "issues:read" } },
    ],
    ["where checks stick to an App", { apps: [{ id: 7 }, { id: 8 }], text: "permissions:\n  checks: write\n" }, {}],
    [
      "by an App of the policy's choice",
      { apps: [{ id: 7, name: "ci" }, { id: 8 }], text: "app: ci\npermissions:\n  checks: write\n" },
      {},
    ],
  ])("is what is granted: %s", async (_about, { text, ...options }, asking) => {
    const world = await createWorld(options);
    if (text !== undefined) world.putPolicy(POLICY(world.owner).replace("permissions:\n  issues: write\n", text));
    const tried = await world.ask({ ...asking, query: { ...asking.query, ...DRY } });
    expectNothingMinted(world);
    const granted = await world.ask(asking);
    const { permissions, repositories, policy } = granted.body;
    expect(granted.status).toBe(200);
    expect(tried.status).toBe(200);
    expect(tried.body).toEqual({
      granted: false,
      would_grant: { permissions, repositories, policy },
      request_id: tried.headers.get("X-Request-Id"),
    });
    expect(tried.headers.get("X-STS-Policy")).toBe(granted.headers.get("X-STS-Policy"));
    const [first, second] = world.worker.audits();
    expect(first).toMatchObject({ outcome: "would_grant", dry_run: true, permissions, app_id: second?.app_id });
    expect(Object.keys(first ?? {})).not.toContain("token_sha256");
    expect(second).toMatchObject({ outcome: "granted" });
    expect(Object.keys(second ?? {})).not.toContain("dry_run");
  });

  it("for a whole organization", async () => {
    const world = await createWorld();
    world.putPolicy(`${POLICY(world.owner)}repositories: []\n`, "deploy", ".github");
    const { status, body } = await world.ask({ scope: world.owner, query: DRY });
    expect([status, body.would_grant]).toMatchObject([200, { repositories: "all" }]);
    expectNothingMinted(world);
  });

  it.each<[string, Asking]>([
    ["a form", { method: "POST", headers: form, body: "dry_run=true" }],
    ["JSON text", { method: "POST", headers: json, body: '{"dry_run":"true"}' }],
    ["a JSON boolean", { method: "POST", headers: json, body: '{"dry_run":true}' }],
    ["query and body", { method: "POST", query: DRY, headers: form, body: "dry_run=true" }],
  ])("is told, by %s", async (_about, asking) => {
    const world = await createWorld();
    const { status, body } = await world.ask(asking);
    expect([status, body.granted]).toEqual([200, false]);
    expectNothingMinted(world);
  });

  it("is a real request when it is false", async () => {
    const world = await createWorld();
    for (const asking of [
      { query: { dry_run: "false" } },
      { method: "POST", headers: json, body: '{"dry_run":false}' },
      { method: "POST", headers: json, body: '{"dry_run":null}' },
    ]) {
      const { status, body } = await world.ask(asking);
      expect([status, typeof body.token]).toEqual([200, "string"]);
    }
  });
});

describe("a refusal is that of a real request", () => {
  const OUTSIDER = { claims: { repository_owner_id: "1" } };

  it.each<[string, WorldOptions, (world: World) => void, Asking]>([
    ["subject_mismatch", {}, () => undefined, { claims: { sub: "repo:x" } }],
    ["subject_mismatch", {}, () => undefined, { claims: { sub: "repo:x", ...OUTSIDER.claims } }],
    ["policy_not_found", {}, () => undefined, { identity: "none" }],
    ["not_found", {}, () => undefined, { identity: "none", ...OUTSIDER }],
    ["policy_invalid", {}, (world) => world.putPolicy("issuer: x\n"), {}],
    ["issuer_not_permitted", {}, (world) => world.putAllowList("mode: enforce\nissuers: [https://x.example]\n"), {}],
    ["narrowing_exceeds_policy", {}, () => undefined, { query: { permissions: "contents:write" } }],
    ["app_not_installed", { install: false }, () => undefined, {}],
    ["app_not_available", {}, (world) => world.putPolicy(`${POLICY(world.owner)}app: other\n`), {}],
    ["permission_not_held", { permissions: { contents: "read" } }, () => undefined, {}],
    ["permission_not_held", { permissions: { contents: "read", issues: "read" } }, () => undefined, OUTSIDER],
    ["token_malformed", {}, () => undefined, { authorization: "Bearer a.b" }],
  ])("%s", async (reason, options, arrange, asking) => {
    const world = await createWorld(options);
    arrange(world);
    const tried = await world.ask({ ...asking, query: { ...asking.query, ...DRY } });
    const real = await world.ask(asking);
    const seen = ({ status, body: { request_id: _, ...body } }: typeof real) => ({ status, ...body });
    expect(seen(tried)).toEqual(seen(real));
    expect(tried.body.reason).toBe(reason);
    expect(world.livingTokens()).toEqual([]);
    const [first, second] = world.worker.audits();
    expect(first?.reason).toBe(second?.reason);
    expect(first?.outcome).toBe("refused");
  });

  it("to a caller whose issuer nobody knows, the same bytes whatever is the matter", async () => {
    const world = await createIssuerWorld();
    const ask = async (identity: string, claims: Readonly<Record<string, unknown>>) => {
      const { status, body } = await world.ask({ issuer: world.unknownIssuer, identity, claims, query: DRY });
      return [status, body.reason, String(body.message).replace(identity, "")];
    };
    const absent = await ask("absent", {});
    expect(absent.slice(0, 2)).toEqual([404, "not_found"]);
    expect(await ask("deploy", {})).toEqual(absent);
    expectNothingMinted(world);
  });

  it("of a permission that was granted a moment ago only after another look", async () => {
    const world = await createWorld({ permissions: { contents: "read" } });
    expect((await world.ask({ query: DRY })).body.reason).toBe("permission_not_held");
    const [installation] = world.github.state.installations;
    if (installation) Object.assign(installation, { permissions: { contents: "read", issues: "write" } });
    expect((await world.ask({ query: DRY })).status).toBe(200);
    expectNothingMinted(world);
  });

  it("and the look costs one call and no write, however often a stranger to the owner tries", async () => {
    const kv = watchedKv();
    const world = await createWorld({ permissions: { contents: "read" }, bindings: { STS_CACHE: kv.binding } });
    const asking = { ...OUTSIDER, query: DRY };
    await world.ask(asking);
    world.network.forgetCalls();
    const before = kv.puts.length;
    for (let i = 0; i < 5; i++) expect((await world.ask(asking)).body.reason).toBe("permission_not_held");
    expect(world.routes()).toEqual(Array(5).fill("gh.repo_installation"));
    expect(kv.puts.length).toBe(before);
  });

  it("and is counted like one", async () => {
    const world = await createWorld();
    const headers = { "CF-Connecting-IP": "192.0.2.7" };
    const junk = { authorization: "Bearer a.b.c", headers, query: DRY };
    for (let i = 0; i < 60; i++) expect((await world.ask(junk)).body.reason).toBe("token_malformed");
    expect((await world.ask(junk)).body.reason).toBe("caller_rate_limited");
  });
});

describe("whoever only wants to try gets no token by mistake", () => {
  it.each(["dryrun", "dry-run", "DRY_RUN", "dryRun", "Dry-Run", "dry run", "dry_runs", "dr_yrun", "dry"])(
    "%s is no parameter",
    async (name) => {
      const world = await createWorld();
      const { status, body } = await world.ask({ query: { [name]: "true" } });
      expect([status, body.reason, body.message]).toEqual([
        400,
        "invalid_request",
        `invalid request: there is no parameter "${name}": did you mean "dry_run"?`,
      ]);
      expect(world.calls).toEqual([]);
    },
  );

  it.each<Asking>([
    { query: { dry_run: "" } },
    { query: { dry_run: "yes" } },
    { query: { dry_run: "TRUE" } },
    { query: { dry_run: "1" } },
    { method: "POST", query: { dry_run: "false" }, headers: form, body: "dry_run=true" },
    { method: "POST", headers: json, body: '{"dry_run":1}' },
    { method: "POST", headers: json, body: '{"dry_run":[true,false]}' },
  ])("%j is neither yes nor no", async (asking) => {
    const world = await createWorld();
    const { status, body } = await world.ask(asking);
    expect([status, body.reason]).toEqual([400, "invalid_request"]);
    expect(body.message).toMatch(/"dry_run"/);
    expect(world.calls).toEqual([]);
  });

  it.each(["token", "git-credential"])("there is no token to write as %s", async (format) => {
    const world = await createWorld();
    const { status, body } = await world.ask({ query: { ...DRY, format } });
    expect([status, body.message]).toEqual([400, 'invalid request: a dry run has no token: leave "format" out']);
    expect(world.calls).toEqual([]);
  });

  it.each(["dry_run=true", "dry_run=false", "dry-run=true", "dry+run=true"])(
    "a token endpoint does not know %s",
    async (parameter) => {
      const world = await createWorld();
      const bearer = (await world.request()).headers.get("Authorization")?.slice("Bearer ".length) ?? "";
      const exchange = new URLSearchParams({
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        subject_token: bearer,
        subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
        resource: `${world.owner}/app`,
        scope: "deploy",
      });
      for (const [query, body] of [
        [`?${parameter}`, `${exchange}`],
        ["", `${exchange}&${parameter}`],
      ] as const) {
        const request = new Request(`https://sts.example.com/oauth2/token${query}`, {
          method: "POST",
          headers: form,
          body,
        });
        const answer = await world.worker.fetch(request);
        expect([answer.status, answer.body.message]).toEqual([
          400,
          "invalid request: a dry run is for /sts/exchange alone",
        ]);
      }
      expect(world.calls).toEqual([]);
    },
  );
});
