// Parsing the answer to a mint: the token whatever else is wrong, and the grant only when all of it is right.

import { describe, expect, it } from "vitest";
import { parseMintResponse, tokenIn } from "../../worker/github/shapes.ts";

const without = (object: object, name: string): unknown =>
  Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));

const NOT_OBJECTS: unknown[] = [undefined, null, true, 7, "text", [], [[]], {}];

describe("a mint", () => {
  const repository = {
    id: 5,
    name: "App",
    owner: { login: "Acme", id: 1 },
    private: true,
    visibility: "private",
    fork: false,
  };
  const good = {
    token: "ghs_x",
    expires_at: "2026-05-06T13:00:00Z",
    permissions: { contents: "read", metadata: "read" },
    repository_selection: "selected",
    repositories: [repository],
    has_multiple_single_files: false,
  };

  it("is read, whatever else stands in it", () => {
    expect(parseMintResponse(good)).toEqual({
      expiresAt: "2026-05-06T13:00:00Z",
      permissions: new Map([
        ["contents", "read"],
        ["metadata", "read"],
      ]),
      repositorySelection: "selected",
      repositories: [{ id: 5, owner: "Acme", name: "App", public: false }],
    });
  });

  it("need not list repositories", () => {
    expect(parseMintResponse(without(good, "repositories"))?.repositories).toBeUndefined();
  });

  const visibilities: [object, boolean][] = [
    [{ private: false, visibility: "public" }, true],
    [{ private: false, visibility: undefined }, true],
    [{ private: true, visibility: "public" }, false],
    [{ private: false, visibility: "internal" }, false],
    [{ private: true, visibility: "private" }, false],
  ];
  it.each(visibilities)("calls public only what says so twice: %j", (fields, isPublic) => {
    const answer = parseMintResponse({ ...good, repositories: [{ ...repository, ...fields }] });
    expect(answer?.repositories?.[0]?.public).toBe(isPublic);
  });

  const bad: [string, unknown][] = [
    ["no expiry", without(good, "expires_at")],
    ["an expiry that is no time", { ...good, expires_at: "in an hour" }],
    ["an expiry that is no day", { ...good, expires_at: "2026-13-40T00:00:00Z" }],
    ["an expiry without a zone", { ...good, expires_at: "2026-05-06T13:00:00" }],
    ["an expiry as a number", { ...good, expires_at: 1_780_000_000 }],
    ["no permissions", without(good, "permissions")],
    ["a permission that is no word", { ...good, permissions: { contents: "read", "a b": "write" } }],
    ["a level that is no text", { ...good, permissions: { contents: true } }],
    ["no selection", without(good, "repository_selection")],
    ["repositories null", { ...good, repositories: null }],
    ["a repository without an id", { ...good, repositories: [without(repository, "id")] }],
    ["a repository's id as text", { ...good, repositories: [{ ...repository, id: "5" }] }],
    ["a repository without an owner", { ...good, repositories: [without(repository, "owner")] }],
    ["a repository named like a path", { ...good, repositories: [{ ...repository, name: "a/b" }] }],
    ["a repository whose privacy is unknown", { ...good, repositories: [without(repository, "private")] }],
  ];
  it.each([...bad, ...NOT_OBJECTS.map((json): [string, unknown] => [JSON.stringify(json) ?? "nothing", json])])(
    "is none: %s",
    (_, json) => {
      expect(parseMintResponse(json)).toBeUndefined();
    },
  );

  it("gives its token even when all else is wrong", () => {
    expect(tokenIn({ token: "ghs_a.b-c_d" })).toBe("ghs_a.b-c_d");
    expect(tokenIn({ token: `ghs_${"x".repeat(5000)}` })).toHaveLength(5004);
  });

  it.each([
    {},
    { token: "" },
    { token: 5 },
    { token: "a b" },
    { token: "a\r\nX: y" },
    { token: "é" },
    null,
    [],
    "token",
  ])("has no token in %j", (json) => {
    expect(tokenIn(json)).toBeUndefined();
  });

  it("takes no token from a prototype", () => {
    expect(tokenIn(Object.create({ token: "ghs_x" }))).toBeUndefined();
  });
});
