// GitHub's behaviour towards git objects and check runs: the rows of BEHAVIOUR.md from 68, each test named by its row's
// number.

import { describe, expect, it } from "vitest";
import { at, createClient } from "./client.ts";
import { appJwt } from "./core/app-jwt.ts";
import { appKeys } from "./core/keys.ts";

const REPO = "/repos/Acme/app";

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

describe("git objects", () => {
  it("68: a repository says its default branch; metadata is enough to read that", async () => {
    const { ask, token } = await createClient();
    const answer = await ask(REPO, { as: await token({ permissions: { issues: "read" } }) });
    expect([answer.status, at(answer.body, "default_branch"), at(answer.body, "id")]).toEqual([200, "main", 11]);
  });
  it("69: a tree is one level, and every level with any value of recursive", async () => {
    const { ask, token } = await createClient();
    const as = await token();
    const paths = async (query: string) =>
      list(at((await ask(`${REPO}/git/trees/main${query}`, { as })).body, "tree")).map((one) => at(one, "path"));
    expect(await paths("")).toEqual(["README.md", "src"]);
    for (const value of ["1", "0", "false"]) {
      expect(await paths(`?recursive=${value}`)).toEqual(["README.md", "src", "src/a.ts", "src/deep", "src/deep/b.ts"]);
    }
  });
  it("70: a tree is found by its own id, by a commit's and by a branch", async () => {
    const { ask, token, github } = await createClient();
    const as = await token();
    const commit = github.repository("Acme/app").git.resolve("main");
    const ids: unknown[] = [];
    for (const name of ["main", commit?.sha, commit?.tree]) {
      ids.push(at((await ask(`${REPO}/git/trees/${name}`, { as })).body, "sha"));
    }
    expect(new Set(ids)).toEqual(new Set([commit?.tree]));
    // git mktree of one empty file named a.
    github.commit("Acme/app", { branch: "one", parents: [], files: { a: "" } });
    const one = await ask(`${REPO}/git/trees/one`, { as });
    expect(at(one.body, "sha")).toBe("496d6428b9cf92981dc9495211e6e1120fb6f2ba");
  });
  it("71: a tree beyond the bound is truncated, and says so", async () => {
    const { ask, token } = await createClient({ treeEntriesMax: 3 });
    const as = await token();
    const { body } = await ask(`${REPO}/git/trees/main?recursive=1`, { as });
    expect([list(at(body, "tree")).length, at(body, "truncated")]).toEqual([3, true]);
    expect(at((await ask(`${REPO}/git/trees/main`, { as })).body, "truncated")).toBe(false);
  });
  it("72: a blob is base64 of any size up to 100 MB, by its id", async () => {
    const { ask, token, github } = await createClient();
    const as = await token();
    github.putFile("Acme/app", "big.txt", "x".repeat(1024 * 1024 + 1));
    const sha = github.repository("Acme/app").git.resolve("main")?.files.get("big.txt")?.sha;
    const { body } = await ask(`${REPO}/git/blobs/${sha}`, { as });
    expect([at(body, "encoding"), at(body, "size")]).toEqual(["base64", 1024 * 1024 + 1]);
    expect(atob(String(at(body, "content")).replaceAll("\n", "")).length).toBe(1024 * 1024 + 1);
    expect((await ask(`${REPO}/git/blobs/${"0".repeat(40)}`, { as })).status).toBe(404);
  });
  it("73: a commit is found by branch or id and names its tree and parents; none is 422", async () => {
    const { ask, token, github } = await createClient();
    const as = await token();
    const first = github.repository("Acme/app").git.resolve("main")?.sha;
    const second = github.putFile("Acme/app", "b.txt", "b");
    const answer = await ask(`${REPO}/commits/main`, { as });
    expect([
      at(answer.body, "sha"),
      at(answer.body, "commit", "tree", "sha"),
      at(answer.body, "parents", 0, "sha"),
    ]).toEqual([second.sha, second.tree, first]);
    expect((await ask(`${REPO}/commits/${"0".repeat(40)}`, { as })).status).toBe(422);
  });
  it("74: a comparison starts at the merge base and counts both ways", async () => {
    const { ask, token, github } = await createClient();
    const as = await token();
    const base = github.repository("Acme/app").git.resolve("main")?.sha;
    github.commit("Acme/app", { branch: "dev", files: { "dev.txt": "d", "README.md": null } });
    github.commit("Acme/app", { branch: "dev", files: { "src/moved.ts": "a", "src/a.ts": null } });
    github.putFile("Acme/app", "main.txt", "m");
    const { body } = await ask(`${REPO}/compare/main...dev`, { as });
    expect(at(body, "merge_base_commit", "sha")).toBe(base);
    expect([at(body, "status"), at(body, "ahead_by"), at(body, "behind_by")]).toEqual(["diverged", 2, 1]);
    expect(list(at(body, "files")).map((one) => [at(one, "filename"), at(one, "status")])).toEqual([
      ["README.md", "removed"],
      ["dev.txt", "added"],
      ["src/moved.ts", "renamed"],
    ]);
    expect(at((await ask(`${REPO}/compare/main...main`, { as })).body, "status")).toBe("identical");
    expect((await ask(`${REPO}/compare/main...gone`, { as })).status).toBe(404);
  });
  it("75: a comparison lists at most 300 files and does not say that there are more", async () => {
    const { ask, token, github } = await createClient();
    const files = Object.fromEntries(Array.from({ length: 301 }, (_, i) => [`many/${i}.txt`, String(i)]));
    github.commit("Acme/app", { branch: "many", files });
    const { body } = await ask(`${REPO}/compare/main...many`, { as: await token() });
    expect(list(at(body, "files")).length).toBe(300);
    expect(list(at(body, "commits")).length).toBe(1);
  });
  it("76: a fork's commits are found by id under the name of its parent, its branches as owner:branch", async () => {
    const { ask, token, github } = await createClient();
    github.forkRepository("Acme/app", "octocat/app");
    const commit = github.commit("octocat/app", { branch: "patch", files: { "README.md": "from the fork" } });
    const as = await token({ repositories: ["app"] });
    const file = await ask(`${REPO}/contents/README.md?ref=${commit.sha}`, { as });
    expect(atob(String(at(file.body, "content")).trim())).toBe("from the fork");
    const { body } = await ask(`${REPO}/compare/main...octocat:patch`, { as });
    expect([at(body, "status"), at(body, "commits", 0, "sha")]).toEqual(["ahead", commit.sha]);
    expect((await ask(`${REPO}/git/trees/patch`, { as })).status).toBe(404);
    expect((await ask("/repos/octocat/app/contents/README.md", { as })).status).toBe(404);
  });
});

async function staged() {
  const stage = await createClient();
  const head = stage.github.repository("Acme/app").git.resolve("main")?.sha ?? "";
  const as = await stage.token({ permissions: { checks: "write" } });
  const create = (more: object = {}) =>
    stage.ask(`${REPO}/check-runs`, { method: "POST", as, body: { name: "Check", head_sha: head, ...more } });
  const update = (id: unknown, body: object) => stage.ask(`${REPO}/check-runs/${id}`, { method: "PATCH", as, body });
  return { ...stage, head, as, create, update };
}

function output(count: number, more: object = {}): object {
  const note = { path: "a.yaml", start_line: 1, end_line: 1, annotation_level: "failure", message: "m" };
  return { output: { title: "t", summary: "s", annotations: Array.from({ length: count }, () => note), ...more } };
}

describe("check runs", () => {
  it("77: take checks: write, and a commit that exists", async () => {
    const { create, ask, token, head } = await staged();
    const made = await create();
    expect([made.status, at(made.body, "status"), at(made.body, "head_sha")]).toEqual([201, "queued", head]);
    expect((await create({ head_sha: "0".repeat(40) })).status).toBe(422);
    const reader = await token({ permissions: { contents: "write" } });
    const body = { name: "Check", head_sha: head };
    expect((await ask(`${REPO}/check-runs`, { method: "POST", as: reader, body })).status).toBe(403);
  });
  it("78: hold at most 50 annotations a request; further ones are appended", async () => {
    const { create, update, ask, as } = await staged();
    expect((await create(output(51))).status).toBe(422);
    const made = await create(output(50));
    const id = at(made.body, "id");
    expect(at((await update(id, output(20))).body, "output", "annotations_count")).toBe(70);
    const page = await ask(`${REPO}/check-runs/${id}/annotations?per_page=100`, { as });
    expect(list(page.body).length).toBe(70);
  });
  it("79: have a summary of at most 65,535 characters, and a title", async () => {
    const { create } = await staged();
    expect((await create(output(0, { summary: "x".repeat(65_535) }))).status).toBe(201);
    expect((await create(output(0, { summary: "x".repeat(65_536) }))).status).toBe(422);
    expect((await create({ output: { summary: "s" } })).status).toBe(422);
  });
  it("80: have columns only where an annotation begins and ends on one line", async () => {
    const { create } = await staged();
    const note = { path: "a", start_line: 1, end_line: 2, start_column: 3, annotation_level: "notice", message: "m" };
    expect((await create(output(0, { annotations: [note] }))).status).toBe(422);
    expect((await create(output(0, { annotations: [{ ...note, end_line: 1 }] }))).status).toBe(201);
  });
  it("81: are completed by a conclusion, and cannot be completed without one", async () => {
    const { create, update } = await staged();
    const id = at((await create({ status: "in_progress" })).body, "id");
    expect((await update(id, { status: "completed" })).status).toBe(422);
    const done = await update(id, { conclusion: "neutral" });
    expect([at(done.body, "status"), at(done.body, "conclusion")]).toEqual(["completed", "neutral"]);
    expect(typeof at(done.body, "completed_at")).toBe("string");
    expect((await create({ conclusion: "good" })).status).toBe(422);
  });
  it("82: are listed by commit, the latest of each name and App unless all are asked for", async () => {
    const { create, ask, as, head } = await staged();
    const first = at((await create()).body, "id");
    const second = at((await create()).body, "id");
    await create({ name: "Other" });
    const ids = async (query: string) =>
      list(at((await ask(`${REPO}/commits/${head}/check-runs${query}`, { as })).body, "check_runs")).map((run) =>
        at(run, "id"),
      );
    expect(await ids("?check_name=Check")).toEqual([second]);
    expect(await ids("?check_name=Check&filter=all")).toEqual([second, first]);
    expect((await ids("")).length).toBe(2);
    expect(await ids("?app_id=99")).toEqual([]);
  });
  it("83: are changed only by the App that made them", async () => {
    const { create, ask, github, clock } = await staged();
    const id = at((await create()).body, "id");
    const { publicKey } = await appKeys(1);
    github.addApp({ id: 8, publicKeys: [publicKey] });
    github.install({ app: 8, owner: "Acme", permissions: { checks: "write" }, id: 80 });
    const jwt = `Bearer ${await appJwt({ app: 8, nowMs: clock.now, slot: 1 })}`;
    const minted = await ask("/app/installations/80/access_tokens", { method: "POST", as: jwt });
    const as = `Bearer ${at(minted.body, "token")}`;
    const body = { conclusion: "success" };
    expect((await ask(`${REPO}/check-runs/${id}`, { method: "PATCH", as, body })).status).toBe(403);
    expect((await ask(`${REPO}/check-runs/${id}`, { as })).status).toBe(200);
  });
});
