// What the verified workload of another owner learns (worker/README.md, "Who may learn what"): one answer in place of six, the
// clause that failed with its own value, and nowhere a value of the policy or a text from upstream.

import { describe, expect, it } from "vitest";
import { createIssuerWorld, type IssuerWorld } from "../support/issuer-world.ts";
import { POLICY } from "../support/workload.ts";

import { bytesOf, CASES, SECRET, scopeOf, strict } from "./indistinguishable.ts";

/** Proven to be of an owner, though not of this one. */
const OUTSIDER = { repository_owner: "else", repository_owner_id: "1", repository_visibility: "private" };

describe("the verified workload of another owner", () => {
  const HIDDEN = CASES.filter(({ really }) =>
    [
      "app_not_installed",
      "policy_not_found",
      "repository_not_visible",
      "policy_invalid",
      "policy_unreadable",
      "installation_suspended",
    ].includes(really),
  );

  it("gets the same bytes for what is not there, not readable, broken or suspended", async () => {
    const all = await Promise.all(
      HIDDEN.map(async (one) => {
        const world = await createIssuerWorld({ ...one.options, policy: undefined });
        if (one.really !== "policy_not_found" && one.options?.install !== false) world.putPolicy(POLICY(world.owner));
        one.arrange?.(world);
        const answer = await world.ask({ claims: OUTSIDER, scope: scopeOf(one, world) });
        expect([world.loggedReason(), world.worker.audits()[0]?.actor], one.about).toMatchObject([
          one.really,
          { verified: true },
        ]);
        return bytesOf(answer, world);
      }),
    );
    expect(all).toHaveLength(6);
    expect(new Set(all).size).toBe(1);
    expect(all[0]).toContain("404\n");
    expect(all[0]).not.toContain(SECRET);
  });

  it.each<[string, (world: IssuerWorld) => void, number, string, string]>([
    [
      "the list does not have its issuer",
      strict,
      403,
      "issuer_not_permitted",
      "issuer not permitted by organization policy",
    ],
    [
      "the list is broken",
      (world) => world.putAllowList(`mode: ${SECRET}\n`),
      400,
      "allow_list_invalid",
      "organization trusted-issuer configuration is invalid",
    ],
    [
      "the policy wants another issuer",
      (world) => world.putPolicy(POLICY(world.owner, `https://${SECRET}.example`)),
      403,
      "issuer_mismatch",
      'trust policy: issuer "https://token.actions.githubusercontent.com" did not match',
    ],
    [
      "the policy wants another subject",
      (world) => world.putPolicy(POLICY(world.owner).replace("main", SECRET)),
      403,
      "subject_mismatch",
      'trust policy: subject "repo:x/y" did not match',
    ],
    [
      "the policy wants another audience",
      (world) =>
        world.putPolicy(`${POLICY(world.owner).replace(/subject: .*/, "subject: repo:x/y")}audience: ${SECRET}\n`),
      403,
      "audience_mismatch",
      'trust policy: audience ["sts.example.com"] did not match',
    ],
    [
      "the policy wants another claim",
      (world) =>
        world.putPolicy(
          `${POLICY(world.owner).replace(/subject: .*/, "subject: repo:x/y")}claim_pattern:\n  ref: ${SECRET}\n`,
        ),
      403,
      "claim_mismatch",
      'trust policy: claim "ref" "refs/heads/main" did not match',
    ],
    [
      "the token lives too long",
      (world) =>
        world.putPolicy(`${POLICY(world.owner).replace(/subject: .*/, "subject: repo:x/y")}max_token_lifetime: 123\n`),
      403,
      "token_too_long_lived",
      "trust policy: the token lives longer than the policy allows",
    ],
  ])("is told that %s, and no value but its own", async (_about, arrange, code, reason, message) => {
    const world = await createIssuerWorld({ policy: undefined });
    world.putPolicy(POLICY(world.owner));
    arrange(world);
    const answer = await world.ask({ claims: { ...OUTSIDER, sub: "repo:x/y" } });
    expect([answer.status, answer.body.reason, answer.body.message]).toEqual([code, reason, message]);
    expect(bytesOf(answer, world)).not.toMatch(/s3cr3t|123/);
  });

  it("sees a public repository's policy, but not the faults of a list that lies in a private one", async () => {
    const world = await createIssuerWorld({ policy: undefined });
    const { github } = world.network;
    github.addRepository(`${world.owner}/open`, { visibility: "public" });
    world.putPolicy(POLICY(world.owner), "deploy", "open");
    const asking = { claims: { ...OUTSIDER, sub: "repo:x/y" }, scope: `${world.owner}/open` };
    expect((await world.ask(asking)).body.message).toBe(
      `trust policy: subject "repo:x/y" did not match the policy's subject "repo:${world.owner}/app:ref:refs/heads/main" (${world.owner}/open/.github/chainguard/deploy.sts.yaml:2)`,
    );
    world.putAllowList(`mode: ${SECRET}\n`);
    world.clock.now += 5 * 60_000;
    const answer = await world.ask(asking);
    expect(answer.body.message).toBe("organization trusted-issuer configuration is invalid");
    expect(answer.text).not.toContain(SECRET);
    // To who belongs to the owner they are told.
    expect((await world.ask({ scope: `${world.owner}/open` })).body.message).toContain(SECRET);
  });

  it("sees them where the list's repository is public too", async () => {
    const world = await createIssuerWorld({ policy: undefined, visibility: "public" });
    world.putPolicy(`${POLICY(world.owner)}repositories: [app]\n`, "deploy", ".github");
    world.putAllowList(`mode: ${SECRET}\n`);
    expect((await world.ask({ claims: OUTSIDER, scope: world.owner })).body.message).toContain(SECRET);
  });
});
