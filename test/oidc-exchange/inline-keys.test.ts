// Keys inline in a policy: nothing is fetched, only those keys verify, and where such a policy is refused. What it proves is what its
// author says, so it opens no explanation that only the owner may see.

import { describe, expect, it } from "vitest";
import { POLICY } from "../exchange/story.ts";
import { bytesOf, strict } from "./support/cases.ts";
import {
  commonText,
  GITHUB,
  ISSUER_HOST,
  putAllowList,
  putPolicy,
  reallyOf,
  type Stage,
  type StageOptions,
  signerNamed,
  stage,
} from "./support/stage.ts";

const inline = (issuer: string, owner: string, ...keys: readonly object[]): string =>
  `${POLICY(owner, issuer)}jwks:\n  keys: ${JSON.stringify(keys)}\n`;

/** A stage whose policy holds its issuer's key; the issuer itself answers nothing. */
async function withKeys(options: StageOptions = {}): Promise<Stage> {
  const at = await stage(options);
  at.internet.down(at.issuer);
  putPolicy(at, inline(at.issuer, at.owner, at.signer.publicJwk));
  return at;
}

describe("keys of a policy", () => {
  it("verify tokens without a call to the issuer, cold and warm, in every isolate", async () => {
    const at = await withKeys();
    for (const worker of [at.worker, at.worker, at.isolate()]) {
      const answer = await worker.fetch(await at.request({ authorization: `Bearer ${await at.token()}` }));
      expect(answer.status).toBe(200);
    }
    expect(at.internet.hosts()).toEqual([GITHUB]);
  });

  it("are the only ones: what the issuer publishes does not verify, nor what was cached of it", async () => {
    const at = await stage();
    const evil = await signerNamed("evil");
    putPolicy(at, inline(at.issuer, at.owner, evil.publicJwk), "other");
    // By discovery, so that its keys are cached.
    expect((await at.send(await at.token())).status).toBe(200);
    at.internet.forget();
    const refused = await at.send(await at.token(), { scope: `${at.owner}/other` });
    expect([refused.status, refused.body.message]).toEqual([404, commonText(at.owner)]);
    expect(reallyOf(at)).toBe("signature_invalid");
    expect(at.internet.count(ISSUER_HOST)).toBe(0);
    expect((await at.send(await at.token({}, {}, evil), { scope: `${at.owner}/other` })).status).toBe(200);
    // And they never become the issuer's.
    expect((await at.send(await at.token({}, {}, evil))).status).toBe(404);
    expect(reallyOf(at)).toBe("signature_invalid");
  });

  it("are those of the policy as it is now: once it changed, the old key is refused", async () => {
    const at = await withKeys();
    expect((await at.send(await at.token())).status).toBe(200);
    const evil = await signerNamed("evil");
    putPolicy(at, inline(at.issuer, at.owner, evil.publicJwk));
    at.clock.now += 5 * 60_000;
    expect((await at.send(await at.token())).status).toBe(404);
    expect((await at.send(await at.token({}, {}, evil))).status).toBe(200);
  });

  it("verify for the issuer of the policy alone", async () => {
    const at = await withKeys();
    const answer = await at.send(await at.token({ iss: `${at.issuer}/x` }));
    expect([answer.status, reallyOf(at)]).toEqual([404, "issuer_mismatch"]);
  });

  it("cannot be used with an algorithm that they are not for, nor with a kid that they do not have", async () => {
    const at = await withKeys();
    for (const header of [{ alg: "RS512" }, { alg: "PS256" }, { kid: "x" }]) {
      const token = await at.token({}, header);
      expect([(await at.send(token)).status, reallyOf(at)]).toEqual([404, "signature_invalid"]);
    }
    const es = await at.token({}, { alg: "HS256" });
    expect((await at.send(es)).body.reason).toBe("token_unsupported");
  });

  it("cause no write to KV until they have verified somebody", async () => {
    const written: string[] = [];
    const at = await withKeys({
      bindings: { STS_CACHE: { get: async () => null, put: async (key: string) => void written.push(key) } },
    });
    await at.send(await at.token({}, {}, await signerNamed("evil")));
    expect(written).toEqual([]);
    // Another isolate, as this one remembers what the stranger made it read.
    await at.isolate().fetch(await at.request({ authorization: `Bearer ${await at.token()}` }));
    expect(written.length).toBeGreaterThan(0);
  });
});

describe("a policy with keys is refused", () => {
  const broken = async (at: Stage, scope = `${at.owner}/app`) => {
    const answer = await at.send(await at.token(), { scope });
    return [answer.status, reallyOf(at)];
  };

  it.each<[string, StageOptions, number]>([
    ["for a known issuer: its keys are its own", { known: true }, 401],
    ["below a known wildcard", { variables: { KNOWN_ISSUERS: `https://${ISSUER_HOST}/*` } }, 401],
  ])("%s", async (_about, options, status) => {
    const at = await stage(options);
    const evil = await signerNamed("evil");
    putPolicy(at, inline(at.issuer, at.owner, evil.publicJwk));
    expect((await at.send(await at.token({}, {}, evil))).status).toBe(status);
    expect(reallyOf(at)).toBe("signature_invalid");
    expect(await broken(at)).toEqual([404, "policy_invalid"]);
  });

  it.each(["https://token.actions.githubusercontent.com", "https://accounts.google.com"])("for %s", async (issuer) => {
    const at = await stage();
    const evil = await signerNamed("evil");
    putPolicy(at, inline(issuer, at.owner, evil.publicJwk));
    const answer = await at.send(await at.token({ iss: issuer }, {}, evil));
    expect(answer.status).not.toBe(200);
    expect(at.grantMints()).toBe(0);
  });

  it("with ALLOWED_ISSUERS, unless INLINE_JWKS says otherwise (and the issuer is one of them, and so is known)", async () => {
    const allowed = "https://other.example";
    const at = await withKeys({ variables: { ALLOWED_ISSUERS: allowed } });
    expect((await at.send(await at.token())).body.reason).toBe("issuer_not_served");
    const on = await withKeys({ variables: { ALLOWED_ISSUERS: allowed, INLINE_JWKS: "true" } });
    expect((await on.send(await on.token())).body.reason).toBe("issuer_not_served");
    expect([...at.internet.hosts(), ...on.internet.hosts()]).toEqual([]);
  });

  it("with INLINE_JWKS false", async () => {
    const at = await withKeys({ variables: { INLINE_JWKS: "false" } });
    expect(await broken(at)).toEqual([404, "policy_invalid"]);
  });

  it("in a repository, where the owner enforces a list; not under audit, without one, or in the owner's own policy", async () => {
    const at = await withKeys();
    const listed = (mode: string) => `mode: ${mode}\nissuers: ["${at.issuer}"]\n`;
    const org = `${inline(at.issuer, at.owner, at.signer.publicJwk)}repositories: [app]\n`;
    putPolicy(at, org, ".github");
    putAllowList(at, listed("enforce"));
    expect(await broken(at)).toEqual([404, "policy_invalid"]);
    expect((await broken(at, at.owner))[0]).toBe(200);
    expect((await broken(at, `${at.owner}/.github`))[0]).toBe(200);
    putAllowList(at, listed("audit"));
    at.clock.now += 5 * 60_000;
    expect((await broken(at))[0]).toBe(200);
    // The list says no before the policy is looked at.
    strict(at);
    at.clock.now += 5 * 60_000;
    expect(await broken(at)).toEqual([404, "issuer_not_permitted"]);
    expect(await broken(at, at.owner)).toEqual([404, "issuer_not_permitted"]);
    expect(at.internet.hosts()).toEqual([GITHUB]);
  });
});

describe("keys of a policy prove no ownership", () => {
  // An Actions issuer of an enterprise is none of the built-in ones: whoever writes to one repository may name it with keys of his own.
  const ENTERPRISE = "https://token.actions.githubusercontent.com/evil";

  it("whatever their tokens claim: who signs himself the owner's number learns no more than a stranger", async () => {
    const at = await stage();
    const evil = await signerNamed("evil");
    const policy = inline(ENTERPRISE, at.owner, evil.publicJwk);
    putPolicy(at, policy.replace("main", "s3cr3t-word"));
    const answer = await at.send(await at.token({ iss: ENTERPRISE }, {}, evil));
    expect(answer.body).toMatchObject({
      reason: "subject_mismatch",
      message: `trust policy: subject "repo:${at.owner}/app:ref:refs/heads/main" did not match`,
    });
    expect(bytesOf(answer, at)).not.toContain("s3cr3t-word");
  });

  it("though an enterprise's own issuer, found by discovery, does", async () => {
    const at = await stage();
    at.internet.issuer(ENTERPRISE, [at.signer.publicJwk]);
    putPolicy(at, POLICY(at.owner, ENTERPRISE).replace("main", "s3cr3t-word"));
    const answer = await at.send(await at.token({ iss: ENTERPRISE }));
    expect(answer.body.message).toContain("s3cr3t-word");
  });

  it("nor does any other issuer, whatever its tokens claim", async () => {
    const at = await stage();
    putPolicy(at, POLICY(at.owner, at.issuer).replace("main", "s3cr3t-word"));
    const answer = await at.send(await at.token());
    expect(answer.body.reason).toBe("subject_mismatch");
    expect(answer.text).not.toContain("s3cr3t-word");
  });
});
