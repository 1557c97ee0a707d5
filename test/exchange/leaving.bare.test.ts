// Callers who leave, and bindings that hang, in the runtime as it is deployed: no token stays alive that nobody holds, everybody else
// gets his answer, and every exchange leaves its event.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { isGrantMint } from "../support/apps.ts";
import { sendRaw } from "../support/workerd/clients.ts";
import { openWorkerd, until, type WorkerdWorld } from "../support/workerd.ts";

let world: WorkerdWorld;

beforeAll(async () => {
  world = await openWorkerd();
});

beforeEach(() => {
  world.network.clearFaults();
  world.kv.set("answer");
});

afterAll(() => world.close());

/** A caller whose exchange is held up for a second where it matters, and what became of it. */
async function caller(headers: Readonly<Record<string, string>> = {}) {
  const [minted, events] = [world.network.github.tokens.length, world.audits().length];
  const client = await sendRaw(world.port, {
    target: world.target(),
    headers: { ...(await world.headers()), ...headers },
  });
  return {
    client,
    tokens: () => world.network.github.tokens.slice(minted),
    event: async () => {
      await until(() => world.audits().length > events);
      return world.audits().at(-1);
    },
  };
}

const grantMints = () => world.network.calls.filter(isGrantMint).length;
const GRANT = { route: "gh.mint", match: '"issues"' } as const;

describe("a caller who resets the connection", () => {
  it("while the token is minted leaves none alive", async () => {
    world.network.fault({ ...GRANT, kind: "delay", delayMs: 1_000, times: 1 });
    const before = grantMints();
    const { client, tokens, event } = await caller();
    await until(() => grantMints() > before);
    client.reset();
    expect(await event()).toMatchObject({
      outcome: "refused",
      reason: "deadline_exceeded",
      counts: { caller_left: 1 },
    });
    await until(() => tokens().every(({ revoked }) => revoked));
    expect(tokens().map(({ permissions }) => permissions.issues)).toContain("write");
  });

  it("before anything is minted is minted nothing", async () => {
    world.network.fault({ route: "gh.contents", kind: "delay", delayMs: 1_000, times: 2 });
    const before = { mints: grantMints(), reads: world.network.count("gh.contents") };
    const scope = "acme/other";
    world.network.github.putFile(scope, ".github/chainguard/deploy.sts.yaml", policyOf(world));
    const events = world.audits().length;
    const client = await sendRaw(world.port, {
      target: world.target("deploy", scope),
      headers: await world.headers(),
    });
    await until(() => world.network.count("gh.contents") > before.reads);
    client.reset();
    await until(() => world.audits().length > events);
    expect(world.audits().at(-1)).toMatchObject({ reason: "deadline_exceeded", counts: { caller_left: 1 } });
    expect(grantMints()).toBe(before.mints);
  });
});

const policyOf = ({ network }: WorkerdWorld): string =>
  `issuer: ${network.issuers.issuer("").url}\nsubject: repo:acme/app:ref:refs/heads/main\npermissions:\n  issues: write\n`;

describe("a caller who closes his half of the connection", () => {
  it("gets his token, and it lives", async () => {
    world.network.fault({ ...GRANT, kind: "delay", delayMs: 1_000, times: 1 });
    const before = grantMints();
    const { client, tokens, event } = await caller();
    client.halfClose();
    await until(() => grantMints() > before);
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

describe("a KV namespace that hangs", () => {
  /** What is neither in memory nor in KV. */
  async function coldExchange() {
    const [scope, events] = ["acme/other", world.audits().length];
    const identity = `cold-${events}`;
    world.network.github.putFile(scope, `.github/chainguard/${identity}.sts.yaml`, policyOf(world));
    const minted = world.network.github.tokens.length;
    const answer = await world.ask(world.target(identity, scope));
    const body: { token?: string } = await answer.json();
    await until(() => world.audits().length > events);
    const living = () => world.network.github.tokens.slice(minted).filter(({ revoked }) => !revoked);
    return { status: answer.status, token: body.token, event: world.audits().at(-1), living };
  }

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
