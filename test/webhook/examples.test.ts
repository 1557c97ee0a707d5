// GitHub's own example payloads, each signed and sent through the route.

import { reset } from "cloudflare:test";
import examples from "@octokit/webhooks-examples/api.github.com/index.json";
import { beforeEach, describe, expect, it } from "vitest";
import { readEvent } from "../../worker/webhook/events.ts";
import { scene } from "./scene.ts";

beforeEach(() => reset());

interface Example {
  readonly action?: string;
  readonly ref?: string;
  readonly deleted?: boolean;
}

const examplesOf = (name: string): readonly Example[] => {
  const found: readonly object[] = examples.find((event) => event.name === name)?.examples ?? [];
  return found;
};

/** What each event's examples are answered: by action, or by kind of push. */
const HANDLED: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ping: { "-": 202 },
  push: { "refs/heads/master": 202, "refs/tags/simple-tag": 204 },
  pull_request: { opened: 202, synchronize: 202, reopened: 202, ready_for_review: 202 },
  check_suite: { requested: 202, rerequested: 202 },
  merge_group: { checks_requested: 202 },
  installation: { created: 202, deleted: 202, suspend: 202, unsuspend: 202, new_permissions_accepted: 202 },
  installation_repositories: { added: 202, removed: 202 },
  repository: { renamed: 202, transferred: 202 },
};

const cases = examples.flatMap(({ name }) =>
  examplesOf(name).map((payload, index) => {
    const kind = payload.action ?? payload.ref ?? "-";
    return { name, index, kind, payload, status: HANDLED[name]?.[kind] ?? 204 };
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
    const { send, worker } = await scene();
    const answer = await send(one.name, one.payload);
    expect(answer.status).toBe(one.status);
    expect(worker.logs.filter(({ outcome }) => outcome === "bug")).toEqual([]);
    expect(worker.logs.filter(({ what }) => what === "done").length).toBe(one.status === 202 ? 1 : 0);
  });

  it("of all other events are answered 204", async () => {
    const { send, network } = await scene();
    const others = cases.filter((one) => !handled.includes(one));
    expect(others.length).toBeGreaterThan(150);
    for (const { name, payload } of others) expect([name, (await send(name, payload)).status]).toEqual([name, 204]);
    expect(network.calls).toEqual([]);
  });
});

const workOf = (name: string, payload: unknown) => readEvent(name, payload);
const first = (name: string, action: string) => examplesOf(name).find((payload) => payload.action === action);

describe("what is read out of them", () => {
  it("a pull request's commits", () => {
    expect(workOf("pull_request", first("pull_request", "synchronize"))).toEqual({
      kind: "work",
      work: {
        action: "synchronize",
        owner: "Codertocat",
        check: {
          repository: "Hello-World",
          head: "ec26c3e57ca3a959ca5aad62de7213c562f8c821",
          base: { kind: "merge_base", of: "f95f852bd8fca8fcc58a9a2d6c842781e32a215e" },
          again: false,
          touched: [],
        },
      },
    });
  });

  it("a push that makes the default branch", () => {
    const push = examplesOf("push").find(({ ref }) => ref === "refs/heads/master");
    expect(workOf("push", push)).toMatchObject({
      work: { check: { base: { kind: "nothing" }, again: false }, pushed: { paths: [] } },
    });
  });

  it("a merge group's commits", () => {
    expect(workOf("merge_group", first("merge_group", "checks_requested"))).toMatchObject({
      work: { check: { base: { kind: "merge_base" } } },
    });
  });

  it("both names of a renamed repository, both owners of a transferred one", () => {
    const renamed = { ...first("repository", "renamed"), changes: { repository: { name: { from: "Goodbye" } } } };
    expect(workOf("repository", renamed)).toMatchObject({
      work: { forget: [{ owner: "Octocoders", repositories: ["Hello-World", "Goodbye"] }] },
    });
    expect(workOf("repository", first("repository", "transferred"))).toMatchObject({
      work: { forget: [{ owner: "Octocoders" }, { owner: "octocat" }] },
    });
  });

  it("an installation's owner and repositories", () => {
    expect(workOf("installation", first("installation", "created"))).toMatchObject({
      work: { owner: "Codertocat", forget: [{ owner: "Codertocat", repositories: ["Hello-World"] }] },
    });
  });
});
