// The emulated GraphQL: objects of a repository, its errors, its limit. Rows of BEHAVIOUR.md.

import { describe, expect, it } from "vitest";
import { queryOf } from "../../worker/github/graphql.ts";
import { at, createClient, INSTALLATION } from "./client.ts";

const FIELDS = "...on Tree{entries{name type mode size oid}} ...on Blob{text byteSize isBinary isTruncated} oid";

async function staged() {
  const made = await createClient();
  const as = await made.token();
  const query = (expressions: readonly string[], more: { readonly as?: string; readonly repository?: string } = {}) => {
    const objects = expressions.map((expression) => ({ expression, fields: FIELDS }));
    const body = queryOf({ owner: "Acme", repository: more.repository ?? "app" }, objects);
    return made.ask("/graphql", { method: "POST", as: more.as ?? as, body });
  };
  const objects = async (...expressions: readonly string[]) => {
    const { body } = await query(expressions);
    return expressions.map((_, i) => at(body, "data", "repository", `o${i}`));
  };
  return { ...made, as, query, objects };
}

describe("GraphQL", () => {
  it("84: finds objects by id, branch, HEAD, and commit and path", async () => {
    const { github, objects } = await staged();
    const head = github.repository("Acme/app").git.resolve("main");
    const blob = head?.files.get("src/a.ts")?.sha ?? "";
    const found = await objects(
      head?.sha ?? "",
      "main",
      "HEAD",
      blob,
      "main:src/a.ts",
      "main:src",
      "main:none",
      "0".repeat(40),
    );
    expect(found.map((one) => at(one, "oid"))).toEqual([
      head?.sha,
      head?.sha,
      head?.sha,
      blob,
      blob,
      at(found[5], "oid"),
      undefined,
      undefined,
    ]);
    expect([at(found[5], "entries", 0, "name"), found[6], found[7]]).toEqual(["a.ts", null, null]);
    github.forkRepository("Acme/app", "octocat/app");
    const { sha } = github.commit("octocat/app", { files: { "x.txt": "x" } });
    expect(at((await objects(sha))[0], "oid")).toBe(sha);
  });

  it("85: gives entries with their modes, and texts as UTF-8", async () => {
    const { github, objects } = await staged();
    github.putFile("Acme/app", "many/link", { symlink: "../README.md" });
    github.putFile("Acme/app", "many/binary", Uint8Array.of(1, 0, 2));
    github.putFile("Acme/app", "many/latin", Uint8Array.of(0xe4));
    github.putFile("Acme/app", "many/long", "x".repeat(600_000));
    github.putFile("Acme/app", "many/sub", { submodule: "1".repeat(40) });
    const paths = ["many", "many/link", "many/binary", "many/latin", "many/long"];
    const [folder, link, binary, latin, long] = await objects(...paths.map((path) => `main:${path}`));
    const entries = at(folder, "entries");
    const modes = Array.isArray(entries)
      ? entries.map((one) => [at(one, "name"), at(one, "type"), at(one, "mode")])
      : [];
    expect(modes).toEqual([
      ["binary", "blob", 0o100644],
      ["latin", "blob", 0o100644],
      ["link", "blob", 0o120000],
      ["long", "blob", 0o100644],
      ["sub", "commit", 0o160000],
    ]);
    expect([at(link, "text"), at(binary, "text"), at(binary, "isBinary"), at(latin, "text")]).toEqual([
      "../README.md",
      null,
      true,
      "\ufffd",
    ]);
    expect([at(long, "isTruncated"), at(long, "byteSize")]).toEqual([true, 600_000]);
  });

  it("86: does not find by a former name what was told not to be", async () => {
    const { github, query, ask, as } = await staged();
    github.renameRepository("Acme/app", "app2");
    const refused = await query(["HEAD"]);
    expect([refused.status, at(refused.body, "data", "repository")]).toEqual([200, null]);
    expect(at(refused.body, "errors", 0, "type")).toBe("NOT_FOUND");
    const followed = `{repository(owner:"Acme",name:"app"){name}}`;
    const found = await ask("/graphql", { method: "POST", as, body: { query: followed } });
    expect(at(found.body, "data", "repository", "name")).toBe("app2");
    const hidden = await query(["HEAD"], { repository: "none" });
    expect(at(hidden.body, "errors", 0, "type")).toBe("NOT_FOUND");
  });

  it("87: gives no object without `contents`, and no data for what is no field", async () => {
    const { query, token, ask, as } = await staged();
    const blind = await query(["HEAD"], { as: await token({ permissions: { issues: "read" } }) });
    expect([at(blind.body, "data", "repository", "o0"), at(blind.body, "errors", 0, "type")]).toEqual([
      null,
      "FORBIDDEN",
    ]);
    const wrong = await ask("/graphql", { method: "POST", as, body: { query: "{nothing}" } });
    expect([wrong.status, at(wrong.body, "data")]).toEqual([200, undefined]);
    expect(at(wrong.body, "errors", 0, "message")).toContain("nothing");
    const other = await query(["HEAD"], { as: await token({ repositories: ["other"] }) });
    expect(at(other.body, "errors", 0, "type")).toBe("NOT_FOUND");
    expect((await ask("/graphql", { method: "POST", body: { query: followed() } })).status).toBe(401);
  });

  it("88: has a limit of its own", async () => {
    const { github, query } = await staged();
    const before = github.bucket(`installation:${INSTALLATION}`).used;
    const answer = await query(["HEAD"]);
    expect(answer.headers.get("x-ratelimit-resource")).toBe("graphql");
    expect(github.bucket(`installation:${INSTALLATION}`).used).toBe(before);
    github.bucket(`graphql:installation:${INSTALLATION}`).used = 5_000;
    expect((await query(["HEAD"])).status).toBe(403);
  });

  it("89: lies beside the REST API of an Enterprise Server", async () => {
    const { ask, token } = await createClient({ apiUrl: "https://ghe.test/api/v3" });
    const as = await token();
    const asked = { method: "POST", as, body: { query: followed() } };
    expect(at((await ask("https://ghe.test/api/graphql", asked)).body, "data", "repository", "name")).toBe("app");
    expect((await ask("/graphql", asked)).status).toBe(404);
  });
});

const followed = (): string => `{repository(owner:"Acme",name:"app"){name}}`;
