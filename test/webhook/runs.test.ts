// Which commits are compared, which run takes the verdict, which App reports, and what a delivery may touch.

import { reset } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { appKeys } from "../emulators/core/keys.ts";
import { CHAINGUARD, headOf, pullRequest, pushed, repositoryJson, type Scene, scene, ZERO } from "./scene.ts";

beforeEach(() => reset());

const POLICY = `${CHAINGUARD}/ci.sts.yaml`;
const OTHER = `${CHAINGUARD}/other.sts.yaml`;
const BAD = "issuer: https://x.example\n";
const good = (owner: string, permissions = "contents: read") =>
  `issuer: https://token.actions.githubusercontent.com\nsubject: repo:${owner}/app:ref:refs/heads/main\npermissions:\n  ${permissions}\n`;

const suiteOf = ({ owner }: Scene, head: string, more: object = {}) => ({
  action: "requested",
  check_suite: { id: 1, head_branch: "topic", head_sha: head, before: ZERO, after: head, pull_requests: [], ...more },
  repository: repositoryJson(owner, "app"),
});

describe("the base", () => {
  it("of a pull request is where it parted, whatever came to the default branch since", async () => {
    const { pull, network, repository, owner, onlyRun } = await scene();
    network.github.commit(repository, { branch: "topic", files: { "x.txt": "x" } });
    network.github.putFile(repository, OTHER, BAD);
    await pull({ [POLICY]: good(owner) }, { branch: "topic" });
    expect(onlyRun().conclusion).toBe("success");
    expect(onlyRun().summary).not.toContain("other");
  });

  it("of a fork's pull request is read under the name of the repository that it goes to", async () => {
    const made = await scene();
    const { network, repository, owner, send, onlyRun } = made;
    network.github.addUser("octocat");
    network.github.forkRepository(repository, "octocat/app");
    const base = headOf(made, repository);
    const commit = network.github.commit("octocat/app", { branch: "patch", files: { [POLICY]: BAD } });
    network.forgetCalls();
    await send("pull_request", pullRequest(repositoryJson(owner, "app"), base, commit.sha));
    expect([onlyRun().headSha, onlyRun().conclusion]).toEqual([commit.sha, "failure"]);
    expect(network.calls.filter(({ path }) => path.includes("octocat"))).toEqual([]);
  });

  it.each([
    ["a new branch", (): string => ZERO],
    ["a branch that was pushed by force", (before: string): string => before],
  ])("of %s is where it left the default branch", async (_name, beforeOf) => {
    const made = await scene();
    const { network, repository, owner, send, onlyRun } = made;
    const first = network.github.commit(repository, { branch: "topic", files: { [OTHER]: BAD } });
    const commit = network.github.commit(repository, { branch: "topic", files: { "x.txt": "x" } });
    const payload = pushed(repositoryJson(owner, "app"), "topic", beforeOf(first.sha), commit, {});
    await send("push", { ...payload, forced: true });
    expect(onlyRun().conclusion).toBe("failure");
  });

  it("of a push to the default branch is what it was, so that nobody is told of older faults", async () => {
    const { push, network, repository, owner, onlyRun } = await scene();
    network.github.putFile(repository, OTHER, BAD);
    await push({ [POLICY]: good(owner) });
    expect(onlyRun().conclusion).toBe("success");
  });

  it("of a new default branch is nothing: every policy counts as new", async () => {
    const made = await scene();
    const { network, repository, owner, send, onlyRun } = made;
    const commit = network.github.commit(repository, { files: { [POLICY]: good(owner), [OTHER]: BAD } });
    await send("push", pushed(repositoryJson(owner, "app"), "main", ZERO, commit, {}));
    expect(onlyRun().summary).toContain("2 changed files looked at, 2 errors");
  });

  it("of a history without a common ancestor is nothing", async () => {
    const { pull, network, repository, owner, onlyRun } = await scene();
    network.github.commit(repository, { branch: "orphan", parents: [], files: { [OTHER]: BAD } });
    await pull({ [POLICY]: good(owner) }, { branch: "orphan" });
    expect(onlyRun().summary).toContain("2 changed files looked at, 2 errors");
  });

  it("of a merge group is the commit that it is put on", async () => {
    const made = await scene();
    const { network, repository, owner, send, onlyRun } = made;
    const base = headOf(made, repository);
    const { sha } = network.github.commit(repository, { branch: "queue", files: { [POLICY]: BAD } });
    const merge_group = { head_sha: sha, base_sha: base, head_ref: "refs/heads/queue", base_ref: "refs/heads/main" };
    await send("merge_group", { action: "checks_requested", merge_group, repository: repositoryJson(owner, "app") });
    expect([onlyRun().headSha, onlyRun().conclusion]).toEqual([sha, "failure"]);
  });

  it("of a check suite is that of its pull request, else as of a push", async () => {
    const made = await scene();
    const { network, repository, send, runs } = made;
    const base = headOf(made, repository);
    const one = network.github.commit(repository, { branch: "topic", files: { [POLICY]: BAD } });
    await send("check_suite", suiteOf(made, one.sha, { pull_requests: [{ base: { sha: base } }] }));
    const two = network.github.commit(repository, { branch: "topic", files: { "x.txt": "x" } });
    await send("check_suite", suiteOf(made, two.sha, { before: one.sha }));
    expect(runs().map(({ headSha, conclusion }) => [headSha, conclusion])).toEqual([
      [one.sha, "failure"],
      [two.sha, "failure"],
    ]);
  });
});

describe("not looked at", () => {
  it.each([
    ["a tag", { ref: "refs/tags/v1" }],
    ["a branch that is deleted", { deleted: true, after: ZERO }],
  ])("%s", async (_name, payload) => {
    const { push, network } = await scene();
    const { answer } = await push({ [POLICY]: BAD }, { payload });
    expect(answer.status).toBe(204);
    expect(network.calls).toEqual([]);
  });

  it.each(["closed", "labeled", "edited"])("a pull request that is %s", async (action) => {
    const { pull, network } = await scene();
    expect((await pull({ [POLICY]: BAD }, { action })).answer.status).toBe(204);
    expect(network.calls).toEqual([]);
  });
});

describe("one commit has one run", () => {
  async function world() {
    const made = await scene();
    const { network, repository, owner } = made;
    const base = headOf(made, repository);
    const files = { [POLICY]: BAD };
    const commit = network.github.commit(repository, { branch: "topic", files });
    const place = repositoryJson(owner, "app");
    const events = [
      ["push", pushed(place, "topic", ZERO, commit, files)],
      ["check_suite", suiteOf(made, commit.sha)],
      ["pull_request", pullRequest(place, base, commit.sha)],
    ] as const;
    return { ...made, commit, events };
  }

  it("when the events come one after the other, here and there", async () => {
    const { events, send, isolate, onlyRun, network } = await world();
    for (const [event, payload] of events) await send(event, payload);
    for (const [event, payload] of events) await send(event, payload, { worker: isolate() });
    expect(onlyRun().annotations.length).toBe(2);
    // A verdict that was given is not worked out again.
    expect([network.count("gh.blob"), network.count("gh.check_update")]).toEqual([1, 1]);
  });

  it("when they come at once", async () => {
    const { events, send, onlyRun } = await world();
    await Promise.all(events.map(([event, payload]) => send(event, payload)));
    expect([onlyRun().status, onlyRun().annotations.length]).toEqual(["completed", 2]);
  });

  it("when its making is answered too late to be seen", async () => {
    const { events, send, network, onlyRun } = await world();
    network.fault({ route: "gh.check_create", kind: "status", status: 502, acted: true, times: 1 });
    const [[event, payload]] = events;
    await send(event, payload);
    expect([onlyRun().status, onlyRun().title]).toEqual(["completed", "Invalid trust policy."]);
  });

  it("when somebody asks again, and hears the same", async () => {
    const { events, send, commit, owner, onlyRun, outcome } = await world();
    const [[event, payload]] = events;
    await send(event, payload);
    const { id } = onlyRun();
    const check_run = {
      id,
      name: "Trust Policy Validation",
      head_sha: commit.sha,
      check_suite: { head_branch: "topic", head_sha: commit.sha, before: ZERO, pull_requests: [] },
    };
    await send("check_run", { action: "rerequested", check_run, repository: repositoryJson(owner, "app") });
    expect(outcome()).toBe("reported");
    expect([onlyRun().id, onlyRun().annotations.length]).toEqual([id, 2]);
  });

  it("but a new one when the verdict is another: GitHub would keep the old annotations", async () => {
    const made = await scene();
    const { pull, send, isolate, runs, owner } = made;
    const { commit } = await pull({ [POLICY]: good(owner, "members: read") });
    expect(runs().map(({ conclusion }) => conclusion)).toEqual(["success"]);
    const stricter = isolate({ ORG_PERMISSIONS_IN_REPO_POLICIES: "none" });
    await send("check_suite", { ...suiteOf(made, commit.sha), action: "rerequested" }, { worker: stricter });
    expect(runs().map(({ status, conclusion }) => [status, conclusion])).toEqual([
      ["completed", "success"],
      ["completed", "failure"],
    ]);
  });

  it("which says so when nothing is changed any more and somebody asks again", async () => {
    const made = await scene();
    const { pull, network, repository, send, onlyRun, owner } = made;
    const { commit } = await pull({ [POLICY]: good(owner) });
    network.github.repository(repository).git.branches.set("main", commit.sha);
    await send("check_suite", { ...suiteOf(made, commit.sha), action: "rerequested" });
    expect([onlyRun().conclusion, onlyRun().title]).toEqual(["success", "No trust policy is changed."]);
  });

  it("and runs of other names, made with workloads' tokens, are nobody's to repeat", async () => {
    const made = await scene();
    const check_suite = suiteOf(made, "a".repeat(40)).check_suite;
    const check_run = { id: 1, name: "build", head_sha: "a".repeat(40), check_suite };
    const payload = { action: "rerequested", check_run, repository: repositoryJson(made.owner, "app") };
    expect((await made.send("check_run", payload)).status).toBe(204);
  });
});

describe("of several Apps", () => {
  const SECRETS = { 7: "secret-7", 8: "secret-8" };

  async function two(permissions: Readonly<Record<string, string>> = {}, { silent = false } = {}) {
    const { privateKeyPem: privateKey, publicKey } = await appKeys();
    const made = await scene({
      variables: {
        GITHUB_WEBHOOK_SECRET: undefined,
        GITHUB_APPS: JSON.stringify([
          { id: 8, privateKey, webhookSecret: SECRETS[8] },
          { id: 7, privateKey, ...(silent ? {} : { webhookSecret: SECRETS[7] }) },
        ]),
      },
      permissions: { contents: "read", checks: "write", ...permissions },
    });
    made.github.addApp({ id: 8, publicKeys: [publicKey] });
    made.github.install({
      app: 8,
      owner: made.owner,
      permissions: { contents: "read", checks: "write", deployments: "write" },
    });
    const base = headOf(made, made.repository);
    const files = { [POLICY]: good(made.owner, "deployments: write") };
    const { sha } = made.github.commit(made.repository, { branch: "topic", files });
    const payload = pullRequest(repositoryJson(made.owner, "app"), base, sha);
    const to = (appId: 7 | 8) => made.send("pull_request", payload, { appId: String(appId), secret: SECRETS[appId] });
    return { ...made, to };
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
});

describe("the token of a delivery", () => {
  it("reads one repository and writes its checks, and is revoked", async () => {
    const { pull, network } = await scene();
    await pull({ [POLICY]: BAD });
    const { tokens } = network.github;
    expect(tokens.map(({ requested, revoked }) => [requested, revoked])).toEqual([
      [{ permissions: { contents: "read", checks: "write" }, repositories: ["app"] }, true],
    ]);
  });

  it("is not in the log, nor is what a policy says", async () => {
    const { pull, network, worker } = await scene();
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

describe("what it costs", () => {
  it.each([
    ["nothing of ours is changed", { "x.txt": "x" }, { "gh.mint": 1, "gh.compare": 1, "gh.tree": 2, "gh.revoke": 1 }],
    [
      "one policy is new",
      { [POLICY]: BAD },
      {
        "gh.mint": 1,
        "gh.compare": 1,
        // The commit's tree, .github and .github/chainguard; at the base only its root, which has no .github.
        "gh.tree": 4,
        "gh.checks": 1,
        "gh.check_create": 1,
        "gh.blob": 1,
        "gh.check_update": 1,
        "gh.revoke": 1,
      },
    ],
  ])("when %s, counted", async (_name, files, routes) => {
    const { pull, network, worker } = await scene();
    await pull({ "y.txt": "y" });
    network.forgetCalls();
    await pull(files);
    const counted = new Map<string, number>();
    for (const { route } of network.calls) counted.set(route, (counted.get(route) ?? 0) + 1);
    expect(Object.fromEntries(counted)).toEqual(routes);
    const line = worker.logs.findLast(({ what }) => what === "done");
    expect(line?.counts).toMatchObject({ github_calls: network.calls.length });
  });
});
