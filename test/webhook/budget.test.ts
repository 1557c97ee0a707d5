// A change that is too large for one invocation: every policy is checked by the queue, or the run says which were not.

import { createExecutionContext, reset, waitOnExecutionContext } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { setUp } from "../../worker/services.ts";
import { consume } from "../../worker/webhook/queue.ts";
import { planReads } from "../../worker/webhook/reads.ts";
import { CHAINGUARD, type Scene, SECRET, scene } from "./scene.ts";

beforeEach(() => reset());

const POLICIES = 120;
const path = (i: number) => `${CHAINGUARD}/team-${String(i).padStart(3, "0")}.sts.yaml`;
const good = (owner: string, i: number) =>
  `issuer: https://token.actions.githubusercontent.com\nsubject: repo:${owner}/app:ref:refs/heads/r${i}\npermissions:\n  contents: read\n`;

/** 2,500 changed files, 120 of them policies; the last of these is broken. */
function large(owner: string): Readonly<Record<string, string>> {
  const others = Array.from({ length: 2_500 - POLICIES }, (_, i) => [`src/${i % 40}/${i}.txt`, String(i)]);
  const policies = Array.from({ length: POLICIES }, (_, i) => [path(i), good(owner, i)]);
  return { ...Object.fromEntries([...others, ...policies]), [path(POLICIES - 1)]: "issuer: x\n" };
}

interface Sent {
  readonly body: unknown;
  readonly delaySeconds: number | undefined;
}

/** A queue that keeps what it is sent; bound like the real one. */
function queue() {
  const sent: Sent[] = [];
  return {
    sent,
    binding: {
      async send(body: unknown, options?: { delaySeconds?: number }) {
        // What goes through a queue is JSON of at most 128 KB.
        const text = JSON.stringify(body);
        if (text.length > 128_000) throw new Error("too large");
        sent.push({ body: JSON.parse(text), delaySeconds: options?.delaySeconds });
      },
    },
  };
}

/** One message to one fresh isolate, as an invocation of its own. */
async function work({ network, clock }: Scene, body: unknown, bindings: Readonly<Record<string, unknown>>) {
  const { appKeys } = await import("../emulators/core/keys.ts");
  const { env } = await import("cloudflare:workers");
  const { privateKeyPem } = await appKeys();
  const logs: string[] = [];
  const variables = {
    STS_DOMAIN: "sts.example.com",
    GITHUB_APP_ID: "7",
    GITHUB_APP_PRIVATE_KEY: privateKeyPem,
    GITHUB_WEBHOOK_SECRET: SECRET,
  };
  const setup = setUp(
    { STS_CACHE: env.STS_CACHE, ...variables, ...bindings },
    {
      fetcher: (request) => network.fetch(request),
      now: () => clock.now,
      random: () => 0,
      log: (line) => logs.push(line),
    },
  );
  if (!setup.ok) throw new Error("not configured");
  let acknowledged = false;
  const before = network.calls.length;
  const context = createExecutionContext();
  await consume([{ body, ack: () => (acknowledged = true) }], setup.services);
  await waitOnExecutionContext(context);
  return { acknowledged, calls: network.calls.length - before, logs };
}

describe("2,500 changed files with 120 policies", () => {
  it("without a queue: 50 calls, what was not read is named, and the run fails", async () => {
    const made = await scene();
    const { pull, network, owner, onlyRun } = made;
    await pull(large(owner));
    expect(network.calls.length).toBeLessThanOrEqual(50);
    const run = onlyRun();
    expect([run.status, run.conclusion, run.title]).toEqual([
      "completed",
      "failure",
      "Not all trust policies were checked.",
    ]);
    const checked = Number(/^(\d+) changed files looked at, 0 errors/.exec(run.summary)?.[1]);
    expect(checked).toBeGreaterThanOrEqual(25);
    expect(run.summary).toContain("## Not checked");
    const named = run.summary.match(/^- `[^`]+`: there were more files than one invocation may read/gm)?.length ?? 0;
    const more = Number(/\.\.\. and (\d+) more\./.exec(run.summary)?.[1] ?? 0);
    expect(checked + named + more).toBe(POLICIES);
  });

  it("with a queue: every policy is checked, at most 50 calls an invocation", async () => {
    const { sent, binding } = queue();
    const bindings = { WEBHOOK_QUEUE: binding };
    const made = await scene({ bindings });
    const { pull, network, owner, onlyRun, outcome } = made;
    await pull(large(owner));
    expect(outcome()).toBe("postponed");
    expect([onlyRun().status, onlyRun().conclusion]).toEqual(["in_progress", null]);
    const calls = [network.calls.length];
    for (let next = sent.shift(); next !== undefined; next = sent.shift()) {
      const done = await work(made, next.body, bindings);
      expect(done.acknowledged).toBe(true);
      calls.push(done.calls);
    }
    expect(calls.every((count) => count <= 50)).toBe(true);
    expect(calls).toEqual(CALLS);
    const run = onlyRun();
    expect([run.status, run.conclusion, run.title]).toEqual(["completed", "failure", "Invalid trust policy."]);
    expect(run.summary).toContain("120 changed files looked at, 2 errors");
    expect(run.annotations.filter((text) => text.includes("team-119")).length).toBe(2);
    expect(network.github.tokens.every(({ revoked }) => revoked)).toBe(true);
  });

  it("with a queue that takes nothing: the run says that it could not be done", async () => {
    const binding = { send: () => Promise.reject(new Error("full")) };
    const { pull, owner, onlyRun } = await scene({ bindings: { WEBHOOK_QUEUE: binding } });
    await pull(large(owner));
    expect([onlyRun().status, onlyRun().conclusion]).toEqual(["completed", "failure"]);
    expect(onlyRun().title).toBe("Trust policies could not be checked.");
  });
});

/** Calls of GitHub by invocation: the webhook, then each message. */
const CALLS = [41, 41, 41, 17];

describe("a limit of GitHub's, with a queue", () => {
  const BAD = { [path(0)]: "issuer: x\n" };

  it("is waited for", async () => {
    const { sent, binding } = queue();
    const bindings = { WEBHOOK_QUEUE: binding };
    const made = await scene({ bindings });
    made.network.fault({ route: "gh.blob", kind: "secondary" });
    await made.pull(BAD);
    expect([made.onlyRun().status, sent.length, sent[0]?.delaySeconds]).toEqual(["in_progress", 1, 60]);
    made.network.clearFaults();
    await work(made, sent[0]?.body, bindings);
    expect([made.onlyRun().status, made.onlyRun().title]).toEqual(["completed", "Invalid trust policy."]);
  });

  it("is waited for three times, and then told", async () => {
    const { sent, binding } = queue();
    const bindings = { WEBHOOK_QUEUE: binding };
    const made = await scene({ bindings });
    made.network.fault({ route: "gh.tree", kind: "primary" });
    await made.pull(BAD);
    await work(made, sent[0]?.body, bindings);
    expect(made.runs().length).toBe(0);
    await work(made, sent[1]?.body, bindings);
    expect(sent.length).toBe(2);
    expect([made.onlyRun().status, made.onlyRun().title]).toEqual([
      "completed",
      "Trust policies could not be checked.",
    ]);
  });
});

describe("a message", () => {
  it.each([
    ["of another form", { version: 2 }],
    ["that is none", null],
    [
      "whose owner climbs",
      { version: 1, delivery: "d", event: "push", appId: "7", owner: "..", work: {}, failures: 0 },
    ],
  ])("%s is dropped", async (_name, body) => {
    const made = await scene();
    const done = await work(made, body, {});
    expect([done.acknowledged, done.calls]).toEqual([true, 0]);
    expect(JSON.parse(done.logs[0] ?? "{}")).toEqual({ type: "webhook", what: "unreadable_message" });
  });
});

describe("the plan of what is read", () => {
  const entry = (sha: string) => ({ path: "x", mode: "100644", type: "blob", sha }) as const;
  const file = (name: string, before?: string, after?: string) => ({
    path: name,
    ...(before && { before: entry(before) }),
    ...(after && { after: entry(after) }),
  });
  const files = [file("a", "a0", "a1"), file("b", "b0", "b1"), file("c", undefined, "c1")];

  it.each([
    ["everything where it fits", 9, false, 3, ["a1", "b1", "c1", "a0", "b0"]],
    ["what is, before what was", 4, false, 3, ["a1", "b1", "c1", "a0"]],
    ["as much of what is as fits", 2, false, 3, ["a1", "b1"]],
    ["whole files where it goes on", 4, true, 2, ["a1", "a0", "b1", "b0"]],
    ["one file at least", 1, true, 1, ["a1", "a0"]],
    ["one blob at least", 0, false, 3, ["a1"]],
  ] as const)("has %s", (_name, calls, goesOn, count, blobs) => {
    expect(planReads(files, calls, goesOn)).toEqual({ files: count, blobs });
  });

  it("has each blob once, and nothing but files", () => {
    const link = { path: "l", after: { path: "l", mode: "120000", type: "blob", sha: "l1" } } as const;
    expect(planReads([file("a", "x", "x"), file("b", undefined, "x"), link], 9, true)).toEqual({
      files: 3,
      blobs: ["x"],
    });
  });
});
