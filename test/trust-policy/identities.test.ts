// What the names in a repository's folders say of an identity. Pure.

import { describe, expect, it } from "vitest";
import {
  existenceOf,
  type FolderValue,
  folderPath,
  foldersOf,
  identitiesNear,
  type KnownFolders,
} from "../../worker/trust-policy/identities.ts";

function folder(files: readonly string[], folders: readonly string[] = [], isComplete = true): FolderValue {
  return { ownerId: 1, repositoryId: 2, public: false, files, folders, isComplete };
}

function known(listed: Readonly<Record<string, FolderValue>>): KnownFolders {
  return new Map(Object.entries(listed).map(([path, value]) => [path, { value, readAt: 7 }]));
}

describe("the folders of an identity", () => {
  it.each([
    ["deploy", [""]],
    ["team/web", ["", "team"]],
    ["a/b/c", ["", "a", "a/b"]],
  ])("%s", (identity, folders) => {
    expect(foldersOf(identity)).toEqual(folders);
  });

  it("are paths without a slash at the end", () => {
    expect([folderPath(""), folderPath("a/b")]).toEqual([".github/chainguard", ".github/chainguard/a/b"]);
  });
});

describe("an identity", () => {
  const listed = known({ "": folder(["deploy.sts.yaml", "link", "team.sts.yaml"], ["team", "dir.sts.yaml"]) });
  const cases: readonly (readonly [string, KnownFolders, object])[] = [
    ["deploy", listed, { kind: "there" }],
    ["dir", listed, { kind: "there" }],
    ["none", listed, { kind: "absent", by: listed.get("") }],
    ["Deploy", listed, { kind: "absent" }],
    ["deploy.sts.yaml", listed, { kind: "absent" }],
    // A file, or a link, is no folder.
    ["link/x", listed, { kind: "absent" }],
    ["deploy.sts.yaml/x", listed, { kind: "absent" }],
    ["none/x/y", listed, { kind: "absent" }],
    ["team/web", listed, { kind: "unread", folder: "team" }],
    ["none", known({}), { kind: "unread", folder: "" }],
    ["a/b", known({ a: folder([]) }), { kind: "unread", folder: "" }],
    ["team/web", known({ "": folder([], ["team"]), team: folder(["web.sts.yaml"]) }), { kind: "there" }],
    ["team/other", known({ "": folder([], ["team"]), team: folder(["web.sts.yaml"]) }), { kind: "absent" }],
    ["none", known({ "": folder(["deploy.sts.yaml"], [], false) }), { kind: "unknown" }],
    ["deploy", known({ "": folder(["deploy.sts.yaml"], [], false) }), { kind: "there" }],
    ["none/x", known({ "": folder([], [], false) }), { kind: "unknown" }],
  ];
  it.each(cases)("%s", (identity, folders, existence) => {
    expect(existenceOf(identity, folders)).toMatchObject(existence);
  });
});

describe("identities near", () => {
  const files = [
    "my-policy.sts.yaml",
    "release.sts.yaml",
    "releases.sts.yaml",
    "relase.sts.yaml",
    "re.sts.yaml",
    "README.md",
  ];

  it("are at most three, the likeliest first, and none that lies far", () => {
    const near = (identity: string) => identitiesNear(identity, known({ "": folder(files) }));
    expect(near("my_policy")).toEqual(["my-policy"]);
    expect(near("releas")).toHaveLength(3);
    expect(near("something")).toEqual([]);
  });

  it("are of the same folder, and named with it", () => {
    const folders = known({ "": folder(["web.sts.yaml"], ["team"]), team: folder(["web.sts.yaml"]) });
    expect(identitiesNear("team/wbe", folders)).toEqual(["team/web"]);
    expect(identitiesNear("wbe", folders)).toEqual(["web"]);
  });
});
