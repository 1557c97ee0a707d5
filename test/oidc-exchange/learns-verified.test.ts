// What the verified workload of another owner learns (worker/README.md, "Who may learn what"): one answer in place of six, the
// clause that failed with its own value, and nowhere a value of the policy or a text from upstream.

import { describe, expect, it } from "vitest";
import { POLICY } from "../exchange/story.ts";
import { bytesOf, CASES, SECRET, scopeOf, strict } from "./support/cases.ts";
import { putAllowList, putPolicy, reallyOf, type Stage, stage } from "./support/stage.ts";

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
        const at = await stage({ ...one.options, policy: undefined });
        if (one.really !== "policy_not_found" && one.options?.install !== false) putPolicy(at, POLICY(at.owner));
        one.arrange?.(at);
        const answer = await at.ask({ claims: OUTSIDER, scope: scopeOf(one, at) });
        expect([reallyOf(at), at.worker.audits()[0]?.actor], one.about).toMatchObject([one.really, { verified: true }]);
        return bytesOf(answer, at);
      }),
    );
    expect(all).toHaveLength(6);
    expect(new Set(all).size).toBe(1);
    expect(all[0]).toContain("404\n");
    expect(all[0]).not.toContain(SECRET);
  });

  it.each<[string, (at: Stage) => void, number, string, string]>([
    [
      "the list does not have its issuer",
      strict,
      403,
      "issuer_not_permitted",
      "issuer not permitted by organization policy",
    ],
    [
      "the list is broken",
      (at) => putAllowList(at, `mode: ${SECRET}\n`),
      400,
      "allow_list_invalid",
      "organization trusted-issuer configuration is invalid",
    ],
    [
      "the policy wants another issuer",
      (at) => putPolicy(at, POLICY(at.owner, `https://${SECRET}.example`)),
      403,
      "issuer_mismatch",
      'trust policy: issuer "https://token.actions.githubusercontent.com" did not match',
    ],
    [
      "the policy wants another subject",
      (at) => putPolicy(at, POLICY(at.owner).replace("main", SECRET)),
      403,
      "subject_mismatch",
      'trust policy: subject "repo:x/y" did not match',
    ],
    [
      "the policy wants another audience",
      (at) => putPolicy(at, `${POLICY(at.owner).replace(/subject: .*/, "subject: repo:x/y")}audience: ${SECRET}\n`),
      403,
      "audience_mismatch",
      'trust policy: audience ["sts.example.com"] did not match',
    ],
    [
      "the policy wants another claim",
      (at) =>
        putPolicy(
          at,
          `${POLICY(at.owner).replace(/subject: .*/, "subject: repo:x/y")}claim_pattern:\n  ref: ${SECRET}\n`,
        ),
      403,
      "claim_mismatch",
      'trust policy: claim "ref" "refs/heads/main" did not match',
    ],
    [
      "the token lives too long",
      (at) => putPolicy(at, `${POLICY(at.owner).replace(/subject: .*/, "subject: repo:x/y")}max_token_lifetime: 123\n`),
      403,
      "token_too_long_lived",
      "trust policy: the token lives longer than the policy allows",
    ],
  ])("is told that %s, and no value but its own", async (_about, arrange, code, reason, message) => {
    const at = await stage({ policy: undefined });
    putPolicy(at, POLICY(at.owner));
    arrange(at);
    const answer = await at.ask({ claims: { ...OUTSIDER, sub: "repo:x/y" } });
    expect([answer.status, answer.body.reason, answer.body.message]).toEqual([code, reason, message]);
    expect(bytesOf(answer, at)).not.toMatch(/s3cr3t|123/);
  });

  it("sees a public repository's policy, but not the faults of a list that lies in a private one", async () => {
    const at = await stage({ policy: undefined });
    const { github } = at.outside;
    github.addRepository(`${at.owner}/open`, { visibility: "public" });
    putPolicy(at, POLICY(at.owner), "open");
    const asking = { claims: { ...OUTSIDER, sub: "repo:x/y" }, scope: `${at.owner}/open` };
    expect((await at.ask(asking)).body.message).toBe(
      `trust policy: subject "repo:x/y" did not match ("repo:${at.owner}/app:ref:refs/heads/main")`,
    );
    putAllowList(at, `mode: ${SECRET}\n`);
    at.clock.now += 5 * 60_000;
    const answer = await at.ask(asking);
    expect(answer.body.message).toBe("organization trusted-issuer configuration is invalid");
    expect(answer.text).not.toContain(SECRET);
    // To who belongs to the owner they are told.
    expect((await at.ask({ scope: `${at.owner}/open` })).body.message).toContain(SECRET);
  });

  it("sees them where the list's repository is public too", async () => {
    const at = await stage({ policy: undefined, visibility: "public" });
    putPolicy(at, `${POLICY(at.owner)}repositories: [app]\n`, ".github");
    putAllowList(at, `mode: ${SECRET}\n`);
    expect((await at.ask({ claims: OUTSIDER, scope: at.owner })).body.message).toContain(SECRET);
  });
});
