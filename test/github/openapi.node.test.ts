// GitHub's own description of its API against what we send and what we read: every request fits its schema, and every parser
// takes the description's own examples. In Node, because the description is a file of 13 MB.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { beforeAll, describe, expect, it } from "vitest";
import { parseContents, readFile } from "../../worker/github/contents.ts";
import { parseApp, parseInstallation, parseMintResponse, tokenIn } from "../../worker/github/shapes.ts";
import { createTestWorld, POLICY_PATH } from "./world.ts";

type Json = Record<string, unknown>;

interface Description {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: Json;
}

interface Operation {
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Json }> };
  readonly responses: Record<
    string,
    { readonly content?: Record<string, { readonly examples?: Record<string, Json> }> }
  >;
}

const FILES = ["api.github.com", "ghec", "ghes-3.17"];

function descriptionOf(file: string): Description {
  const path = fileURLToPath(import.meta.resolve(`@octokit/openapi/generated/${file}.json`));
  return JSON.parse(readFileSync(path, "utf8"));
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Every kind of request that the folder can make. */
async function everyRequest(): Promise<readonly Sent[]> {
  const { github, app, installation, call, network } = await createTestWorld();
  await github.installations.find(app, { owner: "acme", repository: "app" }, call);
  await github.installations.find(app, { owner: "nobody" }, call);
  const read = await github.mintReadToken(app, installation, ["app", ".github"], call);
  if (!read.ok) throw new Error(read.denial.reason);
  await readFile(github, read.value.token, { owner: "acme", repository: "app", path: POLICY_PATH }, call);
  await github.revoke(read.value.token);
  const permissions = { contents: "write", checks: "write", members: "read" };
  await github.mintGrantToken(app, installation, { permissions, repositories: ["app"] }, call);
  await github.mintGrantToken(app, installation, { permissions, repositories: [{ id: 1, name: "app" }] }, call);
  await github.mintGrantToken(app, installation, { permissions, repositories: "all" }, call);
  await github.getApp(app, call);
  await github.accounts.has(app, "stranger", call);
  return network.calls;
}

const TEMPLATES: [RegExp, string][] = [
  [/^\/repos\/[^/]+\/[^/]+\/installation$/, "/repos/{owner}/{repo}/installation"],
  [/^\/orgs\/[^/]+\/installation$/, "/orgs/{org}/installation"],
  [/^\/users\/[^/]+\/installation$/, "/users/{username}/installation"],
  [/^\/app\/installations\/\d+\/access_tokens$/, "/app/installations/{installation_id}/access_tokens"],
  [/^\/repos\/[^/]+\/[^/]+\/contents\/.+$/, "/repos/{owner}/{repo}/contents/{path}"],
  [/^\/installation\/token$/, "/installation/token"],
  [/^\/app\/installations\?per_page=100&page=1$/, "/app/installations"],
  [/^\/app$/, "/app"],
];

const templateOf = ({ path }: Sent): string =>
  TEMPLATES.find(([pattern]) => pattern.test(path))?.[1] ?? `none for ${path}`;

let sent: readonly Sent[];

beforeAll(async () => {
  sent = await everyRequest();
});

describe.each(FILES)("requests, by %s", (file) => {
  let description: Description;
  let ajv: Ajv;

  beforeAll(() => {
    description = descriptionOf(file);
    ajv = new Ajv({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: "api", components: description.components });
  });

  it("go to operations that exist, by each of the eight routes", () => {
    expect([...new Set(sent.map(templateOf))].sort()).toEqual(TEMPLATES.map(([, template]) => template).sort());
    for (const one of sent) expect(description.paths[templateOf(one)]).toHaveProperty(one.method.toLowerCase());
  });

  it("have bodies that fit, and only where one is described", () => {
    const withBody = sent.filter(({ body }) => body !== "");
    expect(withBody.map(templateOf)).toEqual(Array(4).fill("/app/installations/{installation_id}/access_tokens"));
    for (const one of withBody) {
      const operation = description.paths[templateOf(one)]?.[one.method.toLowerCase()];
      const schema = operation?.requestBody?.content["application/json"]?.schema;
      const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"api#/components')));
      expect([validate(JSON.parse(one.body)), validate.errors]).toEqual([true, null]);
    }
  });

  it("accept what is described", () => {
    const contents = description.paths["/repos/{owner}/{repo}/contents/{path}"]?.get?.responses["200"]?.content ?? {};
    const accepts = sent.filter(({ path }) => path.includes("/contents/")).map(({ headers }) => headers.accept);
    expect(accepts).toEqual(["application/vnd.github.object+json"]);
    expect(Object.keys(contents)).toContain("application/vnd.github.object");
  });
});

describe("GitHub's own examples", () => {
  let description: Description;

  beforeAll(() => {
    description = descriptionOf("api.github.com");
  });

  function examples(path: string, method: string, status: string, type = "application/json"): unknown[] {
    const found = description.paths[path]?.[method]?.responses[status]?.content?.[type]?.examples ?? {};
    return Object.values(found).map((one) => {
      const reference = typeof one.$ref === "string" ? one.$ref.split("/").at(-1) : undefined;
      const all = description.components.examples as Record<string, Json>;
      return reference === undefined ? one.value : all[reference]?.value;
    });
  }

  it.each(["/repos/{owner}/{repo}/installation", "/orgs/{org}/installation", "/users/{username}/installation"])(
    "of an installation: %s",
    (path) => {
      const parsed = examples(path, "get", "200").map((json) => parseInstallation(json, "1"));
      expect(parsed.length).toBeGreaterThan(0);
      for (const one of parsed) expect(one).toMatchObject({ appId: "1", suspended: false, owner: expect.any(String) });
    },
  );

  it("of a mint", () => {
    const [example] = examples("/app/installations/{installation_id}/access_tokens", "post", "201");
    expect(tokenIn(example)).toBe("ghs_16C7e42F292c6912E7710c838347Ae178B4a");
    expect(parseMintResponse(example)).toEqual({
      expiresAt: "2016-07-11T22:14:10Z",
      permissions: new Map([
        ["issues", "write"],
        ["contents", "read"],
      ]),
      repositorySelection: "selected",
      repositories: [{ id: 1296269, owner: "octocat", name: "Hello-World", public: true }],
    });
  });

  it("of contents", () => {
    const path = "/repos/{owner}/{repo}/contents/{path}";
    const parsed = examples(path, "get", "200", "application/vnd.github.object").map(parseContents);
    expect(parsed.map((one) => one?.kind)).toEqual(["file", "directory"]);
  });

  it("of an App", () => {
    expect(parseApp(examples("/app", "get", "200")[0])).toMatchObject({ id: 1, slug: "octoapp" });
  });
});
