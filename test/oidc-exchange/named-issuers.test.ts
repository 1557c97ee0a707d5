// No request goes to a host that no policy names, whatever is cached (CVE-2025-52477).

import { describe, expect, it } from "vitest";
import { POLICY } from "../exchange/story.ts";
import { strict } from "./support/cases.ts";
import { commonText, GITHUB, reallyOf, signerNamed, stage } from "./support/stage.ts";

describe("no call goes to an issuer that no policy names", () => {
  it("whatever is cached: keys of that issuer, from an exchange with another owner", async () => {
    const at = await stage();
    expect((await at.send(await at.token())).status).toBe(200);
    const { outside } = at;
    outside.github.addAccount("rival", { type: "Organization", id: 9 });
    outside.github.addRepository("rival/app");
    outside.github.install({
      app: 7,
      owner: "rival",
      permissions: { contents: "read", issues: "write" },
      repositories: "all",
    });
    outside.github.putFile("rival/app", ".github/chainguard/deploy.sts.yaml", POLICY("rival"));
    const asking = { scope: "rival/app" };
    for (const token of [
      await at.token(),
      await at.token({}, { kid: "new" }),
      await at.token({}, {}, await signerNamed("evil")),
    ]) {
      at.internet.forget();
      const answer = await at.send(token, asking);
      expect([answer.status, answer.body.message]).toEqual([404, commonText("rival")]);
      expect(reallyOf(at)).toBe("issuer_mismatch");
      expect(at.internet.hosts().filter((host) => host !== GITHUB)).toEqual([]);
    }
    // Nor when the cached keys are no longer fresh, nor in another isolate that finds them in KV.
    at.clock.now += 2 * 60 * 60_000;
    at.internet.forget();
    const request = await at.request({ ...asking, authorization: `Bearer ${await at.token()}` });
    expect((await at.isolate().fetch(request)).status).toBe(404);
    expect(at.internet.hosts()).toEqual([GITHUB]);
  });

  it("though the policy is cached, the organization's list forbids it", async () => {
    const at = await stage();
    expect((await at.send(await at.token())).status).toBe(200);
    strict(at);
    at.clock.now += 2 * 60 * 60_000;
    at.internet.forget();
    expect((await at.send(await at.token())).status).toBe(404);
    expect(reallyOf(at)).toBe("issuer_not_permitted");
    expect(at.internet.hosts()).toEqual([GITHUB]);
  });
});
