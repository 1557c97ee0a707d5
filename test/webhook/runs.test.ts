// One commit has one verdict: with what it is compared, whatever events tell of it and in whichever order, and which App reports.

import { beforeEach, describe, expect, it } from "vitest";
import { appKeys } from "../emulators/core/keys.ts";
import { reset } from "../support/storage.ts";
import {
  CHAINGUARD,
  createWebhookWorld,
  headOf,
  pullRequest,
  pushed,
  repositoryJson,
  SECRET,
  type WebhookWorld,
  ZERO,
} from "../support/webhook-world.ts";

beforeEach(() => reset());

const POLICY = `${CHAINGUARD}/ci.sts.yaml`;
const OTHER = `${CHAINGUARD}/other.sts.yaml`;
const BAD = "issuer: https://x.example\n";
const good = (owner: string, permissions = "contents: read") =>
  `issuer: https://token.actions.githubusercontent.com\nsubject: repo:${owner}/app:ref:refs/heads/main\npermissions:\n  ${permissions}\n`;

const again = ({ owner }: WebhookWorld, head: string, more: object = {}) => ({
  action: "rerequested",
  check_suite: { id: 1, head_branch: "topic", head_sha: head, before: ZERO, after: head, pull_requests: [], ...more },
  repository: repositoryJson(owner, "app"),
});

describe("a commit is compared", () => {
  it("with where it left the default branch, whatever came to that since", async () => {
    const { pull, network, repository, owner, onlyRun } = await createWebhookWorld();
    network.github.commit(repository, { branch: "topic", files: { "x.txt": "x" } });
    network.github.putFile(repository, OTHER, BAD);
    await pull({ [POLICY]: good(owner) }, { branch: "topic" });
    expect(onlyRun().conclusion).toBe("success");
    expect(onlyRun().summary).not.toContain("other");
  });

  it("with the default branch, whatever branch its pull request goes to", async () => {
    const made = await createWebhookWorld();
    const { network, repository, owner, send, onlyRun } = made;
    network.github.commit(repository, { branch: "release", files: { [OTHER]: BAD } });
    const base = headOf(made, repository, "release");
    const { sha } = network.github.commit(repository, { branch: "topic", parents: [base], files: { "x.txt": "x" } });
    await send("pull_request", pullRequest(repositoryJson(owner, "app"), base, sha));
    expect([onlyRun().conclusion, onlyRun().title]).toEqual(["failure", "Invalid: 2 errors"]);
  });

  it("under the name of the repository that it goes to, where it comes from a fork", async () => {
    const made = await createWebhookWorld();
    const { network, repository, owner, send, onlyRun } = made;
    network.github.addUser("octocat");
    network.github.forkRepository(repository, "octocat/app");
    const base = headOf(made, repository);
    const commit = network.github.commit("octocat/app", { branch: "patch", files: { [POLICY]: BAD } });
    network.forgetCalls();
    await send("pull_request", pullRequest(repositoryJson(owner, "app"), base, commit.sha));
    expect([onlyRun().headSha, onlyRun().conclusion]).toEqual([commit.sha, "failure"]);
    expect(network.calls.filter(({ path, body }) => `${path} ${body}`.includes("octocat"))).toEqual([]);
  });

  it("with the default branch, also where no URL can take its name", async () => {
    const made = await createWebhookWorld();
    const { network, repository, owner, send, onlyRun } = made;
    const { sha } = network.github.commit(repository, { branch: "topic", files: { [POLICY]: BAD } });
    const place = { ...repositoryJson(owner, "app"), default_branch: "main+odd" };
    await send("pull_request", pullRequest(place, headOf(made, repository), sha));
    expect(onlyRun().conclusion).toBe("failure");
  });

  it("with what the default branch was before a push, so that nobody is told of older errors", async () => {
    const { push, network, repository, owner, onlyRun } = await createWebhookWorld();
    network.github.putFile(repository, OTHER, BAD);
    await push({ [POLICY]: good(owner) });
    expect(onlyRun().conclusion).toBe("success");
  });

  it("with where it left the default branch that it took the place of by force", async () => {
    const made = await createWebhookWorld();
    const { network, repository, owner, send, onlyRun } = made;
    const base = headOf(made, repository);
    network.github.putFile(repository, OTHER, BAD);
    const before = headOf(made, repository);
    const commit = network.github.commit(repository, { parents: [base], files: { [POLICY]: good(owner) } });
    await send("push", { ...pushed(repositoryJson(owner, "app"), "main", before, commit, {}), forced: true });
    expect([onlyRun().conclusion, onlyRun().summary.includes("other")]).toEqual(["success", false]);
  });

  it.each([
    ["a new default branch", ZERO, {}],
    ["a default branch that was pushed by force, and whose former head is gone", "a".repeat(40), { forced: true }],
  ])("with nothing, for %s: every policy counts as new", async (_name, before, more) => {
    const made = await createWebhookWorld();
    const { network, repository, owner, send, onlyRun } = made;
    const commit = network.github.commit(repository, { files: { [POLICY]: good(owner), [OTHER]: BAD } });
    await send("push", { ...pushed(repositoryJson(owner, "app"), "main", before, commit, {}), ...more });
    expect(onlyRun().summary).toContain("2 changed files looked at: 2 errors");
  });

  it.each([
    ["gh.compare", "a commit that GitHub does not find yet"],
    ["gh.graphql", "a base that GitHub does not find"],
  ])("with nothing less after a 404 of %s: %s is not taken for a commit without a base", async (route) => {
    const { pull, network, owner, onlyRun } = await createWebhookWorld();
    const body = route === "gh.graphql" ? graphqlWithoutBase() : undefined;
    const fault = { route, kind: "status", status: body ? 200 : 404, ...(body && { body }) } as const;
    network.fault({ ...fault, times: 1 });
    await pull({ [POLICY]: good(owner) });
    expect([onlyRun().conclusion, onlyRun().title]).toEqual(["failure", "Trust policies could not be checked"]);
  });

  it("with the default branch, in a merge queue as well", async () => {
    const made = await createWebhookWorld();
    const { network, repository, owner, send, onlyRun } = made;
    const first = network.github.commit(repository, { branch: "queue-1", files: { [POLICY]: BAD } });
    const { sha } = network.github.commit(repository, { branch: "queue-2", parents: [first.sha], files: { x: "x" } });
    const merge_group = { head_sha: sha, base_sha: first.sha, head_ref: "refs/heads/q", base_ref: "refs/heads/main" };
    await send("merge_group", { action: "checks_requested", merge_group, repository: repositoryJson(owner, "app") });
    expect([onlyRun().headSha, onlyRun().conclusion]).toEqual([sha, "failure"]);
  });
});

/** As GitHub answers where it has the head and not the base. */
const graphqlWithoutBase = (): string =>
  JSON.stringify({ data: { repository: { o0: { oid: "a".repeat(40) }, o1: null, o2: null, o3: null } } });

describe("not looked at", () => {
  it.each([
    ["a tag", { ref: "refs/tags/v1" }],
    ["a branch that is deleted", { deleted: true, after: ZERO }],
  ])("%s", async (_name, payload) => {
    const { push, network } = await createWebhookWorld();
    const { answer } = await push({ [POLICY]: BAD }, { payload });
    expect(answer.status).toBe(204);
    expect(network.calls).toEqual([]);
  });

  it.each(["closed", "labeled", "edited", "ready_for_review"])("a pull request that is %s", async (action) => {
    const { pull, network } = await createWebhookWorld();
    expect((await pull({ [POLICY]: BAD }, { action })).answer.status).toBe(204);
    expect(network.calls).toEqual([]);
  });

  it("a check suite that GitHub makes with every push", async () => {
    const made = await createWebhookWorld();
    const payload = { ...again(made, "a".repeat(40)), action: "requested" };
    expect((await made.send("check_suite", payload)).status).toBe(204);
  });

  it("runs of other names, made with workloads' tokens", async () => {
    const made = await createWebhookWorld();
    const check_suite = again(made, "a".repeat(40)).check_suite;
    const check_run = { id: 1, name: "build", head_sha: "a".repeat(40), check_suite };
    const payload = { action: "rerequested", check_run, repository: repositoryJson(made.owner, "app") };
    expect((await made.send("check_run", payload)).status).toBe(204);
  });
});

type EventName = "push" | "pull_request" | "elsewhere" | "edited" | "merge_group";

/** A commit on a topic branch that is pushed, goes to main by one pull request, to a branch with the same error by another, is queued. */
async function toldBy(files: Readonly<Record<string, string>>) {
  const made = await createWebhookWorld();
  const { network, repository, owner } = made;
  const base = headOf(made, repository);
  const commit = network.github.commit(repository, { branch: "topic", files });
  const sibling = network.github.commit(repository, { branch: "release", parents: [base], files });
  const place = repositoryJson(owner, "app");
  const edited = { ...pullRequest(place, base, commit.sha, "edited"), changes: { base: { sha: { from: base } } } };
  const events: Readonly<Record<EventName, readonly [event: string, payload: unknown]>> = {
    push: ["push", pushed(place, "topic", ZERO, commit, files)],
    pull_request: ["pull_request", pullRequest(place, base, commit.sha)],
    elsewhere: ["pull_request", pullRequest(place, sibling.sha, commit.sha)],
    edited: ["pull_request", edited],
    merge_group: [
      "merge_group",
      { action: "checks_requested", merge_group: { head_sha: commit.sha }, repository: place },
    ],
  };
  return Object.assign(made, { base, commit, events });
}

function orders<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length < 2) return [items];
  return items.flatMap((one, i) => orders(items.toSpliced(i, 1)).map((rest) => [one, ...rest]));
}

describe("one commit has one verdict", () => {
  const names: readonly EventName[] = ["push", "pull_request", "elsewhere", "edited", "merge_group"];

  it("in each of the 120 orders of its events", async () => {
    const seen = new Set<string>();
    const made = await toldBy({ [POLICY]: BAD });
    const { checkRuns } = made.network.github.repository(made.repository);
    for (const order of orders(names)) {
      checkRuns.length = 0;
      for (const name of order) await made.send(...made.events[name], { worker: made.worker });
      const { summary, ...run } = made.onlyRun();
      seen.add(JSON.stringify([run.conclusion, run.title, run.annotations, summary]));
    }
    expect(seen.size).toBe(1);
    expect([...seen][0]).toContain("Invalid: 2 errors");
  });

  it("also when it reached the default branch before its other events came", async () => {
    const seen = new Set<string>();
    for (const order of orders<EventName | "main">(["push", "pull_request", "main"])) {
      const made = await toldBy({ [POLICY]: BAD });
      const place = repositoryJson(made.owner, "app");
      for (const name of order) {
        if (name !== "main") await made.send(...made.events[name]);
        else {
          made.network.github.repository(made.repository).git.branches.set("main", made.commit.sha);
          await made.send("push", pushed(place, "main", made.base, made.commit, { [POLICY]: BAD }));
        }
      }
      seen.add(JSON.stringify([made.onlyRun().conclusion, made.onlyRun().title, made.onlyRun().annotations]));
    }
    expect([...seen].map((text) => JSON.parse(text)[0])).toEqual(["failure"]);
  });

  it("from here and there, one after the other; and it is not worked out again", async () => {
    const { events, send, isolate, onlyRun, network } = await toldBy({ [POLICY]: BAD });
    for (const name of names) await send(...events[name]);
    for (const name of names) await send(...events[name], { worker: isolate() });
    expect(onlyRun().annotations.length).toBe(2);
    // The folder, and the text.
    expect([network.count("gh.graphql"), network.count("gh.check_create")]).toEqual([2, 1]);
  });

  it("when they come at once", async () => {
    const { events, send, onlyRun } = await toldBy({ [POLICY]: BAD });
    await Promise.all(names.map((name) => send(...events[name])));
    expect([onlyRun().status, onlyRun().annotations.length]).toEqual(["completed", 2]);
  });

  it("when they come to two isolates at once: each run is whole, and no annotation is in one twice", async () => {
    const many = Array.from({ length: 60 }, (_, i) => `unknown_${i}: x`).join("\n");
    const { events, send, isolate, runs } = await toldBy({ [POLICY]: `${BAD}${many}\n`, [OTHER]: `${BAD}${many}\n` });
    await Promise.all([send(...events.push), send(...events.pull_request, { worker: isolate() })]);
    for (const run of runs()) {
      expect([run.status, run.annotations.length, new Set(run.annotations).size]).toEqual(["completed", 124, 124]);
    }
    expect(new Set(runs().map(({ title, conclusion }) => `${title} ${conclusion}`)).size).toBe(1);
  });

  it("when its making is answered too late to be seen", async () => {
    const { events, send, network, onlyRun } = await toldBy({ [POLICY]: BAD });
    network.fault({ route: "gh.check_create", kind: "status", status: 502, acted: true, times: 1 });
    await send(...events.push);
    expect([onlyRun().status, onlyRun().title]).toEqual(["completed", "Invalid: 2 errors"]);
  });
});

describe("somebody asks again", () => {
  it("and hears it in a run of its own, which is the latest", async () => {
    const made = await toldBy({ [POLICY]: BAD });
    const { events, send, commit, runs } = made;
    await send(...events.push);
    const check_suite = { head_sha: commit.sha, head_branch: "topic", pull_requests: [] };
    const check_run = { id: 1, name: "Trust Policy Validation", head_sha: commit.sha, check_suite };
    await send("check_run", { action: "rerequested", check_run, repository: repositoryJson(made.owner, "app") });
    expect(runs().map(({ status, title }) => [status, title])).toEqual([
      ["completed", "Invalid: 2 errors"],
      ["completed", "Invalid: 2 errors"],
    ]);
  });

  it("and hears another verdict where the deployment became stricter", async () => {
    const made = await createWebhookWorld();
    const { pull, send, isolate, runs, owner } = made;
    const { commit } = await pull({ [POLICY]: good(owner, "members: read") });
    const stricter = isolate({ ORG_PERMISSIONS_IN_REPO_POLICIES: "none" });
    await send("check_suite", again(made, commit.sha), { worker: stricter });
    expect(runs().map(({ conclusion }) => conclusion)).toEqual(["success", "failure"]);
  });

  it("of a commit that has reached the default branch: compared with what it was compared with before", async () => {
    const made = await toldBy({ [POLICY]: BAD });
    const { events, send, network, repository, commit, runs } = made;
    await send(...events.pull_request);
    network.github.repository(repository).git.branches.set("main", commit.sha);
    await send("check_suite", again(made, commit.sha));
    expect(runs().map(({ conclusion }) => conclusion)).toEqual(["failure", "failure"]);
  });

  it("of a push to the default branch whose check could not be done", async () => {
    const made = await createWebhookWorld();
    const { push, network, send, runs } = made;
    network.fault(
      { route: "gh.tree", kind: "status", status: 500 },
      { route: "gh.graphql", kind: "status", status: 500 },
    );
    const { commit } = await push({ [POLICY]: BAD });
    network.clearFaults();
    await send("check_suite", again(made, commit.sha));
    expect(runs().map(({ title }) => title)).toEqual(["Trust policies could not be checked", "Invalid: 2 errors"]);
  });

  it("of a commit in which nothing differs any more, and is told so", async () => {
    const made = await toldBy({ [POLICY]: BAD });
    const { events, send, network, repository, commit, runs } = made;
    await send(...events.pull_request);
    const parents = [headOf(made, repository), commit.sha];
    network.github.commit(repository, { parents, files: { [POLICY]: BAD } });
    network.github.repository(repository).git.branches.set("topic-2", commit.sha);
    await send("check_suite", again(made, commit.sha));
    expect(runs().map(({ conclusion }) => conclusion)).toEqual(["failure", "failure"]);
  });

  it("of a commit that was never told of, and nothing of ours differs: nothing is said", async () => {
    const made = await createWebhookWorld();
    const { sha } = made.network.github.commit(made.repository, { branch: "topic", files: { "x.txt": "x" } });
    await made.send("check_suite", again(made, sha));
    expect(made.runs()).toEqual([]);
  });

  it("through a suite that lists a pull request of another repository, which counts for nothing", async () => {
    const made = await toldBy({ [POLICY]: BAD });
    const foreign = { base: { sha: made.commit.sha, repo: { id: 99 } }, head: { sha: made.commit.sha } };
    await made.send("check_suite", again(made, made.commit.sha, { pull_requests: [foreign] }));
    expect(made.onlyRun().conclusion).toBe("failure");
  });
});

describe("a run that a workload forged with `checks: write`", () => {
  async function forged(summaryOf: (genuine: string) => string, more: object = {}) {
    const made = await toldBy({ [POLICY]: BAD });
    const { events, send, network, repository, commit } = made;
    const { checkRuns } = network.github.repository(repository);
    await send(...events.push);
    const [genuine] = checkRuns;
    if (genuine === undefined) throw new Error("no run");
    const output = { ...genuine.output, summary: summaryOf(genuine.output.summary ?? "") };
    checkRuns.splice(0, 1, { ...genuine, id: genuine.id + 1_000, conclusion: "success", output, ...more });
    await send(...events.pull_request);
    return Object.assign(made, { commit });
  }

  it.each([
    ["with our marker copied from the failure of the same commit", (genuine: string) => genuine],
    ["with a marker of its own", () => `ok\n\n<!-- verdict base:none mac:${"0".repeat(64)} -->`],
    ["with the marker of before, which had no proof", () => `ok\n\n<!-- base:none annotations:many -->`],
    ["without any", () => "ok"],
  ])("%s silences nothing", async (_name, summaryOf) => {
    const { runs } = await forged(summaryOf);
    expect(runs().map(({ conclusion }) => conclusion)).toEqual(["success", "failure"]);
  });

  it("with a marker copied from another commit silences nothing", async () => {
    const made = await createWebhookWorld();
    const { pull, network, repository, owner, send, runs } = made;
    await pull({ [POLICY]: good(owner) });
    const { checkRuns } = network.github.repository(repository);
    const [genuine] = checkRuns;
    const base = headOf(made, repository);
    const { sha } = network.github.commit(repository, { branch: "evil", files: { [POLICY]: BAD } });
    if (genuine) checkRuns.push({ ...genuine, id: genuine.id + 1, headSha: sha });
    await send("pull_request", pullRequest(repositoryJson(owner, "app"), base, sha));
    expect(
      runs()
        .filter(({ headSha }) => headSha === sha)
        .map(({ conclusion }) => conclusion),
    ).toEqual(["success", "failure"]);
  });

  it("a verdict stands while the secret is rotated, and is given anew when that is gone", async () => {
    const { events, send, isolate, runs } = await toldBy({ [POLICY]: BAD });
    await send(...events.push);
    const rotating = isolate({ GITHUB_WEBHOOK_SECRET: `new-secret,${SECRET}` });
    await send(...events.pull_request, { worker: rotating, secret: "new-secret" });
    expect(runs().length).toBe(1);
    const rotated = isolate({ GITHUB_WEBHOOK_SECRET: "new-secret" });
    await send(...events.pull_request, { worker: rotated, secret: "new-secret" });
    expect(runs().length).toBe(2);
  });
});

describe("of several Apps", () => {
  const SECRETS = { 7: "secret-7", 8: "secret-8" };

  async function two(permissions: Readonly<Record<string, string>> = {}, { silent = false, more = "" } = {}) {
    const { privateKeyPem: privateKey, publicKey } = await appKeys();
    const made = await createWebhookWorld({
      variables: {
        GITHUB_WEBHOOK_SECRET: undefined,
        GITHUB_APPS: JSON.stringify([
          { id: 8, privateKey, webhookSecret: SECRETS[8] },
          { id: 7, privateKey, ...(silent ? {} : { webhookSecret: SECRETS[7] }) },
        ]),
      },
      permissions: { contents: "read", checks: "write", ...permissions },
    });
    made.network.github.addApp({ id: 8, publicKeys: [publicKey] });
    made.network.github.install({
      app: 8,
      owner: made.owner,
      permissions: { contents: "read", checks: "write", deployments: "write" },
    });
    const base = headOf(made, made.repository);
    const files = { [POLICY]: `${good(made.owner, "deployments: write")}${more}` };
    const { sha } = made.network.github.commit(made.repository, { branch: "topic", files });
    const payload = pullRequest(repositoryJson(made.owner, "app"), base, sha);
    const to = (appId: 7 | 8) => made.send("pull_request", payload, { appId: String(appId), secret: SECRETS[appId] });
    return Object.assign(made, { to });
  }

  it("the one with the lowest id reports, whoever hears first", async () => {
    const { to, runs, outcome } = await two();
    await to(8);
    expect([runs(), outcome()]).toEqual([[], "nothing"]);
    await to(7);
    await to(8);
    expect(runs().map(({ appId, conclusion }) => [appId, conclusion])).toEqual([[7, "success"]]);
  });

  it("the next one reports where the first may not", async () => {
    const { to, runs } = await two({ checks: "read" });
    await to(7);
    await to(8);
    expect(runs().map(({ appId }) => appId)).toEqual([8]);
  });

  it("one that hears of nothing is not waited for", async () => {
    const { to, runs } = await two({}, { silent: true });
    await to(8);
    expect(runs().map(({ appId }) => appId)).toEqual([8]);
  });

  it("a permission that any of them holds is held", async () => {
    const { to, runs } = await two();
    await to(7);
    expect(runs()[0]?.summary).not.toContain("does not hold");
  });

  it("a permission that only one of them holds is lacking where the policy is for the other", async () => {
    for (const [app, lacks] of [
      [7, true],
      [8, false],
    ] as const) {
      const { to, runs } = await two({}, { more: `app: ${app}\n` });
      await to(7);
      expect(runs()[0]?.annotations.some((one) => one.includes("does not hold deployments: write"))).toBe(lacks);
    }
  });
});

describe("the token of a delivery", () => {
  /** Of checks: the owner's issuer list is read with tokens of its own. */
  const tokensOf = ({ network }: WebhookWorld) => network.github.tokens.filter(({ permissions }) => permissions.checks);

  it("reads one repository and writes its checks, and is kept for the next delivery of it", async () => {
    const made = await createWebhookWorld();
    await made.pull({ [POLICY]: BAD });
    await made.pull({ [POLICY]: `${BAD}#` });
    expect(tokensOf(made).map(({ requested }) => requested)).toEqual([
      { permissions: { contents: "read", checks: "write" }, repositories: ["app"] },
    ]);
  });

  it("is minted anew before it expires, and when it died with its installation", async () => {
    const made = await createWebhookWorld();
    const { pull, github, clock, owner, runs } = made;
    await pull({ "x.txt": "x" });
    clock.now += 56 * 60_000;
    await pull({ [POLICY]: BAD });
    expect(tokensOf(made).length).toBe(2);
    github.uninstall(github.state.installations[0]?.id ?? 0);
    github.install({ app: 7, owner, permissions: { contents: "read", checks: "write" } });
    await pull({ [POLICY]: `${BAD}#` });
    expect([tokensOf(made).length, runs().length]).toEqual([3, 2]);
  });

  it.each([
    ["an outage", { kind: "status", status: 502 }, 1],
    ["a hang", { kind: "hang" }, 1],
    ["a refusal", { kind: "status", status: 401 }, 2],
    ["a 403", { kind: "bare403" }, 2],
    ["a 404", { kind: "status", status: 404 }, 2],
  ] as const)("is one that lives, also after %s of the first call", async (_about, fault, minted) => {
    const made = await createWebhookWorld();
    await made.pull({ "x.txt": "x" });
    made.network.fault({ route: "gh.compare", ...fault });
    await made.pull({ [POLICY]: BAD });
    const tokens = tokensOf(made);
    expect([tokens.length, tokens.filter(({ revoked }) => !revoked).length]).toEqual([minted, 1]);
  });

  it("is of the repository alone that it was minted for", async () => {
    const { pull, network, owner } = await createWebhookWorld();
    await pull({ "x.txt": "x" });
    await pull({ "x.txt": "x" }, { repository: `${owner}/other` });
    expect(network.github.tokens.map(({ requested }) => requested)).toMatchObject([
      { repositories: ["app"] },
      { repositories: ["other"] },
    ]);
  });

  it("is not in the log, nor is what a policy says", async () => {
    const { pull, network, worker } = await createWebhookWorld();
    await pull({ [POLICY]: BAD.replace("x.example", "marked-value.example") });
    const log = JSON.stringify(worker.logs);
    expect(log).not.toContain(network.github.tokens[0]?.value ?? "no token");
    expect(log).not.toContain("marked-value");
    expect(worker.logs.find(({ what }) => what === "done")).toMatchObject({
      event: "pull_request",
      outcome: "reported",
    });
  });
});
