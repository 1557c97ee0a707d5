// A pushed policy is in force: here at once, elsewhere within two minutes; and no delivery brings an old one back.

import { beforeEach, describe, expect, it } from "vitest";
import type { Isolate } from "../support/isolate.ts";
import { reset } from "../support/storage.ts";
import {
  CHAINGUARD,
  createWebhookWorld,
  delivery,
  headOf,
  pushed,
  repositoryJson,
  type WebhookWorld,
  ZERO,
} from "../support/webhook-world.ts";
import { POLICY, type WorldOptions } from "../support/world.ts";

beforeEach(() => reset());

const PATH = `${CHAINGUARD}/deploy.sts.yaml`;
const LIST = `${CHAINGUARD}/trusted-token-issuers.yaml`;
const ONLY_GITLAB = "mode: enforce\nissuers:\n  - https://gitlab.com\n";

const granted = (permissions: string) => ({
  status: 200,
  permissions: { ...JSON.parse(permissions), metadata: "read" },
});

/** What an exchange for `deploy` is answered in an isolate. */
async function ask({ request, worker }: WebhookWorld, isolate: Isolate = worker, scope?: string) {
  const { status, body } = await isolate.fetch(await request(scope === undefined ? {} : { scope }));
  return { status, permissions: body.permissions };
}

const writing = (owner: string) => POLICY(owner).replace("issues: write", "contents: write");

async function deployed(options: WorldOptions = {}) {
  const made = await createWebhookWorld({ ...options, policy: "pending" });
  made.github.putFile(made.repository, PATH, POLICY(made.owner));
  return made;
}

describe("a policy that is pushed", () => {
  it("is in force at once where the webhook arrived", async () => {
    const made = await deployed();
    expect(await ask(made)).toEqual(granted('{"issues":"write"}'));
    await made.push({ [PATH]: writing(made.owner) });
    expect(await ask(made)).toEqual(granted('{"contents":"write"}'));
  });

  it("is in force in another isolate two minutes later, and not before without the webhook", async () => {
    const made = await deployed();
    const other = made.isolate();
    expect(await ask(made, other)).toEqual(granted('{"issues":"write"}'));
    await made.push({ [PATH]: writing(made.owner) });
    // Memory is trusted for a minute.
    expect(await ask(made, other)).toEqual(granted('{"issues":"write"}'));
    made.clock.now += 2 * 60_000;
    expect(await ask(made, other)).toEqual(granted('{"contents":"write"}'));
  });

  it("stays unknown for up to five minutes where no webhook tells of it", async () => {
    const made = await deployed();
    await ask(made);
    made.github.putFile(made.repository, PATH, writing(made.owner));
    made.clock.now += 2 * 60_000;
    expect(await ask(made)).toEqual(granted('{"issues":"write"}'));
    made.clock.now += 3 * 60_000;
    expect(await ask(made)).toEqual(granted('{"contents":"write"}'));
  });

  it("is found where there was none before", async () => {
    const made = await createWebhookWorld();
    expect((await ask(made)).status).toBe(404);
    await made.push({ [PATH]: POLICY(made.owner) });
    expect(await ask(made)).toEqual(granted('{"issues":"write"}'));
  });

  it("takes out just its own identity", async () => {
    const made = await deployed();
    made.github.putFile(made.repository, `${CHAINGUARD}/other.sts.yaml`, POLICY(made.owner));
    await ask(made);
    await made.push({ [`${CHAINGUARD}/other.sts.yaml`]: writing(made.owner), "src/x.ts": "1" });
    made.network.forgetCalls();
    expect((await ask(made)).status).toBe(200);
    expect(made.network.count("gh.contents")).toBe(0);
  });

  it("is in force where the event lists no files", async () => {
    const made = await deployed();
    await ask(made);
    await made.push({ [PATH]: writing(made.owner) }, { payload: { commits: [] } });
    expect(await ask(made)).toEqual(granted('{"contents":"write"}'));
  });

  it("is found by the event's list where GitHub answers nothing", async () => {
    const made = await deployed();
    await ask(made);
    made.network.fault({ route: "gh.*", kind: "status", status: 500 });
    await made.push({ [PATH]: writing(made.owner) });
    expect(made.outcome()).toBe("failed");
    made.network.clearFaults();
    expect(await ask(made)).toEqual(granted('{"contents":"write"}'));
  });

  it("by force, which takes commits back, is found as well", async () => {
    const made = await deployed();
    const { github } = made.network;
    const good = headOf(made, made.repository);
    github.putFile(made.repository, PATH, writing(made.owner));
    expect(await ask(made)).toEqual(granted('{"contents":"write"}'));
    const before = headOf(made, made.repository);
    github.repository(made.repository).git.branches.set("main", good);
    const commit = github.repository(made.repository).git.resolve("main");
    if (commit === null) throw new Error("no commit");
    const payload = pushed(repositoryJson(made.owner, "app"), "main", before, commit, {});
    await made.send("push", { ...payload, forced: true, commits: [] });
    expect(await ask(made)).toEqual(granted('{"issues":"write"}'));
  });

  it("to another branch changes nothing", async () => {
    const made = await deployed();
    await ask(made);
    await made.push({ [PATH]: writing(made.owner) }, { branch: "topic" });
    made.network.forgetCalls();
    expect(await ask(made)).toEqual(granted('{"issues":"write"}'));
    expect(made.network.count("gh.contents")).toBe(0);
  });

  it.each([".github", ".GitHub"])("to the owner's policies is in force for the scope %s, in any case", async (name) => {
    const made = await createWebhookWorld();
    const home = `${made.owner}/.github`;
    made.github.putFile(home, PATH, POLICY(made.owner));
    expect(await ask(made, made.worker, made.owner)).toEqual(granted('{"issues":"write"}'));
    const { github } = made.network;
    const before = headOf(made, home);
    const files = { [PATH]: writing(made.owner) };
    const commit = github.commit(home, { files });
    await made.send("push", pushed(repositoryJson(made.owner.toUpperCase(), name), "main", before, commit, files));
    expect(await ask(made, made.worker, made.owner)).toEqual(granted('{"contents":"write"}'));
    expect(await ask(made, made.worker, `${made.owner}/${name}`)).toEqual(granted('{"contents":"write"}'));
  });
});

describe("an exchange that reads while the push comes", () => {
  it("reads once more, and keeps nothing that the next one would be granted by", async () => {
    const made = await deployed();
    made.network.fault({ route: "gh.contents", kind: "delay", delayMs: 150, times: 2 });
    const slow = ask(made);
    await new Promise((resolve) => setTimeout(resolve, 75));
    made.clock.now += 1;
    await made.push({ [PATH]: writing(made.owner) });
    made.clock.now += 1;
    expect(await slow).toEqual(granted('{"contents":"write"}'));
    expect(await ask(made)).toEqual(granted('{"contents":"write"}'));
  });
});

describe("an old answer that overtakes the tombstone in KV", () => {
  it("is never served stale: the time of the strike is kept apart", async () => {
    const made = await deployed();
    const slowly = made.isolate();
    made.network.fault({ route: "gh.contents", kind: "delay", delayMs: 150, times: 2 });
    const slow = ask(made, slowly);
    await new Promise((resolve) => setTimeout(resolve, 75));
    made.clock.now += 1;
    await made.push({ [PATH]: null });
    expect((await slow).status).toBe(200);
    made.clock.now += 6 * 60_000;
    made.network.fault({ route: "gh.contents", kind: "status", status: 500 });
    expect((await ask(made, made.isolate())).status).toBe(503);
  });
});

describe("a policy that is deleted", () => {
  it("grants nothing any more, here and elsewhere", async () => {
    const made = await deployed();
    const other = made.isolate();
    await ask(made, other);
    await ask(made);
    await made.push({ [PATH]: null });
    expect((await ask(made)).status).toBe(404);
    made.clock.now += 2 * 60_000;
    expect((await ask(made, other)).status).toBe(404);
  });

  it("is never served stale while GitHub is down", async () => {
    const made = await deployed();
    const other = made.isolate();
    await ask(made, other);
    await made.push({ [PATH]: null });
    made.clock.now += 10 * 60_000;
    made.network.fault({ route: "gh.contents", kind: "status", status: 500 });
    expect((await ask(made)).status).toBe(503);
    expect((await ask(made, other)).status).toBe(503);
  });
});

describe("the issuer allow-list", () => {
  it("is enforced as soon as it is pushed", async () => {
    const made = await deployed();
    const home = `${made.owner}/.github`;
    expect((await ask(made)).status).toBe(200);
    await made.push({ [LIST]: ONLY_GITLAB }, { repository: home });
    expect((await ask(made)).status).toBe(403);
    await made.push({ [LIST]: null }, { repository: home });
    expect((await ask(made)).status).toBe(200);
  });
});

describe("where the App may not write checks", () => {
  const permissions = { contents: "write", issues: "write" };

  it("a push is in force at once, by its list and by force", async () => {
    const made = await deployed({ permissions });
    const good = headOf(made, made.repository);
    await ask(made);
    await made.push({ [PATH]: writing(made.owner) });
    expect(await ask(made)).toEqual(granted('{"contents":"write"}'));
    const before = headOf(made, made.repository);
    const { git } = made.network.github.repository(made.repository);
    git.branches.set("main", good);
    const commit = git.resolve("main");
    if (commit === null) throw new Error("no commit");
    const payload = pushed(repositoryJson(made.owner, "app"), "main", before, commit, {});
    await made.send("push", { ...payload, forced: true, commits: [] });
    expect(await ask(made)).toEqual(granted('{"issues":"write"}'));
    expect(made.runs()).toEqual([]);
  });
});

describe("more policies than are worth listing", () => {
  it("are all void, here and elsewhere, to the last one", async () => {
    const made = await createWebhookWorld();
    const { github } = made.network;
    const paths = Array.from({ length: 305 }, (_, i) => `${CHAINGUARD}/p${i}.sts.yaml`);
    github.commit(made.repository, { files: Object.fromEntries(paths.map((path) => [path, POLICY(made.owner)])) });
    const other = made.isolate();
    const identities = ["p0", "p304"];
    for (const identity of identities) {
      for (const isolate of [made.worker, other]) {
        expect((await isolate.fetch(await made.request({ identity }))).status).toBe(200);
      }
    }
    await made.push(Object.fromEntries(paths.map((path) => [path, null])));
    for (const identity of identities) {
      expect((await made.worker.fetch(await made.request({ identity }))).status).toBe(404);
    }
    made.clock.now += 2 * 60_000;
    for (const identity of identities) {
      expect((await other.fetch(await made.request({ identity }))).status).toBe(404);
    }
  });
});

describe("a name that comes to be another repository's", () => {
  const event = (made: WebhookWorld, action: string, more: object = {}) => ({
    action,
    repository: repositoryJson(made.owner, "app"),
    ...more,
  });

  it.each(["deleted", "renamed"] as const)("grants nothing by what the one that is %s said", async (action) => {
    const made = await deployed();
    const other = made.isolate();
    const { github } = made.network;
    expect([(await ask(made)).status, (await ask(made, other)).status]).toEqual([200, 200]);
    if (action === "deleted") github.deleteRepository(made.repository);
    else github.renameRepository(made.repository, "elsewhere");
    github.addRepository(made.repository, { visibility: "private" });
    const changes = { repository: { name: { from: "app" } } };
    const renamed = { action, repository: repositoryJson(made.owner, "elsewhere"), changes };
    await made.send("repository", action === "deleted" ? event(made, action) : renamed);
    expect((await ask(made)).status).toBe(404);
    made.clock.now += 2 * 60_000;
    expect((await ask(made, other)).status).toBe(404);
    // Nor while GitHub is down, and stale copies are served.
    made.clock.now += 10 * 60_000;
    made.network.fault({ route: "gh.contents", kind: "status", status: 500 });
    expect((await ask(made, made.isolate())).status).toBe(503);
  });

  it("in the owner's policies too", async () => {
    const made = await createWebhookWorld();
    const home = `${made.owner}/.github`;
    made.network.github.putFile(home, PATH, POLICY(made.owner));
    expect((await ask(made, made.worker, made.owner)).status).toBe(200);
    made.network.github.deleteRepository(home);
    made.network.github.addRepository(home, { visibility: "private" });
    await made.send("repository", { action: "deleted", repository: repositoryJson(made.owner, ".github") });
    expect((await ask(made, made.worker, made.owner)).status).toBe(404);
  });

  it("of a transferred one, at its old owner", async () => {
    const made = await deployed();
    await ask(made);
    const { github } = made.network;
    github.addOrganization("somebody-else");
    github.transferRepository(made.repository, "somebody-else");
    github.addRepository(made.repository, { visibility: "private" });
    const changes = { owner: { from: { organization: { login: made.owner } } } };
    await made.send("repository", {
      action: "transferred",
      repository: repositoryJson("somebody-else", "app"),
      changes,
    });
    expect((await ask(made)).status).toBe(404);
  });

  it("is read anew when the default branch is another", async () => {
    const made = await deployed();
    await ask(made);
    await made.send("repository", event(made, "edited", { changes: { default_branch: { from: "old" } } }));
    made.network.forgetCalls();
    expect((await ask(made)).status).toBe(200);
    expect(made.network.count("gh.contents")).toBeGreaterThan(0);
  });

  it("is read anew when it ceases to be public, so that foreigners learn its values no more", async () => {
    const made = await deployed({ visibility: "public" });
    const foreign = { claims: { repository_owner_id: "1", sub: "repo:stranger/x:ref:refs/heads/main" } };
    const told = async () => JSON.stringify((await made.ask(foreign)).body);
    expect(await told()).toContain(`repo:${made.owner}/app`);
    made.network.github.repository(made.repository).visibility = "private";
    await made.send("repository", event(made, "privatized"));
    expect(await told()).not.toContain(`repo:${made.owner}/app:ref`);
  });

  it("is the owner's, who has another name now", async () => {
    const made = await deployed();
    await ask(made);
    const { github } = made.network;
    github.renameOwner(made.owner, "renamed-owner");
    github.addOrganization(made.owner);
    github.addRepository(made.repository, { visibility: "private" });
    github.install({ app: 7, owner: made.owner, permissions: { contents: "read", issues: "write" } });
    const changes = { login: { from: made.owner } };
    await made.send("installation_target", { action: "renamed", account: { login: "renamed-owner" }, changes });
    expect((await ask(made)).status).toBe(404);
  });
});

describe("an old delivery", () => {
  it("that comes again after a newer push changes nothing", async () => {
    const made = await deployed();
    const { github } = made.network;
    const first = headOf(made, made.repository);
    const files = { [PATH]: writing(made.owner) };
    const commit = github.commit(made.repository, { files });
    const old = pushed(repositoryJson(made.owner, "app"), "main", first, commit, files);
    await made.send("push", old, { delivery: "old" });
    expect(await ask(made)).toEqual(granted('{"contents":"write"}'));
    await made.push({ [PATH]: POLICY(made.owner) });
    const runs = made.runs().length;
    // Under its own id, under a new one, and in another isolate: GitHub, not the event, says what the policy is.
    await made.send("push", old, { delivery: "old" });
    await made.send("push", old, { delivery: "new" });
    const other = made.isolate();
    await made.send("push", old, { delivery: "newer", worker: other });
    expect(await ask(made)).toEqual(granted('{"issues":"write"}'));
    expect(await ask(made, other)).toEqual(granted('{"issues":"write"}'));
    expect(made.runs().length).toBe(runs);
  });

  it("that arrives after the deletion it preceded does not bring the policy back", async () => {
    const made = await deployed();
    const { github } = made.network;
    const first = headOf(made, made.repository);
    const files = { [PATH]: writing(made.owner) };
    const commit = github.commit(made.repository, { files });
    await made.push({ [PATH]: null });
    await made.send("push", pushed(repositoryJson(made.owner, "app"), "main", first, commit, files));
    expect((await ask(made)).status).toBe(404);
  });

  it("of an event whose name was exchanged does no harm", async () => {
    const made = await deployed();
    await ask(made);
    const payload = {
      ref: "refs/heads/main",
      before: ZERO,
      after: "a".repeat(40),
      repository: repositoryJson(made.owner, "app"),
    };
    const request = await delivery("installation", payload);
    expect((await made.worker.fetch(request)).status).toBe(400);
    expect((await ask(made)).status).toBe(200);
  });
});

describe("an installation", () => {
  const account = (owner: string) => ({ installation: { id: 1, app_id: 7, account: { login: owner } } });

  it("that is made is found at once", async () => {
    const made = await createWebhookWorld({ install: false });
    made.github.putFile(made.repository, PATH, POLICY(made.owner));
    expect((await ask(made)).status).toBe(404);
    made.github.install({ app: 7, owner: made.owner, permissions: { contents: "read", issues: "write" } });
    expect((await ask(made)).status).toBe(404);
    const repositories = [{ name: "app" }, { name: ".github" }];
    await made.send("installation", { action: "created", ...account(made.owner), repositories });
    expect(await ask(made)).toEqual(granted('{"issues":"write"}'));
    expect(await ask(made)).toEqual(granted('{"issues":"write"}'));
  });

  it("that comes to see another repository is asked again about it", async () => {
    const made = await deployed();
    const { github } = made.network;
    github.putFile(made.repository, `${CHAINGUARD}/other.sts.yaml`, POLICY(made.owner));
    const [installation] = github.state.installations;
    if (installation === undefined) throw new Error("no installation");
    github.selectRepositories(installation.id, [".github"]);
    expect((await ask(made)).status).toBe(404);
    github.selectRepositories(installation.id, "all");
    expect((await ask(made)).status).toBe(404);
    await made.send("installation_repositories", {
      action: "added",
      ...account(made.owner),
      repositories_added: [{ name: "app" }],
      repositories_removed: [],
    });
    expect((await ask(made)).status).toBe(200);
    // The owner is known again now: what was remembered of the repository must not come back with it.
    expect((await made.ask({ identity: "other" })).status).toBe(200);
  });

  it("that is suspended is known as such", async () => {
    const made = await deployed();
    await ask(made);
    const [installation] = made.github.state.installations;
    if (installation === undefined) throw new Error("no installation");
    made.github.suspend(installation.id);
    await made.send("installation", { action: "suspend", ...account(made.owner) });
    made.network.forgetCalls();
    await ask(made);
    expect(made.network.count("gh.installations")).toBe(1);
  });

  it("is looked up again when a repository moves", async () => {
    const made = await deployed();
    await ask(made);
    made.github.renameRepository(made.repository, "renamed");
    const repository = repositoryJson(made.owner, "renamed");
    await made.send("repository", {
      action: "renamed",
      repository,
      changes: { repository: { name: { from: "app" } } },
    });
    made.network.forgetCalls();
    expect((await ask(made, made.worker, `${made.owner}/renamed`)).status).toBe(200);
    expect(made.network.count("gh.installations")).toBe(1);
  });
});

describe("in the middle of a flood of repositories that do not exist", () => {
  /** What the installation sees is listed then, and whatever is not on the list is refused without a call. */
  async function flooded(made: WebhookWorld) {
    const stranger = (scope: string, number: number, worker = made.worker) =>
      made
        .request({
          scope: `${made.owner}/${scope}`,
          issuer: made.unknownIssuer,
          headers: { "CF-Connecting-IP": `198.51.100.${number}` },
        })
        .then((request) => worker.fetch(request));
    for (let i = 0; i < 8; i += 1) await stranger(`none-${i}`, i);
    made.network.forgetCalls();
    expect((await stranger("late", 20)).status).toBe(404);
    expect(made.calls).toEqual([]);
    return stranger;
  }

  const files = (made: WebhookWorld) => ({ [PATH]: POLICY(made.owner, made.unknownIssuer.url) });

  it.each([true, false])("one that is made is found once a webhook told (elsewhere: %s)", async (isElsewhere) => {
    const made = await createWebhookWorld();
    const stranger = await flooded(made);
    made.github.addRepository(`${made.owner}/late`, { files: files(made) });
    expect((await stranger("late", 21)).status).toBe(404);
    const worker = isElsewhere ? made.isolate() : made.worker;
    await made.send("repository", { action: "created", repository: repositoryJson(made.owner, "late") }, { worker });
    made.clock.now += 3_000;
    expect((await stranger("late", 22)).status).toBe(200);
  });

  it("one that is selected for the App is, too", async () => {
    const made = await createWebhookWorld({ selected: ["app", ".github"] });
    made.github.addRepository(`${made.owner}/late`, { files: files(made) });
    const stranger = await flooded(made);
    const [installation] = made.github.state.installations;
    made.github.selectRepositories(installation?.id ?? 0, ["app", ".github", "late"]);
    expect((await stranger("late", 21)).status).toBe(404);
    await made.send("installation_repositories", {
      action: "added",
      installation: { id: installation?.id, app_id: 7, account: { login: made.owner } },
      repositories_added: [{ name: "late" }],
      repositories_removed: [],
    });
    made.clock.now += 3_000;
    expect((await stranger("late", 22)).status).toBe(200);
  });
});
