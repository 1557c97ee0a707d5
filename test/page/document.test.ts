// The document at `/` and its files, as the Worker answers them.

import { describe, expect, it } from "vitest";
import type { DeploymentFacts } from "../../worker/http/facts.ts";
import { watchedKv } from "../support/kv.ts";
import { createWorld, DOMAIN, type WorldOptions } from "../support/world.ts";

const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async function open(options: WorldOptions = {}) {
  const world = await createWorld(options);
  const get = (path: string, accept = BROWSER, method = "GET") =>
    world.worker.fetch(new Request(`https://${DOMAIN}${path}`, { method, headers: { Accept: accept } }));
  return { world, get };
}

const blockOf = (html: string): string =>
  /<script type="application\/json" id="deployment">(.*?)<\/script>/s.exec(html)?.[1] ?? "";
// Our own answer.
const factsOf = (html: string) => JSON.parse(blockOf(html)) as DeploymentFacts;

describe("GET /", () => {
  it("is the page for a browser, with what it may know of the deployment, and asks GitHub nothing", async () => {
    const { world, get } = await open({ variables: { ALLOWED_OWNERS: "Acme, octo", GITHUB_APP_NAME: "ci" } });
    const { status, headers, text } = await get("/");
    expect(status).toBe(200);
    expect(factsOf(text)).toEqual({
      state: "serving",
      domain: DOMAIN,
      webUrl: "https://github.com",
      apps: [{ id: "7", name: "ci" }],
      owners: ["acme", "octo"],
      wrong: [],
    });
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-cache",
      vary: "Accept",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "x-request-id": expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(world.calls).toEqual([]);
  });

  it("leads to where an App is installed once GitHub told any isolate, and asks neither GitHub nor KV again", async () => {
    const kv = watchedKv();
    const bindings = { STS_CACHE: kv.binding };
    const ghes = { apiUrl: "https://ghes.example/api/v3", actions: "https://ghes.example/_services/token" };
    const { world, get } = await open({ bindings, ...ghes });
    const appsOf = async (ask: typeof get) => factsOf((await ask("/")).text).apps;
    expect(await appsOf(get)).toEqual([{ id: "7" }]);
    expect(await appsOf(get)).toEqual([{ id: "7" }]);
    expect([kv.gets.length, world.calls.length]).toEqual([1, 0]);
    await world.worker.fetch(new Request(`https://${DOMAIN}/readyz`));
    const expected = [{ id: "7", installUrl: "https://ghes.example/github-apps/app-7/installations/new" }];
    expect(await appsOf(get)).toEqual(expected);
    const calls = world.calls.length;
    const other = world.isolate();
    const there = (path: string) =>
      other.fetch(new Request(`https://${DOMAIN}${path}`, { headers: { Accept: BROWSER } }));
    expect(await appsOf(there)).toEqual(expected);
    expect(world.calls).toHaveLength(calls);
  });

  it("allows nothing but the page's own files, by their hashes where they are inline", async () => {
    const { get } = await open();
    const { headers, text } = await get("/");
    const style = /<style>(.*?)<\/style>/s.exec(text)?.[1] ?? "";
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style)));
    expect(headers.get("Content-Security-Policy")?.split("; ").sort()).toEqual([
      "base-uri 'none'",
      "connect-src 'none'",
      "default-src 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "img-src 'self'",
      "require-trusted-types-for 'script'",
      "script-src 'self'",
      `style-src 'sha256-${btoa(String.fromCharCode(...digest))}'`,
      "trusted-types 'none'",
    ]);
    // Nothing inline but the style and the data.
    expect(text).not.toMatch(/<script(?! type="application\/json"| type="module" src="\/assets\/)|style="|\son\w+="/);
    for (const [, url] of text.matchAll(/(?:src|href)="([^"]+)"/g)) expect(url).toMatch(/^(?:\/|#)(?!\/)/);
  });

  it.each(["*/*", "application/json", "text/html;q=0, */*", "text/*", ""])(
    "is octo-sts's JSON for who accepts %j",
    async (accept) => {
      const { get } = await open();
      const { status, headers, body } = await get("/", accept);
      expect(status).toBe(200);
      expect(headers.get("Content-Type")).toBe("application/json; charset=utf-8");
      expect(headers.get("Vary")).toBe("Accept");
      expect(body).toMatchObject({ msg: expect.stringContaining("/sts/exchange"), exchange: "/sts/exchange" });
    },
  );

  it("has no body for HEAD", async () => {
    const { get } = await open();
    const { status, headers, text } = await get("/", BROWSER, "HEAD");
    expect([status, headers.get("Content-Type"), text]).toEqual([200, "text/html; charset=utf-8", ""]);
  });

  it("names wrong variables, and no value of any", async () => {
    const { get } = await open({ variables: { STS_DOMAIN: "</script><b>s3cr3t", ALLOWED_OWNER: "s3cr3t" } });
    const { status, text } = await get("/");
    expect(status).toBe(200);
    expect(factsOf(text)).toMatchObject({ state: "misconfigured", wrong: ["STS_DOMAIN", "ALLOWED_OWNER"], apps: [] });
    expect(text).not.toContain("s3cr3t");
  });

  it("lets no name end the element that it stands in", async () => {
    const { get } = await open({ variables: { "ALLOWED_OWNER<": "s3cr3t" } });
    const { text } = await get("/");
    expect(factsOf(text).wrong).toEqual(["ALLOWED_OWNER<"]);
    expect(blockOf(text)).not.toContain("<");
  });

  it("is JSON where no page is bound", async () => {
    const { get } = await open({ bindings: { ASSETS: undefined } });
    expect((await get("/")).body).toMatchObject({ exchange: "/sts/exchange" });
    expect((await get("/assets/main-AAAAAAAA.js")).status).toBe(404);
  });
});

describe("GET /assets/", () => {
  it("are kept for ever, and have their types", async () => {
    const { get } = await open();
    const { text: html } = await get("/");
    const paths = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path = ""]) => path);
    expect(paths.length).toBeGreaterThan(2);
    for (const path of paths) {
      const { status, headers, text } = await get(path, "*/*");
      expect(status).toBe(200);
      expect(text.length).toBeGreaterThan(100);
      expect(Object.fromEntries(headers)).toMatchObject({
        "content-type": path.endsWith(".js") ? "text/javascript; charset=utf-8" : "image/svg+xml",
        "cache-control": "public, max-age=31536000, immutable",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
      });
    }
  });

  it.each([
    "/assets/",
    "/assets/main.js",
    "/assets/main-AAAAAAAA.js",
    "/assets/main-AAAAAAAA.js/",
    "/assets/../index.html",
    "/assets/..%2findex.html",
    "/assets/%2e%2e%2findex.html",
    "/assets/..%5cindex.html",
    "/assets/x/main-AAAAAAAA.js",
    "/index.html",
    "/assets",
    "//assets/main-AAAAAAAA.js",
  ])("are those of the build alone: not %s", async (path) => {
    const { get } = await open();
    const { status, headers, body } = await get(path);
    expect([status, body.code, body.message]).toEqual([404, 5, "Not Found"]);
    expect(headers.get("Content-Type")).toBe("application/json; charset=utf-8");
  });
});
