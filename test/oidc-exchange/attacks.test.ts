// What an attacker tried who had read the code: each a way to learn, to hold up or to lock out that is closed.

import { describe, expect, it } from "vitest";
import { DOMAIN, POLICY } from "../exchange/story.ts";
import { forged, STRANGER } from "./support/flood.ts";
import { commonText, putPolicy, reallyOf, signerNamed, stage } from "./support/stage.ts";

describe("to learn whether a policy names an issuer", () => {
  it("by filling every place of an address and asking once more: the answer is the same whether it does or not", {
    timeout: 30_000,
  }, async () => {
    const answers: unknown[] = [];
    for (const names of [true, false]) {
      const at = await stage();
      if (!names) putPolicy(at, POLICY(at.owner, "https://someone-else.example"));
      const from = { headers: { "CF-Connecting-IP": STRANGER } };
      // The policy and the list are cached before.
      await at.send(forged(at, { iss: "https://nobody.example" }));
      // Sixty requests that hang at GitHub, all strangers' and all cold.
      at.outside.fault({ route: "gh.repo_installation", kind: "delay", delayMs: 1_500, match: "hung-" });
      const held = Array.from({ length: 60 }, async (_, i) => at.send(forged(at), { scope: `hung-${i}/app`, ...from }));
      await new Promise((resolve) => setTimeout(resolve, 300));
      const cold = await at.send(forged(at), { identity: "not-cached", ...from });
      const cached = await at.send(forged(at), from);
      answers.push([cold.status, cached.status, String(cached.body.message).replaceAll(at.owner, "<owner>")]);
      await Promise.all(held);
    }
    expect(answers).toEqual([
      [429, 404, commonText("<owner>")],
      [429, 404, commonText("<owner>")],
    ]);
  });

  it("by counting refusals until the limit: they are as many whatever the matter is", async () => {
    const evil = await signerNamed("evil");
    const counts: number[] = [];
    for (const issuer of [undefined, "https://someone-else.example"]) {
      const at = await stage();
      putPolicy(at, POLICY(at.owner, issuer ?? at.issuer));
      const token = await at.token({}, {}, evil);
      let told = 0;
      for (let i = 0; i < 65; i++) {
        const answer = await at.send(token, { headers: { "CF-Connecting-IP": STRANGER } });
        if (answer.status === 404) told += 1;
      }
      counts.push(told);
    }
    expect(counts).toEqual([60, 60]);
  });
});

describe("to hold the service up", () => {
  it("a body that never ends is given up with the time of the exchange", { timeout: 20_000 }, async () => {
    const at = await stage();
    const body = new ReadableStream<Uint8Array>({ pull: () => new Promise<void>(() => undefined) });
    const headers = { "Content-Type": "application/x-www-form-urlencoded", Authorization: "Bearer a.b.c" };
    const answer = await at.worker.fetch(
      new Request(`https://${DOMAIN}/sts/exchange`, { method: "POST", headers, body }),
    );
    expect([answer.status, answer.body.reason]).toEqual([504, "deadline_exceeded"]);
    expect(at.internet.asked).toEqual([]);
  });

  it("an issuer that trickles its keys is given up after its 3 s, and then left alone", {
    timeout: 20_000,
  }, async () => {
    const at = await stage();
    const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    at.internet.answer(`${at.issuer}/keys`, () => {
      const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
        await wait(100);
        controller.enqueue(Uint8Array.of(0x20));
      };
      return new Response(new ReadableStream<Uint8Array>({ pull }));
    });
    expect((await at.send(await at.token())).status).toBe(404);
    expect(reallyOf(at)).toBe("issuer_unreachable");
    at.internet.forget();
    expect((await at.send(await at.token())).status).toBe(404);
    expect(at.internet.hosts().filter((host) => host === "issuer.example")).toEqual([]);
  });
});

describe("to get what is another's", () => {
  it("an issuer's keys never speak for another: same kid, same host, a path below or beside", async () => {
    const at = await stage({ variables: { KNOWN_ISSUERS: "https://issuer.example/*" } });
    const evil = await signerNamed("evil");
    const tenant = `${at.issuer}-tenant`;
    at.internet.issuer(tenant, [evil.publicJwk]);
    putPolicy(at, POLICY(at.owner, tenant), "app", "tenant");
    expect((await at.send(await at.token({ iss: tenant }, {}, evil), { identity: "tenant" })).status).toBe(200);
    expect((await at.send(await at.token())).status).toBe(200);
    // Warm keys of both.
    for (const [iss, by, identity] of [
      [at.issuer, evil, "deploy"],
      [tenant, at.signer, "tenant"],
    ] as const) {
      const answer = await at.send(await at.token({ iss }, {}, by), { identity });
      expect([answer.status, answer.body.reason]).toEqual([401, "signature_invalid"]);
    }
    const crossed = await at.send(await at.token({ iss: tenant }, {}, evil));
    expect([crossed.status, crossed.body.reason]).toEqual([403, "issuer_mismatch"]);
  });

  it("a tenant's discovery cannot name another tenant's issuer, nor be its stand-in when that is down", async () => {
    const at = await stage({ known: true });
    const evil = await signerNamed("evil");
    at.internet.issuer(at.issuer, [evil.publicJwk], { issuer: `${at.issuer}-tenant` });
    const answer = await at.send(await at.token({}, {}, evil));
    expect([answer.status, answer.body.reason]).toEqual([400, "issuer_invalid"]);
    expect(at.grantMints()).toBe(0);
  });

  it("what a stranger's exchange learned is never written where others read it", async () => {
    const written: string[] = [];
    const at = await stage({
      bindings: { STS_CACHE: { get: async () => null, put: async (key: string) => void written.push(key) } },
    });
    const evil = await signerNamed("evil");
    for (const token of [await at.token({}, {}, evil), await at.token({ iss: "https://nobody.example" }), "a.b.c"]) {
      await at.send(token);
      await at.send(token, { identity: "none" });
      await at.send(token, { scope: "nobody/at-all" });
    }
    expect(written).toEqual([]);
  });
});
