// GitHub's behaviour towards Apps: the rows of BEHAVIOUR.md up to 35, each test named by its row's number.

import { describe, expect, it } from "vitest";
import { API, APP, at, type Client, createClient, INSTALLATION, PERMISSIONS } from "./client.ts";
import { appKeys } from "./core/keys.ts";

const nowS = (clock: Client["clock"]): number => Math.floor(clock.now / 1000);
const ALL = { ...PERMISSIONS, metadata: "read" };

describe("the App's JWT", () => {
  it("1: RS256 with iat, exp and iss is the App", async () => {
    const { ask, jwt } = await createClient();
    const answer = await ask("/app", { as: await jwt() });
    expect([answer.status, at(answer.body, "id")]).toEqual([200, APP]);
  });
  it("2: any other algorithm is refused", async () => {
    const { ask, jwt } = await createClient();
    for (const alg of ["none", "HS256", "RS512", "ES256"]) {
      expect((await ask("/app", { as: await jwt({}, { alg }) })).status).toBe(401);
    }
  });
  it("3: exp may be at most ten minutes away", async () => {
    const { ask, jwt, clock } = await createClient();
    expect((await ask("/app", { as: await jwt({ exp: nowS(clock) + 599 }) })).status).toBe(200);
    const answer = await ask("/app", { as: await jwt({ exp: nowS(clock) + 660 }) });
    expect([answer.status, at(answer.body, "message")]).toEqual([
      401,
      "'Expiration time' claim ('exp') is too far in the future",
    ]);
  });
  it("4: exp in the past is refused", async () => {
    const { ask, jwt, clock } = await createClient();
    for (const exp of [nowS(clock) - 1, "soon", undefined]) {
      const answer = await ask("/app", { as: await jwt({ exp }) });
      expect([answer.status, String(at(answer.body, "message")).slice(0, 23)]).toEqual([
        401,
        "'Expiration time' claim",
      ]);
    }
  });
  it("5: iat in the future is refused, beyond a minute of drift", async () => {
    const { ask, jwt, clock } = await createClient();
    expect((await ask("/app", { as: await jwt({ iat: nowS(clock) + 30 }) })).status).toBe(200);
    const answer = await ask("/app", { as: await jwt({ iat: nowS(clock) + 90 }) });
    expect([answer.status, String(at(answer.body, "message")).slice(0, 17)]).toEqual([401, "'Issued at' claim"]);
  });
  it("6: iss is the App's id as number or text, or its client id", async () => {
    const { ask, jwt, github } = await createClient();
    for (const app of [APP, String(APP), github.state.apps[0]?.clientId ?? ""]) {
      expect((await ask("/app", { as: await jwt({}, { app }) })).status).toBe(200);
    }
  });
  it("7: an unknown App is 404 'Integration not found'", async () => {
    const { ask, jwt } = await createClient();
    const answer = await ask("/app", { as: await jwt({}, { app: 999 }) });
    expect([answer.status, at(answer.body, "message")]).toEqual([404, "Integration not found"]);
  });
  it("8: a signature by another key, and any text that is no JWT, cannot be decoded", async () => {
    const { ask, jwt } = await createClient();
    for (const as of [await jwt({}, { slot: 1 }), "Bearer a.b.c", "Bearer nothing"]) {
      const answer = await ask("/app", { as });
      expect([answer.status, at(answer.body, "message")]).toEqual([401, "A JSON web token could not be decoded"]);
    }
  });
  it("9: every key of an App works while it is rotated", async () => {
    const { ask, jwt, github } = await createClient();
    github.state.apps[0]?.publicKeys.push((await appKeys(1)).publicKey);
    expect((await ask("/app", { as: await jwt({}, { slot: 1 }) })).status).toBe(200);
    expect((await ask("/app", { as: await jwt() })).status).toBe(200);
  });
  it("10: an App without a key must generate one", async () => {
    const { ask, jwt, github } = await createClient();
    github.addApp({ id: 8, publicKeys: [] });
    const answer = await ask("/app", { as: await jwt({}, { app: 8 }) });
    expect([answer.status, at(answer.body, "message")]).toEqual([401, "Integration must generate a public key"]);
  });
  it("11: an installation token is no JWT", async () => {
    const { ask, token } = await createClient();
    expect((await ask("/app/installations", { as: await token() })).status).toBe(401);
  });
});

describe("installations", () => {
  it("12: are listed 30 a page, 100 at most, with links", async () => {
    const { ask, jwt, github } = await createClient();
    for (let i = 0; i < 130; i++) {
      github.addOrganization(`org-${i}`);
      github.install({ app: APP, owner: `org-${i}`, permissions: {} });
    }
    const count = async (query: string): Promise<number> => {
      const { body } = await ask(`/app/installations${query}`, { as: await jwt() });
      return Array.isArray(body) ? body.length : -1;
    };
    expect([await count(""), await count("?per_page=500"), await count("?per_page=100&page=2")]).toEqual([30, 100, 31]);
    const first = await ask("/app/installations?per_page=100", { as: await jwt() });
    expect(first.headers.get("link")).toBe(
      `<${API}/app/installations?per_page=100&page=2>; rel="next", <${API}/app/installations?per_page=100&page=2>; rel="last"`,
    );
  });
  it("13: one by id, 404 for another App's", async () => {
    const { ask, jwt, github } = await createClient();
    github.addApp({ id: 8, publicKeys: [] });
    github.install({ app: 8, owner: "octocat", permissions: {}, id: 80 });
    const answer = await ask(`/app/installations/${INSTALLATION}`, { as: await jwt() });
    expect([answer.status, at(answer.body, "account", "login"), at(answer.body, "app_id")]).toEqual([200, "Acme", APP]);
    expect((await ask("/app/installations/80", { as: await jwt() })).status).toBe(404);
  });
  it("14: by repository", async () => {
    const { ask, jwt } = await createClient();
    const answer = await ask("/repos/Acme/app/installation", { as: await jwt() });
    expect([answer.status, at(answer.body, "id"), at(answer.body, "account", "id")]).toEqual([200, INSTALLATION, 1]);
  });
  it("15: by repository is 404 for one outside a selection, though the App is installed", async () => {
    const { ask, jwt, github } = await createClient();
    github.selectRepositories(
      INSTALLATION,
      ["Acme/other"].map((name) => name.slice(5)),
    );
    expect((await ask("/repos/Acme/app/installation", { as: await jwt() })).status).toBe(404);
    const other = await ask("/repos/Acme/other/installation", { as: await jwt() });
    expect([other.status, at(other.body, "repository_selection")]).toEqual([200, "selected"]);
  });
  it("16: by repository is 301 after a rename", async () => {
    const { ask, jwt, github } = await createClient();
    github.renameRepository("Acme/app", "app2");
    const answer = await ask("/repos/acme/app/installation", { as: await jwt() });
    const url = `${API}/repositories/11/installation`;
    expect([answer.status, answer.headers.get("location"), at(answer.body, "url")]).toEqual([301, url, url]);
    expect(at(answer.body, "message")).toBe("Moved Permanently");
    expect(at((await ask(url, { as: await jwt() })).body, "id")).toBe(INSTALLATION);
  });
  it("17: by organisation, which a user is not", async () => {
    const { ask, jwt, github } = await createClient();
    github.install({ app: APP, owner: "octocat", permissions: {}, id: 71 });
    expect(at((await ask("/orgs/Acme/installation", { as: await jwt() })).body, "id")).toBe(INSTALLATION);
    expect((await ask("/orgs/octocat/installation", { as: await jwt() })).status).toBe(404);
  });
  it("18: by user, which finds organisations too", async () => {
    const { ask, jwt, github } = await createClient();
    github.install({ app: APP, owner: "octocat", permissions: {}, id: 71 });
    const user = await ask("/users/octocat/installation", { as: await jwt() });
    expect([at(user.body, "id"), at(user.body, "target_type")]).toEqual([71, "User"]);
    expect(at((await ask("/users/Acme/installation", { as: await jwt() })).body, "id")).toBe(INSTALLATION);
  });
  it("19: an owner's former login finds nothing", async () => {
    const { ask, jwt, github } = await createClient();
    github.renameOwner("Acme", "Apex");
    expect((await ask("/orgs/Acme/installation", { as: await jwt() })).status).toBe(404);
    expect((await ask("/users/Acme/installation", { as: await jwt() })).status).toBe(404);
  });
  it("20: names are compared without case and answered in GitHub's spelling", async () => {
    const { ask, jwt } = await createClient();
    const answer = await ask("/repos/aCME/APP/installation", { as: await jwt() });
    expect([answer.status, at(answer.body, "account", "login")]).toEqual([200, "Acme"]);
    expect(at((await ask("/orgs/ACME/installation", { as: await jwt() })).body, "account", "login")).toBe("Acme");
  });
  it("21: a suspended one is still found, and says since when", async () => {
    const { ask, jwt, github, clock } = await createClient();
    github.suspend(INSTALLATION);
    const answer = await ask("/repos/Acme/app/installation", { as: await jwt() });
    const since = new Date(clock.now).toISOString().replace(/\.\d+/, "");
    expect([answer.status, at(answer.body, "suspended_at")]).toEqual([200, since]);
  });
});

describe("minting", () => {
  it("22: without a body gives every permission and every repository, also later ones", async () => {
    const { ask, mint, github } = await createClient();
    const answer = await mint();
    expect([answer.status, at(answer.body, "permissions")]).toEqual([201, ALL]);
    expect([at(answer.body, "repository_selection"), at(answer.body, "repositories")]).toEqual(["all", undefined]);
    github.addRepository("Acme/later");
    const list = await ask("/installation/repositories", { as: `Bearer ${at(answer.body, "token")}` });
    expect(at(list.body, "total_count")).toBe(4);
  });
  it("23: permissions {} give every permission too", async () => {
    const { mint } = await createClient();
    expect(at((await mint({ permissions: {} })).body, "permissions")).toEqual(ALL);
  });
  it("24: metadata: read comes with every grant", async () => {
    const { mint } = await createClient();
    const answer = await mint({ permissions: { contents: "read" } });
    expect(at(answer.body, "permissions")).toEqual({ contents: "read", metadata: "read" });
  });
  it("25: a permission or level that the installation lacks is 422", async () => {
    const { mint } = await createClient();
    for (const permissions of [
      { members: "read" },
      { issues: "write" },
      { nothing: "read" },
      { "pull-requests": "read" },
    ]) {
      const answer = await mint({ permissions });
      expect([answer.status, at(answer.body, "message")]).toEqual([
        422,
        "The permissions requested are not granted to this installation.",
      ]);
    }
  });
  it("26: a level that does not exist is 422", async () => {
    const { mint } = await createClient();
    for (const permissions of [{ contents: "admin" }, { contents: "none" }, { contents: 1 }, { workflows: "read" }]) {
      const answer = await mint({ permissions });
      expect([answer.status, String(at(answer.body, "message")).slice(0, 16)]).toEqual([422, "Invalid request."]);
    }
  });
  it("27: with repositories is confined to them, and lists them in GitHub's spelling", async () => {
    const { mint } = await createClient();
    const answer = await mint({ repositories: ["APP", "app", "other"] });
    expect([answer.status, at(answer.body, "repository_selection")]).toEqual([201, "selected"]);
    const listed = at(answer.body, "repositories");
    expect(Array.isArray(listed) && listed.map((one) => at(one, "full_name"))).toEqual(["Acme/app", "Acme/other"]);
    expect((await mint({ repository_ids: [11] })).status).toBe(201);
  });
  it("28: a repository that is unknown, of another owner, or written owner/name is 422", async () => {
    const { mint, github } = await createClient();
    github.selectRepositories(INSTALLATION, ["app"]);
    for (const name of ["nowhere", "private", "other", "Acme/app", "*", ""]) {
      const answer = await mint({ repositories: ["app", name] });
      expect([answer.status, at(answer.body, "message")]).toEqual([
        422,
        "There is at least one repository that does not exist or is not accessible to the parent installation.",
      ]);
    }
  });
  it("29: an empty list of repositories means all of them", async () => {
    const { mint, github } = await createClient();
    const answer = await mint({ repositories: [], permissions: { contents: "read" } });
    expect([answer.status, at(answer.body, "repository_selection")]).toEqual([201, "all"]);
    expect(github.tokens[0]?.repositories).toBe(null);
  });
  it("30: more than 500 repositories are 422", async () => {
    const { mint } = await createClient();
    expect((await mint({ repositories: Array.from({ length: 500 }, () => "app") })).status).toBe(201);
    expect((await mint({ repositories: Array.from({ length: 501 }, () => "app") })).status).toBe(422);
  });
  it("31: a body that is no JSON, or no object, is 400", async () => {
    const { mint } = await createClient();
    expect(at((await mint("{")).body, "message")).toBe("Problems parsing JSON");
    const list = await mint([1]);
    expect([list.status, at(list.body, "message")]).toEqual([400, "Body should be a JSON object"]);
  });
  it("32: a suspended installation is 403", async () => {
    const { mint, github } = await createClient();
    github.suspend(INSTALLATION);
    const answer = await mint();
    expect([answer.status, at(answer.body, "message")]).toEqual([403, "This installation has been suspended"]);
  });
  it("33: an installation that is gone, or another App's, is 404", async () => {
    const { mint, github } = await createClient();
    github.uninstall(INSTALLATION);
    expect((await mint()).status).toBe(404);
  });
  it("34: the token has about 520 characters and two dots, or 40 and none when the header asks for it", async () => {
    const { mint, ask, jwt } = await createClient();
    const value = String(at((await mint()).body, "token"));
    expect([value.length, value.split(".").length, /^ghs_[A-Za-z0-9._-]{36,}$/.test(value)]).toEqual([520, 3, true]);
    const headers = { "x-github-stateless-s2s-token": "disabled" };
    const path = `/app/installations/${INSTALLATION}/access_tokens`;
    const old = await ask(path, { method: "POST", as: await jwt(), headers });
    expect(String(at(old.body, "token"))).toMatch(/^ghs_[A-Za-z0-9]{36}$/);
  });
  it("35: it expires after an hour, told in UTC to the second", async () => {
    const { mint, ask, clock } = await createClient();
    const minted = await mint();
    const expires = Date.parse(String(at(minted.body, "expires_at")));
    expect(expires).toBe(Math.floor(clock.now / 1000) * 1000 + 3_600_000);
    expect(String(at(minted.body, "expires_at"))).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const as = `Bearer ${at(minted.body, "token")}`;
    expect((await ask("/installation/repositories", { as })).status).toBe(200);
    clock.now += 3_600_000;
    const late = await ask("/installation/repositories", { as });
    expect([late.status, at(late.body, "message")]).toEqual([401, "Bad credentials"]);
  });
});
