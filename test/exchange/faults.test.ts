// The fault matrix at the level of whole exchanges: each route of GitHub's against each way to fail. What the caller reads is what
// refusals.md says; nothing is minted twice; a token that nobody was given is revoked, or counted where nobody could know of it; and
// no word of GitHub's reaches the caller or the log.

import { beforeEach, describe, expect, it } from "vitest";
import { REFUSALS, type Reason } from "../../worker/denial.ts";
import { isGrantMint } from "../support/apps.ts";
import type { Fault } from "../support/network.ts";
import { reset } from "../support/storage.ts";
import { type Asking, createWorld, POLICY, type World, type WorldOptions } from "../support/world.ts";

const UPSTREAM = "upstream-words";
const said = JSON.stringify({ message: UPSTREAM, documentation_url: `https://docs.github.com/${UPSTREAM}` });

const FAULTS = {
  "401": { kind: "status", status: 401, body: said },
  "403": { kind: "status", status: 403, body: said },
  "404": { kind: "status", status: 404, body: said },
  "422": { kind: "status", status: 422, body: said },
  "429": { kind: "status", status: 429, body: said },
  "500": { kind: "status", status: 500, body: said },
  "502": { kind: "status", status: 502, body: `<html>${UPSTREAM}</html>` },
  timeout: { kind: "hang" },
  network: { kind: "network" },
  cut: { kind: "cut" },
  garbage: { kind: "status", status: 200, body: `<!doctype html>${UPSTREAM}` },
  huge: { kind: "huge", bytes: Number.POSITIVE_INFINITY },
  redirect: { kind: "redirect", location: `https://evil.example/${UPSTREAM}` },
  moved: { kind: "redirect", status: 301, location: `https://evil.example/${UPSTREAM}` },
} as const satisfies Record<string, Omit<Fault, "route">>;

type Name = keyof typeof FAULTS;
/** What the caller gets: a reason of the catalogue, which settles status and code, or a token. */
type Row = Readonly<Record<Name, Reason | "granted">>;

interface RouteCase {
  readonly fault: Pick<Fault, "route" | "match">;
  readonly options?: WorldOptions;
  readonly asking?: (world: World) => Asking;
  readonly arrange?: (world: World) => void;
  readonly expected: Row;
}

const ofOwner = (world: World) => world.putPolicy(`${POLICY(world.owner)}repositories: [app]\n`, "deploy", ".github");
const forOwner = ({ owner }: World): Asking => ({ scope: owner });

const LOOKUP = {
  "401": "app_credentials_rejected",
  "403": "github_forbidden",
  "422": "github_invalid_answer",
  "429": "github_rate_limited",
  "500": "github_unavailable",
  "502": "github_unavailable",
  timeout: "github_unavailable",
  network: "github_unavailable",
  cut: "github_invalid_answer",
  garbage: "github_invalid_answer",
  huge: "github_invalid_answer",
  redirect: "github_invalid_answer",
} as const;

/** The list is judged first, so that what keeps both files unread is told of the list. */
const LIST_UNKNOWN = {
  "403": "allow_list_unavailable",
  "429": "allow_list_rate_limited",
  "500": "allow_list_unavailable",
  "502": "allow_list_unavailable",
  timeout: "allow_list_unavailable",
  network: "allow_list_unavailable",
  cut: "allow_list_unavailable",
  garbage: "allow_list_unavailable",
  huge: "allow_list_unavailable",
  redirect: "allow_list_unavailable",
} as const;

const ROUTES: Readonly<Record<string, RouteCase>> = {
  "installation by repository": {
    fault: { route: "gh.repo_installation" },
    expected: { ...LOOKUP, "404": "repository_not_visible", moved: "repository_not_visible" },
  },
  "installation by organisation": {
    fault: { route: "gh.org_installation" },
    asking: forOwner,
    arrange: ofOwner,
    // GitHub's /users/ finds organisations too.
    expected: { ...LOOKUP, "404": "granted", moved: "repository_not_visible" },
  },
  "installation by user": {
    fault: { route: "gh.user_installation" },
    options: { type: "User" },
    asking: forOwner,
    arrange: ofOwner,
    expected: { ...LOOKUP, "404": "app_not_installed", moved: "repository_not_visible" },
  },
  "read token": {
    fault: { route: "gh.mint", match: '"permissions":{"contents":"read"}' },
    expected: {
      ...LIST_UNKNOWN,
      "401": "app_credentials_rejected",
      // The look-up finds the installation, the mint does not, twice: GitHub contradicts itself.
      "404": "github_unavailable",
      "422": "repository_not_visible",
      moved: "allow_list_unavailable",
    },
  },
  policy: {
    fault: { route: "gh.contents", match: "deploy.sts.yaml" },
    expected: {
      ...LOOKUP,
      // The token is seconds old: GitHub's servers disagree, the App is not at fault.
      "401": "github_unavailable",
      "404": "policy_not_found",
      moved: "repository_not_visible",
    },
  },
  "allow-list": {
    fault: { route: "gh.contents", match: "trusted-token-issuers" },
    expected: {
      ...LIST_UNKNOWN,
      "401": "allow_list_unavailable",
      "404": "granted",
      "422": "allow_list_unavailable",
      moved: "allow_list_unavailable",
    },
  },
  "the caller's token": {
    fault: { route: "gh.mint", match: '"issues"' },
    expected: {
      ...LOOKUP,
      "404": "repository_not_visible",
      "422": "repository_not_in_installation",
      moved: "github_invalid_answer",
    },
  },
  revocation: {
    fault: { route: "gh.revoke" },
    expected: {
      "401": "granted",
      "403": "granted",
      "404": "granted",
      "422": "granted",
      "429": "granted",
      "500": "granted",
      "502": "granted",
      timeout: "granted",
      network: "granted",
      cut: "granted",
      garbage: "granted",
      huge: "granted",
      redirect: "granted",
      moved: "granted",
    },
  },
};

/** After these GitHub may have minted, and nobody saw. */
const UNKNOWN: readonly Name[] = ["500", "502", "timeout", "network", "cut", "garbage", "huge"];
/** Read tokens are asked for once more after these. */
const REPEATED: readonly Name[] = ["500", "502", "network", "cut"];

// The keys of a constant are its names.
const NAMES = Object.keys(FAULTS) as Name[];
const CASES = Object.entries(ROUTES).flatMap(([title, route]) => NAMES.map((name) => ({ title, route, name })));

const HOSTS = ["api.github.com", "token.actions.githubusercontent.com"];

type Case = (typeof CASES)[number];

function expectAnswer(
  { status, body, headers }: Awaited<ReturnType<World["ask"]>>,
  expected: Reason | "granted",
): void {
  if (expected === "granted") {
    expect({ status, reason: body.reason }).toEqual({ status: 200, reason: undefined });
    return;
  }
  const row = REFUSALS[expected];
  expect({ status, code: body.code, reason: body.reason, error: body.error }).toEqual({
    status: row.status,
    code: row.code,
    reason: expected,
    error: row.error,
  });
  expect(headers.has("Retry-After")).toBe(row.error === "temporarily_unavailable");
}

/** The audit event's counts of tokens that may be left. */
function expectedCounts({ title, name }: Case): Readonly<Record<string, number>> {
  if (title === "the caller's token" && UNKNOWN.includes(name)) return { mint_unknown: 1 };
  if (title === "read token" && UNKNOWN.includes(name)) return { read_mint_unknown: REPEATED.includes(name) ? 2 : 1 };
  return title === "revocation" && name !== "401" ? { revocation_failed: 1 } : {};
}

async function check(one: Case): Promise<void> {
  const { title, route, name } = one;
  const world = await createWorld(route.options);
  route.arrange?.(world);
  world.network.fault({ ...route.fault, ...FAULTS[name] });
  const answer = await world.ask(route.asking?.(world));
  expectAnswer(answer, route.expected[name]);

  const mints = world.calls.filter(isGrantMint);
  // Only what proves that nothing was minted is tried again.
  const attempts = title === "the caller's token" && (name === "401" || name === "404") ? 2 : 1;
  expect(mints.length).toBeLessThanOrEqual(attempts);
  expect(world.github.tokens.filter(({ permissions }) => permissions.issues).length).toBeLessThanOrEqual(1);

  const { mint_unknown, read_mint_unknown, revocation_failed } = world.worker.counts();
  const counted = Object.entries({ mint_unknown, read_mint_unknown, revocation_failed }).filter(([, count]) => count);
  expect(Object.fromEntries(counted)).toEqual(expectedCounts(one));
  const left = world.livingTokens().filter((token) => token !== answer.body.token);
  // The emulated fault is all there is: only a refused revocation leaves its token. That of a cut mint stands in the part that came.
  expect(left.length).toBe(title === "revocation" && name !== "cut" ? 1 : 0);

  expect(world.network.hosts().filter((host) => !HOSTS.includes(host))).toEqual([]);
  expect(JSON.stringify([answer.text, [...answer.headers], world.worker.logs])).not.toContain(UPSTREAM);
}

describe("GitHub's failures, as the caller sees them", () => {
  beforeEach(() => reset());

  it.each(CASES.filter(({ name }) => name !== "timeout"))("$title, $name", check);
});

describe("GitHub's silence", () => {
  it.concurrent.each(CASES.filter(({ name }) => name === "timeout"))("$title", check);
});
