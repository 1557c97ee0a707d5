// A GitHub elsewhere: the web host that belongs to an API, and that no call leaves an Enterprise Server.

import { describe, expect, it } from "vitest";
import { webUrlOf } from "../../worker/github/web-url.ts";
import { createTestWorld } from "./world.ts";

describe("the web host", () => {
  it.each([
    ["https://api.github.com", "https://github.com"],
    ["https://api.acme.ghe.com", "https://acme.ghe.com"],
    ["https://ghes.example/api/v3", "https://ghes.example"],
    ["https://ghes.example:8443/api/v3", "https://ghes.example:8443"],
    ["http://127.0.0.1:9000/api/v3", "http://127.0.0.1:9000"],
    ["https://api.evil.example", "https://api.evil.example"],
    ["https://api.a.b.ghe.com", "https://api.a.b.ghe.com"],
  ])("%s", (api, web) => {
    expect(webUrlOf(api)).toBe(web);
  });
});

describe("an Enterprise Server", () => {
  it("is the only host that is called, from look-up to revocation", async () => {
    const { github, app, call, outside } = await createTestWorld({ apiUrl: "https://ghes.example/api/v3" });
    const lookup = await github.findInstallation(app, { owner: "acme", repository: "app" }, call);
    if (lookup.kind !== "found") throw new Error(lookup.kind);
    const read = await github.mintReadToken(app, lookup.installation, ["app"], call);
    if (read.kind !== "ok") throw new Error(read.kind);
    const path = ".github/chainguard/ci.sts.yaml";
    expect(await github.readFile(read.token, { owner: "acme", repository: "app", path }, call)).toMatchObject({
      kind: "file",
    });
    expect(await github.revoke(read.token)).toBe("revoked");
    const grant = { permissions: { statuses: "write" }, repositories: "all" } as const;
    expect(await github.mintGrantToken(app, lookup.installation, grant, call)).toMatchObject({
      denial: { settingsUrl: "https://ghes.example/organizations/acme/settings/installations/101" },
    });
    expect(outside.hosts()).toEqual(["ghes.example"]);
    expect(outside.calls.every(({ path }) => path.startsWith("/api/v3/"))).toBe(true);
  });
});
