// Keys inline in a policy: nothing is fetched, only those keys verify, and where such a policy is refused. What it proves is what its
// author says, so it opens no explanation that only the owner may see.

import { describe, expect, it } from "vitest";
import {
  commonText,
  createIssuerWorld,
  GITHUB,
  ISSUER_HOST,
  type IssuerWorld,
  type IssuerWorldOptions,
  signerNamed,
} from "../support/issuer-world.ts";
import { memoryKv } from "../support/memory-kv.ts";
import { POLICY } from "../support/workload.ts";
import { bytesOf, strict } from "./indistinguishable.ts";

const inline = (issuer: string, owner: string, ...keys: readonly object[]): string =>
  `${POLICY(owner, issuer)}jwks:\n  keys: ${JSON.stringify(keys)}\n`;

/** A world whose policy holds its issuer's key; the issuer itself answers nothing. */
async function withKeys(options: IssuerWorldOptions = {}): Promise<IssuerWorld> {
  const world = await createIssuerWorld(options);
  world.network.down(world.issuer);
  world.putPolicy(inline(world.issuer, world.owner, world.signer.publicJwk));
  return world;
}

describe("keys of a policy", () => {
  it("verify tokens without a call to the issuer, cold and warm, in every isolate", async () => {
    const world = await withKeys();
    for (const worker of [world.worker, world.worker, world.isolate()]) {
      const answer = await worker.fetch(await world.request({ authorization: `Bearer ${await world.token()}` }));
      expect(answer.status).toBe(200);
    }
    expect(world.network.hosts()).toEqual([GITHUB]);
  });

  it("are the only ones: what the issuer publishes does not verify, nor what was cached of it", async () => {
    const world = await createIssuerWorld();
    const evil = await signerNamed("evil");
    world.putPolicy(inline(world.issuer, world.owner, evil.publicJwk), "deploy", "other");
    // By discovery, so that its keys are cached.
    expect((await world.send(await world.token())).status).toBe(200);
    world.network.forgetCalls();
    const refused = await world.send(await world.token(), { scope: `${world.owner}/other` });
    expect([refused.status, refused.body.message]).toEqual([404, commonText(world.owner)]);
    expect(world.loggedReason()).toBe("signature_invalid");
    expect(world.network.countHost(ISSUER_HOST)).toBe(0);
    expect((await world.send(await world.token({}, {}, evil), { scope: `${world.owner}/other` })).status).toBe(200);
    // And they never become the issuer's.
    expect((await world.send(await world.token({}, {}, evil))).status).toBe(404);
    expect(world.loggedReason()).toBe("signature_invalid");
  });

  it("are those of the policy as it is now: once it changed, the old key is refused", async () => {
    const world = await withKeys();
    expect((await world.send(await world.token())).status).toBe(200);
    const evil = await signerNamed("evil");
    world.putPolicy(inline(world.issuer, world.owner, evil.publicJwk));
    world.clock.now += 5 * 60_000;
    expect((await world.send(await world.token())).status).toBe(404);
    expect((await world.send(await world.token({}, {}, evil))).status).toBe(200);
  });

  it("verify for the issuer of the policy alone", async () => {
    const world = await withKeys();
    const answer = await world.send(await world.token({ iss: `${world.issuer}/x` }));
    expect([answer.status, world.loggedReason()]).toEqual([404, "issuer_mismatch"]);
  });

  it("cannot be used with an algorithm that they are not for, nor with a kid that they do not have", async () => {
    const world = await withKeys();
    for (const header of [{ alg: "RS512" }, { alg: "PS256" }, { kid: "x" }]) {
      const token = await world.token({}, header);
      expect([(await world.send(token)).status, world.loggedReason()]).toEqual([404, "signature_invalid"]);
    }
    const es = await world.token({}, { alg: "HS256" });
    expect((await world.send(es)).body.reason).toBe("token_unsupported");
  });

  it("cause no write to KV until they have verified somebody", async () => {
    const written: string[] = [];
    const world = await withKeys({
      bindings: { STS_CACHE: { ...memoryKv(), put: async (key: string) => void written.push(key) } },
    });
    await world.send(await world.token({}, {}, await signerNamed("evil")));
    expect(written).toEqual([]);
    // Another isolate, as this one remembers what the stranger made it read.
    await world.isolate().fetch(await world.request({ authorization: `Bearer ${await world.token()}` }));
    expect(written.length).toBeGreaterThan(0);
  });
});

describe("a policy with keys is refused", () => {
  const broken = async (world: IssuerWorld, scope = `${world.owner}/app`) => {
    const answer = await world.send(await world.token(), { scope });
    return [answer.status, world.loggedReason()];
  };

  it.each<[string, IssuerWorldOptions, number]>([
    ["for a known issuer: its keys are its own", { known: true }, 401],
    ["below a known wildcard", { variables: { KNOWN_ISSUERS: `https://${ISSUER_HOST}/*` } }, 401],
  ])("%s", async (_about, options, status) => {
    const world = await createIssuerWorld(options);
    const evil = await signerNamed("evil");
    world.putPolicy(inline(world.issuer, world.owner, evil.publicJwk));
    expect((await world.send(await world.token({}, {}, evil))).status).toBe(status);
    expect(world.loggedReason()).toBe("signature_invalid");
    expect(await broken(world)).toEqual([404, "policy_invalid"]);
  });

  it.each(["https://token.actions.githubusercontent.com", "https://accounts.google.com"])("for %s", async (issuer) => {
    const world = await createIssuerWorld();
    const evil = await signerNamed("evil");
    world.putPolicy(inline(issuer, world.owner, evil.publicJwk));
    const answer = await world.send(await world.token({ iss: issuer }, {}, evil));
    expect(answer.status).not.toBe(200);
    expect(world.grantMints()).toBe(0);
  });

  it("with ALLOWED_ISSUERS, unless INLINE_JWKS says otherwise (and the issuer is one of them, and so is known)", async () => {
    const allowed = "https://other.example";
    const world = await withKeys({ variables: { ALLOWED_ISSUERS: allowed } });
    expect((await world.send(await world.token())).body.reason).toBe("issuer_not_served");
    const on = await withKeys({ variables: { ALLOWED_ISSUERS: allowed, INLINE_JWKS: "true" } });
    expect((await on.send(await on.token())).body.reason).toBe("issuer_not_served");
    expect([...world.network.hosts(), ...on.network.hosts()]).toEqual([]);
  });

  it("with INLINE_JWKS false", async () => {
    const world = await withKeys({ variables: { INLINE_JWKS: "false" } });
    expect(await broken(world)).toEqual([404, "policy_invalid"]);
  });

  it("in a repository, where the owner enforces a list; not under audit, without one, or in the owner's own policy", async () => {
    const world = await withKeys();
    const listed = (mode: string) => `mode: ${mode}\nissuers: ["${world.issuer}"]\n`;
    const org = `${inline(world.issuer, world.owner, world.signer.publicJwk)}repositories: [app]\n`;
    world.putPolicy(org, "deploy", ".github");
    world.putAllowList(listed("enforce"));
    expect(await broken(world)).toEqual([404, "policy_invalid"]);
    expect((await broken(world, world.owner))[0]).toBe(200);
    expect((await broken(world, `${world.owner}/.github`))[0]).toBe(200);
    world.putAllowList(listed("audit"));
    world.clock.now += 5 * 60_000;
    expect((await broken(world))[0]).toBe(200);
    // The list says no before the policy is looked at.
    strict(world);
    world.clock.now += 5 * 60_000;
    expect(await broken(world)).toEqual([404, "issuer_not_permitted"]);
    expect(await broken(world, world.owner)).toEqual([404, "issuer_not_permitted"]);
    expect(world.network.hosts()).toEqual([GITHUB]);
  });
});

describe("keys of a policy prove no ownership", () => {
  // An Actions issuer of an enterprise is none of the built-in ones: whoever writes to one repository may name it with keys of his own.
  const ENTERPRISE = "https://token.actions.githubusercontent.com/evil";

  it("whatever their tokens claim: who signs himself the owner's number learns no more than a stranger", async () => {
    const world = await createIssuerWorld();
    const evil = await signerNamed("evil");
    const policy = inline(ENTERPRISE, world.owner, evil.publicJwk);
    world.putPolicy(policy.replace("main", "s3cr3t-word"));
    const answer = await world.send(await world.token({ iss: ENTERPRISE }, {}, evil));
    expect(answer.body).toMatchObject({
      reason: "subject_mismatch",
      message: `trust policy: subject "repo:${world.owner}/app:ref:refs/heads/main" did not match`,
    });
    expect(bytesOf(answer, world)).not.toContain("s3cr3t-word");
  });

  it("though an enterprise's own issuer, found by discovery, does", async () => {
    const world = await createIssuerWorld();
    world.network.publish(ENTERPRISE, [world.signer.publicJwk]);
    world.putPolicy(POLICY(world.owner, ENTERPRISE).replace("main", "s3cr3t-word"));
    const answer = await world.send(await world.token({ iss: ENTERPRISE }));
    expect(answer.body.message).toContain("s3cr3t-word");
  });

  it("nor does any other issuer, whatever its tokens claim", async () => {
    const world = await createIssuerWorld();
    world.putPolicy(POLICY(world.owner, world.issuer).replace("main", "s3cr3t-word"));
    const answer = await world.send(await world.token());
    expect(answer.body.reason).toBe("subject_mismatch");
    expect(answer.text).not.toContain("s3cr3t-word");
  });
});
