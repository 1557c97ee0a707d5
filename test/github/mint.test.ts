// What is sent to the mint, what can never be sent, and the comparison of what came back.

import { describe, expect, it } from "vitest";
import { type AskedGrant, grantProblem, mintBody, missingPermissions } from "../../worker/github/mint.ts";
import type { MintResponse } from "../../worker/github/shapes.ts";

const READ = { contents: "read" };

describe("the body of a mint", () => {
  it("is exactly the grant", () => {
    const permissions = { contents: "read", issues: "write" };
    expect(mintBody({ permissions, repositories: ["app", "other"] })).toEqual({
      permissions,
      repositories: ["app", "other"],
    });
  });

  it("leaves the repositories out only for all of them", () => {
    expect(Object.keys(mintBody({ permissions: READ, repositories: "all" }))).toEqual(["permissions"]);
  });

  it("names each repository once, in its first spelling", () => {
    expect(mintBody({ permissions: READ, repositories: ["App", "b", "app", "APP", "B"] }).repositories).toEqual([
      "App",
      "b",
    ]);
  });

  it("names repositories by their ids alone, where they are known", () => {
    const app = { id: 5, name: "app" };
    expect(mintBody({ permissions: READ, repositories: [app, { id: 7, name: "b" }, app] })).toEqual({
      permissions: READ,
      repository_ids: [5, 7],
    });
  });

  const never: [string, AskedGrant][] = [
    ["no permissions", { permissions: {}, repositories: ["app"] }],
    ["no permissions, on everything", { permissions: {}, repositories: "all" }],
    ["no repositories", { permissions: READ, repositories: [] }],
    ["permissions of the prototype only", { permissions: Object.create(READ), repositories: ["app"] }],
    ["a level that is none", { permissions: { contents: "none" }, repositories: ["app"] }],
    ["an empty level", { permissions: { contents: "" }, repositories: ["app"] }],
    ["a name that is none", { permissions: { "Contents ": "read" }, repositories: ["app"] }],
    ["a name of the prototype's", { permissions: JSON.parse('{"__proto__":"read"}'), repositories: ["app"] }],
    ["a repository with its owner", { permissions: READ, repositories: ["acme/app"] }],
    ["an empty repository name", { permissions: READ, repositories: [""] }],
    ["a repository that climbs", { permissions: READ, repositories: [".."] }],
    ["a repository that is a star", { permissions: READ, repositories: ["*"] }],
    ...[0, -1, 1.5, 2 ** 53, Number.NaN].map((id): [string, AskedGrant] => [
      `a repository whose id is ${id}`,
      { permissions: READ, repositories: [{ id, name: "app" }] },
    ]),
    ["a repository by id whose name climbs", { permissions: READ, repositories: [{ id: 5, name: ".." }] }],
    ["no repositories by id", { permissions: READ, repositories: [] as { id: number; name: string }[] }],
  ];
  it.each(never)("is never made of %s", (_, grant) => {
    expect(() => mintBody(grant)).toThrow();
  });
});

function answer(
  over: Partial<MintResponse> & { granted?: Record<string, string>; names?: string[] } = {},
): MintResponse {
  const names = over.names ?? ["app", "other"];
  return {
    expiresAt: "2026-05-06T13:00:00Z",
    permissions: new Map(Object.entries(over.granted ?? { contents: "read", issues: "write", metadata: "read" })),
    repositorySelection: "selected",
    repositories: names.map((name) => ({ id: idOf(name), owner: "Acme", name, public: false })),
    ...over,
  };
}

/** An id of its own for each name, in any case. */
const idOf = (name: string): number =>
  [...name.toLowerCase()].reduce((sum, one) => sum * 31 + one.charCodeAt(0), 7) % 1e9;
const named = (repositories: readonly [string, number][]): MintResponse => ({
  ...answer(),
  repositories: repositories.map(([name, id]) => ({ id, owner: "acme", name, public: false })),
});

const ASKED: AskedGrant = { permissions: { contents: "read", issues: "write" }, repositories: ["app", "other"] };
const problemOf = (given: MintResponse, asked = ASKED) => grantProblem(asked, "acme", given);

describe("granted equals asked", () => {
  it("with the metadata that GitHub always adds", () => {
    expect(problemOf(answer())).toBeUndefined();
    expect(problemOf(answer({ granted: { contents: "read", issues: "write" } }))).toBeUndefined();
  });

  it("in whatever case and order GitHub spells the repositories", () => {
    expect(problemOf(answer({ names: ["OTHER", "App"] }))).toBeUndefined();
    expect(problemOf(answer({ names: ["app"] }), { ...ASKED, repositories: ["app", "APP"] })).toBeUndefined();
  });

  it("for everything, whatever the installation's selection is", () => {
    const all = { ...ASKED, repositories: "all" } as const;
    expect(problemOf({ ...answer(), repositorySelection: "all", repositories: undefined }, all)).toBeUndefined();
    expect(problemOf({ ...answer(), repositories: undefined }, all)).toBeUndefined();
  });

  it("when metadata was asked for by name", () => {
    const asked = { ...ASKED, permissions: { metadata: "read" } };
    expect(problemOf(answer({ granted: { metadata: "read" } }), asked)).toBeUndefined();
    expect(problemOf(answer({ granted: {} }), asked)).toBe("not granted as asked: metadata:read");
  });
});

describe("granted by id", () => {
  const asked = (...names: string[]) => ({ ...ASKED, repositories: names.map((name) => ({ id: idOf(name), name })) });

  it("is these repositories, by these names", () => {
    expect(problemOf(answer({ names: ["OTHER", "App"] }), asked("app", "other"))).toBeUndefined();
  });

  const different: [string, MintResponse, string][] = [
    ["a repository that took the name", named([["app", 99]]), "a repository that was asked for was not granted"],
    ["the repository by another name", named([["app2", 3]]), "a repository that was asked for was not granted"],
    ["one more", answer({ names: ["app", "other"] }), "granted a repository that was not asked for"],
    ["all of them", answer({ repositorySelection: "all" }), "granted all repositories"],
  ];
  it.each(different)("differs: %s", (_, given, problem) => {
    expect(problemOf(given, asked("app"))).toBe(problem);
  });
});

describe("granted differs from asked", () => {
  const permissions: [string, Record<string, string>, string][] = [
    [
      "one more",
      { contents: "read", issues: "write", administration: "write" },
      "granted a permission that was not asked for",
    ],
    ["one less", { contents: "read", metadata: "read" }, "not granted as asked: issues:write"],
    ["a higher level", { contents: "write", issues: "write" }, "not granted as asked: contents:read"],
    ["a lower level", { contents: "read", issues: "read" }, "not granted as asked: issues:write"],
    ["none", {}, "not granted as asked: contents:read"],
    [
      "metadata above read",
      { contents: "read", issues: "write", metadata: "write" },
      "granted a permission that was not asked for",
    ],
  ];
  it.each(permissions)("permissions: %s", (_, granted, problem) => {
    expect(problemOf(answer({ granted }))).toBe(problem);
  });

  const repositories: [string, MintResponse, string][] = [
    ["one more", answer({ names: ["app", "other", "third"] }), "granted a repository that was not asked for"],
    ["one less", answer({ names: ["app"] }), "a repository that was asked for was not granted"],
    ["another", answer({ names: ["app", "third"] }), "a repository that was asked for was not granted"],
    ["none", answer({ names: [] }), "a repository that was asked for was not granted"],
    ["all of them", answer({ repositorySelection: "all" }), "granted all repositories"],
    ["no list", { ...answer(), repositories: undefined }, "granted all repositories"],
    [
      "another owner's",
      { ...answer(), repositories: [{ id: 1, owner: "mallory", name: "app", public: false }] },
      "granted a repository of another owner",
    ],
  ];
  it.each(repositories)("repositories: %s", (_, given, problem) => {
    expect(problemOf(given)).toBe(problem);
  });

  it("everything of another owner", () => {
    const given = { ...answer(), repositories: [{ id: 1, owner: "mallory", name: "app", public: false }] };
    expect(problemOf(given, { ...ASKED, repositories: "all" })).toBe("granted a repository of another owner");
  });
});

describe("what an installation lacks", () => {
  const held = new Map([
    ["contents", "read"],
    ["issues", "write"],
    ["organization_projects", "admin"],
  ]);
  it.each([
    [{ contents: "read", issues: "read" }, []],
    [{ contents: "write", issues: "write", checks: "read" }, ["checks:read", "contents:write"]],
    [{ organization_projects: "admin" }, []],
    [{ organization_projects: "write", issues: "admin" }, ["issues:admin"]],
    [{ metadata: "read" }, []],
    [{ constructor: "read" }, ["constructor:read"]],
  ])("%j", (asked, missing) => {
    expect(missingPermissions(asked, held)).toEqual(missing);
  });
});
