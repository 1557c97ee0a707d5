// A deployment without an App: who may register one from its page, and what becomes of the App's secrets.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { DeploymentFacts } from "../../worker/http/facts.ts";
import { manifestAction, manifestOf } from "../../worker/page/app/manifest.ts";
import { OFFERED_PERMISSIONS } from "../../worker/page/app/offered.ts";
import { browse } from "../emulators/manifest-flow.ts";
import { createWorld, DOMAIN, POLICY, type WorldOptions } from "../support/world.ts";

const BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8";
const NO_APP = { GITHUB_APP_ID: "", GITHUB_APP_PRIVATE_KEY: undefined };

interface Visit {
  readonly cookie?: string | undefined;
  readonly accept?: string;
  readonly method?: string;
  readonly origin?: string;
  readonly address?: string;
}

async function open(variables: Readonly<Record<string, unknown>> = {}, options: WorldOptions = {}) {
  const world = await createWorld({
    ...options,
    variables: { ...NO_APP, ...variables },
    bindings: { ASSETS: env.ASSETS, ...options.bindings },
  });
  world.github.addUser("octocat");
  world.github.signIn("octocat", { owns: [world.owner] });
  const visit = async (path: string, { cookie, accept = BROWSER, method = "GET", origin, address }: Visit = {}) => {
    const headers = new Headers({ Accept: accept, "CF-Connecting-IP": address ?? "192.0.2.1" });
    if (cookie !== undefined) headers.set("Cookie", cookie);
    const answer = await world.worker.fetch(
      new Request(`${origin ?? `https://${DOMAIN}`}${path}`, { method, headers }),
    );
    const block = /<script type="application\/json" id="deployment">(.*?)<\/script>/s.exec(answer.text)?.[1];
    // Our own answer.
    const facts = block === undefined ? undefined : (JSON.parse(block) as DeploymentFacts);
    const set = answer.headers.get("Set-Cookie") ?? "";
    return { ...answer, facts, registration: facts?.registration, set, cookie: set.split(";", 1)[0] ?? "" };
  };
  /** The way to GitHub and back, as the browser goes it; the page that it comes back to is not asked for yet. */
  const goToGitHub = async (state = "", name = "octo-sts") => {
    const redirectUrl = `https://${DOMAIN}/app/registered`;
    const manifest = manifestOf({ name, domain: DOMAIN, redirectUrl, permissions: new Map() });
    const { webUrl } = world.github;
    const asked = await browse(world.github, manifestAction(webUrl, world.owner, state), manifest);
    const back = await asked.confirm();
    return `${back?.pathname}${back?.search}`;
  };
  return { world, visit, goToGitHub };
}

describe("the page without an App", () => {
  it("may send its form to GitHub, and gives the browser a state that nobody else can set or read", async () => {
    const { world, visit } = await open();
    const { status, facts, registration, set, headers } = await visit("/");
    const state = registration?.state ?? "";
    expect([status, facts]).toEqual([
      200,
      { state: "no_app", domain: DOMAIN, webUrl: "https://github.com", apps: [], wrong: [], registration: { state } },
    ]);
    expect(state).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(set.split("; ").sort()).toEqual(
      ["HttpOnly", "Max-Age=3600", "Path=/", "SameSite=Lax", "Secure", `__Host-octo-sts-registration=${state}`].sort(),
    );
    expect(headers.get("Content-Security-Policy")).toContain("; form-action https://github.com;");
    expect([headers.get("Cache-Control"), headers.get("Referrer-Policy")]).toEqual(["no-store", "strict-origin"]);
    expect(world.calls).toEqual([]);
  });

  it("keeps a browser's state, so that two windows are one registration, and takes no other text for one", async () => {
    const { visit } = await open();
    const first = await visit("/");
    expect((await visit("/", { cookie: `a=b; ${first.cookie}` })).registration?.state).toBe(first.registration?.state);
    for (const cookie of ["__Host-octo-sts-registration=short", first.cookie.replace("__Host-", ""), "="]) {
      expect((await visit("/", { cookie })).registration?.state).not.toBe(first.registration?.state);
    }
    const other = await visit("/");
    expect(other.registration?.state).not.toBe(first.registration?.state);
  });

  it("does without https where the deployment is a developer's own machine, and nowhere else", async () => {
    for (const domain of ["127.0.0.1:8787", "localhost:8787"]) {
      const { visit } = await open({ STS_DOMAIN: domain });
      const { set } = await visit("/", { origin: `http://${domain}` });
      expect(set).toMatch(/^octo-sts-registration=/);
      expect(set).not.toContain("Secure");
    }
    // What a proxy in front may call the server, while browsers come by https: a neighbour's cookie must not count.
    const { visit } = await open();
    for (const origin of ["http://127.0.0.1:8080", "http://localhost:8080", "http://sts.internal"]) {
      const { set, cookie, registration } = await visit("/", { origin });
      expect(set).toMatch(/^__Host-octo-sts-registration=.*; Secure$/);
      const planted = cookie.replace("__Host-", "");
      expect((await visit("/", { origin, cookie: planted })).registration?.state).not.toBe(registration?.state);
    }
  });

  it("is of the configured GitHub", async () => {
    const ghes = { apiUrl: "https://ghes.example/api/v3", actions: "https://ghes.example/_services/token" };
    const { visit } = await open({}, ghes);
    const { facts, headers } = await visit("/");
    expect(facts?.webUrl).toBe("https://ghes.example");
    expect(headers.get("Content-Security-Policy")).toContain("; form-action https://ghes.example;");
  });

  it.each<[string, Readonly<Record<string, unknown>>, string[]]>([
    ["an App that is half there", { GITHUB_APP_ID: "12" }, ["GITHUB_APP_PRIVATE_KEY"]],
    ["an App that is half there the other way", { GITHUB_APP_PRIVATE_KEY: "x" }, ["GITHUB_APP_ID"]],
    ["several that are none", { GITHUB_APPS: "[]" }, ["GITHUB_APPS"]],
    ["an App that is no text", { GITHUB_APP_ID: {} }, ["GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY"]],
    ["a wrong name of it", { GITHUB_APP_NAME: "1" }, ["GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_APP_NAME"]],
    ["something else that is wrong", { STS_DOMAIN: "" }, ["STS_DOMAIN", "GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY"]],
    ["no KV", { STS_CACHE: undefined }, ["GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "STS_CACHE"]],
  ])("is that of a wrong configuration with %s, and registers nothing", async (_, variables, wrong) => {
    const { world, visit } = await open(variables, { bindings: "STS_CACHE" in variables ? variables : {} });
    const { facts, set, headers } = await visit("/");
    expect([facts?.state, facts?.wrong, facts?.registration, set]).toEqual(["misconfigured", wrong, undefined, ""]);
    expect(headers.get("Content-Security-Policy")).toContain("form-action 'none'");
    expect((await visit("/app/registered?code=a&state=b")).status).toBe(404);
    expect(world.calls).toEqual([]);
  });

  it("serves nothing else meanwhile", async () => {
    const { world, visit } = await open();
    expect((await world.ask()).body.reason).toBe("misconfigured");
    const ready = await visit("/readyz");
    expect([ready.status, ready.body.variables]).toEqual([503, ["GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY"]]);
  });
});

describe("the manifest", () => {
  it("is one that GitHub takes, with every permission that the page offers, and where no webhook can reach", async () => {
    const { world } = await open();
    const { webUrl } = world.github;
    const redirectUrl = "http://localhost:8787/app/registered";
    const highest = OFFERED_PERMISSIONS.map(({ name, levels }): [string, string] => [name, levels.at(-1) ?? levels[0]]);
    expect(highest.length).toBeGreaterThan(30);
    for (const domain of [DOMAIN, "localhost:8787", "127.0.0.1:8787"]) {
      const manifest = manifestOf({ name: domain, domain, redirectUrl, permissions: new Map(highest) });
      const asked = await browse(world.github, manifestAction(webUrl, undefined, "s"), manifest);
      expect([asked.status, asked.plain]).toEqual([200, expect.stringContaining("Create GitHub App for octocat")]);
      expect([manifest.hook_attributes !== undefined, manifest.public]).toEqual([domain === DOMAIN, false]);
      expect(manifest.default_permissions).toMatchObject({ contents: "write", checks: "write", members: "write" });
    }
  });
});

describe("GET /app/registered", () => {
  it("shows the App's secrets once, to the browser that was sent to GitHub, and keeps them nowhere", async () => {
    const { world, visit, goToGitHub } = await open();
    const { cookie, registration } = await visit("/");
    const back = await goToGitHub(registration?.state);
    const shown = await visit(back, { cookie });
    const [made] = world.github.state.registrations;
    expect([shown.status, shown.facts?.state]).toEqual([200, "no_app"]);
    expect(shown.registration?.app).toEqual({
      id: String(made?.app.id),
      slug: "octo-sts",
      owner: world.owner,
      installUrl: "https://github.com/apps/octo-sts/installations/new",
      privateKey: made?.pem,
      webhookSecret: made?.webhookSecret,
    });
    expect([shown.headers.get("Cache-Control"), shown.headers.get("X-Content-Type-Options")]).toEqual([
      "no-store",
      "nosniff",
    ]);
    expect(shown.set).toContain("__Host-octo-sts-registration=; Max-Age=0");
    // Neither the log nor KV has them, nor the code; of GitHub's client secret even the page has nothing.
    const { keys } = await env.STS_CACHE.list();
    const kept = await Promise.all(keys.map(({ name }) => env.STS_CACHE.get(name)));
    const everything = JSON.stringify([world.worker.logs, kept]);
    for (const secret of [made?.code, made?.webhookSecret, made?.clientSecret, made?.pem.split("\n")[1]]) {
      expect(secret).toMatch(/^.{20,}$/);
      expect(everything).not.toContain(secret);
    }
    expect(shown.text).not.toContain(made?.clientSecret);
    expect(world.network.count("gh.manifest_conversion")).toBe(1);
    // What was stored serves.
    world.putPolicy(POLICY(world.owner).replace(/permissions:[\s\S]*/, "permissions:\n  contents: read\n"));
    const app = shown.registration?.app;
    world.github.install({ app: Number(app?.id), owner: world.owner });
    const serving = world.isolate({ GITHUB_APP_ID: app?.id, GITHUB_APP_PRIVATE_KEY: app?.privateKey });
    const granted = await serving.fetch(await world.request());
    expect([granted.status, granted.body.permissions]).toEqual([200, { contents: "read", metadata: "read" }]);
    const later = new Request(`https://${DOMAIN}${back}`, { headers: { Accept: BROWSER, Cookie: cookie } });
    expect((await serving.fetch(later)).status).toBe(404);
  });

  it("asks GitHub nothing for what was not asked for here", async () => {
    const { world, visit, goToGitHub } = await open();
    const { cookie, registration } = await visit("/");
    const state = registration?.state ?? "";
    // An attacker's own App, whose code he has the operator open.
    const foreign = await goToGitHub("attacker");
    const code = new URLSearchParams(foreign.split("?")[1]).get("code");
    const asked = [
      [foreign, cookie],
      [`/app/registered?code=${code}`, cookie],
      [`/app/registered?code=${code}&state=`, cookie],
      [`/app/registered?code=${code}&state=${state}`, undefined],
      [`/app/registered?code=${code}&state=`, "__Host-octo-sts-registration="],
      [`/app/registered?code=${code}&state=${state}`, cookie.replace("__Host-", "")],
      [`/app/registered?state=${state}`, cookie],
      [`/app/registered?code=&state=${state}`, cookie],
      [`/app/registered?code=a%2F..%2Fb&state=${state}`, cookie],
      [`/app/registered?code=..&state=${state}`, cookie],
      [`/app/registered?code=${"a".repeat(101)}&state=${state}`, cookie],
    ] as const;
    for (const [path, sent] of asked) {
      const { status, registration: answered } = await visit(path, { cookie: sent });
      expect([status, answered?.problem, answered?.app]).toEqual([400, "not_asked_for", undefined]);
    }
    expect(world.network.count("gh.manifest_conversion")).toBe(0);
    // The operator's own way goes on.
    expect((await visit(await goToGitHub(state, "own"), { cookie })).status).toBe(200);
  });

  it("takes a code once, and begins anew after one that GitHub does not know", async () => {
    const { visit, goToGitHub } = await open();
    const { cookie, registration } = await visit("/");
    const back = await goToGitHub(registration?.state);
    expect((await visit(back, { cookie })).status).toBe(200);
    const again = await visit(back, { cookie });
    expect([again.status, again.registration?.problem]).toEqual([400, "unknown_code"]);
    expect(again.registration?.state).not.toBe(registration?.state);
    expect(again.cookie).toBe(`__Host-octo-sts-registration=${again.registration?.state}`);
    expect((await visit(await goToGitHub(again.registration?.state, "late"), again)).status).toBe(200);
  });

  it.each<[string, object, number, string]>([
    ["is down", { kind: "status", status: 500 }, 502, "failed"],
    ["answers something else", { kind: "garbage" }, 502, "failed"],
    ["answers too much", { kind: "huge", bytes: Number.POSITIVE_INFINITY }, 502, "failed"],
    ["does not answer", { kind: "hang" }, 502, "failed"],
    ["leads elsewhere", { kind: "redirect", location: "https://evil.example/" }, 502, "failed"],
    [
      "hands out a key that is none",
      { kind: "status", status: 201, body: '{"id":1,"slug":"a","owner":{"login":"a"},"pem":"x"}' },
      502,
      "failed",
    ],
    ["limits", { kind: "secondary" }, 429, "limited"],
  ])("says so where GitHub %s, asks once, and lets the same code be tried again", async (_, fault, status, problem) => {
    const { world, visit, goToGitHub } = await open();
    const { cookie, registration } = await visit("/");
    const back = await goToGitHub(registration?.state);
    world.network.fault({ route: "gh.manifest_conversion", times: 1, ...fault } as never);
    const failed = await visit(back, { cookie });
    expect([failed.status, failed.registration?.problem, failed.registration?.app]).toEqual([
      status,
      problem,
      undefined,
    ]);
    expect(failed.cookie).toBe(cookie);
    expect(world.network.count("gh.manifest_conversion")).toBe(1);
    expect((await visit(back, { cookie })).status).toBe(200);
  });

  it("is for one GET of a browser: what else asks uses up no code", async () => {
    const { world, visit, goToGitHub } = await open();
    const { cookie, registration } = await visit("/");
    const back = await goToGitHub(registration?.state);
    expect((await visit(back, { cookie, method: "HEAD" })).status).toBe(405);
    expect((await visit(back, { cookie, method: "POST" })).status).toBe(405);
    expect((await visit(back, { cookie, accept: "*/*" })).status).toBe(404);
    expect(world.network.count("gh.manifest_conversion")).toBe(0);
    expect((await visit(back, { cookie })).status).toBe(200);
  });

  it("limits how many codes an address may try, and nobody else by it", async () => {
    const { world, visit } = await open();
    world.github.bucket("anonymous").limit = 1_000;
    const { cookie, registration } = await visit("/");
    const path = `/app/registered?code=guess&state=${registration?.state}`;
    let last = await visit(path, { cookie });
    for (let i = 0; i < 60; i++) last = await visit(path, { cookie });
    expect([last.status, last.registration?.problem]).toEqual([429, "limited"]);
    expect(world.network.count("gh.manifest_conversion")).toBe(60);
    const other = await visit("/", { address: "198.51.100.1" });
    const theirs = `/app/registered?code=guess&state=${other.registration?.state}`;
    expect((await visit(theirs, { cookie: other.cookie, address: "198.51.100.1" })).status).toBe(400);
  });
});
