// The outside world as one fetch: dispatch, redirects, aborts, faults, and the arithmetic over calls.

import { beforeAll, describe, expect, it } from "vitest";
import { appJwt } from "../emulators/core/app-jwt.ts";
import { appKeys } from "../emulators/core/keys.ts";
import { Network, sequentialHops } from "./network.ts";

const AGENT = { "user-agent": "test" };
let keys: Awaited<ReturnType<typeof appKeys>>;

beforeAll(async () => {
  keys = await appKeys();
});

function world(options: ConstructorParameters<typeof Network>[0] = {}): Network {
  const network = new Network(options);
  network.github.addOrganization("acme");
  network.github.addRepository("acme/open", { visibility: "public", files: { "a.txt": "hello" } });
  network.github.addApp({ id: 7, publicKeys: [keys.publicKey] });
  network.issuers.issuer("ci");
  return network;
}

const FILE = "https://api.github.com/repos/acme/open/contents/a.txt";
const DISCOVERY = "https://issuers.example/ci/.well-known/openid-configuration";

describe("dispatch", () => {
  it("reaches GitHub and the issuers by their origins", async () => {
    const network = world();
    const file = await network.fetch(FILE, { headers: AGENT });
    const discovery = await network.fetch(DISCOVERY);
    expect(file.status).toBe(200);
    expect(await discovery.json()).toMatchObject({ issuer: "https://issuers.example/ci" });
    expect(network.calls.map((call) => [call.route, call.status])).toEqual([
      ["gh.contents", 200],
      ["oidc.discovery", 200],
    ]);
    expect(network.hosts()).toEqual(["api.github.com", "issuers.example"]);
    expect(network.count("gh.*")).toBe(1);
  });

  it("fails for any other host as a network does, and remembers it", async () => {
    const network = world();
    await expect(network.fetch("https://elsewhere.example/x")).rejects.toThrow(TypeError);
    expect(network.calls.map((call) => [call.route, call.host, call.status])).toEqual([
      ["unknown", "elsewhere.example", null],
    ]);
  });

  it("answers at the aliases of the issuers with the same documents", async () => {
    const network = world({ issuerAliases: ["https://mirror.example"] });
    const discovery = await network.fetch("https://mirror.example/ci/.well-known/openid-configuration");
    expect(await discovery.json()).toMatchObject({ issuer: "https://issuers.example/ci" });
  });
});

describe("redirects", () => {
  it("hands a redirect over when told to", async () => {
    const network = world();
    network.fault({ route: "oidc.discovery", kind: "redirect", location: "https://elsewhere.example/x" });
    const response = await network.fetch(DISCOVERY, { redirect: "manual" });
    expect(response.status).toBe(302);
    expect(response.headers.get("location")).toBe("https://elsewhere.example/x");
    expect(network.hosts()).toEqual(["issuers.example"]);
  });

  it("follows otherwise, and leaves the credentials behind at another origin", async () => {
    const network = world();
    network.fault({ route: "gh.contents", kind: "redirect", location: DISCOVERY });
    const headers = { ...AGENT, authorization: "Bearer secret" };
    expect((await network.fetch(FILE, { headers })).status).toBe(200);
    expect(network.calls.map((call) => call.headers.authorization)).toEqual(["Bearer secret", undefined]);
  });
});

describe("faults", () => {
  it("hangs until the caller leaves, and rejects with the caller's reason", async () => {
    const network = world();
    network.fault({ route: "gh.contents", kind: "hang" });
    const reason = new DOMException("too late", "TimeoutError");
    const controller = new AbortController();
    const asked = network.fetch(FILE, { headers: AGENT, signal: controller.signal });
    setTimeout(() => controller.abort(reason), 5);
    await expect(asked).rejects.toMatchObject({ name: "TimeoutError" });
    expect(network.calls[0]).toMatchObject({ fault: "hang", status: null });
  });

  it("cuts a body in the middle", async () => {
    const network = world();
    network.fault({ route: "gh.contents", kind: "cut" });
    const response = await network.fetch(FILE, { headers: AGENT });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });

  it("streams a huge body of the size asked for", async () => {
    const network = world();
    network.fault({ route: "oidc.jwks", kind: "huge", bytes: 1_000_000 });
    const response = await network.fetch("https://issuers.example/ci/jwks");
    expect((await response.text()).length).toBe(1_000_008);
  });

  it.each([
    ["status", { status: 418 }, 418, null, undefined],
    ["primary", {}, 403, null, "0"],
    ["primary", { status: 429 }, 429, null, "0"],
    ["secondary", { status: 429 }, 429, "60", "4321"],
    ["bare403", {}, 403, null, "4321"],
    ["garbage", {}, 200, null, undefined],
    ["empty", {}, 200, null, undefined],
  ] as const)("gives %s %o", async (kind, more, status, retryAfter, remaining) => {
    const network = world();
    network.fault({ route: "gh.contents", kind, ...more });
    const response = await network.fetch(FILE, { headers: AGENT });
    expect(response.status).toBe(status);
    expect(response.headers.get("retry-after")).toBe(retryAfter);
    expect(response.headers.get("x-ratelimit-remaining") ?? undefined).toBe(remaining);
  });

  it("counts skip and times, and looks for its text in address and body", async () => {
    const network = world();
    network.fault({ route: "gh.*", kind: "status", status: 500, skip: 1, times: 1, match: "a.txt" });
    const statuses: number[] = [];
    for (const url of [FILE, `${FILE}?n=2`, FILE, "https://api.github.com/app"]) {
      statuses.push((await network.fetch(url, { headers: AGENT })).status);
    }
    expect(statuses).toEqual([200, 500, 200, 401]);
  });

  it("lets a request take effect although its answer comes too late", async () => {
    const network = world();
    const installation = network.github.install({ app: 7, owner: "acme", permissions: { contents: "read" } });
    const authorization = `Bearer ${await appJwt({ app: 7, nowMs: Date.now() })}`;
    const url = `https://api.github.com/app/installations/${installation.id}/access_tokens`;
    const mint = () => {
      const request = new Request(url, {
        method: "POST",
        headers: { ...AGENT, authorization },
        signal: AbortSignal.timeout(20),
      });
      return network.fetch(request);
    };
    network.fault({ route: "gh.mint", kind: "delay", delayMs: 5_000, times: 1 });
    await expect(mint()).rejects.toMatchObject({ name: "TimeoutError" });
    network.fault({ route: "gh.mint", kind: "hang", times: 1 });
    await expect(mint()).rejects.toMatchObject({ name: "TimeoutError" });
    network.fault({ route: "gh.mint", kind: "hang", acted: true, times: 1 });
    await expect(mint()).rejects.toMatchObject({ name: "TimeoutError" });
    expect(network.github.tokens.length).toBe(2);
  });

  it("loses the connection", async () => {
    const network = world();
    network.fault({ route: "gh.contents", kind: "network" });
    await expect(network.fetch(FILE, { headers: AGENT })).rejects.toThrow(TypeError);
  });
});

describe("hops", () => {
  it("counts calls in parallel once and calls in sequence each", async () => {
    const network = world({ latencyMs: 10 });
    await Promise.all([network.fetch(FILE, { headers: AGENT }), network.fetch(DISCOVERY)]);
    expect(network.hops()).toBe(1);
    await network.fetch(DISCOVERY);
    expect(network.hops()).toBe(2);
    network.forgetCalls();
    expect(network.calls).toEqual([]);
  });

  it("takes the longest chain, not the greediest start", () => {
    const call = (started: number, ended: number | null) => ({ started, ended }) as unknown as Network["calls"][number]; // only the two places matter to the sum
    expect(sequentialHops([call(1, 10), call(2, 3), call(4, 5), call(6, 7)])).toBe(3);
    expect(sequentialHops([call(1, null), call(2, 3)])).toBe(1);
  });
});
