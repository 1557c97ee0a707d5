// Parsing GitHub's answers: good ones, hostile ones, and ones with more in them than we know.

import { describe, expect, it } from "vitest";
import { parseContents } from "../../worker/github/contents.ts";
import { INSTALLATION_CACHE, type InstallationValue } from "../../worker/github/installations.ts";
import { parseApp, parseInstallation } from "../../worker/github/shapes.ts";
import { acmeInstallation } from "./world.ts";

const without = (object: object, name: string): unknown =>
  Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));

const NOT_OBJECTS: unknown[] = [undefined, null, true, 7, "text", [], [[]], {}];

describe("an installation", () => {
  const good = {
    id: 101,
    account: { login: "acme", id: 42, type: "Organization", new_field: {} },
    target_type: "Organization",
    app_slug: "app-1",
    repository_selection: "all",
    permissions: { metadata: "read", contents: "write", issues: "write", checks: "write", members: "read" },
    suspended_at: null,
    single_file_paths: ["x"],
  };
  const parse = (json: unknown) => parseInstallation(json, "1");

  it("is read, whatever else stands in it", () => {
    expect(parse(good)).toEqual(acmeInstallation());
  });

  it("may leave out its App's slug, which names nobody wrongly then", () => {
    expect(parse(without(good, "app_slug"))?.appSlug).toBeUndefined();
  });

  it("is suspended if it says since when", () => {
    expect(parse({ ...good, suspended_at: "2026-01-01T00:00:00Z" })?.suspended).toBe(true);
    expect(parse(without(good, "suspended_at"))?.suspended).toBe(false);
  });

  it("belongs to a user only if it says so", () => {
    expect(parse({ ...good, target_type: "User" })?.ownerType).toBe("User");
    expect(parse(without(good, "target_type"))?.ownerType).toBe("Organization");
  });

  it("leaves out permissions that are none, and takes no prototype for one", () => {
    const permissions = JSON.parse('{"__proto__": "write", "constructor": "read", "Contents": "write", "issues": 5}');
    expect([...(parse({ ...good, permissions })?.permissions ?? [])]).toEqual([["constructor", "read"]]);
  });

  const bad: [string, unknown][] = [
    ["id as text", { ...good, id: "101" }],
    ["id of nothing", { ...good, id: 0 }],
    ["id beyond exact numbers", { ...good, id: 2 ** 53 }],
    ["id with a fraction", { ...good, id: 1.5 }],
    ["no account", without(good, "account")],
    ["account null", { ...good, account: null }],
    ["an enterprise, which has no login", { ...good, account: { slug: "acme", id: 42 } }],
    ["login that is a path", { ...good, account: { login: "../x", id: 42 } }],
    ["login with a line end", { ...good, account: { login: "acme\n", id: 42 } }],
    ["account without a number", { ...good, account: { login: "acme" } }],
    ["unknown selection", { ...good, repository_selection: "some" }],
    ["permissions as a list", { ...good, permissions: [] }],
    ["permissions null", { ...good, permissions: null }],
    ["suspended by a number", { ...good, suspended_at: 5 }],
  ];
  it.each([...bad, ...NOT_OBJECTS.map((json): [string, unknown] => [JSON.stringify(json) ?? "nothing", json])])(
    "is none: %s",
    (_, json) => {
      expect(parse(json)).toBeUndefined();
    },
  );
});

describe("contents", () => {
  const sha = "0123456789abcdef0123456789abcdef01234567";
  const good = { type: "file", encoding: "base64", size: 3, name: "x", path: "a/x", sha, content: "YWJj\n", url: "u" };

  it("are read, also in a repository of the longer hash", () => {
    expect(parseContents(good)).toEqual({ kind: "file", sha, size: 3, content: "YWJj\n" });
    expect(parseContents({ ...good, sha: "a".repeat(64) })).toMatchObject({ kind: "file" });
  });

  it("may be too large to be sent along", () => {
    expect(parseContents({ ...good, encoding: "none", content: "", size: 2_000_000 })).toEqual({
      kind: "file_without_content",
      size: 2_000_000,
    });
  });

  const others: [string, unknown, string][] = [
    ["a symbolic link that leads to no file", { type: "symlink", sha, size: 1, target: "x" }, "not_a_file"],
    ["a submodule, whose hash may be anything", { type: "submodule", sha: "0", size: 0 }, "not_a_file"],
  ];
  it.each(others)("%s", (_, json, kind) => {
    expect(parseContents(json)).toEqual({ kind });
  });

  it("a directory, with the names that could be part of an identity", () => {
    const entries = [
      { type: "file", name: "a.sts.yaml" },
      { type: "dir", name: "folder" },
      { type: "symlink", name: "link" },
      { type: "file", name: "with space" },
    ];
    const names = { kind: "directory", files: ["a.sts.yaml", "link"], folders: ["folder"] };
    expect(parseContents({ type: "dir", sha, entries })).toEqual({ ...names, isComplete: true });
    // What cannot be read might be anything: then what is not listed may be there.
    for (const odd of [{ type: "file" }, { name: "a" }, null, "a"]) {
      expect(parseContents({ type: "dir", sha, entries: [...entries, odd] })).toEqual({ ...names, isComplete: false });
    }
    const nothing = { kind: "directory", files: [], folders: [], isComplete: false };
    expect(parseContents({ type: "dir", sha })).toEqual(nothing);
    expect(parseContents([good])).toEqual(nothing);
  });

  it("a directory of as many entries as GitHub lists may have more", () => {
    const entries = Array.from({ length: 1_000 }, (_, index) => ({ type: "file", name: `p${index}.sts.yaml` }));
    expect(parseContents({ type: "dir", sha, entries })).toMatchObject({ isComplete: false });
    expect(parseContents({ type: "dir", sha, entries: entries.slice(1) })).toMatchObject({ isComplete: true });
  });

  const bad: [string, unknown][] = [
    ["no type", without(good, "type")],
    ["another type", { ...good, type: "blob" }],
    ["another encoding", { ...good, encoding: "utf-8" }],
    ["a hash that is none", { ...good, sha: "0" }],
    ["a hash with capitals", { ...good, sha: sha.toUpperCase() }],
    ["a negative size", { ...good, size: -1 }],
    ["a size as text", { ...good, size: "3" }],
    ["no content", without(good, "content")],
    ["content null", { ...good, content: null }],
    ["a type from the prototype", Object.create(good)],
  ];
  it.each([...bad, ["null", null], ["text", "x"], ["empty", {}]] satisfies [string, unknown][])(
    "are none: %s",
    (_, json) => {
      expect(parseContents(json)).toBeUndefined();
    },
  );
});

describe("an App", () => {
  const good = { id: 7, slug: "octo-sts", permissions: { contents: "read" }, events: ["push"], owner: {} };

  it("is read", () => {
    const permissions = new Map([["contents", "read"]]);
    expect(parseApp(good)).toEqual({ id: 7, slug: "octo-sts", permissions, events: ["push"] });
    expect(parseApp(without(good, "slug"))?.slug).toBeUndefined();
  });

  it.each([{ ...good, id: "7" }, { ...good, events: "push" }, { ...good, slug: "A b" }, null, {}])(
    "is none: %j",
    (json) => {
      expect(parseApp(json)).toBeUndefined();
    },
  );
});

describe("what the cache keeps", () => {
  const values: InstallationValue[] = [
    { kind: "found", installation: acmeInstallation() },
    { kind: "none" },
    { kind: "moved" },
    { kind: "forgotten" },
    { kind: "not_visible", problem: "gone" },
  ];
  it.each(values)("comes back as it was: $kind", (value) => {
    expect(INSTALLATION_CACHE.decode(JSON.parse(JSON.stringify(INSTALLATION_CACHE.encode(value))))).toEqual(value);
  });

  it.each([
    null,
    {},
    { kind: "other" },
    { kind: "found" },
    { kind: "not_visible" },
    { kind: "found", installation: { id: 1 } },
  ])("is a miss when it is another thing: %j", (stored) => {
    expect(INSTALLATION_CACHE.decode(stored)).toBeUndefined();
  });
});
