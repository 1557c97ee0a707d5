// GitHub's behaviour towards tokens, files and limits: the rows of BEHAVIOUR.md from 36, each test named by its row's
// number.

import { describe, expect, it } from "vitest";
import { API, at, createClient, INSTALLATION } from "./client.ts";

const OBJECT = "application/vnd.github.object+json";
const RAW = "application/vnd.github.raw+json";
const FILE = "/repos/Acme/app/contents/README.md";
const WRITE = { method: "PUT", body: { message: "m", content: btoa("new") } };

describe("what a token may", () => {
  it("36: read the repositories it has, and get 404 for private ones that it has not", async () => {
    const { ask, token } = await createClient();
    const as = await token({ repositories: ["app"] });
    expect((await ask(FILE, { as })).status).toBe(200);
    const other = await ask("/repos/Acme/other/contents/secret.txt", { as });
    expect([other.status, at(other.body, "message")]).toEqual([404, "Not Found"]);
    expect((await ask("/repos/stranger/private/contents/a.txt", { as })).status).toBe(404);
  });
  it("37: read public repositories of anybody, with any token and with none", async () => {
    const { ask, token } = await createClient();
    const as = await token({ repositories: ["app"], permissions: { issues: "read" } });
    expect((await ask("/repos/stranger/public/contents/a.txt", { as })).status).toBe(200);
    expect((await ask("/repos/stranger/public/contents/a.txt")).status).toBe(200);
    expect((await ask(FILE)).status).toBe(404);
  });
  it("38: not do what its permissions leave out: 403, and the header says what is needed", async () => {
    const { ask, token } = await createClient();
    const blind = await ask(FILE, { as: await token({ permissions: { issues: "read" } }) });
    expect([blind.status, at(blind.body, "message")]).toEqual([403, "Resource not accessible by integration"]);
    expect(blind.headers.get("x-accepted-github-permissions")).toBe("contents=read");
    const reader = await token({ permissions: { contents: "read" } });
    const write = await ask("/repos/Acme/app/contents/new.txt", { as: reader, ...WRITE });
    expect([write.status, at(write.body, "message")]).toEqual([403, "Resource not accessible by integration"]);
  });
  it("39: write with contents: write, into its own repositories only", async () => {
    const { ask, token } = await createClient();
    const as = await token({ permissions: { contents: "write" } });
    expect((await ask("/repos/Acme/app/contents/new.txt", { as, ...WRITE })).status).toBe(201);
    expect(at((await ask("/repos/Acme/app/contents/new.txt", { as })).body, "content")).toBe(`${btoa("new")}\n`);
    expect((await ask("/repos/stranger/public/contents/new.txt", { as, ...WRITE })).status).toBe(403);
    expect((await ask(FILE, { as, ...WRITE })).status).toBe(422);
  });
  it("40: be sent as Bearer or token", async () => {
    const { ask, token } = await createClient();
    const value = (await token()).slice(7);
    for (const scheme of ["Bearer", "bearer", "token"]) {
      expect((await ask(FILE, { as: `${scheme} ${value}` })).status).toBe(200);
    }
  });
  it("41: be revoked by itself, once: 204, then 401 for everything", async () => {
    const { ask, token, github } = await createClient();
    const as = await token();
    expect((await ask("/installation/token", { method: "DELETE", as })).status).toBe(204);
    expect(github.tokens[0]?.revoked).toBe(true);
    expect((await ask("/installation/token", { method: "DELETE", as })).status).toBe(401);
    expect((await ask("/repos/Acme/open/contents/a.txt", { as })).status).toBe(401);
  });
  it("42: stop working when the installation is suspended or removed", async () => {
    const { ask, token, github } = await createClient();
    const as = await token();
    github.suspend(INSTALLATION);
    expect((await ask(FILE, { as })).status).toBe(403);
    github.unsuspend(INSTALLATION);
    expect((await ask(FILE, { as })).status).toBe(200);
    github.uninstall(INSTALLATION);
    expect((await ask(FILE, { as })).status).toBe(401);
  });
  it("43: list its repositories", async () => {
    const { ask, token } = await createClient();
    const some = await ask("/installation/repositories", { as: await token({ repositories: ["app"] }) });
    expect([at(some.body, "total_count"), at(some.body, "repository_selection")]).toEqual([1, "selected"]);
    expect(at(some.body, "repositories", 0, "name")).toBe("app");
    const all = await ask("/installation/repositories?per_page=2", { as: await token() });
    expect([at(all.body, "total_count"), at(all.body, "repositories", 2)]).toEqual([3, undefined]);
  });
});

describe("files", () => {
  it("44: are base64 in lines, with size and the id that git gives the blob", async () => {
    const { ask, token, github } = await createClient();
    github.putFile("Acme/app", "hello.txt", "hello world\n");
    const { body } = await ask("/repos/Acme/app/contents/hello.txt", { as: await token() });
    expect(at(body, "sha")).toBe("3b18e512dba79e4c8300dd08aeb37f8e728b8dad"); // git hash-object
    expect([at(body, "type"), at(body, "size"), at(body, "encoding")]).toEqual(["file", 12, "base64"]);
    github.putFile("Acme/app", "long.txt", "x".repeat(100));
    const long = String(at((await ask("/repos/Acme/app/contents/long.txt", { as: await token() })).body, "content"));
    expect(long.split("\n").map((line) => line.length)).toEqual([60, 60, 16, 0]);
  });
  it("45: are the bytes themselves as raw", async () => {
    const { ask, token } = await createClient();
    const answer = await ask(FILE, { as: await token(), accept: RAW });
    expect([answer.body, answer.headers.get("content-type")]).toEqual(["# app\n", `${RAW}; charset=utf-8`]);
  });
  it("46: over 1 MB have no content as JSON or object, and all of it as raw", async () => {
    const { ask, token, github } = await createClient();
    github.putFile("Acme/app", "big.txt", "x".repeat(1024 * 1024 + 1));
    const as = await token();
    const object = await ask("/repos/Acme/app/contents/big.txt", { as, accept: OBJECT });
    expect([at(object.body, "encoding"), at(object.body, "content"), at(object.body, "size")]).toEqual([
      "none",
      "",
      1024 * 1024 + 1,
    ]);
    const raw = await ask("/repos/Acme/app/contents/big.txt", { as, accept: RAW });
    expect(String(raw.body).length).toBe(1024 * 1024 + 1);
  });
  it("47: a directory is a list, and as object one thing with entries", async () => {
    const { ask, token } = await createClient();
    const as = await token();
    const list = await ask("/repos/Acme/app/contents/src", { as });
    expect(Array.isArray(list.body) && list.body.map((one) => [at(one, "type"), at(one, "path")])).toEqual([
      ["file", "src/a.ts"],
      ["dir", "src/deep"],
    ]);
    const object = await ask("/repos/Acme/app/contents/src", { as, accept: OBJECT });
    expect([at(object.body, "type"), at(object.body, "entries", 1, "name")]).toEqual(["dir", "deep"]);
    expect(at((await ask("/repos/Acme/app/contents/", { as, accept: OBJECT })).body, "entries", 1, "name")).toBe("src");
  });
  it("48: a symlink to a file of the repository answers with its content, any other as a symlink", async () => {
    const { ask, token, github } = await createClient();
    github.putFile("Acme/app", "src/link", { symlink: "../README.md" });
    github.putFile("Acme/app", "src/out", { symlink: "/etc/passwd" });
    const as = await token();
    const link = await ask("/repos/Acme/app/contents/src/link", { as, accept: OBJECT });
    expect([at(link.body, "type"), at(link.body, "content")]).toEqual(["file", `${btoa("# app\n")}\n`]);
    const file = await ask("/repos/Acme/app/contents/README.md", { as, accept: OBJECT });
    expect([at(link.body, "path"), at(link.body, "size")]).toEqual(["src/link", at(file.body, "size")]);
    const own = github.repository("Acme/app").git.resolve("main")?.files.get("src/link")?.sha;
    expect([at(link.body, "sha"), at(link.body, "sha") === at(file.body, "sha")]).toEqual([own, false]);
    const out = await ask("/repos/Acme/app/contents/src/out", { as, accept: OBJECT });
    expect([at(out.body, "type"), at(out.body, "target")]).toEqual(["symlink", "/etc/passwd"]);
  });
  it("49: a submodule says so, and is called a file in its directory", async () => {
    const { ask, token, github } = await createClient();
    github.putFile("Acme/app", "lib/sub", { submodule: "0".repeat(40) });
    const as = await token();
    const own = await ask("/repos/Acme/app/contents/lib/sub", { as });
    expect([at(own.body, "type"), typeof at(own.body, "submodule_git_url")]).toEqual(["submodule", "string"]);
    expect(at((await ask("/repos/Acme/app/contents/lib", { as })).body, 0, "type")).toBe("file");
  });
  it("50: are those of the default branch unless ref names a branch or a commit", async () => {
    const { ask, token, github } = await createClient();
    const first = github.repository("Acme/app").git.branches.get("main");
    github.commit("Acme/app", { branch: "dev", files: { "README.md": "dev" } });
    github.putFile("Acme/app", "README.md", "second");
    const as = await token();
    const texts: unknown[] = [];
    for (const ref of ["", "?ref=dev", `?ref=${first}`]) texts.push((await ask(FILE + ref, { as, accept: RAW })).body);
    expect(texts).toEqual(["second", "dev", "# app\n"]);
    const none = await ask(`${FILE}?ref=gone`, { as });
    expect([none.status, at(none.body, "message")]).toEqual([404, "No commit found for the ref gone"]);
  });
  it("51: paths have case, and a slash behind is another path", async () => {
    const { ask, token } = await createClient();
    const as = await token();
    for (const path of ["readme.md", "README.md/", "src/", "nothing"]) {
      expect((await ask(`/repos/Acme/app/contents/${path}`, { as })).status).toBe(404);
    }
  });
  it("52: a renamed repository and a renamed owner's repository are 301 to the repository by id", async () => {
    const { ask, token, github } = await createClient();
    github.renameRepository("Acme/app", "app2");
    const as = await token();
    const answer = await ask(`${FILE}?ref=main`, { as });
    const location = `${API}/repositories/11/contents/README.md?ref=main`;
    expect([answer.status, answer.headers.get("location")]).toEqual([301, location]);
    expect(at((await ask(location, { as })).body, "name")).toBe("README.md");
    github.renameOwner("Acme", "Apex");
    expect((await ask("/repos/acme/other/contents/secret.txt", { as })).status).toBe(301);
  });
  it("53: a former name that somebody took again is theirs", async () => {
    const { ask, token, github } = await createClient();
    github.renameOwner("Acme", "Apex");
    github.addOrganization("Acme");
    const as = await token();
    expect((await ask(FILE, { as })).status).toBe(301);
    github.addRepository("Acme/app", { visibility: "public", files: { "README.md": "taken" } });
    expect((await ask(FILE, { as, accept: RAW })).body).toBe("taken");
  });
  it("54: a redirect is not shown to whom the repository is not", async () => {
    const { ask, github } = await createClient();
    github.renameRepository("Acme/app", "app2");
    expect((await ask(FILE)).status).toBe(404);
  });
});

describe("every request", () => {
  it("55: needs a User-Agent", async () => {
    const { ask } = await createClient();
    const answer = await ask("/repos/Acme/open/contents/a.txt", { headers: { "user-agent": "" } });
    expect(answer.status).toBe(403);
    expect(String(answer.body)).toContain("User-Agent");
  });
  it("56: may name an API version, which must exist", async () => {
    const { ask } = await createClient();
    const ask_ = (version: string) =>
      ask("/repos/Acme/open/contents/a.txt", { headers: { "x-github-api-version": version } });
    expect((await ask_("2022-11-28")).headers.get("x-github-api-version-selected")).toBe("2022-11-28");
    expect((await ask_("2026-03-10")).status).toBe(200);
    expect((await ask_("2020-01-01")).status).toBe(400);
  });
  it("57: must accept JSON or a media type of GitHub's", async () => {
    const { ask } = await createClient();
    const status = async (accept: string) => (await ask("/repos/Acme/open/contents/a.txt", { accept })).status;
    for (const good of [
      "*/*",
      "application/json",
      "application/vnd.github+json",
      "application/vnd.github.v3+json",
      RAW,
    ]) {
      expect([good, await status(good)]).toEqual([good, 200]);
    }
    expect(await status("text/html")).toBe(415);
  });
  it("58: with a token that is unknown is 401, even for public things", async () => {
    const { ask } = await createClient();
    const answer = await ask("/repos/Acme/open/contents/a.txt", { as: "Bearer ghs_unknown" });
    expect([answer.status, at(answer.body, "message")]).toEqual([401, "Bad credentials"]);
  });
  it("59: to a path that is none is 404", async () => {
    const { ask, token } = await createClient();
    expect((await ask("/nothing/here", { as: await token() })).status).toBe(404);
    expect((await ask("/installation/repositories/", { as: await token() })).status).toBe(404);
  });
  it("60: that repeats an ETag is 304 while nothing changed, and costs nothing", async () => {
    const { ask, token, github } = await createClient();
    const as = await token();
    const first = await ask(FILE, { as });
    const etag = first.headers.get("etag") ?? "";
    const used = github.bucket(`installation:${INSTALLATION}`).used;
    const again = await ask(FILE, { as, headers: { "if-none-match": etag } });
    expect([again.status, again.body, github.bucket(`installation:${INSTALLATION}`).used]).toEqual([304, "", used]);
    github.putFile("Acme/app", "README.md", "changed");
    expect((await ask(FILE, { as, headers: { "if-none-match": etag } })).status).toBe(200);
  });
  it("61: is answered with a request id", async () => {
    const { ask } = await createClient();
    expect((await ask("/app")).headers.get("x-github-request-id")).toMatch(/^[0-9A-F]{4}(:[0-9A-F]{6,8}){4}$/);
  });
});

describe("limits", () => {
  it("62: every answer says limit, remaining, used, reset and resource", async () => {
    const { ask, token, clock } = await createClient();
    const as = await token();
    await ask(FILE, { as });
    const { headers } = await ask(FILE, { as });
    const read = (name: string) => headers.get(`x-ratelimit-${name}`);
    expect(["limit", "remaining", "used", "resource"].map(read)).toEqual(["5000", "4998", "2", "core"]);
    expect(Number(read("reset")) - Math.floor(clock.now / 1000)).toBe(3600);
  });
  it("63: the primary limit used up is 403 with remaining 0, until the reset", async () => {
    const { ask, token, clock } = await createClient({ rateLimit: 3 });
    const as = await token();
    for (let i = 0; i < 3; i++) expect((await ask(FILE, { as })).status).toBe(200);
    const over = await ask(FILE, { as });
    expect([over.status, over.headers.get("x-ratelimit-remaining"), over.headers.get("retry-after")]).toEqual([
      403,
      "0",
      null,
    ]);
    expect(String(at(over.body, "message"))).toContain("API rate limit exceeded");
    clock.now += 3_600_000 - 1000;
    expect((await ask(FILE, { as: await token() })).status).toBe(403);
    clock.now += 2000;
    expect((await ask(FILE, { as: await token() })).status).toBe(200);
  });
  it("64: each installation has its own, and the App its own beside", async () => {
    const { ask, token, jwt, github } = await createClient({ rateLimit: 3 });
    github.install({ app: 7, owner: "octocat", permissions: { contents: "read" }, id: 71 });
    const [one, two] = [await token(), await token(undefined, 71)];
    for (let i = 0; i < 4; i++) await ask("/installation/repositories", { as: one });
    expect((await ask("/installation/repositories", { as: one })).status).toBe(403);
    expect((await ask("/installation/repositories", { as: two })).status).toBe(200);
    expect((await ask("/app", { as: await jwt() })).status).toBe(200);
  });
  it("65: without credentials there are 60 an hour", async () => {
    const { ask } = await createClient();
    const { headers } = await ask("/repos/Acme/open/contents/a.txt");
    expect([headers.get("x-ratelimit-limit"), headers.get("x-ratelimit-remaining")]).toEqual(["60", "59"]);
  });
  it("66: the secondary limit is 403 or 429 with Retry-After, and something remains of the primary", async () => {
    const { ask, github } = await createClient();
    github.fault(
      { route: "gh.contents", kind: "secondary", times: 1 },
      { route: "gh.contents", kind: "secondary", status: 429 },
    );
    for (const status of [403, 429]) {
      const answer = await ask("/repos/Acme/open/contents/a.txt");
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([status, "60"]);
      expect(Number(answer.headers.get("x-ratelimit-remaining"))).toBeGreaterThan(0);
      expect(String(at(answer.body, "documentation_url"))).toMatch(/secondary-rate-limits$/);
    }
  });
});

describe("an Enterprise Server", () => {
  it("67: has its API below /api/v3, and its own addresses in its answers", async () => {
    const { ask, jwt } = await createClient({ apiUrl: "https://ghe.example/api/v3" });
    const answer = await ask("/repos/Acme/app/installation", { as: await jwt() });
    const html = `https://ghe.example/organizations/Acme/settings/installations/${INSTALLATION}`;
    expect([answer.status, at(answer.body, "html_url")]).toEqual([200, html]);
    expect(String(at(answer.body, "access_tokens_url"))).toBe(
      `https://ghe.example/api/v3/app/installations/${INSTALLATION}/access_tokens`,
    );
    expect((await ask("https://ghe.example/repos/Acme/app/installation", { as: await jwt() })).status).toBe(404);
  });
});
