// What a refusal gives to go on with: the parameter as it was sent, the policy's line, a page about the reason, and a description
// that says nothing else than the message.

import { describe, expect, it } from "vitest";
import { createWorld, DOMAIN, POLICY, policyPath, type World } from "../support/world.ts";

const form = { "Content-Type": "application/x-www-form-urlencoded" };

describe("the parameter that was sent is named", () => {
  it.each([
    ["scope", { scope: "a/b/c" }, "invalid scope: expected owner or owner/repo"],
    ["scopes", { scope: null, query: { scopes: "a/b/c" } }, "invalid scopes: expected owner or owner/repo"],
    ["identity", { identity: "a/../b" }, /^invalid identity: expected segments /],
    [
      "two headers",
      { authorization: "Bearer a.b.c, Bearer a.b.c" },
      "expected exactly one authorization header, got several",
    ],
    ["none", { authorization: null }, "expected exactly one authorization header, got none"],
  ] as const)("at /sts/exchange: %s", async (_about, asking, message) => {
    const { ask, grantMints } = await createWorld();
    expect((await ask(asking)).body.message).toEqual(
      typeof message === "string" ? message : expect.stringMatching(message),
    );
    expect(grantMints()).toBe(0);
  });

  const EXCHANGE = {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    subject_token: "a.b.c",
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
  };

  it.each([
    [{ resource: "https://github.com/a/b/c", scope: "deploy" }, "invalid resource: expected owner or owner/repo"],
    [{ audience: "a/b/c", scope: "deploy" }, "invalid audience: expected owner or owner/repo"],
    [{ scope: "deploy" }, "resource must be provided"],
    [{ resource: "a/b", audience: "a/c", scope: "deploy" }, "multiple targets in resource and audience not supported"],
    [{ resource: "a/b" }, "scope must be provided: the identity, which is the trust policy's name"],
    [{ resource: "a/b", scope: "two words" }, expect.stringMatching(/^invalid scope: expected segments /)],
  ])("at /oauth2/token: %j", async (parameters, message) => {
    const { worker } = await createWorld();
    const body = new URLSearchParams({ ...EXCHANGE, ...parameters }).toString();
    const request = new Request(`https://${DOMAIN}/oauth2/token`, { method: "POST", headers: form, body });
    const answer = await worker.fetch(request);
    expect([answer.status, answer.body.message]).toEqual([400, message]);
  });
});

/** The message that everyone of the owner's gets, whatever is remembered of the policy. */
async function toldAlike(world: World, claims: Readonly<Record<string, unknown>>) {
  const answers = [];
  for (const worker of [world.worker, world.worker, world.isolate()]) {
    const { status, body } = await worker.fetch(await world.request({ claims }));
    answers.push([status, body.reason, body.message, body.error_description]);
  }
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[2]).toEqual(answers[0]);
  expect([world.grantMints(), world.livingTokens()]).toEqual([0, []]);
  const [status, reason, message, description] = answers[0] ?? [];
  return { status, reason, message, description };
}

describe("the owner is told what the policy says, and where", () => {
  const HEAD = "# A comment\n\nissuer: https://token.actions.githubusercontent.com\n";
  const GRANT = "permissions:\n  issues: write\n";
  const SUB = "repo:acme/app:ref:refs/heads/main";

  it.each<[string, string, Readonly<Record<string, unknown>>, string, string, string]>([
    ["exact", `subject: ${SUB}\n`, {}, "subject_mismatch", `the policy's subject "${SUB}"`, "4"],
    [
      "a pattern",
      "subject_pattern: repo:x/.*\n",
      {},
      "subject_mismatch",
      `the policy's subject_pattern "repo:x/.*"`,
      "4",
    ],
    [
      "two values",
      "subject_pattern: .*\naudience: a.example\n",
      {},
      "audience_mismatch",
      `the policy's audience "a.example"`,
      "5",
    ],
    [
      "a claim's",
      "subject_pattern: .*\nclaim_pattern:\n  event_name: push\n  ref: v.*\n",
      {},
      "claim_mismatch",
      `the policy's claim_pattern "v.*"`,
      "7",
    ],
    [
      "an absent claim's",
      "subject_pattern: .*\nclaim_pattern: {environment: prod}\n",
      {},
      "claim_mismatch",
      `expected claim "environment" not found in token; it is to match the policy's claim_pattern "prod"`,
      "5",
    ],
    ["issuer", "", { arranged: true }, "issuer_mismatch", `the policy's issuer "https://other.example"`, "1"],
    [
      "lifetime",
      "subject_pattern: .*\nmax_token_lifetime: 60\n",
      {},
      "token_too_long_lived",
      "more than the policy's max_token_lifetime 60",
      "5",
    ],
  ])("%s", async (_about, clauses, { arranged }, reason, told, line) => {
    const world = await createWorld();
    const issuer = "issuer: https://other.example\nsubject: x\n";
    world.putPolicy(arranged ? `${issuer}${GRANT}` : `${HEAD}${clauses}${GRANT}`);
    const answer = await toldAlike(world, { event_name: "push" });
    expect([answer.reason, answer.status]).toEqual([reason, 403]);
    expect(answer.message).toContain(told);
    expect(answer.message).toMatch(
      new RegExp(`\\(${world.owner}/app/${policyPath("deploy").replaceAll(".", "\\.")}:${line}\\)(?:: ask .*)?$`),
    );
  });

  it("the deployment's domain, where the policy names no audience", async () => {
    const world = await createWorld();
    const { message } = await toldAlike(world, { aud: "else.example" });
    expect(message).toContain(`did not match the default audience "${DOMAIN}" or "https://${DOMAIN}" (`);
    expect(message).toMatch(/deploy\.sts\.yaml\): ask the issuer for a token with that audience$/);
  });
});

describe("the owner is told what is easily overlooked", () => {
  const HEAD = "issuer: https://token.actions.githubusercontent.com\n";
  const GRANT = "permissions:\n  issues: write\n";
  const any = "subject_pattern: .*\n";
  const ref = (pattern: string) => `${any}claim_pattern:\n  ref: ${pattern}\n`;

  it.each([
    ["subject: repo:ACME/App:environment:prod\n", "they differ in case only"],
    ["subject: 'repo:acme/[a-z]+:environment:prod'\n", "as a pattern it would fit: write subject_pattern"],
    ["subject: repo:acme/*\n", "a `*` stands for itself there; patterns are for subject_pattern"],
    ["subject_pattern: repo:acme/app\n", "the pattern fits a part of the value, and has to fit the whole"],
    [ref("main"), "the pattern fits a part of the value, and has to fit the whole"],
    [ref("'(?i)HEADS'"), "the pattern fits a part of the value, and has to fit the whole"],
    [ref("trunk"), undefined],
    ["subject: repo:else/where\n", undefined],
    [`${any}claim_pattern: {Repository: .*}\n`, 'the token has a claim "repository"'],
    [`${any}claim_pattern: {environment: prod}\n`, undefined],
    [`${any}audience: other.example\n`, "ask the issuer for a token with that audience"],
    [`${any}audience: STS.example.com\n`, "they differ in case only"],
    [`${any}audience_pattern: sts\n`, "the pattern fits a part of the value, and has to fit the whole"],
  ])("%j", async (clauses, hint) => {
    const world = await createWorld();
    world.putPolicy(`${HEAD}${clauses}${GRANT}`);
    const { message, description } = await toldAlike(world, { sub: "repo:acme/app:environment:prod" });
    const [, told] = /\(\S+\.sts\.yaml:\d+\)(?:: (.*))?$/.exec(String(message)) ?? [];
    expect(told).toBe(hint);
    expect(String(description).endsWith(hint === undefined ? ")" : `: ${hint.replaceAll('"', "'")}`)).toBe(true);
    // Whoever does not belong to the owner learns nothing of the policy by it.
    const { body } = await world.ask({ claims: { sub: "repo:acme/app:environment:prod", repository_owner_id: "1" } });
    expect(body.message).not.toContain(hint ?? "sts.yaml");
  });
});

describe("the description", () => {
  const ALLOWED = /^[ !#-[\]-~]+$/;

  it.each([
    ["a pattern with a backslash", "refs/heads/v\\d+\\.\\d+", "refs/heads/main"],
    ["a pattern with quotes", 'say "yes"', "refs/heads/main"],
    ["a pattern of plain characters", "refs/tags/.*", "refs/heads/main"],
  ])("leaves out %s", async (_about, pattern, ref) => {
    const world = await createWorld();
    world.putPolicy(`${POLICY(world.owner)}claim_pattern:\n  ref: '${pattern}'\n`);
    const { message, description } = await toldAlike(world, {});
    expect(message).toContain(JSON.stringify(pattern));
    const place = `${world.owner}/app/.github/chainguard/deploy.sts.yaml:6`;
    expect(description).toBe(`trust policy: claim 'ref' '${ref}' did not match the policy's claim_pattern (${place})`);
  });

  it.each(['a "quoted" subject', "back\\slash", "Straße", "ключ"])(
    "leaves out what it has no characters for: %s",
    async (sub) => {
      const world = await createWorld();
      const { reason, message, description } = await toldAlike(world, { sub });
      expect(reason).toBe("subject_mismatch");
      expect(message).toContain(`subject ${JSON.stringify(sub)} did not match`);
      expect(description).toMatch(/^trust policy: subject \(not shown\) did not match the policy's subject '/);
      expect(description).toMatch(ALLOWED);
    },
  );

  it("leaves out a fault that quotes a pattern", async () => {
    const world = await createWorld();
    world.putPolicy(POLICY(world.owner).replace("subject: ", "subject_pattern: 'a\\p{Foo}' # "));
    const { reason, message, description } = await toldAlike(world, {});
    expect(reason).toBe("policy_invalid");
    expect(message).toContain("\\");
    expect(description).toMatch(/deploy\.sts\.yaml:2:\d+: see the message$/);
    expect(description).toMatch(ALLOWED);
  });
});
