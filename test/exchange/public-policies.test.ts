// Whoever may read a policy anyway is told why it refused him; as long as he may.

import { beforeEach, describe, expect, it } from "vitest";
import type { Isolate } from "../support/isolate.ts";
import { reset } from "../support/storage.ts";
import { createWebhookWorld, repositoryJson, type WebhookWorld } from "../support/webhook-world.ts";
import { POLICY } from "../support/workload.ts";
import { MINUTE, policyPath, type World } from "../support/world.ts";

beforeEach(() => reset());

const FOREIGN = {
  sub: "repo:somebody/x:ref:refs/heads/main",
  repository: "somebody/x",
  repository_owner: "somebody",
  repository_owner_id: "1",
};

async function readable(): Promise<WebhookWorld> {
  const made = await createWebhookWorld({ visibility: "public" });
  made.github.putFile(made.repository, policyPath("deploy"), POLICY(made.owner));
  return made;
}

/** Whether a stranger's refusal quotes the policy. */
async function quotes(world: World, isolate: Isolate = world.worker): Promise<boolean> {
  const { status, text } = await isolate.fetch(await world.request({ claims: FOREIGN }));
  expect(status).toBe(403);
  return text.includes(`repo:${world.owner}/app:ref:refs/heads/main`);
}

function privatize({ github, owner }: World): void {
  github.repository(`${owner}/app`).visibility = "private";
}

describe("a policy of a public repository", () => {
  it("explains itself to everybody who is verified, cold and warm", async () => {
    const made = await readable();
    for (const later of [0, 0, 30_000, MINUTE, 2 * MINUTE]) {
      made.clock.now += later;
      expect(await quotes(made)).toBe(true);
    }
  });

  it("costs one call a minute to know that it still is", async () => {
    const made = await readable();
    expect(await quotes(made)).toBe(true);
    made.network.forgetCalls();
    for (let i = 0; i < 5; i++) expect(await quotes(made)).toBe(true);
    expect(made.calls).toEqual([]);
    made.clock.now += MINUTE;
    for (let i = 0; i < 5; i++) expect(await quotes(made)).toBe(true);
    expect(made.routes()).toEqual(["gh.mint"]);
    expect(made.livingTokens()).toEqual([]);
  });

  it("that was made private explains nothing after a minute, in any isolate", async () => {
    const made = await readable();
    const other = made.isolate();
    expect([await quotes(made), await quotes(made, other)]).toEqual([true, true]);
    privatize(made);
    made.clock.now += MINUTE;
    for (const isolate of [made.worker, other, made.isolate()]) expect(await quotes(made, isolate)).toBe(false);
    expect(made.livingTokens()).toEqual([]);
  });

  it("that was made private explains nothing at once where the webhook told", async () => {
    const made = await readable();
    expect(await quotes(made)).toBe(true);
    privatize(made);
    await made.send("repository", { action: "privatized", repository: repositoryJson(made.owner, "app") });
    expect(await quotes(made)).toBe(false);
  });

  it.each([
    ["500", { kind: "status", status: 500 }],
    ["a limit", { kind: "primary" }],
  ] as const)("explains nothing while GitHub does not say (%s), and refuses as before", async (_, fault) => {
    const made = await readable();
    expect(await quotes(made)).toBe(true);
    made.clock.now += MINUTE;
    made.network.fault({ route: "gh.mint", ...fault });
    expect(await quotes(made)).toBe(false);
  });

  it("asks nothing for the owner's own, and nothing for a grant", async () => {
    const made = await readable();
    expect((await made.ask()).status).toBe(200);
    made.clock.now += 2 * MINUTE;
    made.network.forgetCalls();
    const mine = await made.ask({ claims: { sub: "repo:x/y" } });
    expect([mine.status, made.calls.length]).toEqual([403, 0]);
    expect((await made.ask()).status).toBe(200);
    expect(made.routes()).toEqual(["gh.mint"]);
  });
});
