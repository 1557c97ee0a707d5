// The fault matrix: each route of the exchange against each way in which GitHub can fail, and what is reported. Whatever
// happens, no other host is called, no upstream text comes out, and no token lives on that nobody was given.

import { describe, expect, it } from "vitest";
import type { Result } from "../../worker/denial.ts";
import { readFile } from "../../worker/github/contents.ts";
import type { Installed } from "../../worker/github/installations.ts";
import type { Fault } from "../support/network.ts";
import { createTestWorld, livingTokens, POLICY_PATH, type TestWorld } from "./world.ts";

const UPSTREAM = "upstream-words";

const FAULTS = {
  "401": { kind: "status", status: 401, body: `{"message":"${UPSTREAM}"}` },
  "403": { kind: "status", status: 403, body: `{"message":"${UPSTREAM}"}` },
  "404": { kind: "status", status: 404, body: `{"message":"${UPSTREAM}"}` },
  "422": { kind: "status", status: 422, body: `{"message":"${UPSTREAM}"}` },
  "429": { kind: "status", status: 429, body: `{"message":"${UPSTREAM}"}` },
  "500": { kind: "status", status: 500, body: `{"message":"${UPSTREAM}"}` },
  "502": { kind: "status", status: 502, body: `<html>${UPSTREAM}</html>` },
  primary: { kind: "primary" },
  timeout: { kind: "hang" },
  network: { kind: "network" },
  cut: { kind: "cut" },
  garbage: { kind: "garbage" },
  huge: { kind: "huge", bytes: Number.POSITIVE_INFINITY },
  redirect: { kind: "redirect", location: "https://evil.example/x" },
} as const satisfies Record<string, Omit<Fault, "route">>;

type Name = keyof typeof FAULTS;
type Row = Record<Name, string>;

/** What an outcome is called in the tables: its kind, or the reason of its denial. */
function named(
  outcome: { kind: string; denial?: { reason: string } } | { ok: boolean; denial?: { reason: string } },
): string {
  return outcome.denial?.reason ?? ("kind" in outcome ? outcome.kind : String(outcome.ok));
}

interface RouteCase {
  readonly route: string;
  /** Arms the fault itself when something good must come first. */
  readonly act: (world: TestWorld, fault: Fault) => Promise<Parameters<typeof named>[0]>;
  /** How often a fault is met that is not met once. */
  readonly attempts?: number;
  readonly repeated: readonly Name[];
  readonly expected: Row;
}

const COMMON = {
  "401": "app_credentials_rejected",
  "403": "github_forbidden",
  "429": "github_rate_limited",
  "500": "github_unavailable",
  "502": "github_unavailable",
  primary: "github_rate_limited",
  timeout: "github_unavailable",
  network: "github_unavailable",
  cut: "github_invalid_answer",
  garbage: "github_invalid_answer",
  huge: "github_invalid_answer",
  redirect: "github_invalid_answer",
} as const;
const ALL_FAILED: Row = {
  "401": "failed",
  "403": "failed",
  "404": "failed",
  "422": "failed",
  "429": "failed",
  "500": "failed",
  "502": "failed",
  primary: "failed",
  timeout: "failed",
  network: "failed",
  cut: "failed",
  garbage: "failed",
  huge: "failed",
  redirect: "failed",
};
const OUTAGES: readonly Name[] = ["500", "502", "network", "cut"];

const find = (target: { owner: string; repository?: string }) => async (world: TestWorld, fault: Fault) => {
  world.network.fault(fault);
  return found(await world.github.installations.find(world.app, target, world.call));
};

const found = (result: Result<Installed>) =>
  result.ok ? { kind: result.value.hidden === undefined ? "found" : "repository hidden" } : result;

const ROUTES: Record<string, RouteCase> = {
  "look-up by repository": {
    route: "gh.repo_installation",
    act: find({ owner: "acme", repository: "app" }),
    repeated: OUTAGES,
    expected: { ...COMMON, "404": "repository hidden", "422": "github_invalid_answer" },
  },
  "look-up by organisation": {
    route: "gh.org_installation",
    act: find({ owner: "acme" }),
    repeated: OUTAGES,
    // The emulated /users/ finds organisations too, as GitHub's does.
    expected: { ...COMMON, "404": "found", "422": "github_invalid_answer" },
  },
  "look-up by user": {
    route: "gh.user_installation",
    act: (world, fault) => {
      world.network.github.addUser("mona");
      return find({ owner: "mona" })(world, fault);
    },
    repeated: OUTAGES,
    expected: { ...COMMON, "404": "app_not_installed", "422": "github_invalid_answer" },
  },
  "read token": {
    route: "gh.mint",
    act: (world, fault) => {
      world.network.fault(fault);
      return world.github.mintReadToken(world.app, world.installation, ["app"], world.call);
    },
    repeated: OUTAGES,
    expected: { ...COMMON, "404": "repository_not_visible", "422": "repository_not_visible" },
  },
  contents: {
    route: "gh.contents",
    act: async (world, fault) => {
      const token = await world.github.mintReadToken(world.app, world.installation, ["app"], world.call);
      if (!token.ok) throw new Error(token.denial.reason);
      world.network.fault(fault);
      const file = { owner: "acme", repository: "app", path: POLICY_PATH };
      const outcome = await readFile(world.github, token.value.token, file, world.call);
      world.network.clearFaults();
      await world.github.revoke(token.value.token);
      return outcome;
    },
    repeated: OUTAGES,
    expected: { ...COMMON, "401": "github_unavailable", "404": "absent", "422": "github_invalid_answer" },
  },
  "the caller's token": {
    route: "gh.mint",
    act: async (world, fault) => {
      world.network.fault(fault);
      const grant = { permissions: { contents: "read" }, repositories: ["app"] };
      const minted = await world.github.mintGrantToken(world.app, world.installation, grant, world.call);
      const isUnknown = !minted.ok && world.call.counted.includes("mint_unknown");
      return isUnknown ? { kind: "", denial: { reason: `unknown: ${minted.denial.reason}` } } : minted;
    },
    repeated: [],
    expected: {
      ...COMMON,
      "404": "repository_not_visible",
      "422": "repository_not_in_installation",
      "500": "unknown: github_unavailable",
      "502": "unknown: github_unavailable",
      timeout: "unknown: github_unavailable",
      network: "unknown: github_unavailable",
      cut: "unknown: github_invalid_answer",
      garbage: "unknown: github_invalid_answer",
      huge: "unknown: github_invalid_answer",
    },
  },
  "the App itself": {
    route: "gh.app",
    act: (world, fault) => {
      world.network.fault(fault);
      return world.github.getApp(world.app, world.call);
    },
    repeated: OUTAGES,
    expected: { ...COMMON, "404": "github_invalid_answer", "422": "github_invalid_answer" },
  },
  revocation: {
    route: "gh.revoke",
    act: async (world, fault) => {
      world.network.fault(fault);
      return { kind: await world.github.revoke("ghs_unknown") };
    },
    attempts: 3,
    repeated: [...OUTAGES, "429", "primary", "timeout"],
    expected: {
      ...ALL_FAILED,
      "401": "already_invalid",
    },
  },
};

// The keys of a constant are its names.
const names = Object.keys(FAULTS) as Name[];
const cases = Object.entries(ROUTES).flatMap(([title, route]) => names.map((name) => ({ title, route, name })));

async function check({
  route: { route, act, attempts = 2, repeated, expected },
  name,
}: (typeof cases)[number]): Promise<void> {
  const world = await createTestWorld(name === "timeout" ? { timeoutMs: 500 } : {});
  const outcome = await act(world, { route, ...FAULTS[name] });
  expect(named(outcome)).toBe(expected[name]);
  const met = world.network.calls.filter((call) => call.fault !== null).length;
  expect(met).toBe(repeated.includes(name) ? attempts : 1);
  expect(world.network.hosts()).toEqual(["api.github.com"]);
  expect(JSON.stringify([outcome, world.events])).not.toContain(UPSTREAM);
  // Of a mint, also what only the part that came of a cut answer tells of.
  if (route === "gh.mint" && name === "cut") await world.call.settled();
  expect(livingTokens(world)).toEqual([]);
}

describe("GitHub's failures", () => {
  it.each(cases)("$title, $name", check);
});
