// What a change does: conclusion, annotations, summary.

import { reset } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { CHAINGUARD, scene } from "./scene.ts";

beforeEach(() => reset());

const GOOD = (owner: string) =>
  `issuer: https://token.actions.githubusercontent.com\nsubject: repo:${owner}/app:ref:refs/heads/main\npermissions:\n  contents: read\n`;

describe("a pull request", () => {
  it("that adds a good policy", async () => {
    const { pull, onlyRun, owner } = await scene();
    const { answer, commit } = await pull({ [`${CHAINGUARD}/ci.sts.yaml`]: GOOD(owner) });
    expect(answer.status).toBe(202);
    const run = onlyRun();
    console.log(run);
    expect(run.conclusion).toBe("success");
    expect(run.headSha).toBe(commit.sha);
  });
});
