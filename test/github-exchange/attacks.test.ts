// What somebody would try: names that were given up, entries that are shared, lists that are empty, redirects, other people's scopes.

import { reset } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { APP_ID, type Asking, PERMISSIONS, POLICY, type Story, story } from "../exchange/story.ts";
import { HOUR, isGrantMint, living, MINUTE, putPolicy, routes } from "./support.ts";

beforeEach(() => reset());

describe("a stranger's junk harms nobody else", () => {
  const junk: readonly [string, (told: Story) => Asking][] = [
    ["forged tokens of a known issuer", () => ({ sign: { tamper: "flip-sig" } })],
    ["tokens of an issuer that nobody knows", ({ stranger }) => ({ issuer: stranger })],
    [
      "forged tokens of an issuer that nobody knows",
      ({ stranger }) => ({ issuer: stranger, sign: { tamper: "flip-sig" } }),
    ],
  ];

  it.each(junk)("%s", async (_about, asking) => {
    const told = await story();
    for (let i = 0; i < 150; i++) {
      const scope = i % 3 === 0 ? `${told.owner}/app` : `${told.owner}/nonexistent`;
      const headers = { "CF-Connecting-IP": `192.0.2.${i}` };
      const answer = await told.ask({ ...asking(told), scope, identity: `identity-${i}`, headers });
      expect(answer.status).not.toBe(200);
    }
    expect((await told.ask({ headers: { "CF-Connecting-IP": "198.51.100.1" } })).status).toBe(200);
    expect((await told.isolate().fetch(await told.request())).status).toBe(200);
    expect(living(told)).toHaveLength(2);
  });

  it("not even asking for a repository that is there later", async () => {
    const told = await story();
    await told.ask({ issuer: told.stranger, scope: `${told.owner}/later` });
    told.outside.github.addRepository(`${told.owner}/later`);
    putPolicy(told, POLICY(told.owner), "deploy", "later");
    expect((await told.isolate().fetch(await told.request({ scope: `${told.owner}/later` }))).status).toBe(200);
  });
});

const ALL = (owner: string) => `${POLICY(owner)}repositories: []\n`;
const TAKER_ID = 66_600;

/** The owner is renamed, and somebody else takes the name, with repositories of the same names. */
function reclaim(told: Story, options: { readonly install?: boolean } = {}): void {
  const { github } = told.outside;
  github.renameOwner(told.owner, `${told.owner}-renamed`);
  github.addOrganization(told.owner, { id: TAKER_ID });
  for (const name of ["app", ".github"]) github.addRepository(`${told.owner}/${name}`);
  if (options.install) github.install({ app: APP_ID, owner: told.owner, permissions: PERMISSIONS });
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
      const told = await story();
      await told.ask();
      reclaim(told);
      told.clock.now += waitUntil;
      const before = living(told);
      for (let i = 0; i < 3; i++) expect((await told.ask(asking)).status).not.toBe(200);
      expect(living(told)).toEqual(before);
      // And from the second time on it is a plain refusal that costs no mint.
      told.outside.forgetCalls();
      expect((await told.ask(asking)).status).toBe(404);
      expect(routes(told)).not.toContain("gh.mint");
    },
  );

  it.each(cases)(
    "to a workload of a %s repository, %i ms later: all repositories",
    async (_visibility, waitUntil, asking) => {
      const told = await story();
      putPolicy(told, ALL(told.owner), "deploy", ".github");
      const { owner: scope } = told;
      expect((await told.ask({ scope })).body.repositories).toBe("all");
      reclaim(told);
      told.clock.now += waitUntil;
      const before = living(told);
      const mints = told.grantMints();
      for (let i = 0; i < 3; i++) expect((await told.ask({ ...asking, scope })).status).toBe(404);
      expect(told.grantMints()).toBe(mints);
      expect(living(told)).toEqual(before);
    },
  );

  it("during an outage, when copies are stale, neither", async () => {
    const told = await story();
    putPolicy(told, ALL(told.owner), "deploy", ".github");
    await told.ask({ scope: told.owner });
    reclaim(told);
    told.outside.fault({ route: "gh.contents", kind: "status", status: 503 });
    told.clock.now += 30 * MINUTE;
    const before = living(told);
    expect((await told.ask({ ...taker, scope: told.owner })).status).not.toBe(200);
    expect(living(told)).toEqual(before);
  });

  it("where the new owner has the App as well: their policies count, on their repositories alone", async () => {
    const told = await story();
    await told.ask();
    reclaim(told, { install: true });
    // No policy of theirs yet: what is remembered of the former owner's is not taken for it.
    const before = living(told);
    await told.ask(taker);
    expect((await told.ask(taker)).body.reason).toBe("policy_not_found");
    expect(living(told)).toEqual(before);
    putPolicy(told, POLICY(told.owner));
    told.clock.now += 5 * MINUTE;
    const answer = await told.ask(taker);
    expect(answer.status).toBe(200);
    const token = told.outside.github.tokens.find(({ value }) => value === answer.body.token);
    expect(token?.installation.account.id).toBe(TAKER_ID);
    expect(token?.repositories?.map(({ owner, name }) => `${owner.id}/${name}`)).toEqual([`${TAKER_ID}/app`]);
  });

  it("and the former owner's policy opens nothing of the new owner's", async () => {
    const told = await story({ policy: undefined });
    const { owner, stranger } = told;
    putPolicy(told, POLICY(owner, stranger.url));
    putPolicy(told, `${POLICY(owner, stranger.url)}repositories: []\n`, "deploy", ".github");
    const scopes = [owner, `${owner}/app`];
    for (const scope of scopes) expect((await told.ask({ issuer: stranger, scope })).status).toBe(200);
    reclaim(told, { install: true });
    for (let i = 0; i < 3; i++) {
      for (const scope of scopes) await told.ask({ issuer: stranger, scope });
    }
    const ofTaker = told.outside.github.tokens.filter(({ installation }) => installation.account.id === TAKER_ID);
    expect(ofTaker.filter(({ permissions }) => permissions.issues)).toEqual([]);
  });

  it("nor where the former owner took the App along: a look-up in the middle of an exchange leads nowhere else", async () => {
    const told = await story({ policy: undefined });
    const { owner, stranger } = told;
    putPolicy(told, POLICY(owner, stranger.url));
    expect((await told.ask({ issuer: stranger })).status).toBe(200);
    const { github } = told.outside;
    github.uninstall(github.world.installations[0]?.id ?? 0);
    reclaim(told, { install: true });
    // The policy is remembered, the installation is 404 at the mint, and the next look-up finds the new owner's.
    expect((await told.ask({ issuer: stranger })).status).toBe(404);
    const ofTaker = github.tokens.filter(({ installation }) => installation.account.id === TAKER_ID);
    expect(ofTaker).toEqual([]);
  });

  it("and says so to nobody but in the log", async () => {
    const told = await story();
    putPolicy(told, ALL(told.owner), "deploy", ".github");
    await told.ask({ scope: told.owner });
    reclaim(told);
    const answer = await told.ask({ ...taker, scope: told.owner });
    expect(answer.body.reason).toBe("not_found");
    expect(told.worker.audits().at(-1)).toMatchObject({ reason: "repository_not_visible" });
  });

  it("nor does a renamed repository", async () => {
    const told = await story();
    await told.ask();
    told.outside.github.renameRepository(`${told.owner}/app`, "renamed");
    const before = living(told);
    expect((await told.ask()).status).toBe(403);
    told.clock.now += HOUR;
    const answer = await told.ask();
    expect(answer.body).toMatchObject({ reason: "repository_not_visible" });
    expect(String(answer.body.message)).toContain("was renamed");
    expect(living(told)).toEqual(before);
  });
});

describe("a repository that was transferred to another owner", () => {
  it.each([0, 5 * MINUTE, HOUR])("gives nothing to its former owner's scope, %i ms later", async (waitUntil) => {
    const told = await story();
    const { github } = told.outside;
    github.addOrganization("new-home", { id: 77_000 });
    github.install({ app: APP_ID, owner: "new-home", permissions: PERMISSIONS });
    await told.ask();
    github.transferRepository(`${told.owner}/app`, "new-home");
    told.clock.now += waitUntil;
    const before = living(told);
    expect((await told.ask()).status).not.toBe(200);
    expect(living(told)).toEqual(before);
    // Under its new name it is the new owner's, by the policy that came along.
    const answer = await told.ask({ scope: "new-home/app" });
    const token = told.outside.github.tokens.find(({ value }) => value === answer.body.token);
    expect(token?.installation.account.login).toBe("new-home");
  });
});

describe("entries of another kind", () => {
  const both = (owner: string) => `${POLICY(owner)}repositories: [app]\n`;

  it("owner/.GitHub and owner/.github are one organisation policy", async () => {
    const told = await story();
    putPolicy(told, both(told.owner), "deploy", ".github");
    for (const name of [".GitHub", ".github", ".GITHUB"]) {
      const answer = await told.ask({ scope: `${told.owner}/${name}` });
      expect(answer.body).toMatchObject({ repositories: ["app"] });
    }
    told.outside.forgetCalls();
    await told.ask({ scope: `${told.owner}/.GitHub` });
    expect(routes(told)).toEqual(["gh.mint"]);
  });

  it("the same file read as a repository's policy is another entry, also in KV", async () => {
    const told = await story();
    putPolicy(told, both(told.owner), "deploy", ".github");
    const elsewhere = told.isolate({ ORG_POLICY_REPO: "policies" });
    for (let i = 0; i < 2; i++) {
      expect((await told.ask({ scope: `${told.owner}/.GitHub` })).status).toBe(200);
      // `repositories` is no key of a repository's policy.
      const answer = await elsewhere.fetch(await told.request({ scope: `${told.owner}/.GitHub` }));
      expect(answer.body.reason).toBe("policy_invalid");
      told.clock.now += MINUTE;
    }
  });

  it("identities have case", async () => {
    const told = await story();
    await told.ask();
    expect((await told.ask({ identity: "Deploy" })).body.reason).toBe("policy_not_found");
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
    const told = await story();
    putPolicy(told, ALL(told.owner), "deploy", ".github");
    const answer = await told.ask({ ...asking, scope: told.owner });
    expect(answer.status).toBe(400);
    expect(told.outside.github.tokens).toEqual([]);
  });

  it("and every mint names its permissions, and its repositories unless the policy grants all", async () => {
    const told = await story();
    putPolicy(told, ALL(told.owner), "all", ".github");
    putPolicy(told, `${POLICY(told.owner)}repositories: [app, other]\n`, "two", ".github");
    await told.ask();
    await told.ask({ scope: told.owner, identity: "two" });
    await told.ask({ scope: told.owner, identity: "all" });
    await told.ask({ scope: told.owner, identity: "all", query: { repositories: "app" } });
    expect(told.outside.calls.filter(isGrantMint).map(({ body }) => JSON.parse(body))).toEqual([
      { permissions: { issues: "write" }, repositories: ["app"] },
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
    const told = await story();
    putPolicy(told, POLICY(told.owner), "deploy", ".github");
    told.outside.fault({ route, kind: "redirect", status, location: "https://evil.example/collect" });
    await told.ask({ scope: told.owner });
    told.clock.now += 2 * HOUR;
    await told.ask();
    expect(told.outside.calls.some((call) => call.status === status)).toBe(true);
    expect(told.outside.hosts()).not.toContain("evil.example");
    expect(told.outside.calls.filter(({ path }) => path.includes("collect"))).toEqual([]);
  });
});

describe("a policy that changes", () => {
  it("between reading and minting: what was read is what is granted, and what the answer names", async () => {
    const told = await story();
    const blob = told.outside.github.repository(`${told.owner}/app`).git.resolve("main")?.files;
    const sha = blob?.get(".github/chainguard/deploy.sts.yaml")?.sha;
    told.outside.fault({ route: "gh.mint", kind: "delay", delayMs: 100, match: '"issues"' });
    const answering = told.ask();
    while (told.grantMints() === 0) await scheduler.wait(5);
    putPolicy(told, POLICY(told.owner).replace("issues", "contents"));
    const { body } = await answering;
    expect(body).toMatchObject({ permissions: { issues: "write" }, policy: { sha } });
  });

  it("between two reads: each isolate grants what the copy it names says", async () => {
    const told = await story();
    const first = await told.ask();
    putPolicy(told, POLICY(told.owner).replace("issues", "contents"));
    told.clock.now += 5 * MINUTE;
    const second = await told.isolate().fetch(await told.request());
    expect(first.body).toMatchObject({ permissions: { issues: "write" } });
    expect(second.body).toMatchObject({ permissions: { contents: "write" } });
    const shaOf = ({ body }: typeof first) => JSON.stringify(body.policy);
    expect(shaOf(first)).not.toBe(shaOf(second));
    const third = await told.ask();
    expect(shaOf(third)).toBe(shaOf(second));
    expect(third.body).toMatchObject({ permissions: { contents: "write" } });
  });
});

describe("somebody else's scope", () => {
  it("a workload of another owner learns its own values and gets nothing", async () => {
    const told = await story();
    const theirs = {
      sub: "repo:mallory/app:ref:refs/heads/main",
      repository_owner: "mallory",
      repository_owner_id: "1",
    };
    const answer = await told.ask({ claims: theirs });
    expect(answer.status).toBe(403);
    expect(answer.body.message).toBe(`trust policy: subject ${JSON.stringify(theirs.sub)} did not match`);
    expect(told.outside.github.tokens.filter(({ permissions }) => permissions.issues)).toEqual([]);
    expect(living(told)).toEqual([]);
  });

  it("a policy cannot reach into another owner's repositories", async () => {
    const told = await story();
    const { github } = told.outside;
    github.addOrganization("victim", { id: 88_000 });
    github.addRepository("victim/secret");
    github.install({ app: APP_ID, owner: "victim", permissions: PERMISSIONS });
    for (const [identity, entry] of [
      ["a", "victim/secret"],
      ["b", "secret"],
      ["c", "../victim/secret"],
    ] as const) {
      putPolicy(told, `${POLICY(told.owner)}repositories: ["${entry}"]\n`, identity, ".github");
      const answer = await told.ask({ scope: told.owner, identity });
      expect(answer.status).not.toBe(200);
    }
    expect(github.tokens.filter(({ installation }) => installation.account.login === "victim")).toEqual([]);
  });
});
