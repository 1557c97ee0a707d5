// What GitHub can refuse, and a check never stays pending for it.

import { reset } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import type { Fault } from "../support/network.ts";
import { CHAINGUARD, scene } from "./scene.ts";

beforeEach(() => reset());

const POLICY = `${CHAINGUARD}/ci.sts.yaml`;
const BAD = "issuer: https://x.example\n";
const UNDONE = "Trust policies could not be checked.";

const lastDenial = (logs: readonly Readonly<Record<string, unknown>>[]): unknown => {
  const line = logs.findLast(({ what }) => what === "done");
  return line?.denial;
};

describe("a check that cannot be done says so in its run, and in the log with the delivery's id", () => {
  const CASES: readonly (readonly [name: string, fault: Fault, says: string, reason: string])[] = [
    [
      "a rate limit while comparing",
      { route: "gh.compare", kind: "primary" },
      "GitHub limits this App's requests for another 1800 s",
      "github_rate_limited",
    ],
    [
      "a secondary limit while reading trees",
      { route: "gh.tree", kind: "secondary" },
      "GitHub limits this App's requests for another 60 s",
      "github_rate_limited",
    ],
    [
      "an outage while reading trees",
      { route: "gh.tree", kind: "status", status: 502 },
      "GitHub did not answer as it should (status 502)",
      "github_unavailable",
    ],
    [
      "no connection",
      { route: "gh.tree", kind: "network" },
      "GitHub did not answer as it should (no connection)",
      "github_unavailable",
    ],
    [
      "what is no answer",
      { route: "gh.tree", kind: "garbage" },
      "GitHub did not answer as it should (fields are missing or of another type)",
      "github_invalid_answer",
    ],
    [
      "a folder of which GitHub lists only a part",
      { route: "gh.tree", kind: "status", status: 200, body: '{"tree":[],"truncated":true}' },
      "the folder has more entries than GitHub lists",
      "github_invalid_answer",
    ],
    [
      "an access that GitHub refuses",
      { route: "gh.compare", kind: "bare403" },
      "GitHub refuses the App this access",
      "github_forbidden",
    ],
    [
      "a redirect",
      { route: "gh.compare", kind: "redirect", status: 301 },
      "the App cannot see the repository any more",
      "repository_not_visible",
    ],
  ];
  it.each(CASES)("%s", async (_name, fault, says, reason) => {
    const { pull, network, onlyRun, worker } = await scene();
    network.fault(fault);
    await pull({ [POLICY]: BAD });
    expect([onlyRun().status, onlyRun().conclusion, onlyRun().title]).toEqual(["completed", "failure", UNDONE]);
    expect(onlyRun().summary).toContain(says);
    expect(lastDenial(worker.logs)).toMatchObject({ reason });
    expect(worker.logs.findLast(({ what }) => what === "done")?.delivery).toMatch(/^delivery-/);
    expect(network.github.tokens.every(({ revoked }) => revoked)).toBe(true);
  });

  it("a rate limit in the midst of the policies, with what was found until then", async () => {
    const { pull, network, onlyRun } = await scene();
    network.fault({ route: "gh.blob", kind: "primary", skip: 6 });
    const files = Object.fromEntries(
      Array.from({ length: 8 }, (_, i) => [`${CHAINGUARD}/p${i}.sts.yaml`, `${BAD}#${i}`]),
    );
    await pull(files);
    expect([onlyRun().conclusion, onlyRun().title]).toEqual(["failure", "Invalid trust policy."]);
    expect(onlyRun().summary).toContain("6 changed files looked at, 12 errors");
    expect(onlyRun().summary).toContain("## Not checked");
    expect(onlyRun().summary).toContain("- `.github/chainguard/p7.sts.yaml`: GitHub limits this App's requests");
  });

  it("an outage that passes: asked once more, nobody is told", async () => {
    const { pull, network, onlyRun } = await scene();
    for (const route of ["gh.compare", "gh.tree", "gh.blob", "gh.checks", "gh.check_update"]) {
      network.fault({ route, kind: "status", status: 500, times: 1 });
    }
    await pull({ [POLICY]: BAD });
    expect(onlyRun().title).toBe("Invalid trust policy.");
  });

  it("a blob that GitHub does not have", async () => {
    const { pull, network, onlyRun } = await scene();
    network.fault({ route: "gh.blob", kind: "status", status: 404 });
    await pull({ [POLICY]: BAD });
    expect([onlyRun().conclusion, onlyRun().title]).toEqual(["failure", UNDONE]);
  });
});

describe("where nothing can be told", () => {
  const quiet = async (made: Awaited<ReturnType<typeof scene>>) => {
    await made.pull({ [POLICY]: BAD });
    expect(made.runs()).toEqual([]);
    expect(made.github.tokens.every(({ revoked }) => revoked)).toBe(true);
    return lastDenial(made.worker.logs);
  };

  it("the App may not write checks", async () => {
    const made = await scene({ permissions: { contents: "read" } });
    expect(await quiet(made)).toMatchObject({ reason: "permission_not_held", missing: ["checks:write"] });
  });

  it("the App is not installed", async () => {
    const made = await scene({ install: false });
    expect(await quiet(made)).toEqual({ reason: "app_not_installed", owner: made.owner });
  });

  it("the installation is suspended", async () => {
    const made = await scene();
    made.github.suspend(made.github.world.installations[0]?.id ?? 0);
    expect(await quiet(made)).toMatchObject({ reason: "installation_suspended" });
  });

  it("the repository vanished", async () => {
    const made = await scene();
    await made.pull({ "x.txt": "x" });
    made.network.fault({ route: "gh.mint", kind: "status", status: 422 });
    expect(await quiet(made)).toMatchObject({ reason: "repository_not_visible" });
  });

  it("the installation was made anew: its old number is forgotten, and the check done", async () => {
    const { pull, network, owner, onlyRun } = await scene();
    await pull({ "x.txt": "x" });
    const { github } = network;
    github.uninstall(github.world.installations[0]?.id ?? 0);
    github.install({ app: 7, owner, permissions: { contents: "read", checks: "write" } });
    await pull({ [POLICY]: BAD });
    expect(onlyRun().title).toBe("Invalid trust policy.");
  });

  it("the commit vanished before it was looked at", async () => {
    const made = await scene();
    const { send, owner, repository, network, outcome } = made;
    const { pullRequest, repositoryJson, headOf } = await import("./scene.ts");
    await send("pull_request", pullRequest(repositoryJson(owner, "app"), headOf(made, repository), "a".repeat(40)));
    expect([made.runs(), outcome()]).toEqual([[], "nothing"]);
    expect(network.count("gh.check_create")).toBe(0);
  });
});

describe("the end of a run", () => {
  it("is tried again when GitHub fails at it", async () => {
    const { pull, network, onlyRun, outcome } = await scene();
    network.fault({ route: "gh.check_update", kind: "status", status: 500, times: 2 });
    await pull({ [POLICY]: BAD });
    expect([onlyRun().status, onlyRun().conclusion, onlyRun().title]).toEqual(["completed", "failure", UNDONE]);
    expect(outcome()).toBe("failed");
  });

  it("has as many annotations as there are, fifty a call", async () => {
    const { pull, network, onlyRun } = await scene();
    const unknown = Array.from({ length: 60 }, (_, i) => `unknown_${i}: x`).join("\n");
    await pull({ [POLICY]: `${BAD}${unknown}\n`, [`${CHAINGUARD}/b.sts.yaml`]: `${BAD}${unknown}\n` });
    expect(onlyRun().annotations.length).toBe(124);
    // Two with fifty each; the last has the rest and the conclusion.
    expect(network.count("gh.check_update")).toBe(3);
    expect(onlyRun().conclusion).toBe("failure");
  });

  it("has a summary within GitHub's bound, however much there is to say", async () => {
    const { pull, onlyRun } = await scene();
    const faults = Array.from({ length: 100 }, (_, i) => `"${"x".repeat(50)}${i}": y`).join("\n");
    const files = Object.fromEntries(
      Array.from({ length: 10 }, (_, i) => [`${CHAINGUARD}/p${i}.sts.yaml`, `${BAD}${faults}\n#${i}`]),
    );
    await pull(files);
    expect(onlyRun().summary.length).toBeGreaterThan(15_000);
    expect(onlyRun().summary.length).toBeLessThan(65_535);
    expect(onlyRun().summary).toMatch(/\.\.\. and \d+ more\./);
  });
});
