// What is granted, by every way of asking, and what it costs.

import { beforeEach, describe, expect, it } from "vitest";
import { watchedKv } from "../support/kv.ts";
import type { Fault, Network } from "../support/network.ts";
import { reset } from "../support/storage.ts";
import { ACTIONS } from "../support/workload.ts";
import { createWorld, POLICY, type WorldOptions } from "../support/world.ts";

// All worlds share the issuer; each begins with nothing cached.
beforeEach(() => reset());

describe("an exchange is answered", () => {
  it.each(["RS256", "PS256", "ES256", "ES384", "EdDSA"])("for a token signed with %s", async (alg) => {
    const { ask, network } = await createWorld();
    // One RSA key for RS and PS: a published `alg` would bind it to one of them.
    network.issuers.issuer("", { no_alg: true });
    const answer = await ask({ sign: { alg } });
    expect(answer.status).toBe(200);
    const [token] = network.github.tokens.filter(({ revoked }) => !revoked);
    expect(answer.body.token).toBe(token?.value);
    expect(token?.permissions).toEqual({ issues: "write", metadata: "read" });
  });

  // What real issuers send: HCP Terraform, Bitbucket, Azure DevOps, environments of GitHub Actions, 1,024 characters.
  it.each([
    "organization:acme:project:Default Project:workspace:net:run_phase:apply",
    "{b3e6c0a1-0000-4000-8000-000000000001}:{b3e6c0a1-0000-4000-8000-000000000002}",
    "sc://acme/My Project/deploy (production)",
    "repo:acme/app:environment:Production EU",
    "repo:acme/app:environment:fix/(scope)",
    "CN=K\u00e4the & S\u00f6hne <\"ops\">; $1 `x` \\ 'y' | z@example.com",
    `x${" y".repeat(511)}z`,
  ])("for the subject %s", async (sub) => {
    const policy = `issuer: ${ACTIONS}\nsubject: ${JSON.stringify(sub)}\npermissions: {issues: write}\n`;
    const { ask, worker } = await createWorld({ policy });
    expect((await ask({ claims: { sub } })).status).toBe(200);
    expect(worker.audits().at(-1)?.actor).toMatchObject({ sub });
    const other = await ask({ claims: { sub: `${sub.slice(0, -1)}!` } });
    expect([other.status, other.body.reason]).toEqual([403, "subject_mismatch"]);
  });

  it.each([
    ["GET query", {}],
    ["POST query", { method: "POST" }],
  ])("by %s", async (_name, asking) => {
    const { ask, owner } = await createWorld();
    const { status, body, headers } = await ask(asking);
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual([
      "token",
      "refreshToken",
      "expiry",
      "access_token",
      "issued_token_type",
      "token_type",
      "expires_in",
      "permissions",
      "repositories",
      "policy",
      "app_slug",
      "bot",
      "request_id",
    ]);
    expect(body).toMatchObject({
      refreshToken: "",
      expiry: "2026-11-25T13:00:00Z",
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
      token_type: "Bearer",
      expires_in: 3600,
      permissions: { issues: "write", metadata: "read" },
      repositories: ["app"],
      policy: { path: `${owner}/app/.github/chainguard/deploy.sts.yaml` },
    });
    expect(body.access_token).toBe(body.token);
    expect(headers.get("X-Request-Id")).toBe(body.request_id);
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(headers.get("Content-Type")).toBe("application/json; charset=utf-8");
    expect(headers.get("X-STS-Policy")).toMatch(
      new RegExp(`^${owner}/app/\\.github/chainguard/deploy\\.sts\\.yaml@[0-9a-f]{40}$`),
    );
  });

  it.each<[WorldOptions & { readonly slug?: string }, string | undefined, object | undefined]>([
    [{}, "app-7", { name: "app-7[bot]" }],
    [
      { variables: { GITHUB_APP_BOT_ID: "41898282" } },
      "app-7",
      { name: "app-7[bot]", email: "41898282+app-7[bot]@users.noreply.github.com" },
    ],
    [
      {
        variables: { GITHUB_APP_BOT_ID: "5" },
        apiUrl: "https://api.acme.ghe.com",
        actions: "https://issuer.example/a",
      },
      "app-7",
      { name: "app-7[bot]", email: "5+app-7[bot]@users.noreply.acme.ghe.com" },
    ],
    [{ slug: "no slug\n" }, undefined, undefined],
  ])(
    "with whom commits made by the token are by, as far as it is known: %j",
    async ({ slug, ...options }, told, bot) => {
      const world = await createWorld(options);
      const [app] = world.github.state.apps;
      if (app && slug !== undefined) Object.assign(app, { slug });
      // From GitHub, from memory, and from KV.
      for (const worker of [world.worker, world.worker, world.isolate()]) {
        const { status, body } = await worker.fetch(await world.request());
        expect([status, body.app_slug, body.bot]).toEqual([200, told, bot]);
      }
    },
  );

  it("by POST form, with octo-sts's three keys and no other, on one line that a shell client can cut", async () => {
    const { ask, owner } = await createWorld();
    const answer = await ask({
      method: "POST",
      scope: null,
      identity: null,
      body: new URLSearchParams({
        scope: `${owner}/app`,
        scopes: `${owner}/app`,
        identity: "deploy",
        aud: "x",
      }).toString(),
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
    });
    expect(answer.status).toBe(200);
    expect(answer.text).toMatch(/^\{"token":"ghs_[^"]+","refreshToken":"","expiry":"2026-11-25T13:00:00Z"\}\n$/);
  });

  it("by POST JSON", async () => {
    const { ask, owner } = await createWorld();
    const answer = await ask({
      method: "POST",
      scope: null,
      identity: null,
      body: JSON.stringify({ scopes: [`${owner}/app`], identity: "deploy", audience: { ignored: true } }),
      headers: { "Content-Type": "application/json; charset=utf-8" },
    });
    expect(answer.status).toBe(200);
  });

  const orgPolicy = (owner: string) => `${POLICY(owner)}repositories: [app, other]\n`;

  it.each([
    ["the owner", (owner: string) => owner],
    ["the policy repository", (owner: string) => `${owner}/.github`],
    ["the policy repository in another case", (owner: string) => `${owner.toUpperCase()}/.GitHub`],
    ["the owner's URL", (owner: string) => `https://github.com/${owner}/`],
  ])("for the scope of %s", async (_name, scopeOf) => {
    const { ask, owner, network } = await createWorld();
    network.github.putFile(`${owner}/.github`, ".github/chainguard/deploy.sts.yaml", orgPolicy(owner));
    const answer = await ask({ scope: scopeOf(owner) });
    expect(answer.body).toMatchObject({ repositories: ["app", "other"] });
  });

  it("for the repository's URL, as Argo CD sends it", async () => {
    const { ask, owner } = await createWorld();
    const answer = await ask({ scope: `https://github.com/${owner}/app.git` });
    expect(answer.body).toMatchObject({ repositories: ["app"] });
  });

  it("for every repository where an organisation's policy says []", async () => {
    const { ask, owner, network } = await createWorld();
    network.github.putFile(
      `${owner}/.github`,
      ".github/chainguard/deploy.sts.yaml",
      `${POLICY(owner)}repositories: []\n`,
    );
    const answer = await ask({ scope: owner });
    expect(answer.body).toMatchObject({ repositories: "all" });
    expect(network.calls.findLast(({ route }) => route === "gh.mint")?.body).toBe('{"permissions":{"issues":"write"}}');
  });

  it("narrowed to what the caller asks for", async () => {
    const { ask, owner, network } = await createWorld();
    const policy = `${POLICY(owner)}  contents: write\nrepositories: [app, other]\n`;
    network.github.putFile(`${owner}/.github`, ".github/chainguard/deploy.sts.yaml", policy);
    const answer = await ask({ scope: owner, query: { permissions: "contents:read", repositories: "OTHER" } });
    expect(answer.body).toMatchObject({
      permissions: { contents: "read", metadata: "read" },
      repositories: ["other"],
    });
  });

  it("for an issuer that only the policy names", async () => {
    const { ask, owner, network, unknownIssuer } = await createWorld({ policy: undefined });
    network.github.putFile(`${owner}/app`, ".github/chainguard/deploy.sts.yaml", POLICY(owner, unknownIssuer.url));
    const answer = await ask({ issuer: unknownIssuer });
    expect(answer.status).toBe(200);
  });
});

describe("calls and sequential hops", () => {
  it("warm: one call in one hop, and no KV read", async () => {
    const kv = watchedKv();
    const { ask, network } = await createWorld({ bindings: { STS_CACHE: kv.binding } });
    await ask();
    network.forgetCalls();
    kv.gets.length = 0;
    expect((await ask()).status).toBe(200);
    expect(network.calls.map(({ route }) => route)).toEqual(["gh.mint"]);
    expect(kv.gets).toEqual([]);
  });

  const exchangeOnly = (network: Network) => network.calls.filter(({ route }) => route !== "gh.revoke");

  it("all cold but the keys: five calls in four hops, the revocation after the answer", async () => {
    const { worker, request, network, owner } = await createWorld({ latencyMs: 20 });
    const { github } = network;
    github.addAccount(`${owner}-b`, { type: "Organization", id: 99_000 });
    for (const name of ["app", ".github"]) github.addRepository(`${owner}-b/${name}`);
    github.putFile(`${owner}-b/app`, ".github/chainguard/deploy.sts.yaml", POLICY(owner));
    github.install({
      app: 7,
      owner: `${owner}-b`,
      permissions: { contents: "read", issues: "write", metadata: "read" },
    });
    await worker.fetch(await request());
    network.forgetCalls();
    const answer = await worker.fetch(await request({ scope: `${owner}-b/app` }));
    expect(answer.status).toBe(200);
    const calls = exchangeOnly(network);
    expect(calls.map(({ route }) => route)).toEqual([
      "gh.repo_installation",
      "gh.mint",
      "gh.contents",
      "gh.contents",
      "gh.mint",
    ]);
    expect(network.hops(calls)).toBe(4);
    expect(network.count("gh.revoke")).toBe(1);
  });

  it("all cold, known issuer: seven calls in at most five hops", async () => {
    const { ask, network } = await createWorld({ latencyMs: 20 });
    expect((await ask()).status).toBe(200);
    const calls = exchangeOnly(network);
    expect(calls).toHaveLength(7);
    expect(network.hops(calls)).toBeLessThanOrEqual(5);
  });

  it("all cold, unknown issuer: seven calls in at most six hops, the issuer asked after the policy", async () => {
    const { ask, owner, network, unknownIssuer } = await createWorld({ latencyMs: 20 });
    network.github.putFile(`${owner}/app`, ".github/chainguard/deploy.sts.yaml", POLICY(owner, unknownIssuer.url));
    expect((await ask({ issuer: unknownIssuer })).status).toBe(200);
    const calls = exchangeOnly(network);
    expect(calls.map(({ route }) => route)).toEqual([
      "gh.repo_installation",
      "gh.mint",
      "gh.contents",
      "gh.contents",
      "oidc.discovery",
      "oidc.jwks",
      "gh.mint",
    ]);
    expect(network.hops(calls)).toBeLessThanOrEqual(6);
  });

  it.each(["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])("%s: none", async (method) => {
    const { ask, network } = await createWorld();
    const answer = await ask({ method });
    expect(answer.status).toBe(405);
    expect(answer.headers.get("Allow")).toBe("GET, POST");
    if (method !== "HEAD") expect(answer.body).toMatchObject({ code: 12, message: "Method Not Allowed", details: [] });
    expect(network.calls).toEqual([]);
  });

  it.each(["/sts/exchange/", "//sts/exchange", "/STS/exchange", "/sts/exchange%2F", "/healthz/"])(
    "%s, which is no path of ours: none",
    async (path) => {
      const { worker, request, network } = await createWorld();
      const asked = await request();
      const answer = await worker.fetch(new Request(asked.url.replace("/sts/exchange", path), asked));
      expect(answer.status).toBe(404);
      const body = { code: 5, message: "Not Found", details: [], request_id: answer.headers.get("X-Request-Id") };
      expect(answer.body).toEqual(body);
      expect(network.calls).toEqual([]);
    },
  );
});

describe("no token is left that nobody was given", () => {
  it("when the caller leaves in the middle", async () => {
    const leaving = new AbortController();
    const { worker, request, network } = await createWorld();
    const asked = await request({ signal: leaving.signal });
    // The last call of the exchange is under way when the caller goes.
    network.fault({ route: "gh.mint", kind: "delay", delayMs: 200, match: '"issues"' });
    const answering = worker.fetch(asked);
    await network.begun("gh.mint", 2);
    leaving.abort();
    await answering;
    expect(network.github.tokens).toHaveLength(2);
    expect(network.github.tokens.every(({ revoked }) => revoked)).toBe(true);
    expect(worker.audits()).toMatchObject([{ outcome: "refused", counts: { caller_left: 1 } }]);
  });

  it("when the caller leaves before the mint: nothing is minted", async () => {
    const leaving = new AbortController();
    const { worker, request, network, grantMints } = await createWorld();
    const asked = await request({ signal: leaving.signal });
    network.fault({ route: "gh.contents", kind: "delay", delayMs: 200 });
    const answering = worker.fetch(asked);
    await network.begun("gh.contents");
    leaving.abort();
    await answering;
    expect(grantMints()).toBe(0);
    expect(network.github.tokens.every(({ revoked }) => revoked)).toBe(true);
  });

  /** The mint of what the policy grants, cut or stalled behind its token. */
  const PART = { route: "gh.mint", match: '"issues"', bytes: 700 } as const;
  const READ_REVOKED = { route: "gh.revoke" } as const;
  const troubles: Readonly<Record<string, readonly Fault[]>> = {
    "the mint's answer is cut behind the token": [{ ...PART, kind: "cut" }],
    "that, and its revocation fails twice": [
      { ...PART, kind: "cut" },
      { ...READ_REVOKED, kind: "status", status: 503, times: 2 },
    ],
    "the read token's mint is cut, and repeated": [{ route: "gh.mint", kind: "cut", times: 1 }],
    "a revocation meets a 500 and a 429": [
      { ...READ_REVOKED, kind: "status", status: 500, times: 1 },
      { ...READ_REVOKED, kind: "status", status: 429, times: 1 },
    ],
    "a revocation meets a limit and loses its connection": [
      { ...READ_REVOKED, kind: "secondary", times: 1 },
      { ...READ_REVOKED, kind: "network", times: 1 },
    ],
  };
  it.each(Object.keys(troubles))("when %s", async (trouble) => {
    const world = await createWorld();
    world.network.fault(...(troubles[trouble] ?? []));
    const { body } = await world.ask();
    expect(world.livingTokens()).toEqual(body.token === undefined ? [] : [body.token]);
    expect(world.github.tokens.length).toBeGreaterThan(1);
  });

  it("when a revocation hangs", async () => {
    const world = await createWorld();
    world.network.fault({ ...READ_REVOKED, kind: "hang", times: 1 });
    const { body } = await world.ask();
    expect(world.livingTokens()).toEqual([body.token]);
  });

  it("when the mint's answer stalls behind the token", async () => {
    const world = await createWorld();
    world.network.fault({ ...PART, kind: "stall" });
    expect((await world.ask()).body.reason).toBe("github_unavailable");
    expect(world.livingTokens()).toEqual([]);
    expect(world.worker.counts().mint_unknown).toBe(1);
  });

  it.each(["get", "put", "all"] as const)("when KV hangs behind the read token's mint: %s", async (what) => {
    const kv = watchedKv();
    const world = await createWorld({ bindings: { STS_CACHE: kv.binding } });
    world.network.fault({ route: "gh.mint", kind: "delay", delayMs: 50 });
    const answering = world.ask();
    await world.network.begun("gh.mint");
    kv.hang = what;
    const { body } = await answering;
    expect(world.livingTokens()).toEqual([body.token]);
  });

  it("when the mint answers too late", async () => {
    const { worker, request, network } = await createWorld();
    network.fault({ route: "gh.mint", kind: "delay", delayMs: 5_000, match: '"issues"' });
    const answer = await worker.fetch(await request());
    expect(answer.body).toMatchObject({ code: 14, reason: "github_unavailable" });
    const [, minted] = network.github.tokens;
    expect(minted?.permissions).toEqual({ issues: "write", metadata: "read" });
    expect(minted?.revoked).toBe(true);
    expect(worker.audits()).toMatchObject([{ counts: { mint_unknown: 1 } }]);
  });
});
