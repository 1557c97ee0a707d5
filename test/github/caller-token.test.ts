// The final mint: exactly the grant or no token at all, and never one that nobody was given.

import { describe, expect, it } from "vitest";
import type { AskedGrant } from "../../worker/github/github.ts";
import type { Fault } from "../support/network.ts";
import { createTestWorld, livingTokens, type TestWorld } from "./world.ts";

const GRANT: AskedGrant = { permissions: { contents: "read", issues: "write" }, repositories: ["app", "other"] };
const ROUTE = "POST /app/installations/{installation_id}/access_tokens";

const mint = ({ github, app, installation, call }: TestWorld, grant: AskedGrant = GRANT) =>
  github.mintGrantToken(app, installation, grant, call);

describe("a token", () => {
  it("carries exactly the grant, as GitHub says it", async () => {
    const world = await createTestWorld();
    expect(await mint(world, { ...GRANT, repositories: ["APP", "other", "app"] })).toMatchObject({
      ok: true,
      value: {
        token: world.network.github.tokens[0]?.value,
        expiresAt: "2026-05-06T13:00:00Z",
        permissions: { contents: "read", issues: "write", metadata: "read" },
        repositories: [{ name: "app" }, { name: "other" }],
      },
    });
    expect(world.network.github.tokens[0]?.requested).toEqual({ ...GRANT, repositories: ["APP", "other"] });
    expect(world.network.calls.map(({ route }) => route)).toEqual(["gh.mint"]);
  });

  describe("for a repository by its id", () => {
    async function known() {
      const world = await createTestWorld();
      const { id } = world.network.github.repository("acme/app");
      return { world, grant: { ...GRANT, repositories: [{ id, name: "App" }] } };
    }
    const moved = { reason: "repository_not_visible", repository: "acme/App", problem: "moved" };

    it("is asked for by that alone", async () => {
      const { world, grant } = await known();
      const [{ id } = { id: 0 }] = grant.repositories;
      expect(await mint(world, grant)).toMatchObject({ ok: true, value: { repositories: [{ id, name: "app" }] } });
      expect(world.network.github.tokens[0]?.requested).toEqual({
        permissions: GRANT.permissions,
        repository_ids: [id],
      });
    });

    it("is none for a repository that took the name: renamed, deleted, transferred", async () => {
      const gone: [(world: TestWorld) => void, object][] = [
        [({ network }) => network.github.renameRepository("acme/app", "app-old"), moved],
        [
          ({ network }) => network.github.deleteRepository("acme/app"),
          { reason: "repository_not_in_installation", missing: ["App"] },
        ],
        [
          ({ network }) => {
            network.github.addOrganization("elsewhere");
            network.github.transferRepository("acme/app", "elsewhere");
          },
          { reason: "repository_not_in_installation", missing: ["App"] },
        ],
      ];
      for (const [happens, denial] of gone) {
        const { world, grant } = await known();
        happens(world);
        world.network.github.addRepository("acme/app");
        expect(await mint(world, grant)).toMatchObject({ ok: false, denial });
        await world.call.settled();
        expect(livingTokens(world)).toEqual([]);
      }
    });
  });

  it("covers all of the installation only when that was said", async () => {
    for (const repositories of ["all", ["app"]] as const) {
      const world = await createTestWorld({ repositories });
      expect(await mint(world, { ...GRANT, repositories: "all" })).toMatchObject({
        ok: true,
        value: { repositories: "all" },
      });
      expect(world.network.github.tokens[0]?.requested).toEqual({ permissions: GRANT.permissions });
    }
  });

  it.each([
    { permissions: {}, repositories: ["app"] },
    { permissions: {}, repositories: "all" },
    { permissions: { contents: "read" }, repositories: [] },
  ] as const)("is never asked for with nothing in it: %j", async (grant) => {
    const world = await createTestWorld();
    await expect(mint(world, grant)).rejects.toThrow("would grant all of them");
    expect(world.network.calls.length).toBe(0);
  });
});

const GOOD = {
  token: "ghs_made",
  expires_at: "2026-05-06T13:00:00Z",
  permissions: { contents: "read", issues: "write", metadata: "read" },
  repository_selection: "selected",
  repositories: ["app", "other"].map((name, index) => ({
    id: 8 + index,
    name,
    owner: { login: "acme" },
    private: true,
  })),
};

describe("an answer that is not what was asked", () => {
  const mismatch = "grant_mismatch";
  const wrong: [string, object, string][] = [
    ["more permissions", { permissions: { ...GOOD.permissions, administration: "write" } }, mismatch],
    ["fewer permissions", { permissions: { contents: "read" } }, mismatch],
    ["more repositories", { repositories: [...GOOD.repositories, { ...GOOD.repositories[0], name: "x" }] }, mismatch],
    ["all repositories", { repository_selection: "all", repositories: undefined }, mismatch],
    ["no expiry", { expires_at: undefined }, "github_invalid_answer"],
    ["no permissions", { permissions: undefined }, "github_invalid_answer"],
    ["no selection", { repository_selection: undefined }, "github_invalid_answer"],
  ];
  it.each(wrong)("%s: revoked, and refused", async (_, over, reason) => {
    const world = await createTestWorld();
    world.network.fault({ route: "gh.mint", kind: "status", status: 201, body: JSON.stringify({ ...GOOD, ...over }) });
    expect(await mint(world)).toMatchObject({ ok: false, denial: { reason } });
    await world.call.settled();
    expect(revocations(world)).toEqual(["Bearer ghs_made"]);
  });

  it.each([200, 202, 400, 403, 404, 422, 500])("a token with status %d: revoked all the same", async (status) => {
    const world = await createTestWorld();
    world.network.fault({ route: "gh.mint", kind: "status", status, body: JSON.stringify(GOOD) });
    expect(await mint(world)).toMatchObject({ ok: false });
    await world.call.settled();
    expect(revocations(world)).toEqual(["Bearer ghs_made"]);
  });

  it("says so to the audit event when the revocation fails", async () => {
    const world = await createTestWorld();
    world.network.fault({
      route: "gh.mint",
      kind: "status",
      status: 201,
      body: JSON.stringify({ ...GOOD, permissions: {} }),
    });
    world.network.fault({ route: "gh.revoke", kind: "network" });
    await mint(world);
    await world.call.settled();
    expect(world.call.counted).toContain("revocation_failed");
  });
});

const revocations = ({ network }: TestWorld) =>
  network.calls.filter(({ route }) => route === "gh.revoke").map(({ headers }) => headers.authorization);

describe("an unknown outcome", () => {
  const invalid = (problem: string) => ({ reason: "github_invalid_answer", route: ROUTE, problem });
  const down = (problem: string) => ({ reason: "github_unavailable", route: ROUTE, problem });
  const unfit = invalid("fields are missing or of another type");
  const outcomes: [string, Fault, object][] = [
    ["a 500", { route: "gh.mint", kind: "status", status: 500 }, down("status 500")],
    ["a network failure", { route: "gh.mint", kind: "network", acted: true }, down("no connection")],
    ["a cut body", { route: "gh.mint", kind: "cut" }, invalid("the answer was cut off")],
    ["garbage", { route: "gh.mint", kind: "garbage", acted: true }, unfit],
    ["an empty body", { route: "gh.mint", kind: "empty", acted: true }, unfit],
    ["null", { route: "gh.mint", kind: "status", status: 201, body: "null" }, unfit],
    [
      "a body without end",
      { route: "gh.mint", kind: "huge", bytes: Number.POSITIVE_INFINITY },
      invalid("the answer is too large"),
    ],
  ];
  it.each(outcomes)("%s: counted, never repeated", async (_, fault, denial) => {
    const world = await createTestWorld();
    world.network.fault(fault);
    expect(await mint(world)).toEqual({ ok: false, denial });
    expect(world.network.count("gh.mint")).toBe(1);
    expect(world.call.counted.filter((what) => what === "mint_unknown").length).toBe(1);
  });
});

describe("a token in what came of an answer", () => {
  const TOKEN_BYTES = 700;
  const broken: [string, Partial<Fault> & Pick<Fault, "kind">][] = [
    ["that was cut", { kind: "cut", bytes: TOKEN_BYTES }],
    ["that stalls", { kind: "stall", bytes: TOKEN_BYTES }],
    ["that is no JSON", { kind: "status", status: 201, body: "<p>ghs_made</p>" }],
    ["that is an error", { kind: "status", status: 502, body: 'upstream said {"token":"ghs_made"' }],
  ];
  const uses = {
    "the caller's": (world: TestWorld) => mint(world, { ...GRANT, repositories: "all" }),
    "a read": ({ github, app, installation, call }: TestWorld) =>
      github.mintReadToken(app, installation, ["app"], call),
  };
  const cases = Object.entries(uses).flatMap(([use, ask]) =>
    broken.map(([title, fault]) => ({ use, ask, title, fault })),
  );

  it.each(cases)("$title is revoked: $use", async ({ ask, fault }) => {
    const world = await createTestWorld({ timeoutMs: 500 });
    world.network.fault({ route: "gh.mint", ...fault });
    expect(await ask(world)).toMatchObject({ ok: false });
    world.call.expire();
    await world.call.settled();
    const minted = world.network.count("gh.mint");
    expect(revocations(world)).toHaveLength(minted);
    expect(livingTokens(world)).toEqual([]);
  });

  it("is revoked in up to three tries", async () => {
    const world = await createTestWorld({ timeoutMs: 500 });
    world.network.fault({ route: "gh.mint", kind: "cut", bytes: TOKEN_BYTES });
    world.network.fault(
      { route: "gh.revoke", kind: "hang", times: 1 },
      { route: "gh.revoke", kind: "primary", times: 1 },
    );
    await uses["the caller's"](world);
    await world.call.settled();
    expect(revocations(world)).toHaveLength(3);
    expect(livingTokens(world)).toEqual([]);
    expect(world.call.counted).toContain("token_discarded");
  });

  it("that ends in its middle cannot be revoked, and is counted as unknown", async () => {
    const world = await createTestWorld();
    world.network.fault({ route: "gh.mint", kind: "cut", bytes: 100 });
    await mint(world);
    await world.call.settled();
    expect(world.call.counted.filter((what) => what === "mint_unknown")).toHaveLength(1);
    expect(world.call.counted).not.toContain("token_discarded");
  });
});

describe("an answer that comes too late", () => {
  it("has its token revoked in the background", async () => {
    const world = await createTestWorld();
    world.network.fault({ route: "gh.mint", kind: "delay", delayMs: 100 });
    world.call.expire(20);
    expect(await mint(world)).toEqual({ ok: false, denial: { reason: "deadline_exceeded" } });
    expect(livingTokens(world).length).toBe(1);
    await world.call.settled();
    expect(livingTokens(world)).toEqual([]);
    expect(world.call.counted).toEqual(["github_calls", "mint_unknown", "token_discarded"]);
  });

  it("does not exist once the time is over: nothing is sent", async () => {
    const world = await createTestWorld();
    world.call.expire();
    expect(await mint(world)).toMatchObject({ denial: { reason: "deadline_exceeded" } });
    expect(world.network.calls.length).toBe(0);
  });
});
