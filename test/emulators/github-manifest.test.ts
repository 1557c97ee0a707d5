// How GitHub makes an App of a manifest: the rows of BEHAVIOUR.md from 90, each test named by its row's number.

import { describe, expect, it } from "vitest";
import { type Asked, at, type Client, createClient } from "./client.ts";
import { appJwtBy, browse, GOOD_MANIFEST } from "./manifest-flow.ts";

const HOUR = 3_600_000;
const PERSONAL = "https://github.com/settings/apps/new";

async function stage(): Promise<Client> {
  const one = await createClient();
  one.github.signIn("octocat", { owns: ["Acme"] });
  return one;
}

const convert = ({ ask }: Client, code: string | null): Promise<Asked> =>
  ask(`/app-manifests/${code}/conversions`, { method: "POST" });

describe("an App from a manifest", () => {
  it("90: is confirmed by its owner on GitHub's own page, which leads back with a code and the state", async () => {
    const { github } = await stage();
    const asked = await browse(github, `${PERSONAL}?state=abc123`, GOOD_MANIFEST);
    expect([asked.status, asked.text.includes("Create GitHub App for octocat")]).toEqual([200, true]);
    const back = await asked.confirm();
    expect(`${back?.origin}${back?.pathname}`).toBe("https://sts.example/app/registered");
    expect(back?.searchParams.get("state")).toBe("abc123");
    expect(back?.searchParams.get("code")).toMatch(/^[0-9a-f]{40}$/);
    expect(github.state.apps.at(-1)?.owner.login).toBe("octocat");
  });
  it("91: of an organization takes one of its owners; to everybody else the page is not there", async () => {
    const { github } = await stage();
    const page = (organization: string) =>
      browse(github, `https://github.com/organizations/${organization}/settings/apps/new`, GOOD_MANIFEST);
    expect((await (await page("acme")).confirm())?.searchParams.has("state")).toBe(false);
    expect(github.state.apps.at(-1)?.owner.login).toBe("Acme");
    for (const organization of ["stranger", "nobody"]) expect((await page(organization)).status).toBe(404);
  });
  it("92: takes somebody who is signed in", async () => {
    const { github } = await createClient();
    const asked = await browse(github, PERSONAL, GOOD_MANIFEST);
    expect([asked.status, asked.location?.pathname, github.state.apps.length]).toEqual([302, "/login", 1]);
  });
  it.each<[string, object | string, string]>([
    ["text that is no JSON", "{", "Manifest is not a JSON object"],
    ["no homepage", { url: undefined }, '"url" wasn\'t supplied.'],
    ["a webhook without its address", { hook_attributes: { active: false } }, '"url" wasn\'t supplied.'],
    [
      "a webhook on loopback",
      { hook_attributes: { url: "http://localhost:8787/webhook" } },
      "over the public Internet",
    ],
    ["a permission that is none", { default_permissions: { content: "read" } }, "resource is not included"],
    ["a permission of enterprises", { default_permissions: { enterprise_sso: "read" } }, "resource is not included"],
    ["a level that is none", { default_permissions: { contents: "admin" } }, "action is not included"],
    ["an event that comes unasked", { default_events: ["installation"] }, "events unsupported: installation"],
    ["an event without its permission", { default_events: ["issues"] }, "not supported by permissions: issues"],
  ])("a manifest with %s is refused", async (_, wrong, told) => {
    const { github } = await stage();
    const asked = await browse(github, PERSONAL, typeof wrong === "string" ? wrong : { ...GOOD_MANIFEST, ...wrong });
    expect([asked.status, asked.plain]).toEqual([422, expect.stringContaining(told)]);
    expect(await asked.confirm()).toBeUndefined();
    expect(github.state.apps).toHaveLength(1);
  });
  it("93: is refused for a manifest that is none (the table above), and for a name that is taken, missing or too long", async () => {
    const { github } = await stage();
    await (await browse(github, PERSONAL, GOOD_MANIFEST)).confirm();
    const asked = await browse(github, PERSONAL, { ...GOOD_MANIFEST, name: "OCTO STS.acme" });
    expect([await asked.confirm(), await asked.confirm("x".repeat(35)), await asked.confirm(" ")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect((await asked.confirm("another"))?.searchParams.has("code")).toBe(true);
  });
  it("94: its code is exchanged without any other proof, once", async () => {
    const client = await stage();
    const back = await (await browse(client.github, PERSONAL, GOOD_MANIFEST)).confirm();
    const code = back?.searchParams.get("code") ?? "";
    const first = await convert(client, code);
    expect([first.status, at(first.body, "id"), at(first.body, "slug")]).toEqual([
      201,
      client.github.state.apps.at(-1)?.id,
      "octo-sts-acme",
    ]);
    expect([at(first.body, "permissions"), at(first.body, "events")]).toEqual([
      { metadata: "read", contents: "read" },
      ["push"],
    ]);
    for (const wrong of [code, "0".repeat(40)]) expect((await convert(client, wrong)).status).toBe(404);
  });
  it("95: its code is dead after an hour", async () => {
    const client = await stage();
    const back = await (await browse(client.github, PERSONAL, GOOD_MANIFEST)).confirm();
    client.clock.now += HOUR + 1;
    expect((await convert(client, back?.searchParams.get("code") ?? "")).status).toBe(404);
  });
  it("96: gets a private key that signs for it, in PKCS#1, and a webhook secret if it has a webhook", async () => {
    const client = await stage();
    const { github, ask, clock } = client;
    for (const hook of [true, false]) {
      const { hook_attributes, ...rest } = GOOD_MANIFEST;
      const manifest = hook ? GOOD_MANIFEST : { ...rest, name: "without" };
      const back = await (await browse(github, PERSONAL, manifest)).confirm();
      const { body } = await convert(client, back?.searchParams.get("code") ?? "");
      const pem = String(at(body, "pem"));
      expect(pem).toMatch(/^-----BEGIN RSA PRIVATE KEY-----\n/);
      expect(at(body, "webhook_secret")).toEqual(hook ? expect.stringMatching(/^[0-9a-f]{40}$/) : null);
      const as = await appJwtBy(pem, { iss: at(body, "id"), nowMs: clock.now });
      expect(at((await ask("/app", { as })).body, "id")).toBe(at(body, "id"));
    }
  });
  it("97: is installed with what its manifest asks for, and mints that", async () => {
    const client = await stage();
    const { github, ask, clock } = client;
    const back = await (await browse(github, PERSONAL, GOOD_MANIFEST)).confirm();
    const { body } = await convert(client, back?.searchParams.get("code") ?? "");
    const { id } = github.install({ app: Number(at(body, "id")), owner: "octocat" });
    const as = await appJwtBy(String(at(body, "pem")), { iss: at(body, "id"), nowMs: clock.now });
    const minted = await ask(`/app/installations/${id}/access_tokens`, { method: "POST", as });
    expect([minted.status, at(minted.body, "permissions")]).toEqual([201, { metadata: "read", contents: "read" }]);
  });
});
