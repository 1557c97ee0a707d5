// The read token: for just the repositories asked for, of just the owner asked for; and revoking tokens.

import { describe, expect, it } from "vitest";
import { createTestWorld, livingTokens, type TestWorld } from "./world.ts";

const ROUTE = "POST /app/installations/{installation_id}/access_tokens";

const mint = ({ github, app, installation, call }: TestWorld, names: readonly string[] = ["app", ".github"]) =>
  github.mintReadToken(app, installation, names, call);

describe("minting", () => {
  it("asks to read contents of just those repositories, and says which are public", async () => {
    const world = await createTestWorld();
    expect(await mint(world, ["APP", ".github"])).toMatchObject({
      ok: true,
      value: {
        token: world.network.github.tokens[0]?.value,
        repositories: [
          { id: world.network.github.repository("acme/app").id, owner: "acme", name: "app", public: false },
          { id: expect.any(Number), owner: "acme", name: ".github", public: true },
        ],
      },
    });
    expect(world.network.github.tokens[0]?.requested).toEqual({
      permissions: { contents: "read" },
      repositories: ["APP", ".github"],
    });
    expect(world.network.calls.length).toBe(1);
  });

  it("throws without repositories, before anything is sent", async () => {
    const world = await createTestWorld();
    await expect(mint(world, [])).rejects.toThrow("would grant all of them");
    expect(world.network.calls.length).toBe(0);
  });

  it("says when GitHub refuses the repositories", async () => {
    const world = await createTestWorld({ repositories: ["app"] });
    expect(await mint(world)).toEqual({
      ok: false,
      denial: { reason: "repository_not_visible", repository: "acme", problem: "not_selected" },
    });
  });

  it("does not take a missing permission for an unseen repository: that would lift the allow-list", async () => {
    const world = await createTestWorld();
    world.network.github.setPermissions(101, { issues: "write" });
    const settingsUrl = "https://github.com/organizations/acme/settings/installations/101";
    const held = { ...world, installation: { ...world.installation, permissions: new Map([["issues", "write"]]) } };
    expect(await mint(held)).toEqual({
      ok: false,
      denial: { reason: "permission_not_held", missing: ["contents:read"], settingsUrl },
    });
  });

  it("does not take a limit for an unseen repository", async () => {
    const world = await createTestWorld();
    world.network.fault({ route: "gh.mint", kind: "status", status: 422, headers: { "retry-after": "9" } });
    expect(await mint(world)).toEqual({
      ok: false,
      denial: { reason: "github_rate_limited", limit: "secondary", retryAfterSeconds: 9 },
    });
  });

  it("says when the installation is gone or suspended", async () => {
    const world = await createTestWorld();
    world.network.github.suspend(101);
    expect(await mint(world)).toEqual({
      ok: false,
      denial: { reason: "installation_suspended", owner: "acme", ownerId: 42 },
    });
    world.network.github.uninstall(101);
    expect(await mint(world)).toEqual({
      ok: false,
      denial: { reason: "repository_not_visible", repository: "acme", problem: "gone" },
    });
  });

  it("is repeated once on an outage, and not on a refusal", async () => {
    const world = await createTestWorld();
    world.network.fault({ route: "gh.mint", kind: "status", status: 502, times: 1 });
    expect(await mint(world)).toMatchObject({ ok: true });
    expect(world.network.count("gh.mint")).toBe(2);
    world.network.fault({ route: "gh.mint", kind: "status", status: 403 });
    expect(await mint(world)).toEqual({ ok: false, denial: { reason: "github_forbidden", route: ROUTE } });
    expect(world.network.count("gh.mint")).toBe(3);
  });
});

describe("an answer for something else", () => {
  it("is a repository that moved: renamed while GitHub still finds it by its old name", async () => {
    const world = await createTestWorld();
    const answer = mintAnswer([{ id: 5, name: "app2", owner: { login: "acme" }, private: true }]);
    world.network.fault({ route: "gh.mint", kind: "status", status: 201, body: answer });
    expect(await mint(world, ["app"])).toEqual({
      ok: false,
      denial: { reason: "repository_not_visible", repository: "acme/app", problem: "moved" },
    });
  });

  it("gives nothing of the old owner's to whoever reclaims its name", async () => {
    const world = await createTestWorld();
    await world.github.installations.find(world.app, { owner: "acme" }, world.call);
    world.network.github.renameOwner("acme", "acme-two");
    world.network.github.addOrganization("acme", { id: 666 });
    world.network.github.addRepository("acme/app");
    const lookup = await world.github.installations.find(world.app, { owner: "acme" }, world.call);
    if (!lookup.ok) throw new Error("not cached");
    const denial = { reason: "repository_not_visible", repository: "acme/app", problem: "moved" };
    expect(await mint({ ...world, installation: lookup.value.installation }, ["app"])).toEqual({ ok: false, denial });
    const grant = { permissions: { contents: "write" }, repositories: ["app"] };
    expect(await world.github.mintGrantToken(world.app, lookup.value.installation, grant, world.call)).toEqual({
      ok: false,
      denial: { reason: "grant_mismatch", problem: "granted a repository of another owner" },
    });
    await world.call.settled();
    expect(livingTokens(world)).toEqual([]);
  });

  it("is a mismatch when it reads more than was asked", async () => {
    const world = await createTestWorld();
    const app = { id: 5, name: "app", owner: { login: "acme" }, private: true };
    world.network.fault({
      route: "gh.mint",
      kind: "status",
      status: 201,
      body: mintAnswer([app, { ...app, name: "b" }]),
    });
    expect(await mint(world, ["app"])).toMatchObject({ ok: false, denial: { reason: "grant_mismatch" } });
    await world.call.settled();
    expect(world.network.count("gh.revoke")).toBe(1);
  });
});

function mintAnswer(repositories: readonly object[]): string {
  return JSON.stringify({
    token: "ghs_made",
    expires_at: "2026-05-06T13:00:00Z",
    permissions: { contents: "read", metadata: "read" },
    repository_selection: "selected",
    repositories,
  });
}

describe("revoking", () => {
  it("ends a token, and finds it ended", async () => {
    const world = await createTestWorld();
    const outcome = await mint(world);
    if (!outcome.ok) throw new Error(outcome.denial.reason);
    expect(await world.github.revoke(outcome.value.token)).toBe("revoked");
    expect(await world.github.revoke(outcome.value.token)).toBe("already_invalid");
    expect(livingTokens(world)).toEqual([]);
  });

  it.each([
    ["an outage that passes", { kind: "status", status: 503, times: 2 }, "revoked", 3],
    ["an outage that stays", { kind: "status", status: 503 }, "failed", 3],
    ["a network that fails", { kind: "network" }, "failed", 3],
    ["a primary limit", { kind: "primary" }, "failed", 3],
    ["a secondary limit that passes", { kind: "secondary", times: 2 }, "revoked", 3],
    ["429", { kind: "status", status: 429, times: 1 }, "revoked", 2],
    ["a hang that passes", { kind: "hang", times: 1 }, "revoked", 2],
    ["a hang that stays", { kind: "hang" }, "failed", 3],
    ["a redirect", { kind: "redirect", location: "https://evil.example/" }, "failed", 1],
    ["a refusal", { kind: "bare403" }, "failed", 1],
  ] as const)("%s", async (_, fault, expected, calls) => {
    const world = await createTestWorld({ timeoutMs: 500 });
    const outcome = await mint(world);
    if (!outcome.ok) throw new Error(outcome.denial.reason);
    world.network.fault({ route: "gh.revoke", ...fault });
    expect(await world.github.revoke(outcome.value.token)).toBe(expected);
    expect(world.network.count("gh.revoke")).toBe(calls);
    expect(world.network.hosts()).toEqual(["api.github.com"]);
  });

  it("ends when whoever waits for it has waited enough", async () => {
    const world = await createTestWorld();
    world.network.fault({ route: "gh.revoke", kind: "hang" });
    expect(await world.github.revoke("ghs_x", { timeoutMs: 10 })).toBe("failed");
    expect(world.network.count("gh.revoke")).toBe(1);
  });

  it.each(["", "a b", "x\r\nX-Evil: 1", "gh\u00e9"])("sends nothing for what cannot be a token: %j", async (token) => {
    const { github, network } = await createTestWorld();
    expect(await github.revoke(token)).toBe("already_invalid");
    expect(network.calls.length).toBe(0);
  });
});
