// The emulated GitHub's answers against GitHub's own description of its API: every route's good answer and its
// refusals, by the schema of that operation and status. A schema that is missing for a status fails the test too.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv, type AnySchema, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { beforeAll, describe, expect, it } from "vitest";
import { APP, type Asked, at, type Client, createClient, INSTALLATION, PERMISSIONS } from "./client.ts";
import { browse, GOOD_MANIFEST } from "./manifest-flow.ts";

const OBJECT = "application/vnd.github.object+json";
let paths: unknown;
let ajv: Ajv;
const compiled = new Map<string, ValidateFunction>();

/** Words of OpenAPI alone. */
const DROPPED = new Set(["nullable", "example", "examples", "discriminator", "deprecated", "xml", "externalDocs"]);
/** Keywords whose values are data or names, not schemas. */
const DATA = new Set(["enum", "default", "required"]);

/**
 * OpenAPI 3.0 -> JSON Schema: `nullable` becomes a null beside. `oneOf` becomes `anyOf`: the description lists error
 * shapes that include each other.
 */
function toJsonSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(toJsonSchema);
  if (typeof schema !== "object" || schema === null) return schema;
  const plain = new Map<string, unknown>();
  for (const [key, value] of Object.entries(schema)) {
    if (DROPPED.has(key)) continue;
    const names = key === "properties" && typeof value === "object" && value !== null;
    const inside = names ? Object.entries(value).map(([name, one]) => [name, toJsonSchema(one)]) : [];
    const kept = names ? Object.fromEntries(inside) : DATA.has(key) ? value : toJsonSchema(value);
    plain.set(key === "oneOf" ? "anyOf" : key, kept);
  }
  const result = Object.fromEntries(plain);
  return at(schema, "nullable") === true ? { anyOf: [result, { type: "null" }] } : result;
}

beforeAll(() => {
  const file = createRequire(import.meta.url).resolve("@octokit/openapi/generated/api.github.com.deref.json");
  paths = at(JSON.parse(readFileSync(file, "utf8")), "paths");
  ajv = new Ajv({ strict: false, allErrors: false });
  // The package is CommonJS with a default export inside.
  (addFormats as unknown as (to: Ajv) => void)(ajv);
});

/** null when the answer fits, else what is wrong with it. */
function misfit(operation: string, answer: Asked, mediaType = "application/json"): string | null {
  const [method = "", path = ""] = operation.split(" ");
  const response = at(paths, path, method.toLowerCase(), "responses", String(answer.status));
  if (response === undefined) return `${operation} does not describe ${answer.status}`;
  const name = `${operation} ${answer.status} ${mediaType}`;
  const known = compiled.get(name);
  const schema = at(response, "content", mediaType, "schema");
  if (schema === undefined)
    return at(response, "content") === undefined && answer.body === "" ? null : `${name}: no schema`;
  const validate = known ?? ajv.compile(toJsonSchema(schema) as AnySchema); // a schema, by the description's own format
  compiled.set(name, validate);
  return validate(answer.body) ? null : `${name}: ${ajv.errorsText(validate.errors)}`;
}

const MINT = "POST /app/installations/{installation_id}/access_tokens";
const CONTENTS = "GET /repos/{owner}/{repo}/contents/{path}";

async function expectFit(operation: string, answer: Asked, status: number, mediaType?: string): Promise<void> {
  expect([answer.status, misfit(operation, answer, mediaType)]).toEqual([status, null]);
}

async function stage(): Promise<Client> {
  const one = await createClient();
  one.github.putFile("Acme/app", "big.txt", "x".repeat(1024 * 1024 + 1));
  one.github.putFile("Acme/app", "link", { symlink: "/etc/passwd" });
  one.github.putFile("Acme/app", "sub", { submodule: "1".repeat(40) });
  return one;
}

describe("answers that GitHub's description allows", () => {
  it("is a check that can fail", () => {
    const bad: Asked = { status: 201, headers: new Headers(), body: { token: 1 } };
    expect(misfit(MINT, bad)).toContain("expires_at");
    expect(misfit(MINT, { ...bad, status: 299 })).toContain("does not describe 299");
  });

  it("GET /app", async () => {
    const { ask, jwt } = await stage();
    await expectFit("GET /app", await ask("/app", { as: await jwt() }), 200);
  });

  it("an App from a manifest", async () => {
    const { ask, github } = await stage();
    github.signIn("octocat", { owns: ["Acme"] });
    const conversion = "POST /app-manifests/{code}/conversions";
    for (const owner of ["", "/organizations/Acme"]) {
      const manifest = { ...GOOD_MANIFEST, name: `octo-sts${owner}` };
      const back = await (await browse(github, `https://github.com${owner}/settings/apps/new`, manifest)).confirm();
      const path = `/app-manifests/${back?.searchParams.get("code")}/conversions`;
      await expectFit(conversion, await ask(path, { method: "POST" }), 201);
      await expectFit(conversion, await ask(path, { method: "POST" }), 404);
    }
  });

  it("installations, also suspended, selected, and of users", async () => {
    const { ask, jwt, github } = await stage();
    const user = github.install({ app: APP, owner: "octocat", permissions: PERMISSIONS, repositories: ["dotfiles"] });
    github.suspend(user.id);
    const as = await jwt();
    const one = "GET /app/installations/{installation_id}";
    // In the description's list an account would have to be a user and an enterprise at once; the single one is sane.
    const list = await ask("/app/installations", { as });
    expect(Array.isArray(list.body) ? list.body.length : 0).toBe(2);
    for (const i of [0, 1]) await expectFit(one, { ...list, body: at(list.body, i) }, 200);
    await expectFit(one, await ask(`/app/installations/${INSTALLATION}`, { as }), 200);
    await expectFit(one, await ask("/app/installations/1", { as }), 404);
    const byRepository = "GET /repos/{owner}/{repo}/installation";
    await expectFit(byRepository, await ask("/repos/Acme/app/installation", { as }), 200);
    await expectFit(byRepository, await ask("/repos/Acme/none/installation", { as }), 404);
    github.renameRepository("Acme/app", "app2");
    await expectFit(byRepository, await ask("/repos/Acme/app/installation", { as }), 301);
    await expectFit("GET /orgs/{org}/installation", await ask("/orgs/Acme/installation", { as }), 200);
    await expectFit("GET /users/{username}/installation", await ask("/users/octocat/installation", { as }), 200);
  });

  it("tokens, granted and refused", async () => {
    const { ask, mint, token, github } = await stage();
    await expectFit(MINT, await mint(), 201);
    await expectFit(MINT, await mint({ repositories: ["app"], permissions: { contents: "read" } }), 201);
    await expectFit(MINT, await mint({ repositories: ["none"] }), 422);
    await expectFit(MINT, await mint({ permissions: { members: "read" } }), 422);
    await expectFit(MINT, await mint({}, 1), 404);
    await expectFit(MINT, await ask(`/app/installations/${INSTALLATION}/access_tokens`, { method: "POST" }), 401);
    const as = await token({ repositories: ["app"] });
    await expectFit("GET /installation/repositories", await ask("/installation/repositories", { as }), 200);
    await expectFit("DELETE /installation/token", await ask("/installation/token", { method: "DELETE", as }), 204);
    github.suspend(INSTALLATION);
    await expectFit(MINT, await mint(), 403);
  });

  it("files, directories, links and submodules, in both forms", async () => {
    const { ask, token } = await stage();
    const as = await token();
    for (const path of ["README.md", "src", "link", "sub", "big.txt", ""]) {
      await expectFit(CONTENTS, await ask(`/repos/Acme/app/contents/${path}`, { as }), 200);
    }
    for (const path of ["README.md", "src", "big.txt"]) {
      const answer = await ask(`/repos/Acme/app/contents/${path}`, { as, accept: OBJECT });
      await expectFit(CONTENTS, answer, 200, "application/vnd.github.object");
    }
    await expectFit(CONTENTS, await ask("/repos/Acme/app/contents/none", { as }), 404);
    const blind = await token({ permissions: { issues: "read" } });
    await expectFit(CONTENTS, await ask("/repos/Acme/app/contents/README.md", { as: blind }), 403);
  });

  it("files written", async () => {
    const { ask, token } = await stage();
    const as = await token();
    const put = "PUT /repos/{owner}/{repo}/contents/{path}";
    const body = { message: "m", content: btoa("new") };
    const first = await ask("/repos/Acme/app/contents/new.txt", { method: "PUT", as, body });
    await expectFit(put, first, 201);
    const sha = at(first.body, "content", "sha");
    const again = { method: "PUT", as, body: { ...body, content: btoa("newer"), sha } };
    await expectFit(put, await ask("/repos/Acme/app/contents/new.txt", again), 200);
    await expectFit(put, await ask("/repos/Acme/app/contents/new.txt", again), 409);
    await expectFit(put, await ask("/repos/Acme/app/contents/new.txt", { method: "PUT", as, body }), 422);
  });

  it("history", async () => {
    const { ask, token, github } = await stage();
    const as = await token();
    github.commit("Acme/app", { branch: "dev", files: { "src/moved.ts": "a", "src/a.ts": null, "README.md": null } });
    const repo = "/repos/Acme/app";
    const sha = github.repository("Acme/app").git.resolve("main")?.files.get("README.md")?.sha;
    const tree = "GET /repos/{owner}/{repo}/git/trees/{tree_sha}";
    await expectFit("GET /repos/{owner}/{repo}", await ask(repo, { as }), 200);
    await expectFit(tree, await ask(`${repo}/git/trees/main?recursive=1`, { as }), 200);
    await expectFit(tree, await ask(`${repo}/git/trees/gone`, { as }), 404);
    await expectFit(
      "GET /repos/{owner}/{repo}/git/blobs/{file_sha}",
      await ask(`${repo}/git/blobs/${sha}`, { as }),
      200,
    );
    const commit = "GET /repos/{owner}/{repo}/commits/{ref}";
    await expectFit(commit, await ask(`${repo}/commits/dev`, { as }), 200);
    await expectFit(commit, await ask(`${repo}/commits/gone`, { as }), 422);
    await expectFit("GET /repos/{owner}/{repo}/commits", await ask(`${repo}/commits`, { as }), 200);
    const compare = "GET /repos/{owner}/{repo}/compare/{basehead}";
    await expectFit(compare, await ask(`${repo}/compare/main...dev`, { as }), 200);
    await expectFit(compare, await ask(`${repo}/compare/main...gone`, { as }), 404);
  });

  it("check runs", async () => {
    const { ask, token, github } = await stage();
    const as = await token();
    const runs = "/repos/Acme/app/check-runs";
    const head_sha = github.repository("Acme/app").git.resolve("main")?.sha;
    const note = { path: "a.yaml", start_line: 1, end_line: 1, annotation_level: "failure", message: "m" };
    const body = { name: "Check", head_sha, output: { title: "t", summary: "s", annotations: [note] } };
    const made = await ask(runs, { method: "POST", as, body });
    await expectFit("POST /repos/{owner}/{repo}/check-runs", made, 201);
    const id = at(made.body, "id");
    const one = "/repos/{owner}/{repo}/check-runs/{check_run_id}";
    const done = await ask(`${runs}/${id}`, { method: "PATCH", as, body: { conclusion: "failure" } });
    await expectFit(`PATCH ${one}`, done, 200);
    await expectFit(`GET ${one}`, await ask(`${runs}/${id}`, { as }), 200);
    await expectFit(`GET ${one}/annotations`, await ask(`${runs}/${id}/annotations`, { as }), 200);
    const listed = await ask("/repos/Acme/app/commits/main/check-runs", { as });
    await expectFit("GET /repos/{owner}/{repo}/commits/{ref}/check-runs", listed, 200);
  });
});
