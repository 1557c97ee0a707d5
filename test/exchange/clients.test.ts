// Clients that exist, as they are: octo-sts/action's request and its post step, and the HTTP form of the Chainguard SDK,
// which refuses what it does not know.

import { beforeEach, describe, expect, it } from "vitest";
import type { Answer } from "../support/isolate.ts";
import { reset } from "../support/storage.ts";
import { createWorld, DOMAIN, type World } from "../support/world.ts";

beforeEach(() => reset());

async function bearerOf(world: World): Promise<string> {
  return (await world.request()).headers.get("Authorization") ?? "";
}

interface ActionRun {
  readonly token: string | undefined;
  /** What it prints of failures, each on a line of its own. */
  readonly printed: readonly string[];
  readonly exit: 0 | 1;
}

/** The main step, without its sleeps: nothing is encoded, and every failure is tried three times. */
async function runAction(world: World, { scope, identity }: { scope: string; identity: string }): Promise<ActionRun> {
  const authorization = await bearerOf(world);
  const url = `https://${DOMAIN}/sts/exchange?scope=${scope}&scopes=${scope}&identity=${identity}`;
  const headers = { Authorization: authorization, accept: "*/*", "user-agent": "node", "accept-language": "*" };
  const printed: string[] = [];
  for (let attempt = 1; attempt <= 3; attempt++) {
    const { status, text } = await world.worker.fetch(new Request(url, { headers }));
    if (status >= 200 && status < 300) {
      const { token } = JSON.parse(text);
      return { token, printed, exit: typeof token === "string" ? 0 : 1 };
    }
    printed.push(`Attempt ${attempt} failed for URL: ${url}. Error: HTTP error! status: ${status}, body: ${text}`);
  }
  return { token: undefined, printed, exit: 1 };
}

/** The post step speaks to GitHub, never to the STS. */
function runPost(world: World, token: string): Promise<Response> {
  const headers = {
    Authorization: `Bearer ${token}`,
    Accept: "application/vnd.github+json",
    "user-agent": "node",
  };
  return world.network.fetch("https://api.github.com/installation/token", { method: "DELETE", headers });
}

describe("octo-sts/action", () => {
  it("gets its token, and gives it back after the job", async () => {
    const world = await createWorld();
    const run = await runAction(world, { scope: `${world.owner}/app`, identity: "deploy" });
    expect(run).toMatchObject({ exit: 0, printed: [] });
    expect(world.livingTokens()).toEqual([run.token]);
    expect((await runPost(world, run.token ?? "")).status).toBe(204);
    expect(world.livingTokens()).toEqual([]);
  });

  it("repeats a refusal three times: the same each time but for the request's id, on one line, without a call for the last two", async () => {
    const world = await createWorld();
    const asking = runAction(world, { scope: `${world.owner}/app`, identity: "none" });
    const { exit, printed } = await asking;
    expect(exit).toBe(1);
    const bodies = printed.map((line) => JSON.parse(line.slice(line.indexOf("body: ") + "body: ".length)));
    const withoutId = bodies.map(({ request_id: _, ...body }) => body);
    expect(withoutId[1]).toEqual(withoutId[0]);
    expect(withoutId[2]).toEqual(withoutId[0]);
    expect(new Set(bodies.map(({ request_id }) => request_id)).size).toBe(3);
    expect(bodies[0]).toMatchObject({ code: 5, reason: "policy_not_found" });
    for (const line of printed) expect(line.trimEnd()).not.toContain("\n");
    const before = world.calls.length;
    await runAction(world, { scope: `${world.owner}/app`, identity: "none" });
    expect(world.calls.length).toBe(before);
    expect(world.grantMints()).toBe(0);
  });

  it("takes a path in the identity as it is typed", async () => {
    const world = await createWorld();
    const text = `issuer: ${world.actions.url}\nsubject_pattern: .*\npermissions:\n  issues: read\n`;
    world.github.putFile(`${world.owner}/app`, ".github/chainguard/release/npm.sts.yaml", text);
    expect(await runAction(world, { scope: `${world.owner}/app`, identity: "release/npm" })).toMatchObject({ exit: 0 });
  });
});

type SdkOutcome = { readonly token: string; readonly expiry: string | null } | { readonly code: number };

const KNOWN_KEYS = ["token", "refreshToken", "refresh_token", "expiry"];

/** Strict protobuf JSON: no unknown key, no key twice, and each of its type. */
function sdkReads({ status, text, headers }: Answer): SdkOutcome {
  if (status !== 200) {
    const body: unknown = headers.get("content-type")?.startsWith("application/json") ? JSON.parse(text) : {};
    const code = typeof body === "object" && body !== null && "code" in body ? body.code : undefined;
    if (typeof code === "number" && Number.isInteger(code) && code >= 1 && code <= 16) return { code };
    return { code: status === 502 || status === 503 ? 14 : status === 504 ? 4 : 2 };
  }
  const keys = [...text.matchAll(/"([A-Za-z_]+)":/g)].map(([, key = ""]) => key);
  if (new Set(keys).size < keys.length) throw new Error("a key occurs twice");
  const unknown = keys.find((key) => !KNOWN_KEYS.includes(key));
  if (unknown !== undefined) throw new Error(`unknown field ${unknown}`);
  const { token, refreshToken, expiry } = JSON.parse(text);
  if (typeof token !== "string" || typeof refreshToken !== "string") throw new Error("not of its type");
  if (expiry !== null && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(expiry)) {
    throw new Error("invalid Timestamp");
  }
  return { token, expiry };
}

interface SdkRequest {
  readonly scopes: readonly string[];
  readonly identity: string;
  readonly aud?: string;
}

/** Three attempts, on code 14 only. */
async function runSdk(
  world: World,
  { scopes, identity, aud = DOMAIN }: SdkRequest,
): Promise<{ outcome: SdkOutcome; attempts: number }> {
  const authorization = await bearerOf(world);
  const form = new URLSearchParams();
  for (const one of aud.split(",")) form.append("aud", one);
  form.append("scope", scopes[0] ?? "");
  for (const one of scopes) form.append("scopes", one);
  form.append("identity", identity);
  form.append("cap", "");
  form.append("identity_provider", "");
  for (let attempts = 1; ; attempts++) {
    const request = new Request(`https://${DOMAIN}/sts/exchange`, {
      method: "POST",
      headers: {
        Authorization: authorization,
        "Content-Type": "application/x-www-form-urlencoded",
        "User-Agent": "Go-http-client/1.1",
      },
      body: form.toString(),
    });
    const outcome = sdkReads(await world.worker.fetch(request));
    if (!("code" in outcome) || outcome.code !== 14 || attempts === 3) return { outcome, attempts };
  }
}

describe("the Chainguard SDK's HTTP client", () => {
  it("gets its token", async () => {
    const world = await createWorld();
    const { outcome, attempts } = await runSdk(world, {
      scopes: [`${world.owner}/app`],
      identity: "deploy",
      aud: "a,b",
    });
    expect(attempts).toBe(1);
    expect(outcome).toEqual({ token: world.livingTokens()[0], expiry: "2026-11-25T13:00:00Z" });
  });

  it.each([
    ["no such policy", 5, (_: World) => ({ identity: "none" })],
    ["two scopes", 3, ({ owner }: World) => ({ scopes: [`${owner}/app`, `${owner}/other`] })],
    ["a bad identity", 3, (_: World) => ({ identity: ".." })],
  ] as const)("reads the code of a refusal, once: %s", async (_about, code, change) => {
    const world = await createWorld();
    const request = { scopes: [`${world.owner}/app`], identity: "deploy", ...change(world) };
    expect(await runSdk(world, request)).toEqual({ outcome: { code }, attempts: 1 });
  });

  it.each([
    ["a limit", 8, 1, { kind: "secondary" }],
    ["an outage", 14, 3, { kind: "status", status: 503 }],
    ["an answer that is none", 13, 1, { kind: "garbage" }],
  ] as const)("tries again only what can succeed: %s", async (_about, code, attempts, fault) => {
    const world = await createWorld();
    world.network.fault({ route: "gh.repo_installation", ...fault });
    const outcome = await runSdk(world, { scopes: [`${world.owner}/app`], identity: "deploy" });
    expect(outcome).toEqual({ outcome: { code }, attempts });
  });

  it("is served after an outage that passes", async () => {
    const world = await createWorld();
    world.network.fault({ route: "gh.repo_installation", kind: "status", status: 503, times: 3 });
    const { outcome, attempts } = await runSdk(world, { scopes: [`${world.owner}/app`], identity: "deploy" });
    expect(attempts).toBe(2);
    expect(outcome).toHaveProperty("token");
  });
});
