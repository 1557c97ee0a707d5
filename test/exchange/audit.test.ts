// The audit event: one for every request, with what an auditor needs and nothing that could be used.

import { beforeEach, describe, expect, it } from "vitest";
import { reset } from "../support/storage.ts";
import { createWorld, DOMAIN } from "../support/world.ts";

beforeEach(() => reset());

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

describe("the audit event", () => {
  it("of a grant says who got what by which policy, and the token's digests", async () => {
    const world = await createWorld();
    const answer = await world.ask({ headers: { "User-Agent": "node" } });
    const token = String(answer.body.token);
    const digest = await sha256(token);
    const [event, ...more] = world.worker.audits();
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      type: "dev.octo-sts.exchange.v3",
      request_id: answer.body.request_id,
      time: "2026-11-25T12:00:00.000Z",
      scope: `${world.owner}/app`,
      identity: "deploy",
      user_agent: "node",
      actor: { iss: world.actions.url, sub: `repo:${world.owner}/app:ref:refs/heads/main`, verified: true },
      app_id: "7",
      installation_id: world.github.state.installations[0]?.id,
      trust_policy: {
        ...Object(answer.body.policy),
        permissions: { issues: "write" },
        repositories: ["app"],
      },
      permissions: { issues: "write", metadata: "read" },
      repositories: ["app"],
      expires_at: "2026-11-25T13:00:00Z",
      token_sha256: Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(""),
      hashed_token: btoa(String.fromCharCode(...digest)),
      outcome: "granted",
      duration_ms: 0,
    });
    expect(event).not.toHaveProperty("reason");
  });

  it("of a refusal holds the full trace, whatever the caller was told", async () => {
    const world = await createWorld();
    const outsider = { repository_owner_id: "1", sub: "repo:else/where" };
    const answer = await world.ask({ claims: outsider });
    expect(answer.body.message).toBe('trust policy: subject "repo:else/where" did not match');
    const [event] = world.worker.audits();
    expect(event).toMatchObject({
      outcome: "refused",
      reason: "subject_mismatch",
      reported_reason: "subject_mismatch",
    });
    expect(event?.trace).toContainEqual({
      clause: "subject",
      name: "sub",
      expected: { kind: "exact", value: `repo:${world.owner}/app:ref:refs/heads/main` },
      actual: "repo:else/where",
      passed: false,
      why: "no_match",
    });
  });

  it("and no line of the log ever holds a token, an assertion or the key", async () => {
    const world = await createWorld();
    const request = await world.request();
    const answer = await world.worker.fetch(request);
    await world.ask({ claims: { sub: "repo:x" } });
    const log = JSON.stringify(world.worker.logs);
    const [, , signature = "?"] = (request.headers.get("Authorization") ?? "").split(".");
    expect(log).not.toContain(String(answer.body.token));
    for (const { value } of world.github.tokens) expect(log).not.toContain(value);
    expect(log).not.toContain(signature);
    expect(log).not.toContain("PRIVATE KEY");
  });

  it("goes to every sink, and one that fails is told to the log and fails nothing", async () => {
    const sent: unknown[] = [];
    const points: unknown[] = [];
    const world = await createWorld({
      variables: { EVENT_INGRESS_URI: "https://events.example/in" },
      bindings: {
        AUDIT_QUEUE: { send: async (message: unknown) => void sent.push(message) },
        METRICS: { writeDataPoint: (point: unknown) => void points.push(point) },
      },
    });
    const answer = await world.ask();
    expect(answer.status).toBe(200);
    expect(sent).toMatchObject([{ type: "dev.octo-sts.exchange.v3", request_id: answer.body.request_id }]);
    expect(points).toMatchObject([{ indexes: [world.owner], blobs: expect.arrayContaining(["granted"]) }]);
    expect(world.worker.logs.filter(({ type }) => type === "audit_sink_failed")).toEqual([
      expect.objectContaining({ request_id: answer.body.request_id, sink: "http" }),
    ]);
    const posts = world.calls.filter(({ host }) => host === "events.example");
    expect(posts).toHaveLength(4);
    expect(posts[0]?.headers).toMatchObject({
      "ce-specversion": "1.0",
      "ce-type": "dev.octo-sts.exchange.v3",
      "ce-source": `https://${DOMAIN}`,
      "ce-subject": `${world.owner}/app/deploy`,
      "ce-id": answer.body.request_id,
      "content-type": "application/json",
    });
  });
});

describe("Server-Timing", () => {
  it("tells how long each part took with DEBUG_TIMING, on grants and refusals, and nothing without", async () => {
    const world = await createWorld({ variables: { DEBUG_TIMING: "true" } });
    const granted = await world.ask();
    expect(granted.headers.get("Server-Timing")).toBe(
      "request;dur=0, verify;dur=0, open;dur=0, read;dur=0, mint;dur=0",
    );
    const refused = await world.ask({ claims: { sub: "repo:x" } });
    expect(refused.headers.get("Server-Timing")).toBe("request;dur=0, verify;dur=0, open;dur=0, read;dur=0");
    expect((await (await createWorld()).ask()).headers.get("Server-Timing")).toBeNull();
  });
});

describe("health", () => {
  const get = async (
    world: Awaited<ReturnType<typeof createWorld>>,
    path: string,
    headers: Record<string, string> = {},
  ) => world.worker.fetch(new Request(`https://${DOMAIN}${path}`, { headers }));

  it("/ and /healthz answer whatever the configuration", async () => {
    const world = await createWorld({ variables: { STS_DOMAIN: "" } });
    expect((await get(world, "/healthz")).body).toMatchObject({ status: "ok" });
    expect((await get(world, "/")).body).toHaveProperty("msg");
    const refused = await get(world, "/sts/exchange");
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({
      code: 14,
      reason: "misconfigured",
      message: "this deployment is misconfigured: STS_DOMAIN",
    });
  });

  it("/readyz asks GitHub, and tells details only to whoever has the READY_TOKEN", async () => {
    const world = await createWorld({ variables: { READY_TOKEN: "let-me-see" } });
    const plain = await get(world, "/readyz");
    expect(plain.status).toBe(200);
    expect(Object.keys(plain.body)).toEqual(["ready", "request_id"]);
    const detailed = await get(world, "/readyz", { Authorization: "Bearer let-me-see" });
    expect(detailed.body).toMatchObject({
      ready: true,
      checks: [
        { name: "app 7", ok: true },
        { name: "clock", ok: true },
      ],
    });
    world.network.fault({ route: "gh.app", kind: "status", status: 401 });
    // GitHub is asked every half minute.
    world.clock.now += 30_000;
    const broken = await get(world, "/readyz", { Authorization: "Bearer let-me-see" });
    expect(broken.status).toBe(503);
    expect(broken.body).toMatchObject({
      ready: false,
      checks: [{ ok: false, problem: "app_credentials_rejected" }, {}],
    });
    expect(Object.keys((await get(world, "/readyz", { Authorization: "Bearer guess" })).body)).toEqual([
      "ready",
      "request_id",
    ]);
  });

  it("/readyz names wrong variables, and what is wrong to whoever has the READY_TOKEN; never a value", async () => {
    const world = await createWorld({
      variables: { READY_TOKEN: "let-me-see", STS_DOMAIN: "https://x.example", GITHUB_APP_PRIVATE_KEY: "hunter2" },
    });
    const plain = await get(world, "/readyz");
    expect(plain.status).toBe(503);
    expect(plain.body).toMatchObject({ ready: false, variables: ["STS_DOMAIN", "GITHUB_APP_PRIVATE_KEY"] });
    const detailed = await get(world, "/readyz", { Authorization: "Bearer let-me-see" });
    expect(detailed.body.problems).toMatchObject([
      {
        variable: "STS_DOMAIN",
        problem: "must be a bare host name such as sts.example.com, with no scheme and no path",
      },
      { variable: "GITHUB_APP_PRIVATE_KEY" },
    ]);
    expect(detailed.text).not.toMatch(/hunter2|x\.example/);
  });

  it("/readyz and exchanges refuse a gate under a name that is nearly its own", async () => {
    const world = await createWorld({ variables: { READY_TOKEN: "let-me-see", ALLOWED_OWNER: "acme" } });
    const detailed = await get(world, "/readyz", { Authorization: "Bearer let-me-see" });
    expect(detailed.status).toBe(503);
    expect(detailed.body).toMatchObject({
      variables: ["ALLOWED_OWNER"],
      problems: [{ problem: expect.stringContaining("must be ALLOWED_OWNERS") }],
    });
    const refused = await world.ask();
    expect([refused.status, refused.body.reason]).toEqual([503, "misconfigured"]);
    expect(world.network.calls).toEqual([]);
  });
});
