// What a policy may say that only the deployment can judge: permissions that the table lacks, issuers that are never asked.
// Each refusal is the same cold and warm, and mints nothing.

import { describe, expect, it } from "vitest";
import { createIssuerWorld } from "../support/issuer-world.ts";
import { createWorld, POLICY } from "../support/world.ts";

const invalid = (owner: string, told: string) =>
  `unable to parse or compile trust policy found for "deploy": ${owner}/app/.github/chainguard/deploy.sts.yaml${told}`;

describe("a permission that this version does not know", () => {
  const PERMISSIONS = { contents: "read", issue_types: "write", metadata: "read" };
  const worldWith = async (variables: Readonly<Record<string, string>>) => {
    const world = await createWorld({ permissions: PERMISSIONS, variables });
    world.putPolicy(POLICY(world.owner).replace("issues: write", "issue_types: write"));
    return world;
  };

  it("is refused, and the owner's workload is told how it can be allowed", async () => {
    const world = await worldWith({});
    // One isolate has the policy from GitHub, the other from KV.
    for (const worker of [world.worker, world.isolate()]) {
      const { status, body } = await worker.fetch(await world.request());
      expect([status, body.reason]).toEqual([404, "policy_invalid"]);
      expect(body.message).toBe(
        invalid(
          world.owner,
          `:4:3: permission "issue_types" is not known to this version (compare it with GitHub's list of App permissions; if GitHub has it, the deployment can name it in EXTRA_PERMISSIONS)`,
        ),
      );
    }
    expect([world.grantMints(), world.livingTokens()]).toEqual([0, []]);
  });

  it("counts as organization-wide where EXTRA_PERMISSIONS names it", async () => {
    const world = await worldWith({ EXTRA_PERMISSIONS: "issue_types" });
    const { status, body } = await world.ask();
    expect([status, body.reason]).toEqual([404, "policy_invalid"]);
    expect(body.message).toContain("issue_types: write reaches the whole organization");
    expect([world.grantMints(), world.livingTokens()]).toEqual([0, []]);
  });

  it("is granted where the deployment lets repositories grant that much, and downscoped to", async () => {
    const variables = { EXTRA_PERMISSIONS: "other_things, issue_types", ORG_PERMISSIONS_IN_REPO_POLICIES: "any" };
    const world = await worldWith(variables);
    const granted = await world.ask();
    expect([granted.status, granted.body.permissions]).toEqual([200, { issue_types: "write", metadata: "read" }]);
    const less = await world.ask({ query: { permissions: "issue_types:read" } });
    expect([less.status, less.body.permissions]).toEqual([200, { issue_types: "read", metadata: "read" }]);
    const other = await world.ask({ query: { permissions: "things:read" } });
    expect([other.status, other.body.message]).toEqual([400, 'no permission is named "things"']);
    expect(world.livingTokens()).toHaveLength(2);
  });
});

describe("an issuer that is never asked", () => {
  it.each([
    "https://kubernetes.default.svc.cluster.local",
    "https://kubernetes.default.svc",
    "https://10.0.0.5:6443",
    "https://kubernetes",
  ])("makes the policy one that can never match, and nobody asks it: %s", async (issuer) => {
    const world = await createWorld();
    world.putPolicy(POLICY(world.owner, issuer));
    // The owner's own workload finds out why; the issuer's tokens get the answer of all unverified callers.
    const { status, body } = await world.ask();
    expect([status, body.reason]).toEqual([404, "policy_invalid"]);
    expect(body.message).toContain(
      invalid(world.owner, `:1:1: ${issuer} is no address that this service asks for keys, so that no token can match`),
    );
    expect(body.message).toContain("`kubectl get --raw /openid/v1/jwks`");
    expect(world.calls.every(({ route }) => route.startsWith("gh.") || route.startsWith("oidc."))).toBe(true);
    expect([world.grantMints(), world.livingTokens()]).toEqual([0, []]);
  });

  it("lets its workloads in by keys in the policy, pasted as kubectl prints them", async () => {
    const world = await createIssuerWorld();
    world.network.down(world.issuer);
    const keys = JSON.stringify({ keys: [{ ...world.signer.publicJwk, use: "sig" }] });
    world.putPolicy(`${POLICY(world.owner, world.issuer)}jwks: |\n  ${keys}\n`);
    expect((await world.send(await world.token())).status).toBe(200);
    const forged = await world.send(`${(await world.token()).slice(0, -8)}AAAAAAAA`);
    expect([forged.status, world.loggedReason()]).toEqual([404, "signature_invalid"]);
    expect(world.livingTokens()).toHaveLength(1);
  });
});
