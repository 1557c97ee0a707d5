// Another GitHub than github.com: an Enterprise Server and a tenant of ghe.com. Whole exchanges, and no word to github.com.

import { beforeEach, describe, expect, it } from "vitest";
import { appKeys } from "../emulators/core/keys.ts";
import { reset } from "../support/storage.ts";
import { type Asking, createWorld, POLICY, policyPath, type World, type WorldOptions } from "../support/world.ts";

beforeEach(() => reset());

const HUBS = [
  {
    name: "an Enterprise Server",
    apiUrl: "https://ghes.example/api/v3",
    base: "/api/v3",
    web: "https://ghes.example",
    actions: "https://ghes.example/_services/token",
    apps: "github-apps",
  },
  {
    name: "an Enterprise Server, with a final slash and a port",
    apiUrl: "https://ghes.example:8443/api/v3/",
    base: "/api/v3",
    web: "https://ghes.example:8443",
    actions: "https://ghes.example:8443/_services/token",
    apps: "github-apps",
  },
  {
    name: "a tenant of ghe.com",
    apiUrl: "https://api.tenant.ghe.com",
    base: "",
    web: "https://tenant.ghe.com",
    actions: "https://tenant.ghe.com/_services/token",
    apps: "apps",
  },
];

describe.each(HUBS)("$name", ({ apiUrl, base, web, actions, apps }) => {
  const tell = (options: WorldOptions = {}): Promise<World> => createWorld({ ...options, apiUrl, actions });
  const api = new URL(apiUrl);

  const onlyHere = ({ network }: World) => {
    const hosts = [api.host, new URL(actions).host];
    expect(network.hosts().filter((host) => !hosts.includes(host))).toEqual([]);
    for (const { route, path } of network.calls) {
      if (route.startsWith("gh.")) expect(path.startsWith(`${base}/`)).toBe(true);
    }
    expect(network.count("gh.unknown")).toBe(0);
  };

  it("a whole exchange, and the token given back", async () => {
    const world = await tell();
    const { status, body } = await world.ask();
    expect({ status, repositories: body.repositories }).toEqual({ status: 200, repositories: ["app"] });
    expect(world.livingTokens()).toEqual([body.token]);
    const given = await world.worker.fetch(
      new Request("https://sts.example.com/sts/revoke", {
        method: "POST",
        headers: { Authorization: `Bearer ${body.token}` },
      }),
    );
    expect(given.status).toBe(200);
    expect(world.livingTokens()).toEqual([]);
    onlyHere(world);
  });

  it("scopes are its own URLs, and not github.com's", async () => {
    const world = await tell();
    expect((await world.ask({ scope: `${web}/${world.owner}/app` })).status).toBe(200);
    expect((await world.ask({ scope: `${web}/${world.owner}/app.git` })).status).toBe(200);
    for (const host of ["https://github.com", "https://api.github.com"]) {
      expect((await world.ask({ scope: `${host}/${world.owner}/app` })).body.reason).toBe("scope_invalid");
    }
    onlyHere(world);
  });

  it("so are resources in OAuth", async () => {
    const world = await tell();
    const asked = await world.request();
    const [, subject = ""] = (asked.headers.get("Authorization") ?? "").split(" ");
    const body = (resource: string) =>
      new URLSearchParams({
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        subject_token: subject,
        subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
        resource,
        scope: "deploy",
      });
    const post = (resource: string) =>
      world.worker.fetch(new Request("https://sts.example.com/oauth2/token", { method: "POST", body: body(resource) }));
    expect((await post(`${web}/${world.owner}/app`)).status).toBe(200);
    expect((await post(`https://github.com/${world.owner}/app`)).body.error).toBe("invalid_target");
    onlyHere(world);
  });

  it("its own Actions prove ownership, and links lead to it", async () => {
    const world = await tell({ permissions: { contents: "read" } });
    const [installation] = world.github.state.installations;
    const settings = `${web}/organizations/${world.owner}/settings/installations/${installation?.id}`;
    const lacking = await world.ask();
    expect(lacking.body).toMatchObject({ reason: "permission_not_held" });
    expect(lacking.body.message).toContain(`issues:write (${settings})`);
    expect((await world.ask({ identity: "none" })).body.reason).toBe("policy_not_found");
    onlyHere(world);
  });

  it("the App is installed there", async () => {
    const world = await tell({ install: false });
    const answer = await world.ask();
    expect(answer.body.message).toBe(
      `no installation found for "${world.owner}": install the GitHub App on it (${web}/${apps}/app-7/installations/new)`,
    );
    onlyHere(world);
  });

  it("github.com's Actions prove nothing here, though their issuer is known", async () => {
    const world = await tell();
    const foreign: Asking = { claims: { iss: "https://token.actions.githubusercontent.com" } };
    const answer = await world.ask(foreign);
    // The issuer is asked for its keys, as it is built in; nothing answers there.
    expect(answer.body.reason).toBe("issuer_unreachable");
    expect(world.github.tokens.filter(({ permissions }) => permissions.issues)).toEqual([]);
  });

  it("a user's settings lie elsewhere than an organisation's", async () => {
    const world = await tell({ type: "User", permissions: { contents: "read" } });
    const [installation] = world.github.state.installations;
    expect((await world.ask()).body.message).toContain(`(${web}/settings/installations/${installation?.id})`);
    onlyHere(world);
  });
});

describe("two GitHubs over one KV", () => {
  it("share nothing, though owner, repository and identity have the same names", async () => {
    const here = await createWorld();
    await here.ask();
    const there = await createWorld({
      apiUrl: "https://ghes.example/api/v3",
      actions: "https://ghes.example/_services/token",
    });
    const { privateKeyPem } = await appKeys();
    there.github.addOrganization(here.owner, { id: 4_242 });
    for (const name of ["app", ".github"]) there.github.addRepository(`${here.owner}/${name}`);
    there.github.install({ app: 7, owner: here.owner, permissions: { contents: "read", issues: "write" } });
    const worker = there.isolate({ GITHUB_APP_PRIVATE_KEY: privateKeyPem });
    const scope = `${here.owner}/app`;
    const answer = await worker.fetch(await there.request({ scope }));
    expect(answer.status).toBe(404);
    there.github.putFile(
      `${here.owner}/app`,
      policyPath("deploy"),
      POLICY(there.owner, "https://ghes.example/_services/token"),
    );
    there.clock.now += 5 * 60_000;
    expect((await worker.fetch(await there.request({ scope }))).status).toBe(200);
  });
});
