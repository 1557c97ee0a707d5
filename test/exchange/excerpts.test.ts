// However much a policy, a token and a request say, an event fits a message of a queue, and names what of it is not whole.

import { describe, expect, it } from "vitest";
import type { ClauseResult } from "../../policies/evaluate.ts";
import type { Denial } from "../../worker/denial.ts";
import { Excerpts } from "../../worker/exchange/excerpts.ts";
import { ExchangeRecord } from "../../worker/exchange/record.ts";
import { AUDIT_REPOSITORIES_MAX, AUDIT_TEXT_MAX_CHARACTERS, AUDIT_VALUES_MAX } from "../../worker/limits.ts";
import { SignedPayload } from "../../worker/oidc/token.ts";
import { eventFaults } from "../support/logged.ts";

/** Of a message of Workers' queues. */
const MESSAGE_MAX_BYTES = 128_000;
/** Six bytes of JSON each. */
const dear = (characters: number) => "\u0001".repeat(characters);
const names = (count: number) => Array.from({ length: count }, (_, n) => `${n}`.padStart(100, "r"));
const levels = (count: number) => Object.fromEntries(names(count).map((name) => [name.slice(50), "admin"]));

const clause = (passed: boolean, more: Partial<ClauseResult> = {}): ClauseResult => ({
  clause: "claim",
  name: dear(2_000),
  expected: { kind: "pattern", value: dear(2_000) },
  actual: Array.from({ length: 100 }, () => dear(500)),
  passed,
  ...(passed ? {} : { why: "no_match", problem: dear(2_000) }),
  ...more,
});

function recordOfMuch(): ExchangeRecord {
  const requestId = crypto.randomUUID();
  const arrival = { requestId, route: "/sts/exchange", userAgent: dear(20_000), colo: "FRA" } as const;
  const record = new ExchangeRecord({ ...arrival, describe: () => dear(20_000) }, () => 0);
  const request = { scope: { owner: "o".repeat(100), repository: "r".repeat(100) }, identity: "i".repeat(200) };
  const payload = new SignedPayload({ bytes: new Uint8Array(), json: {} });
  const token = { compact: "", header: { alg: "RS256" }, payload, audiences: [], expiresAt: 0 };
  record.token({ ...token, issuer: "i".repeat(255), subject: dear(1_024) }, true);
  record.request({ ...request, downscoping: {}, dryRun: false, bearer: "" });
  const value = {
    state: "broken",
    diagnostics: [],
    sha: "0".repeat(40),
    ownerId: 1,
    repositoryId: 2,
    public: true,
  } as const;
  record.policy({ fullPath: "p".repeat(300) }, value);
  for (let n = 0; n < 30; n++)
    record.called({ route: `GET /${n}`.padEnd(80, "x"), outcome: "network", milliseconds: 1 });
  for (let n = 0; n < 50; n++) record.called({ route: "GET /0", outcome: 200, milliseconds: 1 });
  return record;
}

const grant = { permissions: levels(128), repositories: names(AUDIT_REPOSITORIES_MAX) };
const sizeOf = (event: object) => new TextEncoder().encode(JSON.stringify(event)).length;

describe("an event of much", () => {
  it("of a grant has every repository, and fits", async () => {
    const record = recordOfMuch();
    const trace = Array.from({ length: 69 }, () => clause(true));
    record.verdict({ allow: true, code: 0, trace });
    record.grantable(grant);
    const policy = { path: "p", sha: "0".repeat(40) };
    const granted = {
      kind: "granted",
      token: "t",
      expiresAt: "2026-11-25T12:00:00Z",
      ...grant,
      policy,
      app: {},
    } as const;
    const event = await record.finished(granted);
    expect(event.repositories).toEqual(grant.repositories);
    expect(event.trace?.map(({ passed }) => passed)).toEqual(trace.map(() => true));
    expect(event.truncated).toEqual(["trace", "actor", "trust_policy"]);
    expect(event.user_agent).toHaveLength(200);
    expect(eventFaults(event)).toEqual([]);
    expect(sizeOf(event)).toBeLessThan(MESSAGE_MAX_BYTES);
  });

  const diagnostic = {
    severity: "error",
    id: "invalid",
    path: dear(500),
    line: 1,
    column: 1,
    message: dear(5_000),
  } as const;
  it.each<Denial>([
    { reason: "policy_invalid", identity: "i", path: "p", diagnostics: Array.from({ length: 100 }, () => diagnostic) },
    { reason: "narrowing_exceeds_policy", excess: names(100) },
    { reason: "claim_mismatch", clause: clause(false), at: { path: "p", line: 1 }, hint: dear(2_000) },
  ])("of the refusal $reason has the beginning, and fits", async (denial) => {
    const record = recordOfMuch();
    const event = await record.finished({ kind: "refused", denial, viewer: "owner" });
    expect(event.truncated).toContain("details");
    expect(eventFaults(event)).toEqual([]);
    expect(sizeOf(event)).toBeLessThan(MESSAGE_MAX_BYTES);
  });
});

describe("an excerpt", () => {
  it("has all of what is short, and says so", () => {
    const excerpts = new Excerpts();
    const trace = [
      clause(false, { name: "ref", expected: { kind: "exact", value: "main" }, actual: "x", problem: "y" }),
    ];
    expect(excerpts.trace(trace)).toEqual(trace);
    expect(excerpts.text("error", "e".repeat(AUDIT_TEXT_MAX_CHARACTERS))).toHaveLength(AUDIT_TEXT_MAX_CHARACTERS);
    expect(excerpts.truncated).toEqual([]);
  });

  it.each([
    ["of a long text", "a".repeat(AUDIT_TEXT_MAX_CHARACTERS + 1), `${"a".repeat(AUDIT_TEXT_MAX_CHARACTERS - 1)}…`],
    [
      "without half a character",
      `${"a".repeat(AUDIT_TEXT_MAX_CHARACTERS - 2)}😀x`,
      `${"a".repeat(AUDIT_TEXT_MAX_CHARACTERS - 2)}…`,
    ],
    ["of what is no text", "a\ud800b", "a\ufffdb"],
  ])("is the beginning %s", (_about, text, expected) => {
    expect(new Excerpts().text("error", text)).toBe(expected);
  });

  it("has of the clause that decided what there is room for, wherever it stands", () => {
    const passed = Array.from({ length: 60 }, () => clause(true));
    const failed = clause(false, { name: "ref", actual: "x" });
    const trace = new Excerpts().trace([...passed, failed]);
    expect(trace).toHaveLength(61);
    expect(trace.at(-1)).toMatchObject({ name: "ref", actual: "x", passed: false });
    expect(trace.every(({ actual }) => !Array.isArray(actual) || actual.length <= AUDIT_VALUES_MAX)).toBe(true);
  });
});
