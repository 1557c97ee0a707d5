// GitHub's own example payloads, each signed and sent through the route.

import examples from "@octokit/webhooks-examples/api.github.com/index.json";
import { beforeEach, describe, expect, it } from "vitest";
import { readEvent } from "../../worker/webhook/events.ts";
import { reset } from "../support/storage.ts";
import { createWebhookWorld } from "../support/webhook-world.ts";

beforeEach(() => reset());

interface Example {
  readonly action?: string;
  readonly ref?: string;
  readonly deleted?: boolean;
  readonly changes?: { readonly default_branch?: object };
}

const examplesOf = (name: string): readonly Example[] => {
  const found: readonly object[] = examples.find((event) => event.name === name)?.examples ?? [];
  return found;
};

/** What each event's examples are answered: by action, or by kind of push. */
const HANDLED: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  push: { "refs/heads/master": 202, "refs/tags/simple-tag": 204 },
  pull_request: { opened: 202, synchronize: 202, reopened: 202 },
  check_suite: { rerequested: 202 },
  merge_group: { checks_requested: 202 },
  installation: { created: 202, deleted: 202, suspend: 202, unsuspend: 202, new_permissions_accepted: 202 },
  installation_repositories: { added: 202, removed: 202 },
  repository: { created: 202, edited: 202, privatized: 202, publicized: 202, renamed: 202, transferred: 202 },
};

const cases = examples.flatMap(({ name }) =>
  examplesOf(name).map((payload, index) => {
    const kind = payload.action ?? payload.ref ?? "-";
    // Of edits only those of the default branch count.
    const isOther = name === "repository" && kind === "edited" && payload.changes?.default_branch === undefined;
    return { name, index, kind, payload, status: isOther ? 204 : (HANDLED[name]?.[kind] ?? 204) };
  }),
);
const handled = cases.filter(({ name }) => Object.hasOwn(HANDLED, name) || name === "check_run");

describe("the examples of GitHub's events", () => {
  it("hold each event that is handled, in each of its forms", () => {
    const seen = new Set(handled.filter(({ status }) => status === 202).map(({ name, kind }) => `${name} ${kind}`));
    const wanted = Object.entries(HANDLED).flatMap(([name, kinds]) =>
      Object.entries(kinds).flatMap(([kind, status]) => (status === 202 ? [`${name} ${kind}`] : [])),
    );
    expect([...seen].sort()).toEqual(wanted.sort());
  });

  it.each(handled.map((one) => [`${one.name} ${one.kind} ${one.index}`, one] as const))("%s", async (_name, one) => {
    const { send, worker } = await createWebhookWorld();
    const answer = await send(one.name, one.payload);
    expect(answer.status).toBe(one.status);
    expect(worker.logs.filter(({ outcome }) => outcome === "bug")).toEqual([]);
    expect(worker.logs.filter(({ what }) => what === "done").length).toBe(one.status === 202 ? 1 : 0);
  });

  it("of all other events are answered 204", async () => {
    const { send, network } = await createWebhookWorld();
    const others = cases.filter((one) => !handled.includes(one));
    expect(others.length).toBeGreaterThan(150);
    for (const { name, payload } of others) expect([name, (await send(name, payload)).status]).toEqual([name, 204]);
    expect(network.calls).toEqual([]);
  });
});

const first = (name: string, action: string) => examplesOf(name).find((payload) => payload.action === action);

function workOf(name: string, payload: unknown) {
  return readEvent(name, payload);
}

describe("what is read out of them", () => {
  it("a pull request's head, to be compared with the default branch", () => {
    expect(workOf("pull_request", first("pull_request", "synchronize"))).toMatchObject({
      action: "synchronize",
      owners: ["Codertocat"],
      repository: "Hello-World",
      invalidate: [],
      check: {
        owner: "Codertocat",
        repository: "Hello-World",
        head: "ec26c3e57ca3a959ca5aad62de7213c562f8c821",
        base: { kind: "merge_base", ref: "master" },
        again: false,
        misplaced: [],
      },
    });
  });

  it("a push that makes the default branch, of which everything is void and new", () => {
    const push = examplesOf("push").find(({ ref }) => ref === "refs/heads/master");
    expect(workOf("push", push)).toMatchObject({
      invalidate: [{ kind: "repository", owner: "Codertocat", repository: "Hello-World" }],
      check: { base: { kind: "nothing" }, again: false },
    });
  });

  it("both names of a renamed repository, both owners of a transferred one", () => {
    const renamed = { ...first("repository", "renamed"), changes: { repository: { name: { from: "Goodbye" } } } };
    expect(workOf("repository", renamed)).toMatchObject({
      invalidate: [
        { kind: "repository", owner: "Octocoders", repository: "Hello-World" },
        { kind: "repository", owner: "Octocoders", repository: "Goodbye" },
        { kind: "installation", owner: "Octocoders", repositories: ["Hello-World", "Goodbye"] },
      ],
    });
    expect(workOf("repository", first("repository", "transferred"))).toMatchObject({
      owners: ["Octocoders", "octocat"],
      invalidate: [
        { kind: "repository", owner: "Octocoders" },
        { kind: "installation", owner: "Octocoders" },
        { kind: "repository", owner: "octocat" },
        { kind: "installation", owner: "octocat" },
      ],
    });
  });

  it("an installation's owner and repositories", () => {
    expect(workOf("installation", first("installation", "created"))).toMatchObject({
      owners: ["Codertocat"],
      invalidate: [{ kind: "installation", owner: "Codertocat", repositories: ["Hello-World"] }],
    });
  });
});

const SHA = { before: "a".repeat(40), after: "b".repeat(40) };
const repository = { name: "app", owner: { login: "acme", id: 2 }, default_branch: "main" };
const POLICY = ".github/chainguard/ci.sts.yaml";
const installation = { id: 9 };

interface Commit {
  readonly added?: readonly string[];
  readonly modified?: readonly string[];
  readonly removed?: readonly string[];
}

const push = (commits: readonly Commit[], more: object = {}) =>
  workOf("push", { ref: "refs/heads/main", ...SHA, commits, repository, installation, ...more });

describe("a push", () => {
  it.each<readonly [what: string, commits: readonly Commit[]]>([
    ["adds", [{ added: [POLICY] }]],
    ["changes", [{ modified: ["x"] }, { modified: [POLICY] }]],
    ["removes", [{ removed: [POLICY] }]],
  ])("that %s a policy makes just that void, and is checked against what was there before", (_what, commits) => {
    expect(push(commits)).toMatchObject({
      invalidate: [{ kind: "files", owner: "acme", repository: "app", paths: [POLICY] }],
      check: { head: SHA.after, base: { kind: "commit", sha: SHA.before }, installation: { id: 9, accountId: 2 } },
    });
  });

  it("of nothing of ours leaves nothing to do, on whatever branch", () => {
    const commits = [{ added: ["a"], modified: [".github/chainguard/README.md"], removed: ["ci.sts.test.yaml"] }];
    expect(push(commits)).toBe("ignored");
    expect(push(commits, { ref: "refs/heads/topic" })).toBe("ignored");
    expect(push(commits, { ref: "refs/heads/topic", before: "0".repeat(40) })).toBe("ignored");
  });

  const files = (count: number) => Array.from({ length: count }, (_, i) => `f${i}`);
  it.each<readonly [why: string, commits: readonly Commit[], more: object]>([
    ["that is forced", [{ added: ["a"] }], { forced: true }],
    ["that makes the branch", [{ added: ["a"] }], { before: "0".repeat(40) }],
    ["that lists nothing", [], {}],
    ["of as many commits as GitHub lists", Array.from({ length: 2_048 }, () => ({ added: ["a"] })), {}],
    [
      "of as many files as GitHub lists of a commit",
      [{ added: files(1_000), modified: files(1_000), removed: files(1_000) }],
      {},
    ],
  ])("to the default branch %s makes all of the repository void, whatever it lists", (_why, commits, more) => {
    expect(push(commits, more)).toMatchObject({
      invalidate: [{ kind: "repository", owner: "acme", repository: "app" }],
      check: { head: SHA.after },
    });
    expect(push(commits, { ...more, commits: [{ added: [POLICY] }], forced: true })).toMatchObject({
      invalidate: [{ kind: "repository" }],
    });
  });

  it("of just less is believed", () => {
    expect(push(Array.from({ length: 2_047 }, () => ({ added: ["a"] })))).toBe("ignored");
    expect(push([{ added: files(2_999) }])).toBe("ignored");
  });

  it("to another branch makes nothing void, and is compared with the default one", () => {
    expect(push([{ added: [POLICY] }], { ref: "refs/heads/topic" })).toMatchObject({
      invalidate: [],
      check: { base: { kind: "merge_base", ref: "main" } },
    });
  });

  it.each(["main+odd", "a..b", "-x", "x?y", "ünder"])("against the default branch %s is compared as HEAD", (name) => {
    const more = { ref: "refs/heads/topic", repository: { ...repository, default_branch: name } };
    expect(push([{ added: [POLICY] }], more)).toMatchObject({ check: { base: { kind: "merge_base", ref: "HEAD" } } });
    expect(JSON.stringify(push([{ added: [POLICY] }], more))).not.toContain(name);
  });

  it("names files that were meant as policies, elsewhere", () => {
    expect(push([{ added: ["a.sts.yaml"], removed: ["b.sts.yaml"] }])).toMatchObject({
      check: { misplaced: ["a.sts.yaml"] },
    });
  });
});

describe("what else is heard", () => {
  const pull_request = { head: { sha: SHA.after }, base: { sha: SHA.before, ref: "release" } };

  it("a pull request that goes to another branch from now on, and no other edit", () => {
    const event = { action: "edited", pull_request, repository };
    expect(workOf("pull_request", { ...event, changes: { title: { from: "x" } } })).toBe("ignored");
    expect(workOf("pull_request", { ...event, changes: { base: { ref: { from: "x" } } } })).toMatchObject({
      check: { head: SHA.after, base: { kind: "merge_base", ref: "main" } },
    });
  });

  it("a repository with another default branch, and no other edit", () => {
    const event = { action: "edited", repository };
    expect(workOf("repository", { ...event, changes: { description: { from: "x" } } })).toBe("ignored");
    expect(workOf("repository", { ...event, changes: { default_branch: { from: "x" } } })).toMatchObject({
      invalidate: [{ kind: "repository", owner: "acme", repository: "app" }, { kind: "installation" }],
    });
  });

  it.each(["deleted", "privatized", "publicized", "archived", "unarchived", "created", "renamed", "transferred"])(
    "a repository that is %s",
    (action) => {
      expect(workOf("repository", { action, repository })).toMatchObject({
        invalidate: [{ kind: "repository", owner: "acme", repository: "app" }, { kind: "installation" }],
      });
    },
  );

  it("an owner of another name, under both", () => {
    const event = { action: "renamed", account: { login: "acme" }, changes: { login: { from: "former" } } };
    expect(workOf("installation_target", event)).toMatchObject({
      owners: ["acme", "former"],
      invalidate: [
        { kind: "owner", owner: "acme" },
        { kind: "installation", owner: "acme" },
        { kind: "owner", owner: "former" },
        { kind: "installation", owner: "former" },
      ],
    });
  });

  it("nothing of a suite's pull requests, which may be another repository's", () => {
    const foreign = { base: { sha: SHA.before, repo: { id: 99 } } };
    const check_suite = { head_sha: SHA.after, head_branch: "main", pull_requests: [foreign] };
    expect(JSON.stringify(workOf("check_suite", { action: "rerequested", check_suite, repository }))).not.toContain(
      SHA.before,
    );
  });
});
