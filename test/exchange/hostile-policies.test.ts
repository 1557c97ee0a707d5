// Policies that are written to cost the service its time, or to fill its answers: each is refused like any other, shortly, and mints nothing.

import { describe, expect, it } from "vitest";
import { createWorld, POLICY } from "../support/world.ts";

const lines = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join("");
const claims = (count: number, pattern: (i: number) => string): string =>
  `claim_pattern:\n${lines(count, (i) => `  c${i}: '${pattern(i)}'\n`)}`;

describe("a file that costs more to read than it may", () => {
  it.each<readonly [kind: string, text: string, told: string]>([
    ["one pattern of 18 bytes", claims(1, () => "(?i)[b-\\x{1e942}]"), "the patterns cost as much to compile as"],
    ["60 KiB of classes", claims(64, (i) => `(?i)${i}${"[b-\\x{10ffff}]".repeat(62)}`), "the patterns cost as much"],
    ["60 KiB of Unicode", claims(60, (i) => i + "\\pL|".repeat(240)), "the patterns cost as much to compile as"],
    ["counts", claims(1, () => "\\pL{1000}".repeat(100)), "the pattern compiles to more than 2048 instructions"],
    ["60 KiB of quoted keys", lines(58, (i) => `${"k".repeat(1_000)}${i}: x\n`), 'unknown key "kkk'],
    ["a key of 60 KiB", `${"k".repeat(60_000)}: x\n`, "not valid YAML: "],
    ["a hidden restriction", '? "claim_pattern" {ref: main}\n', "an explicit key (`?`)"],
  ])("%s", async (_, text, told) => {
    const world = await createWorld();
    world.putPolicy(POLICY(world.owner) + text);
    const { status, body } = await world.ask();
    expect([status, body.code, body.reason]).toEqual([404, 5, "policy_invalid"]);
    expect(body.message).toContain(told);
    expect(JSON.stringify(body).length).toBeLessThan(8_192);
    const [event] = world.worker.audits();
    expect(JSON.stringify(event).length).toBeLessThan(24_576);
    expect([world.grantMints(), world.livingTokens()]).toEqual([0, []]);
  });
});

describe("a policy or a token that says very much", () => {
  const HEAD = "issuer: https://token.actions.githubusercontent.com\npermissions:\n  issues: write\n";
  const ANYONE = "subject_pattern: .*\n";

  it.each<readonly [about: string, text: string, claims: Readonly<Record<string, unknown>>, status: number]>([
    ["a subject", `subject: '${'"'.repeat(60_000)}'\n`, {}, 403],
    ["an audience", `${ANYONE}audience: '${'"'.repeat(59_000)}'\n`, {}, 403],
    ["a claim", `${ANYONE}claim_pattern: {c: zz}\n`, { c: '"'.repeat(5_500) }, 403],
    ["a claim that matches", `${ANYONE}claim_pattern: {c: .*}\n`, { c: '"'.repeat(5_500) }, 200],
    ["a list", `${ANYONE}claim_pattern: {c: zz}\n`, { c: Array<string>(3_800).fill("") }, 403],
  ])("%s leaves an event that every sink takes", async (_, text, claims, status) => {
    const world = await createWorld();
    world.putPolicy(HEAD + text);
    const answer = await world.ask({ claims });
    expect(answer.status).toBe(status);
    expect(answer.text.length).toBeLessThan(8_192);
    const [event] = world.worker.audits();
    expect(event).toMatchObject({ outcome: status === 200 ? "granted" : "refused" });
    expect(JSON.stringify(event).length).toBeLessThan(24_576);
  });
});

describe("a policy whose patterns cost more steps than one token may", () => {
  const HEAVY = claims(8, () => ".*a.{890}c?");
  const token = (length: number) => ({
    claims: Object.fromEntries(
      lines(8, String)
        .split("")
        .map((i) => [`c${i}`, "a".repeat(length)]),
    ),
  });

  it("refuses that token, and says why", async () => {
    const world = await createWorld();
    world.putPolicy(POLICY(world.owner) + HEAVY);
    // The second answer comes from the cache: nothing is remembered of the first.
    for (let round = 0; round < 2; round += 1) {
      const { status, body } = await world.ask(token(1_400));
      expect([status, body.code, body.reason]).toEqual([403, 7, "claim_mismatch"]);
      expect(body.message).toMatch(/^.*claim "c0" "a{299}…" takes more steps to compare than one token may/);
    }
    expect([world.grantMints(), world.livingTokens()]).toEqual([0, []]);
  });

  it("grants to a token that it can compare", async () => {
    const world = await createWorld();
    world.putPolicy(POLICY(world.owner) + claims(8, () => ".*a.{90}c?"));
    const { status } = await world.ask(token(120));
    expect([status, world.grantMints()]).toEqual([200, 1]);
  });
});
