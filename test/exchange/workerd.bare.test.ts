// Whole exchanges in bare workerd, as it is deployed: over a socket, on a KV of its own, with the compatibility flags of wrangler.toml.

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { sendRaw } from "../support/workerd/clients.ts";
import { openWorkerd, until, type WorkerdWorld } from "../support/workerd.ts";

let world: WorkerdWorld;

beforeAll(async () => {
  world = await openWorkerd();
});

afterEach(() => {
  world.kv.set("answer");
  world.kv.listsAnswer = undefined;
});

afterAll(() => world.close());

describe("bare workerd", () => {
  it("grants, writes what it learned to KV, revokes the read token, and sends one event", async () => {
    const answer = await world.ask();
    expect(answer.status).toBe(200);
    const { token } = (await answer.json()) as { token: string };
    await until(() => world.audits().length === 1 && world.kv.values.size > 0);
    expect(world.livingTokens()).toEqual([token]);
    expect(world.audits()[0]).toMatchObject({ outcome: "granted", permissions: { issues: "write" } });
    expect(world.network.hosts()).toHaveLength(2);
  });

  it("answers a client that has closed its half", async () => {
    const client = await sendRaw(world.port, { target: world.target(), headers: await world.headers() });
    client.halfClose();
    expect(await client.answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it("refuses what no policy grants, though its KV refuses and its client is gone", async () => {
    world.kv.set("refuse");
    const [minted, reads] = [world.network.github.tokens.length, world.network.count("gh.contents")];
    const headers = { ...(await world.headers()), "User-Agent": "leaves" };
    const client = await sendRaw(world.port, { target: world.target("none"), headers });
    // Of one who leaves before the Worker has begun nothing is told.
    await until(() => world.network.count("gh.contents") > reads);
    client.reset();
    expect(await world.auditOf("user_agent", "leaves")).toMatchObject({ outcome: "refused" });
    await until(() => world.network.github.tokens.slice(minted).every(({ revoked }) => revoked));
  });

  it.each([
    ["refuses", () => new Response(null, { status: 405 })],
    ["has not found", () => new Response(null, { status: 404 })],
    ["answers emptily", () => new Response("")],
  ])("reads what it wrote from a KV service that %s lists of keys", async (_, listsAnswer) => {
    expect((await world.ask()).status).toBe(200);
    world.kv.listsAnswer = listsAnswer;
    const other = await world.revive();
    const { length } = world.network.calls;
    expect((await other.ask()).status).toBe(200);
    const calls = world.network.calls.slice(length);
    expect(calls.map(({ path }) => path)).toEqual([expect.stringMatching(/\/access_tokens$/)]);
    await other.kill();
  });

  it("tells what it costs", async () => {
    const before = await world.usage();
    await world.ask();
    const after = await world.usage();
    expect(after.cpuMs).toBeGreaterThanOrEqual(before.cpuMs);
    expect(after.rssBytes).toBeGreaterThan(1024 * 1024);
  });
});
