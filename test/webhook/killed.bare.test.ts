// A Worker that is ended in the middle of a check, in the runtime as it is deployed: whatever it was at, no run is left pending, and
// the delivery that comes again is told its verdict.

import { describe, expect, it } from "vitest";
import { openWorkerd, until, type WorkerdWorld } from "../support/workerd.ts";
import { CHAINGUARD, delivery, pullRequest, repositoryJson, SECRET } from "./payloads.ts";

const MANY = Array.from({ length: 70 }, (_, i) => `unknown_${i}: x`).join("\n");
const FILES = { [`${CHAINGUARD}/a.sts.yaml`]: MANY, [`${CHAINGUARD}/b.sts.yaml`]: MANY };

/** A pull request whose run has more than fifty annotations. */
async function deliver({ url, network, owner }: WorkerdWorld, head: string): Promise<number> {
  const base = network.github.repository(`${owner}/app`).git.branches.get("main") ?? "";
  const [installation] = network.github.state.installations;
  const payload = { ...pullRequest(repositoryJson(owner, "app"), base, head), installation: { id: installation?.id } };
  const request = await delivery("pull_request", payload);
  const response = await fetch(`${url}/webhook`, {
    method: "POST",
    headers: Object.fromEntries([...request.headers].filter(([name]) => name !== "content-length")),
    body: await request.text(),
  });
  return response.status;
}

describe("a Worker that is ended", () => {
  const routes = ["gh.mint", "gh.compare", "gh.checks", "gh.graphql", "gh.check_create", "gh.check_update"];

  it.each(routes)("while %s is not yet answered leaves nothing pending", async (route) => {
    const world = await openWorkerd({ variables: { GITHUB_WEBHOOK_SECRET: SECRET } });
    const { network, owner } = world;
    const { checkRuns, git } = network.github.repository(`${owner}/app`);
    const { sha } = git.commit({ branch: "topic", files: FILES });
    network.fault({ route, kind: "hang", acted: true, times: 1 });
    expect(await deliver(world, sha)).toBe(202);
    await until(() => network.count(route) > 0);
    await world.kill();
    expect(checkRuns.map(({ status }) => status).filter((status) => status !== "completed")).toEqual([]);
    network.clearFaults();
    const revived = await world.revive();
    try {
      expect(await deliver(revived, sha)).toBe(202);
      await until(() => revived.logs().some(({ what }) => what === "done"));
      expect(
        checkRuns.map(({ status, conclusion, output }) => [status, conclusion, output.title?.split(":")[0]]),
      ).toEqual([["completed", "failure", "Invalid"]]);
    } finally {
      await revived.close();
    }
  });
});
