// `npm run probe` against a Worker: what it says of one that is well, and of each way not to be.

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Outcome } from "../../../.github/actions/token/exchange.js";
import { execute } from "../../support/command.ts";
import { openWorkerd, type WorkerdWorld } from "../../support/workerd.ts";
import { probe } from "./probe.ts";

const PROBE = join(import.meta.dirname, "../probe.ts");
let world: WorkerdWorld;

beforeAll(async () => {
  world = await openWorkerd();
});
afterAll(() => world.close());

async function run(options: Readonly<Record<string, string>> = {}, token?: string) {
  const asked = { domain: `127.0.0.1:${world.port}`, scope: "acme/app", identity: "deploy", ...options };
  const { Authorization = "" } = await world.headers();
  const OIDC_TOKEN = token ?? Authorization.slice("Bearer ".length);
  const args = Object.entries(asked).flatMap(([name, value]) => [`--${name}`, value]);
  const ended = await execute(process.execPath, [PROBE, ...args], {
    env: { ...process.env, OIDC_TOKEN, ACTIONS_ID_TOKEN_REQUEST_URL: "" },
  });
  expect(`${ended.stdout}${ended.stderr}`).not.toMatch(/ghs_|eyJ/);
  return ended;
}

describe("the command", () => {
  it("finds a deployment well that grants and refuses, and leaves no token alive", async () => {
    const { code, stdout } = await run();
    const report = JSON.parse(stdout);
    expect([code, report.ok, report.problems]).toEqual([0, true, []]);
    expect(report).toMatchObject({ probe: "octo-sts", scope: "acme/app", identity: "deploy" });
    const [granted, refused] = await Promise.all(
      report.request_ids.map((id: string) => world.auditOf("request_id", id)),
    );
    expect([granted.outcome, refused.reason]).toEqual(["granted", "signature_invalid"]);
    expect(world.audits()).toHaveLength(2);
    expect(world.livingTokens()).toEqual([]);
  });

  it("says why no token was handed out", async () => {
    const { code, stdout } = await run({ identity: "absent" });
    expect(code).toBe(1);
    expect(JSON.parse(stdout).problems).toEqual([expect.stringContaining("no token was handed out: not_found: ")]);
  });

  it("says that nothing answers", async () => {
    const { code, stdout } = await run({ domain: "127.0.0.1:9" });
    expect(code).toBe(1);
    expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "").problems).toHaveLength(2);
  });

  it.each([
    ["a domain that is none", { domain: "https://sts.example.com/" }, "ey.e.e"],
    ["no identity", { identity: "" }, "ey.e.e"],
    ["no token", {}, " "],
  ])("is told how it is used without them: %s", async (_, options, token) => {
    const { code, stdout, stderr } = await run(options, token);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Usage: npm run probe");
  });
});

describe("a deployment", () => {
  const grant = (token: string): Outcome => ({
    grant: {
      token,
      requestId: "r",
      expiry: "",
      permissions: "",
      repositories: "",
      policy: "",
      appSlug: "",
      botEmail: "",
    },
  });
  const refusal = (reason: string): Outcome => ({
    refusal: { reason, message: "no", requestId: "r", moreUrl: "", remedy: "" },
  });

  async function probeOf(outcomes: readonly Outcome[], revoked?: string) {
    const left = [...outcomes];
    const tokens: string[] = [];
    const report = await probe("a.b.c", {
      exchange: async () => left.shift() ?? refusal("internal"),
      revoke: async (token) => {
        tokens.push(token);
        return revoked;
      },
      now: () => 0,
    });
    return { ...report, tokens };
  }

  it("that takes a forged signature is not well, and both tokens are revoked", async () => {
    const report = await probeOf([grant("ghs_1"), grant("ghs_2")]);
    expect(report).toMatchObject({ ok: false, tokens: ["ghs_1", "ghs_2"] });
    expect(report.problems).toEqual([expect.stringContaining("FORGED SIGNATURE")]);
  });

  it("that refuses for want of places or GitHub is not proven to be well", async () => {
    const report = await probeOf([grant("ghs_1"), refusal("caller_rate_limited")]);
    expect(report).toMatchObject({ ok: false, tokens: ["ghs_1"] });
    expect(report.problems).toEqual(["whether a forged signature is refused cannot be told: caller_rate_limited: no"]);
  });

  it("whose token cannot be revoked is not well", async () => {
    const report = await probeOf([grant("ghs_1"), refusal("not_found")], "it answered 503");
    expect(report.problems).toEqual(["a token could not be revoked: it answered 503"]);
  });
});
