// No request goes to a host that no policy names, whatever is cached (CVE-2025-52477).

import { describe, expect, it } from "vitest";
import { commonText, createIssuerWorld, GITHUB, signerNamed } from "../support/issuer-world.ts";
import { POLICY } from "../support/workload.ts";
import { strict } from "./indistinguishable.ts";

describe("no call goes to an issuer that no policy names", () => {
  it("whatever is cached: keys of that issuer, from an exchange with another owner", async () => {
    const world = await createIssuerWorld();
    expect((await world.send(await world.token())).status).toBe(200);
    const { network } = world;
    network.github.addAccount("rival", { type: "Organization", id: 9 });
    network.github.addRepository("rival/app");
    network.github.install({
      app: 7,
      owner: "rival",
      permissions: { contents: "read", issues: "write" },
      repositories: "all",
    });
    network.github.putFile("rival/app", ".github/chainguard/deploy.sts.yaml", POLICY("rival"));
    const asking = { scope: "rival/app" };
    for (const token of [
      await world.token(),
      await world.token({}, { kid: "new" }),
      await world.token({}, {}, await signerNamed("evil")),
    ]) {
      world.network.forgetCalls();
      const answer = await world.send(token, asking);
      expect([answer.status, answer.body.message]).toEqual([404, commonText("rival")]);
      expect(world.loggedReason()).toBe("issuer_mismatch");
      expect(world.network.hosts().filter((host) => host !== GITHUB)).toEqual([]);
    }
    // Nor when the cached keys are no longer fresh, nor in another isolate that finds them in KV.
    world.clock.now += 2 * 60 * 60_000;
    world.network.forgetCalls();
    const request = await world.request({ ...asking, authorization: `Bearer ${await world.token()}` });
    expect((await world.isolate().fetch(request)).status).toBe(404);
    expect(world.network.hosts()).toEqual([GITHUB]);
  });

  it("though the policy is cached, the organization's list forbids it", async () => {
    const world = await createIssuerWorld();
    expect((await world.send(await world.token())).status).toBe(200);
    strict(world);
    world.clock.now += 2 * 60 * 60_000;
    world.network.forgetCalls();
    expect((await world.send(await world.token())).status).toBe(404);
    expect(world.loggedReason()).toBe("issuer_not_permitted");
    expect(world.network.hosts()).toEqual([GITHUB]);
  });
});
