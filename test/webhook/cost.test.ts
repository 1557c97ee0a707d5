// What each event costs: calls of GitHub, counted, and uses of KV.

import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { callsByRoute } from "../emulators/core/calls.ts";
import { readKv } from "../support/kv.ts";
import { reset } from "../support/storage.ts";
import {
  CHAINGUARD,
  createWebhookWorld,
  headOf,
  pullRequest,
  repositoryJson,
  type WebhookWorld,
} from "../support/webhook-world.ts";
import { COSTS, type Cost } from "./costs.ts";

beforeEach(() => reset());

const good = (owner: string, i: number) =>
  `issuer: https://token.actions.githubusercontent.com\nsubject: repo:${owner}/app:ref:refs/heads/r${i}\npermissions:\n  contents: read\n`;
const policies = (owner: string, count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${CHAINGUARD}/p${i}.sts.yaml`, good(owner, i)]));
const others = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`src/${i}.txt`, "x"]));

/** A commit that a push told of. */
async function told(made: WebhookWorld) {
  const base = headOf(made, made.repository);
  const { commit } = await made.push({ [`${CHAINGUARD}/told.sts.yaml`]: good(made.owner, 0) }, { branch: "told" });
  const place = repositoryJson(made.owner, "app");
  return { place, base, head: commit.sha };
}

type Told = Awaited<ReturnType<typeof told>>;

const ACTS: Readonly<Record<keyof typeof COSTS, (made: WebhookWorld, before: Told) => Promise<unknown>>> = {
  push: async ({ push }) => {
    await push(others(200));
    await push(others(200), { branch: "topic" });
  },
  forced: ({ push }) => push(others(3), { branch: "topic", payload: { forced: true } }),
  nothing: ({ pull }) => pull(others(200)),
  large: ({ pull }) => pull(others(300)),
  one: ({ pull, owner }) => pull(policies(owner, 1)),
  forty: ({ pull, owner }) => pull(policies(owner, 40)),
  thousand: ({ pull, owner }) => pull(policies(owner, 1_000)),
  main: ({ push, owner }) => push(policies(owner, 1)),
  known: async (made, { place, base, head }) => {
    await made.send("pull_request", pullRequest(place, base, head));
  },
  again: async (made, { place, head }) => {
    const check_run = { name: "Trust Policy Validation", head_sha: head };
    await made.send("check_run", { action: "rerequested", check_run, repository: place });
  },
  dropped: async (made, { place }) => {
    await made.send("check_suite", {
      action: "requested",
      check_suite: { head_sha: "a".repeat(40) },
      repository: place,
    });
    await made.send("pull_request", pullRequest(place, "a".repeat(40), "b".repeat(40), "ready_for_review"));
    await made.send("ping", { zen: "x" });
    await made.send("issues", { action: "opened", repository: place });
  },
  moved: async ({ send, owner }) => {
    const account = { login: owner };
    await send("repository", { action: "privatized", repository: repositoryJson(owner, "app") });
    await send("installation", { action: "suspend", installation: { id: 1, account } });
    const lists = { repositories_added: [{ name: "app" }], repositories_removed: [] };
    await send("installation_repositories", { action: "added", installation: { id: 1, account }, ...lists });
    await send("installation_target", { action: "renamed", account, changes: { login: { from: "former" } } });
  },
};

/** The real KV, with its operations counted. */
function countingKv() {
  const counts = { gets: 0, puts: 0 };
  const binding = {
    get(asked: string | string[], type: "json") {
      counts.gets += 1;
      return readKv(asked, type);
    },
    put(...put: Parameters<typeof env.STS_CACHE.put>) {
      counts.puts += 1;
      return env.STS_CACHE.put(...put);
    },
  };
  return { binding, counts };
}

const kvUse = ({ gets, puts }: { readonly gets: number; readonly puts: number }): Cost["kv"] =>
  puts > 0 ? "written" : gets > 0 ? "read" : "none";

describe("what it costs", () => {
  const cases = Object.entries(ACTS).map(([name, act]) => [name as keyof typeof COSTS, act] as const);

  it.each(cases)("%s", async (name, act) => {
    const cost = COSTS[name];
    const { binding, counts } = countingKv();
    const made = await createWebhookWorld({ bindings: { STS_CACHE: binding } });
    // Where the App is installed is known for an hour.
    const before = await told(made);
    const runs = made.runs().length;
    made.network.forgetCalls();
    Object.assign(counts, { gets: 0, puts: 0 });
    await act(made.elsewhere(), before);
    expect(callsByRoute(made.network.calls)).toEqual(cost.calls);
    expect([kvUse(counts), made.runs().length - runs]).toEqual([cost.kv, cost.runs]);
  });

  it("deliveries that come together leave one token alive, which the next ones use", async () => {
    const { pull, network, livingTokens, owner } = await createWebhookWorld({ latencyMs: 50 });
    await Promise.all(Array.from({ length: 5 }, (_, i) => pull(policies(owner, i + 1))));
    const ofChecks = network.github.tokens.filter(({ permissions }) => permissions.checks === "write");
    expect(ofChecks.length).toBeGreaterThan(1);
    expect(livingTokens()).toHaveLength(1);
    const mints = network.count("gh.mint");
    await pull(policies(owner, 9));
    expect([network.count("gh.mint"), livingTokens().length]).toEqual([mints, 1]);
  });

  it("is in the log, call by call", async () => {
    const { pull, network, worker, owner } = await createWebhookWorld();
    await pull(policies(owner, 1));
    const line = worker.logs.findLast(({ what }) => what === "done");
    expect(line?.counts).toMatchObject({ github_calls: network.calls.length });
  });
});

describe("a thousand policies in one pull request", () => {
  it("are all checked, and the one with an error is told", async () => {
    const { pull, network, onlyRun, owner } = await createWebhookWorld();
    await pull({ ...policies(owner, 1_000), [`${CHAINGUARD}/p999.sts.yaml`]: "issuer: x\n" });
    expect(network.calls.length).toBeLessThanOrEqual(50);
    expect([onlyRun().conclusion, onlyRun().title]).toEqual([
      "failure",
      "Invalid: 2 errors; access widens for 999 identities",
    ]);
    expect(onlyRun().summary).toContain("1000 changed files looked at: 2 errors");
  });

  it("pass, new ones and edited ones", async () => {
    const { pull, network, onlyRun, repository, owner } = await createWebhookWorld();
    const policed = policies(owner, 1_000);
    network.github.commit(repository, { files: policed });
    const edited = Object.fromEntries(Object.entries(policed).map(([path, text]) => [path, `${text}# x\n`]));
    await pull(edited);
    expect(network.calls.length).toBeLessThanOrEqual(50);
    expect([onlyRun().conclusion, onlyRun().title]).toEqual(["success", "Valid"]);
  });
});
