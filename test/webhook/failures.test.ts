// What GitHub can refuse. No run is ever pending, and a check that cannot be done says so.

import { beforeEach, describe, expect, it } from "vitest";
import type { Fault } from "../support/network.ts";
import { reset } from "../support/storage.ts";
import { CHAINGUARD, createWebhookWorld, type WebhookWorld } from "../support/webhook-world.ts";

beforeEach(() => reset());

const POLICY = `${CHAINGUARD}/ci.sts.yaml`;
const BAD = "issuer: https://x.example\n";
const UNDONE = "Trust policies could not be checked";
const NO_GRAPHQL: Fault = { route: "gh.graphql", kind: "status", status: 404 };

const lastDenial = (logs: readonly Readonly<Record<string, unknown>>[]): unknown => {
  const line = logs.findLast(({ what }) => what === "done");
  return line?.denial;
};

/** Statuses that any run was ever given, by the requests that made and changed them. */
const statuses = ({ network }: WebhookWorld): readonly unknown[] =>
  network.calls.filter(({ route }) => route === "gh.check_create").map(({ body }) => JSON.parse(body).status);

describe("a check that cannot be done says so in its run, and in the log with the delivery's id", () => {
  const CASES: readonly (readonly [name: string, faults: readonly Fault[], says: string, reason: string])[] = [
    [
      "a rate limit while comparing",
      [{ route: "gh.compare", kind: "primary" }],
      "GitHub limits this App's requests for another 1800 s",
      "github_rate_limited",
    ],
    [
      "a secondary limit while reading",
      [NO_GRAPHQL, { route: "gh.tree", kind: "secondary" }],
      "GitHub limits this App's requests for another 60 s",
      "github_rate_limited",
    ],
    [
      "an outage while reading",
      [NO_GRAPHQL, { route: "gh.tree", kind: "status", status: 502 }],
      "GitHub did not answer as it should (status 502)",
      "github_unavailable",
    ],
    [
      "no connection",
      [NO_GRAPHQL, { route: "gh.tree", kind: "network" }],
      "GitHub did not answer as it should (no connection)",
      "github_unavailable",
    ],
    [
      "what is no answer",
      [NO_GRAPHQL, { route: "gh.tree", kind: "garbage" }],
      "GitHub did not answer as it should (fields are missing or of another type)",
      "github_invalid_answer",
    ],
    [
      "a folder of which GitHub lists only a part",
      [NO_GRAPHQL, { route: "gh.tree", kind: "status", status: 200, body: '{"tree":[],"truncated":true}' }],
      "the folder has more entries than GitHub lists",
      "github_invalid_answer",
    ],
    [
      "an access that GitHub refuses",
      [{ route: "gh.compare", kind: "bare403" }],
      "GitHub refuses the App this access",
      "github_forbidden",
    ],
    [
      "a redirect",
      [{ route: "gh.compare", kind: "redirect", status: 301 }],
      "the App cannot see the repository any more",
      "repository_not_visible",
    ],
    [
      "a list of runs that cannot be had at first",
      [{ route: "gh.checks", kind: "status", status: 503, times: 2 }],
      "GitHub did not answer as it should (status 503)",
      "github_unavailable",
    ],
  ];
  it.each(CASES)("%s", async (_name, faults, says, reason) => {
    const { pull, network, onlyRun, worker } = await createWebhookWorld();
    network.fault(...faults);
    await pull({ [POLICY]: BAD });
    expect([onlyRun().status, onlyRun().conclusion, onlyRun().title]).toEqual(["completed", "failure", UNDONE]);
    expect(onlyRun().summary).toContain(says);
    expect(lastDenial(worker.logs)).toMatchObject({ reason });
    expect(worker.logs.findLast(({ what }) => what === "done")?.delivery).toMatch(/^delivery-/);
  });

  it("and is done when the delivery comes again", async () => {
    const { pull, push, network, runs, owner } = await createWebhookWorld();
    network.fault({ route: "gh.compare", kind: "status", status: 502, times: 2 });
    const { commit } = await pull({ [POLICY]: BAD }, { branch: "topic" });
    await push({}, { branch: "topic", payload: { after: commit.sha, commits: [{ modified: [POLICY] }] } });
    expect(runs().map(({ title }) => title)).toEqual([UNDONE, "Invalid: 2 errors"]);
    expect(owner).toMatch(/^acme/);
  });

  it("but no verdict that was given is covered by it", async () => {
    const made = await createWebhookWorld();
    const { commit, answer } = await made.pull({ [POLICY]: BAD }, { branch: "topic" });
    made.network.fault({ route: "gh.compare", kind: "status", status: 500 });
    const payload = { after: commit.sha, forced: true, commits: [] };
    await made.push({}, { branch: "topic", payload });
    expect([answer.status, made.onlyRun().title]).toEqual([202, "Invalid: 2 errors"]);
  });
});

describe("without GraphQL", () => {
  it.each<readonly [name: string, fault: Fault]>([
    ["that is not there", NO_GRAPHQL],
    ["that is limited", { route: "gh.graphql", kind: "primary" }],
    [
      "that refuses the query",
      { route: "gh.graphql", kind: "status", status: 200, body: '{"errors":[{"message":"x"}]}' },
    ],
    [
      "that gives only a part",
      { route: "gh.graphql", kind: "status", status: 200, body: '{"data":{"repository":{"o0":null}},"errors":[{}]}' },
    ],
    ["that gives nothing", { route: "gh.graphql", kind: "status", status: 200, body: '{"data":{"repository":null}}' }],
    ["that answers far too much", { route: "gh.graphql", kind: "huge", bytes: 9 * 1024 * 1024 }],
  ])("%s, the same is read by REST", async (_name, fault) => {
    const made = await createWebhookWorld();
    const { pull, network, onlyRun, repository, owner } = made;
    network.github.putFile(repository, POLICY, BAD);
    network.fault(fault);
    await pull({ [POLICY]: `${BAD}subject: x\n`, [`${CHAINGUARD}/deep/er/still/more/x.sts.yaml`]: BAD });
    expect(onlyRun().summary).toContain("2 changed files looked at: 3 errors");
    expect(network.count("gh.tree")).toBeGreaterThan(0);
    expect(owner).toMatch(/^acme/);
  });

  it("for folders that nest deeper than it was asked, the same is read by REST", async () => {
    const { pull, network, onlyRun } = await createWebhookWorld();
    await pull({ [`${CHAINGUARD}/a/b/c/d/e/f.sts.yaml`]: BAD });
    expect(onlyRun().summary).toContain("`.github/chainguard/a/b/c/d/e/f.sts.yaml`, line 1");
    expect(network.count("gh.tree")).toBeGreaterThan(0);
  });

  it("folders that nest less are read by it", async () => {
    const { pull, network, onlyRun } = await createWebhookWorld();
    await pull({ [`${CHAINGUARD}/a/b/c/f.sts.yaml`]: BAD });
    expect(onlyRun().summary).toContain("2 errors");
    expect(network.count("gh.tree")).toBe(0);
  });

  it("for texts that it does not give exactly, the blob is read by REST", async () => {
    const { pull, network, onlyRun } = await createWebhookWorld();
    const latin = Uint8Array.of(...new TextEncoder().encode("# "), 0xe4, 0x0a);
    await pull({ [POLICY]: latin, [`${CHAINGUARD}/b.sts.yaml`]: Uint8Array.of(0x23, 0x00, 0x0a) });
    expect(network.count("gh.blob")).toBe(2);
    expect(onlyRun().summary).toContain("the file is not UTF-8");
    expect(onlyRun().title).toMatch(/^Invalid/);
  });

  it("a rate limit in the midst of the policies is told, with what was found until then", async () => {
    const { pull, network, onlyRun } = await createWebhookWorld();
    network.fault(NO_GRAPHQL, { route: "gh.blob", kind: "primary", skip: 6 });
    const files = Object.fromEntries(
      Array.from({ length: 8 }, (_, i) => [`${CHAINGUARD}/p${i}.sts.yaml`, `${BAD}#${i}`]),
    );
    await pull(files);
    expect([onlyRun().conclusion, onlyRun().title]).toEqual(["failure", "Invalid: 12 errors; 2 files not checked"]);
    expect(onlyRun().summary).toContain("6 changed files looked at: 12 errors");
    expect(onlyRun().summary).toContain("## Not checked");
    expect(onlyRun().summary).toContain("- `.github/chainguard/p7.sts.yaml`: GitHub limits this App's requests");
  });

  it("more files than one delivery may read one by one are named, and the run fails", async () => {
    const { pull, network, onlyRun } = await createWebhookWorld();
    network.fault(NO_GRAPHQL);
    const files = Array.from({ length: 60 }, (_, i) => [`${CHAINGUARD}/p${i}.sts.yaml`, `${BAD}subject: x${i}\n`]);
    await pull(Object.fromEntries(files));
    expect(network.calls.length).toBeLessThanOrEqual(50);
    expect(onlyRun().title).toMatch(/^Invalid: \d+ errors; \d+ files not checked; \d+ warnings$/);
    expect(onlyRun().summary).toContain("there is more to read than one delivery may; change fewer files at once");
  });

  it("a blob that GitHub does not have is not checked", async () => {
    const { pull, network, onlyRun } = await createWebhookWorld();
    network.fault(NO_GRAPHQL, { route: "gh.blob", kind: "status", status: 404 });
    await pull({ [POLICY]: BAD });
    expect([onlyRun().conclusion, onlyRun().title]).toEqual(["failure", UNDONE]);
  });
});

it("an outage that passes: asked once more, nobody is told", async () => {
  const { pull, network, onlyRun } = await createWebhookWorld();
  for (const route of ["gh.compare", "gh.graphql", "gh.checks", "gh.check_create"]) {
    network.fault({ route, kind: "status", status: 500, times: 1 });
  }
  await pull({ [POLICY]: BAD });
  expect(onlyRun().title).toBe("Invalid: 2 errors");
});

describe("where nothing can be told", () => {
  const quiet = async (made: WebhookWorld) => {
    await made.pull({ [POLICY]: BAD });
    expect(made.runs()).toEqual([]);
    return lastDenial(made.worker.logs);
  };

  it("the App may not write checks", async () => {
    const made = await createWebhookWorld({ permissions: { contents: "read" } });
    expect(await quiet(made)).toMatchObject({ reason: "permission_not_held", missing: ["checks:write"] });
  });

  it("the App is not installed", async () => {
    const made = await createWebhookWorld({ install: false });
    expect(await quiet(made)).toEqual({ reason: "app_not_installed", owner: made.owner });
  });

  it("the App was uninstalled since", async () => {
    const made = await createWebhookWorld();
    const { state } = made.network.github;
    const [installation] = state.installations;
    made.network.github.uninstall(installation?.id ?? 0);
    expect(await quiet(made)).toEqual({ reason: "app_not_installed", owner: made.owner });
  });

  it("the installation is suspended", async () => {
    const made = await createWebhookWorld();
    made.network.github.suspend(made.network.github.state.installations[0]?.id ?? 0);
    expect(await quiet(made)).toMatchObject({ reason: "installation_suspended" });
  });

  it("the App cannot see the repository", async () => {
    const made = await createWebhookWorld();
    made.network.fault({ route: "gh.mint", kind: "status", status: 422 });
    expect(await quiet(made)).toMatchObject({ reason: "repository_not_visible" });
  });
});

describe("a run", () => {
  const MANY = Array.from({ length: 60 }, (_, i) => `unknown_${i}: x`).join("\n");
  const TWO = { [POLICY]: `${BAD}${MANY}\n`, [`${CHAINGUARD}/b.sts.yaml`]: `${BAD}${MANY}\n` };

  it("is completed from its first moment, with fifty annotations, and has the others added", async () => {
    const made = await createWebhookWorld();
    await made.pull(TWO);
    expect(statuses(made)).toEqual(["completed"]);
    expect([made.onlyRun().conclusion, made.onlyRun().annotations.length]).toEqual(["failure", 124]);
    expect(made.network.count("gh.check_update")).toBe(2);
  });

  it.each([404, 422, 500])(
    "to which GitHub does not take more (%s) is answered by a plain one that says so",
    async (status) => {
      const made = await createWebhookWorld();
      made.network.fault({ route: "gh.check_update", kind: "status", status, skip: 1 });
      await made.pull(TWO);
      const [first, plain] = made.runs();
      expect([first?.status, first?.annotations.length]).toEqual(["completed", 100]);
      expect([plain?.status, plain?.conclusion, plain?.title, plain?.annotations.length]).toEqual([
        "completed",
        "failure",
        first?.title,
        0,
      ]);
      expect(plain?.summary).toMatch(/^GitHub did not take 124 annotations; what they say stands below/);
      expect(plain?.summary).toContain("unknown key `unknown_0`");
    },
  );

  it("that GitHub does not take with its annotations is made without", async () => {
    const made = await createWebhookWorld();
    made.network.fault({ route: "gh.check_create", kind: "status", status: 422, times: 1 });
    await made.pull({ [POLICY]: BAD });
    const run = made.onlyRun();
    expect([run.status, run.title, run.annotations.length]).toEqual(["completed", "Invalid: 2 errors", 0]);
    await made.pull({ "y.txt": "y", [POLICY]: BAD });
    expect(made.runs().length).toBe(2);
  });

  it("of a commit that vanished is made by nobody, and nothing is left to do", async () => {
    const made = await createWebhookWorld();
    made.network.fault({ route: "gh.check_create", kind: "status", status: 422 });
    await made.pull({ [POLICY]: BAD });
    expect([made.runs(), made.outcome()]).toEqual([[], "nothing"]);
  });

  it("has a summary within GitHub's bound, however much there is to say", async () => {
    const { pull, onlyRun } = await createWebhookWorld();
    const errors = Array.from({ length: 100 }, (_, i) => `"${"x".repeat(50)}${i}": y`).join("\n");
    const files = Object.fromEntries(
      Array.from({ length: 10 }, (_, i) => [`${CHAINGUARD}/p${i}.sts.yaml`, `${BAD}${errors}\n#${i}`]),
    );
    await pull(files);
    expect(onlyRun().summary.length).toBeGreaterThan(15_000);
    expect(new TextEncoder().encode(onlyRun().summary).length).toBeLessThan(65_535);
    expect(onlyRun().summary).toMatch(/\.\.\. and \d+ more\./);
  });
});
