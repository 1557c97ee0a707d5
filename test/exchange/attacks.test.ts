// What somebody would try: names that were given up, entries that are shared, lists that are empty, redirects, other people's scopes.

import { beforeEach, describe, expect, it } from "vitest";
import { isGrantMint } from "../support/apps.ts";
import { reset } from "../support/storage.ts";
import { APP_ID, type Asking, createWorld, HOUR, MINUTE, PERMISSIONS, POLICY, type World } from "../support/world.ts";

beforeEach(() => reset());

describe("a stranger's junk harms nobody else", () => {
  const junk: readonly [string, (world: World) => Asking][] = [
    ["forged tokens of a known issuer", () => ({ sign: { tamper: "flip-sig" } })],
    ["tokens of an issuer that nobody knows", ({ unknownIssuer }) => ({ issuer: unknownIssuer })],
    [
      "forged tokens of an issuer that nobody knows",
      ({ unknownIssuer }) => ({ issuer: unknownIssuer, sign: { tamper: "flip-sig" } }),
    ],
  ];

  it.each(junk)("%s", async (_about, asking) => {
    const world = await createWorld();
    for (let i = 0; i < 150; i++) {
      const scope = i % 3 === 0 ? `${world.owner}/app` : `${world.owner}/nonexistent`;
      const headers = { "CF-Connecting-IP": `192.0.2.${i}` };
      const answer = await world.ask({ ...asking(world), scope, identity: `identity-${i}`, headers });
      expect(answer.status).not.toBe(200);
    }
    expect((await world.ask({ headers: { "CF-Connecting-IP": "198.51.100.1" } })).status).toBe(200);
    expect((await world.isolate().fetch(await world.request())).status).toBe(200);
    expect(world.livingTokens()).toHaveLength(2);
  });

  it("not even asking for a repository that is there later", async () => {
    const world = await createWorld();
    await world.ask({ issuer: world.unknownIssuer, scope: `${world.owner}/later` });
    world.github.addRepository(`${world.owner}/later`);
    world.putPolicy(POLICY(world.owner), "deploy", "later");
    expect((await world.isolate().fetch(await world.request({ scope: `${world.owner}/later` }))).status).toBe(200);
  });
});

const ALL = (owner: string) => `${POLICY(owner)}repositories: []\n`;
const TAKER_ID = 66_600;

/** The owner is renamed, and somebody else takes the name, with repositories of the same names. */
function reclaim(world: World, options: { readonly install?: boolean } = {}): void {
  const { github } = world.network;
  github.renameOwner(world.owner, `${world.owner}-renamed`);
  github.addOrganization(world.owner, { id: TAKER_ID });
  for (const name of ["app", ".github"]) github.addRepository(`${world.owner}/${name}`);
  if (options.install) github.install({ app: APP_ID, owner: world.owner, permissions: PERMISSIONS });
}

/** A workload of whoever took the name: the same subject, another number. */
const taker: Asking = { claims: { repository_owner_id: String(TAKER_ID) } };
const takerPublic: Asking = { claims: { ...taker.claims, repository_visibility: "public" } };

describe("a renamed owner, whose name somebody else took, gives nothing away", () => {
  const cases = [taker, takerPublic].flatMap((asking) =>
    [0, 3 * MINUTE, 5 * MINUTE, 30 * MINUTE, HOUR].map(
      (waitUntil) => [asking.claims?.repository_visibility ?? "private", waitUntil, asking] as const,
    ),
  );

  it.each(cases)(
    "to a workload of a %s repository, %i ms later: listed repositories",
    async (_visibility, waitUntil, asking) => {
      const world = await createWorld();
      await world.ask();
      reclaim(world);
      world.clock.now += waitUntil;
      const before = world.livingTokens();
      for (let i = 0; i < 3; i++) expect((await world.ask(asking)).status).not.toBe(200);
      expect(world.livingTokens()).toEqual(before);
      // And from the second time on it is a plain refusal that costs no mint.
      world.network.forgetCalls();
      expect((await world.ask(asking)).status).toBe(404);
      expect(world.routes()).not.toContain("gh.mint");
    },
  );

  it.each(cases)(
    "to a workload of a %s repository, %i ms later: all repositories",
    async (_visibility, waitUntil, asking) => {
      const world = await createWorld();
      world.putPolicy(ALL(world.owner), "deploy", ".github");
      const { owner: scope } = world;
      expect((await world.ask({ scope })).body.repositories).toBe("all");
      reclaim(world);
      world.clock.now += waitUntil;
      const before = world.livingTokens();
      const mints = world.grantMints();
      for (let i = 0; i < 3; i++) expect((await world.ask({ ...asking, scope })).status).toBe(404);
      expect(world.grantMints()).toBe(mints);
      expect(world.livingTokens()).toEqual(before);
    },
  );

  it("during an outage, when copies are stale, neither", async () => {
    const world = await createWorld();
    world.putPolicy(ALL(world.owner), "deploy", ".github");
    await world.ask({ scope: world.owner });
    reclaim(world);
    world.network.fault({ route: "gh.contents", kind: "status", status: 503 });
    world.clock.now += 30 * MINUTE;
    const before = world.livingTokens();
    expect((await world.ask({ ...taker, scope: world.owner })).status).not.toBe(200);
    expect(world.livingTokens()).toEqual(before);
  });

  it("where the new owner has the App as well: their policies count, on their repositories alone", async () => {
    const world = await createWorld();
    await world.ask();
    reclaim(world, { install: true });
    // No policy of theirs yet: what is remembered of the former owner's is not taken for it.
    const before = world.livingTokens();
    await world.ask(taker);
    expect((await world.ask(taker)).body.reason).toBe("policy_not_found");
    expect(world.livingTokens()).toEqual(before);
    world.putPolicy(POLICY(world.owner));
    world.clock.now += 5 * MINUTE;
    const answer = await world.ask(taker);
    expect(answer.status).toBe(200);
    const token = world.github.tokens.find(({ value }) => value === answer.body.token);
    expect(token?.installation.account.id).toBe(TAKER_ID);
    expect(token?.repositories?.map(({ owner, name }) => `${owner.id}/${name}`)).toEqual([`${TAKER_ID}/app`]);
  });

  it("and the former owner's policy opens nothing of the new owner's", async () => {
    const world = await createWorld({ policy: undefined });
    const { owner, unknownIssuer } = world;
    world.putPolicy(POLICY(owner, unknownIssuer.url));
    world.putPolicy(`${POLICY(owner, unknownIssuer.url)}repositories: []\n`, "deploy", ".github");
    const scopes = [owner, `${owner}/app`];
    for (const scope of scopes) expect((await world.ask({ issuer: unknownIssuer, scope })).status).toBe(200);
    reclaim(world, { install: true });
    for (let i = 0; i < 3; i++) {
      for (const scope of scopes) await world.ask({ issuer: unknownIssuer, scope });
    }
    const ofTaker = world.github.tokens.filter(({ installation }) => installation.account.id === TAKER_ID);
    expect(ofTaker.filter(({ permissions }) => permissions.issues)).toEqual([]);
  });

  it("nor where the former owner took the App along: a look-up in the middle of an exchange leads nowhere else", async () => {
    const world = await createWorld({ policy: undefined });
    const { owner, unknownIssuer } = world;
    world.putPolicy(POLICY(owner, unknownIssuer.url));
    expect((await world.ask({ issuer: unknownIssuer })).status).toBe(200);
    const { github } = world.network;
    github.uninstall(github.state.installations[0]?.id ?? 0);
    reclaim(world, { install: true });
    // The policy is remembered, the installation is 404 at the mint, and the next look-up finds the new owner's.
    expect((await world.ask({ issuer: unknownIssuer })).status).toBe(404);
    const ofTaker = github.tokens.filter(({ installation }) => installation.account.id === TAKER_ID);
    expect(ofTaker).toEqual([]);
  });

  it("and says so to nobody but in the log", async () => {
    const world = await createWorld();
    world.putPolicy(ALL(world.owner), "deploy", ".github");
    await world.ask({ scope: world.owner });
    reclaim(world);
    const answer = await world.ask({ ...taker, scope: world.owner });
    expect(answer.body.reason).toBe("not_found");
    expect(world.worker.audits().at(-1)).toMatchObject({ reason: "repository_not_visible" });
  });

  it("nor does a renamed repository", async () => {
    const world = await createWorld();
    await world.ask();
    world.github.renameRepository(`${world.owner}/app`, "renamed");
    const before = world.livingTokens();
    expect((await world.ask()).status).toBe(404);
    world.clock.now += HOUR;
    const answer = await world.ask();
    expect(answer.body).toMatchObject({ reason: "repository_not_visible" });
    expect(String(answer.body.message)).toContain("was renamed");
    expect(world.livingTokens()).toEqual(before);
  });
});

describe("a repository that was transferred to another owner", () => {
  it.each([0, 5 * MINUTE, HOUR])("gives nothing to its former owner's scope, %i ms later", async (waitUntil) => {
    const world = await createWorld();
    const { github } = world.network;
    github.addOrganization("new-home", { id: 77_000 });
    github.install({ app: APP_ID, owner: "new-home", permissions: PERMISSIONS });
    await world.ask();
    github.transferRepository(`${world.owner}/app`, "new-home");
    world.clock.now += waitUntil;
    const before = world.livingTokens();
    expect((await world.ask()).status).not.toBe(200);
    expect(world.livingTokens()).toEqual(before);
    // Under its new name it is the new owner's, by the policy that came along.
    const answer = await world.ask({ scope: "new-home/app" });
    const token = world.github.tokens.find(({ value }) => value === answer.body.token);
    expect(token?.installation.account.login).toBe("new-home");
  });
});

describe("entries of another kind", () => {
  const both = (owner: string) => `${POLICY(owner)}repositories: [app]\n`;

  it("owner/.GitHub and owner/.github are one organisation policy", async () => {
    const world = await createWorld();
    world.putPolicy(both(world.owner), "deploy", ".github");
    for (const name of [".GitHub", ".github", ".GITHUB"]) {
      const answer = await world.ask({ scope: `${world.owner}/${name}` });
      expect(answer.body).toMatchObject({ repositories: ["app"] });
    }
    world.network.forgetCalls();
    await world.ask({ scope: `${world.owner}/.GitHub` });
    expect(world.routes()).toEqual(["gh.mint"]);
  });

  it("the same file read as a repository's policy is another entry, also in KV", async () => {
    const world = await createWorld();
    world.putPolicy(both(world.owner), "deploy", ".github");
    const elsewhere = world.isolate({ ORG_POLICY_REPO: "policies" });
    for (let i = 0; i < 2; i++) {
      expect((await world.ask({ scope: `${world.owner}/.GitHub` })).status).toBe(200);
      // `repositories` is no key of a repository's policy.
      const answer = await elsewhere.fetch(await world.request({ scope: `${world.owner}/.GitHub` }));
      expect(answer.body.reason).toBe("policy_invalid");
      world.clock.now += MINUTE;
    }
  });

  it("identities have case", async () => {
    const world = await createWorld();
    await world.ask();
    expect((await world.ask({ identity: "Deploy" })).body.reason).toBe("policy_not_found");
  });
});

describe("an empty list of repositories never means all", () => {
  const form = { "Content-Type": "application/x-www-form-urlencoded" };
  const json = { "Content-Type": "application/json" };
  const ways: readonly [string, Asking][] = [
    ["in the query", { query: { repositories: "" } }],
    ["as a comma", { query: { repositories: "," } }],
    ["as white space", { query: { repositories: " " } }],
    ["after a name", { query: { repositories: "app," } }],
    ["in a form", { method: "POST", body: "repositories=", headers: form }],
    ["in JSON, as text", { method: "POST", body: '{"repositories":""}', headers: json }],
    ["in JSON, as a list", { method: "POST", body: '{"repositories":[]}', headers: json }],
    ["in JSON, as a list of nothing", { method: "POST", body: '{"repositories":[""]}', headers: json }],
    ["of permissions", { query: { permissions: "" } }],
    ["of permissions in JSON", { method: "POST", body: '{"permissions":[]}', headers: json }],
  ];

  it.each(ways)("%s", async (_about, asking) => {
    const world = await createWorld();
    world.putPolicy(ALL(world.owner), "deploy", ".github");
    const answer = await world.ask({ ...asking, scope: world.owner });
    expect(answer.status).toBe(400);
    expect(world.github.tokens).toEqual([]);
  });

  it("and every mint names its permissions, and its repositories unless the policy grants all", async () => {
    const world = await createWorld();
    world.putPolicy(ALL(world.owner), "all", ".github");
    world.putPolicy(`${POLICY(world.owner)}repositories: [app, other]\n`, "two", ".github");
    await world.ask();
    await world.ask({ scope: world.owner, identity: "two" });
    await world.ask({ scope: world.owner, identity: "all" });
    await world.ask({ scope: world.owner, identity: "all", query: { repositories: "app" } });
    expect(world.calls.filter(isGrantMint).map(({ body }) => JSON.parse(body))).toEqual([
      { permissions: { issues: "write" }, repository_ids: [world.github.repository(`${world.owner}/app`).id] },
      { permissions: { issues: "write" }, repositories: ["app", "other"] },
      { permissions: { issues: "write" } },
      { permissions: { issues: "write" }, repositories: ["app"] },
    ]);
  });
});

describe("a redirect of GitHub's leaks nothing", () => {
  const everywhere = ["gh.repo_installation", "gh.org_installation", "gh.mint", "gh.contents", "gh.revoke"];
  const cases = everywhere.flatMap((route) => [301, 302, 303, 307, 308].map((status) => [route, status] as const));

  it.each(cases)("%s, %i", async (route, status) => {
    const world = await createWorld();
    world.putPolicy(POLICY(world.owner), "deploy", ".github");
    world.network.fault({ route, kind: "redirect", status, location: "https://evil.example/collect" });
    await world.ask({ scope: world.owner });
    world.clock.now += 2 * HOUR;
    await world.ask();
    expect(world.calls.some((call) => call.status === status)).toBe(true);
    expect(world.network.hosts()).not.toContain("evil.example");
    expect(world.calls.filter(({ path }) => path.includes("collect"))).toEqual([]);
  });
});

describe("a policy that changes", () => {
  it("between reading and minting: what was read is what is granted, and what the answer names", async () => {
    const world = await createWorld();
    const blob = world.github.repository(`${world.owner}/app`).git.resolve("main")?.files;
    const sha = blob?.get(".github/chainguard/deploy.sts.yaml")?.sha;
    world.network.fault({ route: "gh.mint", kind: "delay", delayMs: 100, match: '"issues"' });
    const answering = world.ask();
    await world.network.begun("gh.mint", 2);
    world.putPolicy(POLICY(world.owner).replace("issues", "contents"));
    const { body } = await answering;
    expect(body).toMatchObject({ permissions: { issues: "write" }, policy: { sha } });
  });

  it("between two reads: each isolate grants what the copy it names says", async () => {
    const world = await createWorld();
    const first = await world.ask();
    world.putPolicy(POLICY(world.owner).replace("issues", "contents"));
    world.clock.now += 5 * MINUTE;
    const second = await world.isolate().fetch(await world.request());
    expect(first.body).toMatchObject({ permissions: { issues: "write" } });
    expect(second.body).toMatchObject({ permissions: { contents: "write" } });
    const shaOf = ({ body }: typeof first) => JSON.stringify(body.policy);
    expect(shaOf(first)).not.toBe(shaOf(second));
    const third = await world.ask();
    expect(shaOf(third)).toBe(shaOf(second));
    expect(third.body).toMatchObject({ permissions: { contents: "write" } });
  });
});

describe("somebody else's scope", () => {
  it("a workload of another owner learns its own values and gets nothing", async () => {
    const world = await createWorld();
    const theirs = {
      sub: "repo:mallory/app:ref:refs/heads/main",
      repository_owner: "mallory",
      repository_owner_id: "1",
    };
    const answer = await world.ask({ claims: theirs });
    expect(answer.status).toBe(403);
    expect(answer.body.message).toBe(`trust policy: subject ${JSON.stringify(theirs.sub)} did not match`);
    expect(world.github.tokens.filter(({ permissions }) => permissions.issues)).toEqual([]);
    expect(world.livingTokens()).toEqual([]);
  });

  it("a policy cannot reach into another owner's repositories", async () => {
    const world = await createWorld();
    const { github } = world.network;
    github.addOrganization("victim", { id: 88_000 });
    github.addRepository("victim/secret");
    github.install({ app: APP_ID, owner: "victim", permissions: PERMISSIONS });
    for (const [identity, entry] of [
      ["a", "victim/secret"],
      ["b", "secret"],
      ["c", "../victim/secret"],
    ] as const) {
      world.putPolicy(`${POLICY(world.owner)}repositories: ["${entry}"]\n`, identity, ".github");
      const answer = await world.ask({ scope: world.owner, identity });
      expect(answer.status).not.toBe(200);
    }
    expect(github.tokens.filter(({ installation }) => installation.account.login === "victim")).toEqual([]);
  });
});
