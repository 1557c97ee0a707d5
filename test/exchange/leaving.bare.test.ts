// Callers who leave, and bindings that hang, in the runtime as it is deployed: no token stays alive that nobody holds, everybody else
// gets his answer, and every exchange leaves its event.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { isGrantMint } from "../support/apps.ts";
import type { Fault } from "../support/network.ts";
import { type RawClient, sendRaw } from "../support/workerd/clients.ts";
import { openWorkerd, until, type WorkerdWorld } from "../support/workerd.ts";

let world: WorkerdWorld;

beforeAll(async () => {
  world = await openWorkerd({ hasPlatform: true });
});

beforeEach(() => {
  world.network.clearFaults();
  world.kv.set("answer");
  world.platform.set("answer", "limiter", "queue");
});

afterAll(() => world.close());

/** A caller of this name, and what became of the exchange. */
async function caller(name: string, target = world.target()) {
  const minted = world.network.github.tokens.length;
  const client = await sendRaw(world.port, { target, headers: { ...(await world.headers()), "User-Agent": name } });
  return {
    client,
    tokens: () => world.network.github.tokens.slice(minted),
    event: () => world.auditOf("user_agent", name),
  };
}

/** Makes the calls that it meets wait until they are released. */
function hold(fault: Pick<Fault, "route" | "match">): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  world.network.fault({ ...fault, kind: "delay", until: promise });
  return resolve;
}

/** workerd takes what happens on its sockets in order: once it answers this, it knows that the client is gone. */
async function leave(client: RawClient): Promise<void> {
  client.reset();
  await fetch(`${world.url}/healthz`);
}

const grantMints = () => world.network.calls.filter(isGrantMint).length;
const GRANT = { route: "gh.mint", match: '"issues"' } as const;

describe("a caller who resets the connection", () => {
  it("while the token is minted leaves none alive", async () => {
    const release = hold(GRANT);
    const before = grantMints();
    const { client, tokens, event } = await caller("leaves at the mint");
    await until(() => grantMints() > before);
    await leave(client);
    release();
    expect(await event()).toMatchObject({
      outcome: "refused",
      reason: "deadline_exceeded",
      counts: { caller_left: 1 },
    });
    await until(() => tokens().every(({ revoked }) => revoked));
    expect(tokens().map(({ permissions }) => permissions.issues)).toContain("write");
  });

  it("before anything is minted is minted nothing", async () => {
    const release = hold({ route: "gh.contents" });
    const before = { mints: grantMints(), reads: world.network.count("gh.contents") };
    const scope = "acme/other";
    world.network.github.putFile(scope, ".github/chainguard/deploy.sts.yaml", policyOf(world));
    const { client, event } = await caller("leaves at the policy", world.target("deploy", scope));
    await until(() => world.network.count("gh.contents") > before.reads);
    await leave(client);
    release();
    expect(await event()).toMatchObject({ reason: "deadline_exceeded", counts: { caller_left: 1 } });
    expect(grantMints()).toBe(before.mints);
  });
});

describe("a caller who leaves while /readyz asks GitHub", () => {
  it("keeps nobody else from the answer", async () => {
    const release = hold({ route: "gh.app" });
    const asked = () => world.network.count("gh.app");
    const client = await sendRaw(world.port, { target: "/readyz" });
    await until(() => asked() === 1);
    await leave(client);
    release();
    await expect.poll(async () => (await fetch(`${world.url}/readyz`)).status).toBe(200);
    expect(asked()).toBe(1);
  });
});

const policyOf = ({ network }: WorkerdWorld): string =>
  `issuer: ${network.issuers.issuer("").url}\nsubject: repo:acme/app:ref:refs/heads/main\npermissions:\n  issues: write\n`;

describe("a caller who closes his half of the connection", () => {
  it("gets his token, and it lives", async () => {
    const release = hold(GRANT);
    const before = grantMints();
    const { client, tokens, event } = await caller("closes half");
    client.halfClose();
    await until(() => grantMints() > before);
    release();
    const answer = await client.answer;
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    const token = /"token":"([^"]+)"/.exec(answer)?.[1];
    expect(await event()).toMatchObject({ outcome: "granted" });
    expect(
      tokens()
        .filter(({ revoked }) => !revoked)
        .map(({ value }) => value),
    ).toEqual([token]);
  });
});

let colds = 0;

/** What is neither in memory nor in KV. */
async function coldExchange() {
  const scope = "acme/other";
  const identity = `cold-${++colds}`;
  world.network.github.putFile(scope, `.github/chainguard/${identity}.sts.yaml`, policyOf(world));
  const minted = world.network.github.tokens.length;
  const answer = await world.ask(world.target(identity, scope));
  const body: { token?: string } = await answer.json();
  const event = await world.auditOf("request_id", answer.headers.get("X-Request-Id"));
  const living = () => world.network.github.tokens.slice(minted).filter(({ revoked }) => !revoked);
  return { status: answer.status, token: body.token, event, living };
}

describe("a KV namespace that hangs", () => {
  // First, as writes of other tests would be given up meanwhile.
  it("at writes has them given up after the event is out, in the log and in the queue", async () => {
    world.kv.set("hang", "put");
    const lines = world.logs().length;
    const { event } = await coldExchange();
    const since = () => world.logs().slice(lines);
    const givenUp = () => since().findIndex(({ type, operation }) => type === "kv_failed" && operation === "put");
    await until(() => givenUp() >= 0);
    expect(since().findIndex(({ outcome }) => outcome === "granted")).toBeLessThan(givenUp());
    expect(world.platform.messages).toContainEqual(event);
  });

  it.each([
    ["at reads", ["get"]],
    ["at writes", ["put"]],
    ["at everything", ["get", "put", "delete"]],
  ] as const)(
    "%s keeps neither the answer nor the event, and leaves no read token alive",
    async (_about, operations) => {
      world.kv.set("hang", ...operations);
      const { status, token, event, living } = await coldExchange();
      expect(status).toBe(200);
      expect(event).toMatchObject({ outcome: "granted" });
      await until(() => living().length === 1);
      expect(living().map(({ value }) => value)).toEqual([token]);
    },
  );
});

describe("a rate limiter that hangs", () => {
  it("keeps neither answers nor events, and who was refused meanwhile is served", async () => {
    const headers = { ...(await world.headers()), "CF-Connecting-IP": "192.0.2.80" };
    const ask = (identity: string) => world.ask(world.target(identity), { headers });
    const [events, uses] = [world.audits().length, world.platform.uses.length];
    world.platform.set("hang", "limiter");
    const refused = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(`none-${i}`)));
    expect(refused.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 404));
    expect((await ask("deploy")).status).toBe(200);
    await until(() => world.audits().length === events + 21);
    expect(world.platform.uses.slice(uses)).toContain("limiter");
    world.platform.set("answer", "limiter");
    expect([(await ask("none")).status, (await ask("deploy")).status]).toEqual([404, 200]);
  });
});

describe("a caller who leaves while the required queue hangs", () => {
  it("leaves no token, and a correction where the queue takes one", async () => {
    const own = await openWorkerd({ hasPlatform: true, variables: { AUDIT_REQUIRED: "queue" } });
    try {
      own.platform.set("hang", "queue");
      const client = await sendRaw(own.port, { target: own.target(), headers: await own.headers() });
      await until(() => own.platform.uses.includes("queue"));
      const minted = own.network.github.tokens.filter(({ permissions }) => permissions.issues === "write");
      client.reset();
      own.platform.set("answer", "queue");
      await until(() => own.audits().length === 1 && own.platform.messages.length === 1);
      expect(own.platform.messages).toMatchObject([
        { outcome: "refused", reason: "audit_unavailable", correction: true },
      ]);
      expect([minted.length, own.livingTokens()]).toEqual([1, []]);
    } finally {
      await own.close();
    }
  });
});

describe("an audit queue that hangs", () => {
  it("keeps no answer, no other event and no write, and is told to the log", async () => {
    world.platform.set("hang", "queue");
    const [lines, puts] = [world.logs().length, world.kv.count("put")];
    const { status, event, living } = await coldExchange();
    expect([status, event]).toMatchObject([200, { outcome: "granted" }]);
    await until(() => living().length === 1 && world.kv.count("put") > puts);
    const failed = { type: "audit_sink_failed", request_id: event.request_id, sink: "queue", delivery: "lost" };
    await until(() =>
      world
        .logs()
        .slice(lines)
        .some((line) => Object.entries(failed).every(([name, value]) => line[name] === value)),
    );
    world.platform.set("answer", "queue");
    const messages = world.platform.messages.length;
    await coldExchange();
    await until(() => world.platform.messages.length > messages);
  });
});
