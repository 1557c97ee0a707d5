// What an attacker tried who had read the code: each a way to learn, to hold up or to lock out that is closed.

import { describe, expect, it } from "vitest";
import { forged, STRANGER } from "../support/flood.ts";
import { createIssuerWorld, signerNamed } from "../support/issuer-world.ts";
import { memoryKv } from "../support/memory-kv.ts";
import { DOMAIN, POLICY } from "../support/workload.ts";

describe("to learn whether a policy names an issuer", () => {
  it("by filling every place in flight and asking once more: the answer is the same whether it does or not", async () => {
    const answers: unknown[] = [];
    for (const names of [true, false]) {
      const world = await createIssuerWorld();
      if (!names) world.putPolicy(POLICY(world.owner, "https://someone-else.example"));
      const from = { headers: { "CF-Connecting-IP": STRANGER } };
      // The policy and the list are cached before.
      await world.send(forged(world, { iss: "https://nobody.example" }));
      // As many as are looked up at once, all of which hang at GitHub.
      world.network.fault({ route: "gh.mint", kind: "delay", delayMs: 3_900 });
      world.network.forgetCalls();
      const full = world.network.begun("gh.mint", 11);
      const held = Array.from({ length: 20 }, async (_, i) =>
        world.send(forged(world), {
          scope: `${world.owner}/hung-${i}`,
          headers: { "CF-Connecting-IP": `203.0.113.${i}` },
        }),
      );
      await full;
      const [cold, cached] = await Promise.all([
        world.send(forged(world), { identity: "not-cached", ...from }),
        world.send(forged(world), from),
      ]);
      answers.push([cold.status, cached.status, cached.body.message === cold.body.message]);
      await Promise.all(held);
    }
    expect(answers).toEqual([
      [429, 429, true],
      [429, 429, true],
    ]);
  });

  it("by counting refusals until the limit: they are as many whatever the matter is", async () => {
    const evil = await signerNamed("evil");
    const counts: number[] = [];
    for (const issuer of [undefined, "https://someone-else.example"]) {
      const world = await createIssuerWorld();
      world.putPolicy(POLICY(world.owner, issuer ?? world.issuer));
      const token = await world.token({}, {}, evil);
      let count = 0;
      for (let i = 0; i < 65; i++) {
        const answer = await world.send(token, { headers: { "CF-Connecting-IP": STRANGER } });
        if (answer.status === 404) count += 1;
      }
      counts.push(count);
    }
    expect(counts).toEqual([10, 10]);
  });
});

describe("to hold the service up", () => {
  it("a body that never ends is given up with the time of the exchange", async () => {
    const world = await createIssuerWorld();
    const body = new ReadableStream<Uint8Array>({ pull: () => new Promise<void>(() => undefined) });
    const headers = { "Content-Type": "application/x-www-form-urlencoded", Authorization: "Bearer a.b.c" };
    const answer = await world.worker.fetch(
      new Request(`https://${DOMAIN}/sts/exchange`, { method: "POST", headers, body }),
    );
    expect([answer.status, answer.body.reason]).toEqual([504, "deadline_exceeded"]);
    expect(world.calls).toEqual([]);
  });

  it("an issuer that trickles its keys is given up after its 3 s, and then left alone", async () => {
    const world = await createIssuerWorld();
    const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    world.network.answer(`${world.issuer}/keys`, () => {
      const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
        await wait(100);
        controller.enqueue(Uint8Array.of(0x20));
      };
      return new Response(new ReadableStream<Uint8Array>({ pull }));
    });
    expect((await world.send(await world.token())).status).toBe(404);
    expect(world.loggedReason()).toBe("issuer_unreachable");
    world.network.forgetCalls();
    expect((await world.send(await world.token())).status).toBe(404);
    expect(world.network.hosts().filter((host) => host === "issuer.example")).toEqual([]);
  });
});

describe("to get what is another's", () => {
  it("an issuer's keys never speak for another: same kid, same host, a path below or beside", async () => {
    const world = await createIssuerWorld({ variables: { KNOWN_ISSUERS: "https://issuer.example/*" } });
    const evil = await signerNamed("evil");
    const tenant = `${world.issuer}-tenant`;
    world.network.publish(tenant, [evil.publicJwk]);
    world.putPolicy(POLICY(world.owner, tenant), "tenant", "app");
    expect((await world.send(await world.token({ iss: tenant }, {}, evil), { identity: "tenant" })).status).toBe(200);
    expect((await world.send(await world.token())).status).toBe(200);
    // Warm keys of both.
    for (const [iss, by, identity] of [
      [world.issuer, evil, "deploy"],
      [tenant, world.signer, "tenant"],
    ] as const) {
      const answer = await world.send(await world.token({ iss }, {}, by), { identity });
      expect([answer.status, answer.body.reason]).toEqual([401, "signature_invalid"]);
    }
    const crossed = await world.send(await world.token({ iss: tenant }, {}, evil));
    expect([crossed.status, crossed.body.reason]).toEqual([403, "issuer_mismatch"]);
  });

  it("a tenant's discovery cannot name another tenant's issuer, nor be its stand-in when that is down", async () => {
    const world = await createIssuerWorld({ known: true });
    const evil = await signerNamed("evil");
    world.network.publish(world.issuer, [evil.publicJwk], { issuer: `${world.issuer}-tenant` });
    const answer = await world.send(await world.token({}, {}, evil));
    expect([answer.status, answer.body.reason]).toEqual([400, "issuer_invalid"]);
    expect(world.grantMints()).toBe(0);
  });

  it("what a stranger's exchange learned is never written where others read it", async () => {
    const written: string[] = [];
    const world = await createIssuerWorld({
      bindings: { STS_CACHE: { ...memoryKv(), put: async (key: string) => void written.push(key) } },
    });
    const evil = await signerNamed("evil");
    for (const token of [
      await world.token({}, {}, evil),
      await world.token({ iss: "https://nobody.example" }),
      "a.b.c",
    ]) {
      await world.send(token);
      await world.send(token, { identity: "none" });
      await world.send(token, { scope: "nobody/at-all" });
    }
    expect(written).toEqual([]);
  });
});
