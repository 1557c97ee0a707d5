// A GitHub elsewhere: the web host that belongs to an API, and that no call leaves an Enterprise Server.

import { describe, expect, it } from "vitest";
import { readFile } from "../../worker/github/contents.ts";
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
    const { github, app, call, network } = await createTestWorld({ apiUrl: "https://ghes.example/api/v3" });
    const lookup = await github.installations.find(app, { owner: "acme", repository: "app" }, call);
    if (!lookup.ok) throw new Error(lookup.denial.reason);
    const read = await github.mintReadToken(app, lookup.value.installation, ["app"], call);
    if (!read.ok) throw new Error(read.denial.reason);
    const path = ".github/chainguard/ci.sts.yaml";
    expect(await readFile(github, read.value.token, { owner: "acme", repository: "app", path }, call)).toMatchObject({
      value: { kind: "file" },
    });
    expect(await github.revoke(read.value.token)).toBe("revoked");
    const grant = { permissions: { statuses: "write" }, repositories: "all" } as const;
    expect(await github.mintGrantToken(app, lookup.value.installation, grant, call)).toMatchObject({
      denial: { settingsUrl: "https://ghes.example/organizations/acme/settings/installations/101" },
    });
    expect(network.hosts()).toEqual(["ghes.example"]);
    expect(network.calls.every(({ path }) => path.startsWith("/api/v3/"))).toBe(true);
  });
});
