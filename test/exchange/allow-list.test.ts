// The issuer allow-list's every case, as the reference has it (section 5): what one App's answer means, what several Apps' answers
// mean together, and where the answer must fail closed.

import { beforeEach, describe, expect, it } from "vitest";
import { type AppSpec, installationOf } from "../support/apps.ts";
import type { Fault } from "../support/network.ts";
import { reset } from "../support/storage.ts";
import { ACTIONS, createWorld, HOUR, MINUTE, POLICY, policyPath, type World } from "../support/world.ts";

const ALLOWING = `issuers: [${ACTIONS}]\n`;
const REFUSING = "issuers: [https://issuer.example]\n";
const AUDIT = `mode: audit\n${REFUSING}`;
const UNUSABLE = "mode: enforced\n";

const READ: Pick<Fault, "route" | "match"> = { route: "gh.contents", match: "trusted-token-issuers" };
const MINT: Pick<Fault, "route" | "match"> = { route: "gh.mint", match: '"permissions":{"contents":"read"}' };

type Told =
  | "granted"
  | "issuer_not_permitted"
  | "allow_list_invalid"
  | "allow_list_unavailable"
  | "allow_list_rate_limited"
  | "github_unavailable";

const CODES: Readonly<Record<Told, readonly [number, number | undefined]>> = {
  granted: [200, undefined],
  issuer_not_permitted: [403, 7],
  allow_list_invalid: [400, 9],
  allow_list_rate_limited: [429, 8],
  allow_list_unavailable: [503, 14],
  github_unavailable: [503, 14],
};

async function expectTold(world: World, expected: Told): Promise<void> {
  const { status, body } = await world.ask();
  const [wantedStatus, code] = CODES[expected];
  expect({ status, code: body.code, reason: body.reason ?? "granted" }).toEqual({
    status: wantedStatus,
    code,
    reason: expected,
  });
}

beforeEach(() => reset());

/** What is known before; then ten minutes pass, so that it is stale, and the file or GitHub changes. */
type Known = "nothing" | "present" | "absent";

interface Answer {
  readonly about: string;
  readonly file?: string;
  readonly fault?: Fault;
  /** By what was known before. */
  readonly told: Readonly<Record<Known, Told>>;
}

const same = (world: Told): Readonly<Record<Known, Told>> => ({ nothing: world, present: world, absent: world });
/** Nothing definitive: what was known stands in for it, else the exchange fails closed. The list that was known refuses. */
const unknown = (world: Told): Readonly<Record<Known, Told>> => ({
  nothing: world,
  present: "issuer_not_permitted",
  absent: "granted",
});

const ANSWERS: readonly Answer[] = [
  { about: "a file that permits", file: ALLOWING, told: same("granted") },
  { about: "a file that does not", file: REFUSING, told: same("issuer_not_permitted") },
  { about: "a file that does not, in audit mode", file: AUDIT, told: same("granted") },
  {
    about: "an unusable file",
    file: UNUSABLE,
    // Never softened by an absence that was known: somebody meant to have a list.
    told: { nothing: "allow_list_invalid", present: "issuer_not_permitted", absent: "allow_list_invalid" },
  },
  { about: "no file", told: same("granted") },
  { about: "read 401", fault: { ...READ, kind: "status", status: 401 }, told: unknown("allow_list_unavailable") },
  { about: "read 403, bare", fault: { ...READ, kind: "bare403" }, told: unknown("allow_list_unavailable") },
  { about: "read 403, primary limit", fault: { ...READ, kind: "primary" }, told: unknown("allow_list_rate_limited") },
  { about: "read 403, secondary", fault: { ...READ, kind: "secondary" }, told: unknown("allow_list_rate_limited") },
  { about: "read 404", fault: { ...READ, kind: "status", status: 404 }, told: same("granted") },
  { about: "read 422", fault: { ...READ, kind: "status", status: 422 }, told: unknown("allow_list_unavailable") },
  { about: "read 429", fault: { ...READ, kind: "status", status: 429 }, told: unknown("allow_list_rate_limited") },
  { about: "read 500", fault: { ...READ, kind: "status", status: 500 }, told: unknown("allow_list_unavailable") },
  { about: "read cut", fault: { ...READ, kind: "cut" }, told: unknown("allow_list_unavailable") },
  { about: "read garbage", fault: { ...READ, kind: "garbage" }, told: unknown("allow_list_unavailable") },
  { about: "read redirected", fault: { ...READ, kind: "redirect" }, told: unknown("allow_list_unavailable") },
  { about: "no network", fault: { ...READ, kind: "network" }, told: unknown("allow_list_unavailable") },
];

async function knowing(known: Known, apps?: readonly AppSpec[]): Promise<World> {
  const world = apps ? await createWorld({ apps: apps }) : await createWorld();
  if (known === "nothing") return world;
  if (known === "present") world.putAllowList(REFUSING);
  await expectTold(world, known === "present" ? "issuer_not_permitted" : "granted");
  world.clock.now += 10 * MINUTE;
  return world;
}

const KNOWN: readonly Known[] = ["nothing", "present", "absent"];

describe("one App's answer", () => {
  const cases = ANSWERS.flatMap((answer) => KNOWN.map((known) => [answer.about, known, answer] as const));

  it.each(cases)("%s, with %s known", async (_about, known, { file, fault, told: expected }) => {
    const world = await knowing(known);
    if (fault) world.network.fault(fault);
    else if (file !== undefined) world.putAllowList(file);
    else if (known === "present") world.putAllowList(null);
    await expectTold(world, expected[known]);
  });

  it("a directory in its place is unusable", async () => {
    const world = await createWorld();
    world.github.putFile(`${world.owner}/.github`, ".github/chainguard/trusted-token-issuers.yaml/x", "x");
    await expectTold(world, "allow_list_invalid");
  });

  it("an empty file is unusable", async () => {
    const world = await createWorld();
    world.putAllowList("");
    await expectTold(world, "allow_list_invalid");
  });

  it("says in the audit event whether the issuer is on it, also in audit mode", async () => {
    const world = await createWorld();
    world.putAllowList(AUDIT);
    await world.ask();
    expect(world.worker.audits().at(-1)).toMatchObject({ issuer_allowlist: { mode: "audit", allowed: false } });
  });
});

describe("times", () => {
  it("five minutes fresh: a change is not seen before, and is seen then", async () => {
    const world = await knowing("nothing");
    world.putAllowList(ALLOWING);
    await expectTold(world, "granted");
    world.putAllowList(REFUSING);
    world.clock.now += 5 * MINUTE - 1;
    await expectTold(world, "granted");
    world.clock.now += 1;
    await expectTold(world, "issuer_not_permitted");
  });

  it.each([
    ["a list", REFUSING, "issuer_not_permitted"],
    ["no list", null, "granted"],
  ] as const)("one hour stale, for %s: then it fails closed", async (_about, text, expected) => {
    const world = await createWorld();
    if (text !== null) world.putAllowList(text);
    await expectTold(world, expected);
    world.network.fault({ ...READ, kind: "status", status: 503 });
    world.clock.now += HOUR - 1;
    await expectTold(world, expected);
    expect(world.worker.counts().stale_served).toBe(1);
    world.clock.now += 1;
    await expectTold(world, "allow_list_unavailable");
  });

  it("a stale copy is not made fresh by a limit: GitHub is asked again when it is over", async () => {
    const world = await knowing("present");
    world.network.fault({ ...READ, kind: "secondary" });
    for (let i = 0; i < 3; i++) {
      world.network.forgetCalls();
      await expectTold(world, "issuer_not_permitted");
      expect(world.calls.filter(({ path }) => path.includes("trusted-token-issuers"))).toHaveLength(1);
      world.clock.now += MINUTE;
    }
  });

  it("a stale list under an unusable file is made fresh: GitHub is asked again after five minutes", async () => {
    const world = await knowing("present");
    world.putAllowList(UNUSABLE);
    await expectTold(world, "issuer_not_permitted");
    world.network.forgetCalls();
    world.clock.now += 5 * MINUTE - 1;
    await expectTold(world, "issuer_not_permitted");
    expect(world.network.count("gh.contents")).toBe(0);
    world.clock.now += 1;
    await expectTold(world, "issuer_not_permitted");
    expect(world.network.count("gh.contents")).toBeGreaterThan(0);
  });

  it("an unusable file is remembered for five minutes, and is no last known good", async () => {
    const world = await createWorld();
    world.putAllowList(UNUSABLE);
    await expectTold(world, "allow_list_invalid");
    world.putAllowList(ALLOWING);
    world.clock.now += 5 * MINUTE - 1;
    await expectTold(world, "allow_list_invalid");
    world.network.fault({ ...READ, kind: "status", status: 503 });
    world.clock.now += 1;
    await expectTold(world, "allow_list_unavailable");
  });

  it("a list that GitHub said is gone never returns", async () => {
    const world = await knowing("present");
    world.putAllowList(null);
    await expectTold(world, "granted");
    world.network.fault({ ...READ, kind: "status", status: 503 });
    world.clock.now += 10 * MINUTE;
    await expectTold(world, "granted");
  });

  it("failures are not remembered", async () => {
    const world = await createWorld();
    world.network.fault({ ...READ, kind: "status", status: 503 });
    await expectTold(world, "allow_list_unavailable");
    world.network.clearFaults();
    await expectTold(world, "granted");
  });
});

// App 7 sees all but the list's repository; App 8 is the second.
const BLIND: AppSpec = { id: 7, selected: ["app"] };
const SIGHTED: AppSpec = { id: 8 };
const onlyOf = (app: number) => `/app/installations/${installationOf(app)}/`;

/** A mint's failure proves nothing of the list; a 404 neither, as long as the look-up finds the installation. */
const MINT_TOLD = {
  401: "allow_list_unavailable",
  403: "allow_list_unavailable",
  404: "allow_list_unavailable",
  429: "allow_list_rate_limited",
  500: "allow_list_unavailable",
} as const;

interface Together {
  readonly about: string;
  readonly apps: readonly AppSpec[];
  readonly list?: string | null;
  readonly arrange?: (world: World) => void;
  readonly told: Told;
  /** Where it is App 8's turn to be first, and that says something else. */
  readonly toldFirst?: Told;
}

const TOGETHER: readonly Together[] = [
  { about: "the only App cannot see it: no list", apps: [BLIND], list: REFUSING, told: "granted" },
  {
    about: "neither can see it: no list",
    apps: [BLIND, { ...SIGHTED, selected: ["app"] }],
    list: REFUSING,
    told: "granted",
  },
  {
    about: "the second sees a list that refuses",
    apps: [BLIND, SIGHTED],
    list: REFUSING,
    told: "issuer_not_permitted",
  },
  { about: "the second sees that there is none", apps: [BLIND, SIGHTED], list: null, told: "granted" },
  { about: "the second sees an unusable file", apps: [BLIND, SIGHTED], list: UNUSABLE, told: "allow_list_invalid" },
  {
    about: "the second is not installed",
    apps: [BLIND, { ...SIGHTED, install: false }],
    list: REFUSING,
    told: "granted",
  },
  {
    about: "the second is suspended",
    apps: [BLIND, SIGHTED],
    list: REFUSING,
    arrange: ({ network }) => network.github.suspend(installationOf(8)),
    told: "allow_list_unavailable",
  },
  {
    about: "the second may read no contents",
    apps: [BLIND, { ...SIGHTED, permissions: { issues: "write" } }],
    list: REFUSING,
    told: "allow_list_unavailable",
  },
  {
    about: "the second is limited as an App",
    apps: [BLIND, SIGHTED],
    list: REFUSING,
    arrange: ({ network }) => {
      network.github.bucket("app:8").used = 5000;
    },
    told: "allow_list_rate_limited",
  },
  {
    about: "the second is limited where it is installed",
    apps: [BLIND, SIGHTED],
    list: REFUSING,
    arrange: ({ network }) => {
      network.github.bucket(`installation:${installationOf(8)}`).used = 5000;
    },
    told: "allow_list_rate_limited",
  },
  {
    about: "the second was uninstalled, unknown to us",
    apps: [BLIND, SIGHTED],
    list: REFUSING,
    arrange: ({ network }) => network.github.uninstall(installationOf(8)),
    told: "granted",
  },
  ...([401, 403, 404, 429, 500] as const).map((status) => ({
    about: `the second's mint answers ${status}`,
    apps: [BLIND, SIGHTED],
    list: REFUSING,
    arrange: ({ network }: World) => network.fault({ route: "gh.mint", kind: "status", status, match: onlyOf(8) }),
    told: MINT_TOLD[status],
    // Of an App that contradicts itself nothing is known, not even whether another one would do better.
    ...(status === 404 ? ({ toldFirst: "github_unavailable" } as const) : {}),
  })),
  {
    about: "both are limited",
    apps: [{ id: 7 }, SIGHTED],
    list: ALLOWING,
    arrange: ({ network }) => network.fault({ ...READ, kind: "secondary" }),
    told: "allow_list_rate_limited",
  },
  {
    about: "the only App's mint answers 422 with the sign of a limit",
    apps: [{ id: 7 }],
    list: REFUSING,
    arrange: ({ network }) => network.fault({ ...MINT, kind: "secondary", status: 422 }),
    told: "allow_list_rate_limited",
  },
];

describe("several Apps' answers", () => {
  it.each(TOGETHER.map((row) => [row.about, row] as const))(
    "%s",
    async (_about, { apps, list, arrange, told: expected, toldFirst }) => {
      // Whichever App has its turn first.
      for (const turns of [0, 1]) {
        await reset();
        const world = await createWorld({ apps: apps });
        if (list) world.putAllowList(list);
        for (let i = 0; i < turns; i++) await world.ask({ scope: "somebody-else/app" });
        arrange?.(world);
        await expectTold(world, turns === 0 ? (toldFirst ?? expected) : expected);
      }
    },
  );

  it("exhausting one App's rate limit does not lift the list", async () => {
    const world = await createWorld({ apps: [{ id: 7 }, { id: 8, selected: ["app"] }] });
    world.putAllowList(REFUSING);
    world.github.bucket(`installation:${installationOf(7)}`).used = 5000;
    await expectTold(world, "allow_list_rate_limited");
    world.github.bucket(`installation:${installationOf(7)}`).used = 0;
    world.clock.now += 61 * MINUTE;
    await expectTold(world, "issuer_not_permitted");
  });

  it("an App that was installed since it was asked is asked again before the list is lifted", async () => {
    const world = await createWorld({ apps: [{ id: 7 }, { id: 8, install: false }] });
    const { github } = world.network;
    await expectTold(world, "granted");
    // Five minutes later GitHub fails at the list, but says once more that App 8 is not installed.
    world.clock.now += 5 * MINUTE;
    world.network.fault({ ...READ, kind: "status", status: 503 });
    await expectTold(world, "granted");
    await expectTold(world, "granted");
    world.network.clearFaults();
    world.clock.now += MINUTE;
    world.putAllowList(REFUSING);
    github.selectRepositories(installationOf(7), ["app"]);
    const permissions = { contents: "read", issues: "write" };
    github.install({ app: 8, id: installationOf(8), owner: world.owner, permissions });
    await expectTold(world, "issuer_not_permitted");
  });

  it("an App that the owner's name leads to somebody else says nothing of the list", async () => {
    const world = await createWorld({
      apps: [
        { id: 7, selected: ["app"] },
        { id: 8, install: false },
      ],
    });
    const { github } = world.network;
    const { owner } = world;
    world.putAllowList(REFUSING);
    github.putFile(`${owner}/app`, policyPath("release"), POLICY(owner));
    await expectTold(world, "granted");
    // For an hour nobody can say whether App 8 is installed, so that the list grows old while the policy does not.
    world.network.fault({ route: "gh.org_installation", kind: "status", status: 503 });
    // In the middle of it the installation is looked up anew.
    world.network.fault({ route: "gh.mint", kind: "status", status: 404, times: 1 });
    world.clock.now += 30 * MINUTE;
    for (let i = 0; i < 2; i++) await world.ask();
    world.clock.now += 28 * MINUTE;
    const answers = [await world.ask({ identity: "release" }), await world.ask({ identity: "release" })];
    expect(answers.some(({ status }) => status === 200)).toBe(true);
    world.network.clearFaults();
    github.renameOwner(owner, `${owner}-renamed`);
    github.addOrganization(owner, { id: 66_600 });
    github.addRepository(`${owner}/.github`);
    github.install({ app: 8, owner, permissions: { contents: "read" } });
    // App 7 cannot see the list, and App 8 would read another account's.
    world.clock.now += 2 * MINUTE;
    expect((await world.ask({ identity: "release" })).body.reason).toBe("allow_list_unavailable");
  });
});
