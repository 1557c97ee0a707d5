// Whatever people have at hand of a refusal leads to its reason and its values; nothing that is pasted makes the reader fail.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { REFUSALS, type Reason } from "../../worker/denial.ts";
import { wireRefusal } from "../../worker/http/refusal.ts";
import { wireRefusalResponse } from "../../worker/http/respond.ts";
import { knownMessage } from "../../worker/page/refused/forms.ts";
import { playgroundLink } from "../../worker/page/refused/playground-link.ts";
import { MAX_CHARACTERS, readRefusal } from "../../worker/page/refused/read.ts";
import { DOMAIN, typicalOf } from "../tools/page/typical.ts";

const ID = "5f0c1d3e-8a52-4b7e-9c57-2f6a1f0e6b11";
const REASONS = Object.keys(REFUSALS) as readonly Reason[];

async function answerTo(reason: Reason) {
  const { denial, viewer, ...asked } = typicalOf(reason);
  const refusal = wireRefusal(denial, viewer, asked);
  const response = wireRefusalResponse(refusal, { requestId: ID, domain: DOMAIN });
  return { ...refusal, json: (await response.text()).trim(), headers: response.headers };
}

const valuesIn = (text: string) => Object.fromEntries(readRefusal(text).values.map(({ name, value }) => [name, value]));

describe.each(REASONS)("%s", (reason) => {
  it("is read from its answer, in a log and alone", async () => {
    const { json, message, headers } = await answerTo(reason);
    const told = { reason, message, requestId: ID, isCut: false };
    expect(readRefusal(json)).toMatchObject(told);
    const attempt = `2026-11-25T05:30:15.1234567Z Attempt 1 failed for URL: https://x. Error: HTTP error! status: 403, body: ${json}`;
    expect(readRefusal(`${attempt}\n${attempt}\n::error::Error: failed`)).toMatchObject(told);
    expect(readRefusal(JSON.stringify({ level: "error", line: json }))).toMatchObject(told);
    const header = `HTTP/2 403\r\nx-request-id: ${ID}\r\nx-sts-refusal: ${headers.get("X-STS-Refusal")}\r\n`;
    expect(readRefusal(header)).toMatchObject({ reason, requestId: ID });
  });

  it("is known by its message alone", async () => {
    const { message } = await answerTo(reason);
    expect(knownMessage(message)).toEqual({ reason, message });
    expect(readRefusal(`::error::${message}`)).toMatchObject({ reason, message });
    expect(readRefusal(`release\tSet up\t2026-11-25T05:30:15.1Z ##[error]${message}`)).toMatchObject({
      reason,
      message,
    });
  });

  it("is known by its name", () => {
    expect(readRefusal(` ${reason}\n`)).toMatchObject({ reason, message: undefined, values: [] });
    expect(readRefusal(`see https://${DOMAIN}/reasons/${reason}.`)).toMatchObject({ reason });
    expect(readRefusal(`No token: ${reason}`)).toMatchObject({ reason });
    const event = {
      type: "dev.octo-sts.exchange.v2",
      request_id: ID,
      outcome: "refused",
      reason,
      reported_reason: "not_found",
    };
    expect(readRefusal(JSON.stringify(event))).toMatchObject({ reason, reported: "not_found", requestId: ID });
  });
});

describe("the values of", () => {
  it.each<readonly [Reason, Readonly<Record<string, string>>]>([
    [
      "subject_mismatch",
      {
        Clause: "subject",
        "The token's sub": "repo:acme/app:ref:refs/heads/feature",
        "The policy's subject": "repo:acme/app:ref:refs/heads/main",
        Where: "acme/app/.github/chainguard/release.sts.yaml:2",
      },
    ],
    [
      "claim_mismatch",
      {
        Clause: "claim_pattern: event_name",
        "The token's event_name": "push",
        "The policy's claim_pattern": "(schedule|workflow_dispatch)",
        Where: "acme/app/.github/chainguard/release.sts.yaml:4",
      },
    ],
    [
      "audience_mismatch",
      {
        Clause: "audience",
        "The token's aud": "https://github.com/acme",
        "The default audience": '"sts.example.com" or "https://sts.example.com"',
        Where: "acme/app/.github/chainguard/release.sts.yaml",
      },
    ],
    ["token_expired", { "By how much": "95 seconds", "The server's time": "2026-11-25T12:00:00.000Z" }],
    [
      "token_too_long_lived",
      {
        "The token lives": "3600 seconds",
        "The policy's max_token_lifetime": "600",
        Where: "acme/app/.github/chainguard/release.sts.yaml:5",
      },
    ],
    ["not_found", { Owner: "acme", Identity: "release" }],
    ["app_not_installed", { Owner: "acme", "Install it at": "https://github.com/apps/acme-sts/installations/new" }],
    [
      "policy_not_found",
      {
        Identity: "relaese",
        "No such file": "acme/app/.github/chainguard/relaese.sts.yaml",
        "What lies near": "release",
      },
    ],
    [
      "permission_not_held",
      {
        Missing: "contents:write",
        "Where it is set": "https://github.com/organizations/acme/settings/installations/98765",
      },
    ],
    ["misconfigured", { Variables: "GITHUB_APP_PRIVATE_KEY" }],
    ["narrowing_exceeds_policy", { "Too much": "issues:write, docs" }],
  ])("%s", async (reason, values) => {
    const { json } = await answerTo(reason);
    const { "What to know": _, ...told } = valuesIn(json);
    expect(told).toEqual(values);
  });

  it.each<readonly [string, string, Reason, Readonly<Record<string, string>>]>([
    [
      "another caller's refusal",
      'trust policy: subject "repo:x" did not match',
      "subject_mismatch",
      { Clause: "subject", "The token's sub": "repo:x" },
    ],
    [
      "octo-sts's",
      'trust policy: subject "repo:x" did not match pattern "repo:y.*"',
      "subject_mismatch",
      { Clause: "subject", "The token's sub": "repo:x", "The policy's subject": "repo:y.*" },
    ],
    [
      "an absent claim",
      'trust policy: expected claim "ref" not found in token',
      "claim_mismatch",
      { Clause: "claim_pattern: ref", "The token's ref": "not in the token, or not told" },
    ],
  ])("%s", (_, message, reason, values) => {
    expect(readRefusal(JSON.stringify({ code: 7, message, details: [] }))).toMatchObject({ reason, message });
    expect(valuesIn(message)).toEqual(values);
  });

  it("headers: when to come again", () => {
    expect(
      readRefusal(
        "HTTP/2 429\r\nretry-after: 37\r\nx-sts-refusal: github_rate_limited: GitHub API rate limit exceeded\r\n",
      ),
    ).toMatchObject({
      reason: "github_rate_limited",
      retryAfterSeconds: 37,
    });
  });
});

describe("what holds no refusal", () => {
  it.each([
    ["nothing", ""],
    ["prose with common words", "an internal error of mine, not found"],
    ["names that objects have", '{"code": 1, "message": "x", "reason": "constructor"} toString __proto__'],
    ["another service's answer", '{"error": "invalid_grant"}'],
  ])("%s", (_, text) => {
    expect(readRefusal(text)).toMatchObject({ reason: undefined, requestId: undefined });
  });

  it("a request id alone", () => {
    expect(readRefusal(` ${ID}\n`)).toMatchObject({ reason: undefined, requestId: ID });
  });

  it("what is long: its end is looked at", () => {
    const text = `scope_missing ${"x ".repeat(MAX_CHARACTERS)} identity_missing`;
    expect(readRefusal(text)).toMatchObject({ reason: "identity_missing", isCut: true });
  });

  it("is read to its end, whatever it is", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '"',
        "\\",
        "{",
        "}",
        "\n",
        " ",
        "_",
        "a",
        "trust policy: ",
        "found for ",
        "x-sts-refusal: ",
        "eyJ",
        "did not match",
      ),
      fc.string(),
    );
    const text = fc.array(fc.tuple(piece, fc.integer({ min: 1, max: 3_000 })), { maxLength: 8 });
    fc.assert(
      fc.property(text, (parts) => {
        const { reason, isCut } = readRefusal(parts.map(([part, times]) => part.repeat(times)).join(""));
        expect(reason === undefined || Object.hasOwn(REFUSALS, reason)).toBe(true);
        expect(typeof isCut).toBe("boolean");
      }),
      { numRuns: 40 },
    );
  });
});

describe("the playground is opened with", () => {
  const stateOf = (text: string) => {
    const [view, state] = playgroundLink(readRefusal(text)).split("?");
    return { view, ...Object.fromEntries(new URLSearchParams(state)) };
  };

  it("the refusal, and the place of the policy", async () => {
    const { json, message } = await answerTo("subject_mismatch");
    const claims = JSON.stringify({ reason: "subject_mismatch", message }, undefined, 2);
    expect(stateOf(json)).toEqual({ view: "#/playground", claims, file: "repository", scope: "acme/app" });
    const { scope, file } = stateOf(json.replaceAll("acme/app/.github", "acme/.github/.github")) as Record<
      string,
      string
    >;
    expect([file, scope]).toEqual(["organization", "acme"]);
  });

  it("the claims where the log has them, but for what names one token, and never a token", async () => {
    const { json } = await answerTo("not_found");
    const claims = { iss: "https://token.actions.githubusercontent.com", sub: "repo:acme/app:pull_request", jti: "x" };
    const token = `eyJhbGciOiJSUzI1NiJ9.${btoa(JSON.stringify(claims)).replace(/=+$/, "")}.c2ln`;
    for (const log of [`${JSON.stringify(claims, undefined, 2)}\n${json}`, `Authorization: Bearer ${token}\n${json}`]) {
      const { jti: _, ...kept } = claims;
      expect(stateOf(log)).toEqual({ view: "#/playground", claims: JSON.stringify(kept, undefined, 2) });
    }
  });

  it.each(["ghs_0123456789abcdefABCDEF0123456789abcd", "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln"])(
    "no token that stands in a claim or in what was refused: %s",
    (token) => {
      const claims = { iss: "https://id.acme.dev", sub: "backup", upstream: { access_token: `Bearer ${token}` } };
      const refusal = {
        code: 7,
        reason: "subject_mismatch",
        message: `trust policy: subject "${token}" did not match`,
      };
      for (const pasted of [claims, refusal]) {
        expect(stateOf(JSON.stringify(pasted, undefined, 2))).toEqual({ view: "#/playground" });
      }
    },
  );

  it("nothing where nothing is known", () => {
    expect(playgroundLink(readRefusal("policy_invalid"))).toBe("#/playground");
  });
});
