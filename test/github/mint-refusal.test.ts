// A refused final mint: each refusal's own reason, what is named in it, and what may be tried next.

import { describe, expect, it } from "vitest";
import type { AskedGrant } from "../../worker/github/github.ts";
import { appOf, createTestWorld, type TestWorld } from "./world.ts";

const SETTINGS = "https://github.com/organizations/acme/settings/installations/101";
const GRANT: AskedGrant = { permissions: { contents: "read", issues: "write" }, repositories: ["app", "other"] };

const mint = ({ github, app, installation, call }: TestWorld, grant: AskedGrant = GRANT) =>
  github.mintGrantToken(app, installation, grant, call);

describe("a refusal", () => {
  it("names the permission that the installation lacks", async () => {
    const world = await createTestWorld();
    const permissions = { contents: "read", statuses: "write", members: "write" };
    expect(await mint(world, { ...GRANT, permissions })).toEqual({
      ok: false,
      denial: { reason: "permission_not_held", missing: ["members:write", "statuses:write"], settingsUrl: SETTINGS },
    });
  });

  it("leaves open what cannot be told: permissions that changed since they were looked up", async () => {
    const world = await createTestWorld();
    world.network.github.setPermissions(101, { contents: "read" });
    expect(await mint(world)).toEqual({
      ok: false,
      denial: { reason: "permission_not_held", missing: [], settingsUrl: SETTINGS },
    });
  });

  it("names the repository that the installation cannot see: the only one without a call", async () => {
    const world = await createTestWorld();
    expect(await mint(world, { ...GRANT, repositories: ["none"] })).toEqual({
      ok: false,
      denial: { reason: "repository_not_in_installation", missing: ["none"], settingsUrl: SETTINGS },
    });
    expect(world.network.calls.length).toBe(1);
  });

  it("looks up which of several it is, in one hop", async () => {
    const world = await createTestWorld();
    world.network.github.renameRepository("acme/other", "another");
    const grant = { ...GRANT, repositories: ["app", "none", "other"] };
    expect(await mint(world, grant)).toEqual({
      ok: false,
      denial: { reason: "repository_not_in_installation", missing: ["none", "other"], settingsUrl: SETTINGS },
    });
    expect(world.network.count("gh.repo_installation")).toBe(3);
  });

  it("leaves it open among many, rather than ask for each", async () => {
    const world = await createTestWorld();
    const repositories = ["a", "b", "c", "d", "e", "f", "g"];
    expect(await mint(world, { ...GRANT, repositories })).toMatchObject({
      denial: { reason: "repository_not_in_installation", missing: [] },
    });
    expect(world.network.calls.length).toBe(1);
  });

  it.each([
    ["what we know to be missing", { contents: "read", statuses: "write" }, "permission_not_held", ["statuses:write"]],
    [
      "the repository, when nothing is known to be missing",
      { contents: "read" },
      "repository_not_in_installation",
      ["app"],
    ],
  ] as const)("of GitHub's without a reason we know names %s", async (_, permissions, reason, missing) => {
    const world = await createTestWorld();
    world.network.fault({ route: "gh.mint", kind: "status", status: 422 });
    expect(await mint(world, { permissions, repositories: ["app"] })).toMatchObject({ denial: { reason, missing } });
  });

  it("for a user's installation points at the user's own settings", async () => {
    const world = await createTestWorld();
    const installation = { ...world.installation, ownerType: "User" } as const;
    expect(await mint({ ...world, installation }, { ...GRANT, repositories: ["none"] })).toMatchObject({
      denial: { settingsUrl: "https://github.com/settings/installations/101" },
    });
  });

  it("of a suspended installation says so", async () => {
    const world = await createTestWorld();
    world.network.github.suspend(101);
    expect(await mint(world)).toEqual({
      ok: false,
      denial: { reason: "installation_suspended", owner: "acme", ownerId: 42 },
    });
  });

  it("by 404 says that what was asked for is gone", async () => {
    const world = await createTestWorld();
    world.network.github.uninstall(101);
    const gone = (repository: string) => ({ reason: "repository_not_visible", repository, problem: "gone" });
    expect(await mint(world)).toEqual({ ok: false, denial: gone("acme") });
    const one = { ...GRANT, repositories: ["app"] };
    expect(await mint(world, one)).toEqual({ ok: false, denial: gone("acme/app") });
  });

  it("by a limit has that App go last", async () => {
    const world = await createTestWorld({ apps: 2 });
    world.network.fault({ route: "gh.mint", kind: "primary" });
    expect(await mint(world)).toEqual({
      ok: false,
      denial: { reason: "github_rate_limited", limit: "primary", retryAfterSeconds: 1800 },
    });
    expect(
      [1, 2].map(() =>
        world.github
          .appsFor("acme")
          .map(({ id }) => id)
          .join(),
      ),
    ).toEqual(["2,1", "2,1"]);
  });

  it("by 401 has tried the other key", async () => {
    const world = await createTestWorld();
    expect(await mint({ ...world, app: await appOf(1, [1, 0]) })).toMatchObject({ ok: true });
    expect(world.network.calls.map(({ status }) => status)).toEqual([401, 201]);
    expect(await mint({ ...world, app: await appOf(1, [1]) })).toEqual({
      ok: false,
      denial: { reason: "app_credentials_rejected", appId: "1" },
    });
  });
});
