// Places that are counted, in the runtime as it is deployed: whoever takes one and leaves gives it back, whatever route it was.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RawRequest, sendRaw } from "../support/workerd/clients.ts";
import { openWorkerd, until, type WorkerdWorld } from "../support/workerd.ts";
import { delivery, SECRET } from "../webhook/payloads.ts";

let world: WorkerdWorld;

beforeAll(async () => {
  world = await openWorkerd({ variables: { GITHUB_WEBHOOK_SECRET: SECRET } });
});

beforeEach(() => world.network.clearFaults());

afterAll(() => world.close());

let addresses = 0;
/** Of a caller who was never here before. */
const someone = () => ({ "CF-Connecting-IP": `192.0.2.${++addresses}` });
const form = () => ({ ...someone(), "Content-Type": "application/x-www-form-urlencoded" });

/** Sends so many, lets them be met, and leaves. */
async function leave(count: number, request: RawRequest, areMet: () => boolean = () => true): Promise<void> {
  const clients = await Promise.all(Array.from({ length: count }, () => sendRaw(world.port, request)));
  await until(areMet);
  await new Promise((resolve) => setTimeout(resolve, 500));
  for (const client of clients) client.reset();
}

/** As soon as the Worker knows that they left. */
async function statusUntil(wanted: number, ask: () => Promise<number>): Promise<number> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const status = await ask();
    if (status === wanted || Date.now() > deadline) return status;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

describe("callers who leave", () => {
  it("while their tokens are revoked give their places back", async () => {
    world.network.fault({ route: "gh.revoke", kind: "delay", delayMs: 1_500 });
    const revoked = () => world.network.count("gh.revoke");
    const headers = { ...form(), Authorization: `Bearer ghs_${"x".repeat(36)}` };
    await leave(40, { method: "POST", target: "/sts/revoke", headers, body: "" }, () => revoked() >= 20);
    const give = async () => (await fetch(`${world.url}/sts/revoke`, { method: "POST", headers })).status;
    expect(await statusUntil(200, give)).toBe(200);
  });

  it.each(["/sts/exchange", "/oauth2/token", "/sts/revoke"])(
    "in the middle of a body to %s give their places back",
    async (target) => {
      const headers = { ...form(), "Content-Length": "1000" };
      await leave(40, { method: "POST", target, headers, body: "scope=" });
      // One that is slow, and takes a place.
      const slow = async () => {
        const client = await sendRaw(world.port, { method: "POST", target, headers, body: "x=" });
        await new Promise((resolve) => setTimeout(resolve, 400));
        client.socket.write("y".repeat(998));
        return Number(/^HTTP\/1\.1 (\d+)/.exec(await client.answer)?.[1]);
      };
      expect(await statusUntil(400, slow)).toBe(400);
    },
  );

  it("in the middle of a delivery give its room back", async () => {
    const request = await delivery("ping", { zen: "x" });
    const headers = { ...someone(), ...Object.fromEntries(request.headers) };
    const body = await request.text();
    await leave(60, { method: "POST", target: "/webhook", headers, body: body.slice(1) });
    const { "content-length": _length, ...sent } = { ...headers, "content-length": "" };
    const send = async () => (await fetch(`${world.url}/webhook`, { method: "POST", headers: sent, body })).status;
    expect(await statusUntil(204, send)).toBe(204);
  });
});
