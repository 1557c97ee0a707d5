// Whoever pastes the README's first policy and first workflow gets a token: the policy as it stands there, and a job of that
// workflow, in a repository of those numbers. The blocks are the example's files: test/architecture/readme.node.test.ts.

import { beforeEach, expect, it } from "vitest";
import lets from "../../policies/examples/first-policy/claims.json?raw";
import refuses from "../../policies/examples/first-policy/refused.json?raw";
import readme from "../../README.md?raw";
import { APP_ID } from "../support/apps.ts";
import { reset } from "../support/storage.ts";
import { createWorld, policyPath, type World } from "../support/world.ts";

beforeEach(() => reset());

async function pasted(): Promise<World> {
  const world = await createWorld();
  const { github } = world;
  github.addOrganization("acme", { id: 1234567 });
  github.addRepository("acme/app", { id: 7654321 });
  github.install({ app: APP_ID, owner: "acme", permissions: { contents: "write" } });
  const [, policy = ""] = /^```yaml\n([\s\S]*?)^```$/m.exec(readme) ?? [];
  github.putFile("acme/app", policyPath("release"), policy);
  return world;
}

/** The times are the emulator's. */
function ask(world: World, claims: string) {
  const { iat: _, nbf: __, exp: ___, ...of } = JSON.parse(claims);
  return world.ask({ scope: "acme/app", identity: "release", claims: of });
}

it("gives that job a token for what the policy says", async () => {
  const world = await pasted();
  const { status, body } = await ask(world, lets);
  expect([status, body]).toMatchObject([200, { permissions: { contents: "write" }, repositories: ["app"] }]);
  expect(world.livingTokens()).toEqual([body.token]);
});

it("gives the same job none without the environment", async () => {
  const world = await pasted();
  const { status, body } = await ask(world, refuses);
  expect([status, body.reason, world.livingTokens()]).toEqual([403, "subject_mismatch", []]);
});
