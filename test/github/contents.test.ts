// Reading one file: every kind of thing that can lie at a path, and every answer that is none of them.

import { describe, expect, it } from "vitest";
import { fileLookup, readFile } from "../../worker/github/contents.ts";
import { type Lookup, resultOf } from "../../worker/github/response.ts";
import { POLICY_MAX_BYTES } from "../../worker/limits.ts";
import { createTestWorld, POLICY_PATH, type TestWorld } from "./world.ts";

const FILE = { owner: "acme", repository: "app", path: POLICY_PATH };

async function read(world: TestWorld, path = POLICY_PATH) {
  const { github, app, installation, call } = world;
  const token = await github.mintReadToken(app, installation, ["app"], call);
  if (!token.ok) throw new Error(token.denial.reason);
  return plain(await readFile(github, token.value.token, { ...FILE, path }, call));
}

/** What was found, or why nothing was. */
const plain = <T extends object>(lookup: Lookup<T>) => (lookup.kind === "found" ? lookup.value : lookup);

describe("what lies at a path", () => {
  it("a file, with the hash of its blob, in one call", async () => {
    const world = await createTestWorld();
    expect(await read(world)).toEqual({
      kind: "file",
      text: "issuer: x\n",
      sha: "4625329ef2e6eaa4b8d71fd7fcefab89188945ce",
      size: 10,
      linked: false,
    });
    expect(world.network.count("gh.contents")).toBe(1);
  });

  it("an empty file, and one just as large as may be", async () => {
    const world = await createTestWorld();
    world.network.github.putFile("acme/app", "empty", "");
    world.network.github.putFile("acme/app", "large", "x".repeat(POLICY_MAX_BYTES));
    world.network.github.putFile("acme/app", "larger", "x".repeat(POLICY_MAX_BYTES + 1));
    world.network.github.putFile("acme/app", "huge", "x".repeat(1024 * 1024 + 1));
    expect(await read(world, "empty")).toMatchObject({ kind: "file", text: "", size: 0 });
    expect(await read(world, "large")).toMatchObject({ kind: "file", size: POLICY_MAX_BYTES });
    expect(await read(world, "larger")).toEqual({ kind: "too_large" });
    expect(await read(world, "huge")).toEqual({ kind: "too_large" });
  });

  it("nothing, a directory, or bytes that are no text", async () => {
    const world = await createTestWorld();
    world.network.github.putFile("acme/app", "bytes", Uint8Array.of(0x69, 0xff, 0xfe));
    expect(await read(world, "none")).toEqual({ kind: "absent" });
    expect(await read(world, ".github/chainguard")).toEqual({
      kind: "directory",
      files: ["ci.sts.yaml"],
      folders: [],
      isComplete: true,
    });
    expect(await read(world, "bytes")).toEqual({ kind: "not_utf8" });
  });

  it("a symbolic link: the file that it leads to, or none", async () => {
    const world = await createTestWorld();
    world.network.github.commit("acme/app", {
      files: { link: { symlink: POLICY_PATH }, loose: { symlink: "nowhere" }, module: { submodule: "a".repeat(40) } },
    });
    const file = await read(world);
    expect(await read(world, "link")).toEqual({ ...file, linked: true });
    expect(await read(world, "loose")).toEqual({ kind: "not_a_file" });
    expect(await read(world, "module")).toEqual({ kind: "not_a_file" });
  });

  it("keeps all of a text, its mark of byte order apart", async () => {
    const world = await createTestWorld();
    world.network.github.putFile("acme/app", "text", "\ufeffa: \u00e9\r\n\u0000\u{1f600}");
    expect(await read(world, "text")).toMatchObject({ kind: "file", text: "a: \u00e9\r\n\u0000\u{1f600}" });
  });
});

const ROUTE = "GET /repos/{owner}/{repo}/contents/{+path}";
const outcomeOf = async (status: number, json: unknown, headers: Record<string, string> = {}) =>
  plain(await fileLookup(resultOf({ kind: "response", status, json, headers: new Headers(headers) }, 0), FILE));
const invalid = (problem: string) => ({
  kind: "denied",
  denial: { reason: "github_invalid_answer", route: ROUTE, problem },
});
const UNFIT = invalid("fields are missing or of another type");

describe("answers that are wrong", () => {
  const good = { type: "file", encoding: "base64", size: 3, sha: "a".repeat(40), content: "YWJj\n", path: "elsewhere" };

  it("the good one, from which they differ", async () => {
    expect(await outcomeOf(200, good)).toMatchObject({ kind: "file", text: "abc" });
  });

  const id = "f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f";
  it.each([
    ["the path and id that were asked for", { path: POLICY_PATH, sha: id }, false],
    ["the id of a link, which is how GitHub was seen to answer", { path: POLICY_PATH, sha: "a".repeat(40) }, true],
    ["another path", { path: "elsewhere", sha: id }, true],
    ["no path", { path: undefined, sha: id }, true],
  ])(
    "a text with %s is that of the file that was asked for, or of one that a link leads to",
    async (_, over, linked) => {
      expect(await outcomeOf(200, { ...good, ...over })).toMatchObject({ kind: "file", sha: id, linked });
    },
  );

  const wrong: [string, object][] = [
    ["fewer bytes than its size", { size: 4 }],
    ["more bytes than its size", { size: 2 }],
    ["base64 without its padding", { content: "YWI", size: 2 }],
    ["base64 with more padding", { content: "YWJj====" }],
    ["base64 with bits left over", { content: "YWJ=", size: 2 }],
    ["base64 for URLs", { content: "-_-_" }],
    ["base64 with blanks", { content: "YW Jj" }],
    ["no base64", { content: "<html>" }],
    ["small, yet without content", { encoding: "none", content: "" }],
  ];
  it.each(wrong)("%s", async (_, over) => {
    expect(await outcomeOf(200, { ...good, ...over })).toEqual(UNFIT);
  });

  it("null, text, nothing", async () => {
    for (const json of [null, "abc", undefined, {}]) expect(await outcomeOf(200, json)).toEqual(UNFIT);
  });
});

describe("statuses", () => {
  it("404 is an absent file", async () => {
    expect(await outcomeOf(404, { message: "Not Found" })).toEqual({ kind: "absent" });
  });

  it("403 above 100 MB is a file too large, a bare one is a refusal, and no error of another shape is either", async () => {
    const denial = { reason: "github_forbidden", route: ROUTE };
    expect(await outcomeOf(403, { errors: [{ code: "too_large" }] })).toEqual({ kind: "too_large" });
    for (const errors of [[], "too_large", null, [null], [{ code: "other" }]]) {
      expect(await outcomeOf(403, { errors })).toEqual({ kind: "denied", denial });
    }
  });

  it("401 is no fault of the App's key", async () => {
    const denial = { reason: "github_unavailable", route: ROUTE, problem: "the read token was refused" };
    expect(await outcomeOf(401, {})).toEqual({ kind: "denied", denial });
  });

  it("301 is a repository that moved, 302 is nothing that GitHub says", async () => {
    const denial = { reason: "repository_not_visible", repository: "acme/app", problem: "moved" };
    expect(await outcomeOf(301, {})).toEqual({ kind: "denied", denial });
    expect(await outcomeOf(302, {})).toEqual(invalid("unexpected status 302"));
  });

  it("a limit counts against the App that read", async () => {
    const world = await createTestWorld({ apps: 2 });
    world.network.fault({ route: "gh.contents", kind: "secondary" });
    const denial = { reason: "github_rate_limited", limit: "secondary", retryAfterSeconds: 60 };
    expect(await read(world)).toEqual({ kind: "denied", denial });
    expect([1, 2, 3].map(() => world.github.appsFor("acme").map(({ id }) => id))).toEqual([
      ["2", "1"],
      ["2", "1"],
      ["2", "1"],
    ]);
  });

  it("what is left of the quota is learned from each read", async () => {
    const world = await createTestWorld({ apps: 2 });
    const [one, two] = world.apps;
    if (one === undefined || two === undefined) throw new Error("two Apps");
    world.network.github.bucket("installation:101").used = 4900;
    world.network.github.bucket("installation:102").used = 1000;
    for (const [app, id] of [
      [one, 101],
      [two, 102],
    ] as const) {
      const installation = { ...world.installation, id, appId: app.id };
      const token = await world.github.mintReadToken(app, installation, ["app"], world.call);
      if (token.ok) await readFile(world.github, token.value.token, FILE, world.call);
    }
    expect([1, 2].map(() => world.github.appsFor("acme")[0]?.id)).toEqual(["2", "2"]);
  });
});
