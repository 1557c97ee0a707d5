// The issuer allow-list's every case, as the reference has it (section 5): what one App's answer means, what several Apps' answers
// mean together, and where the answer must fail closed.

import { reset } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import type { Fault } from "../emulators/outside.ts";
import { ACTIONS, POLICY, type Story, story } from "../exchange/story.ts";
import { type AppSpec, counts, HOUR, installationOf, MINUTE, policyPath, putList, storyOfApps } from "./support.ts";

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

async function expectTold(told: Story, expected: Told): Promise<void> {
  const { status, body } = await told.ask();
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

const same = (told: Told): Readonly<Record<Known, Told>> => ({ nothing: told, present: told, absent: told });
/** Nothing definitive: what was known stands in for it, else the exchange fails closed. The list that was known refuses. */
const unknown = (told: Told): Readonly<Record<Known, Told>> => ({
  nothing: told,
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

async function knowing(known: Known, apps?: readonly AppSpec[]): Promise<Story> {
  const told = apps ? await storyOfApps(apps) : await story();
  if (known === "nothing") return told;
  if (known === "present") putList(told, REFUSING);
  await expectTold(told, known === "present" ? "issuer_not_permitted" : "granted");
  told.clock.now += 10 * MINUTE;
  return told;
}

const KNOWN: readonly Known[] = ["nothing", "present", "absent"];

describe("one App's answer", () => {
  const cases = ANSWERS.flatMap((answer) => KNOWN.map((known) => [answer.about, known, answer] as const));

  it.each(cases)("%s, with %s known", async (_about, known, { file, fault, told: expected }) => {
    const told = await knowing(known);
    if (fault) told.outside.fault(fault);
    else if (file !== undefined) putList(told, file);
    else if (known === "present") putList(told, null);
    await expectTold(told, expected[known]);
  });

  it("a directory in its place is unusable", async () => {
    const told = await story();
    told.outside.github.putFile(`${told.owner}/.github`, ".github/chainguard/trusted-token-issuers.yaml/x", "x");
    await expectTold(told, "allow_list_invalid");
  });

  it("an empty file is unusable", async () => {
    const told = await story();
    putList(told, "");
    await expectTold(told, "allow_list_invalid");
  });

  it("says in the audit event whether the issuer is on it, also in audit mode", async () => {
    const told = await story();
    putList(told, AUDIT);
    await told.ask();
    expect(told.worker.audits().at(-1)).toMatchObject({ issuer_allowlist: { mode: "audit", allowed: false } });
  });
});

describe("times", () => {
  it("five minutes fresh: a change is not seen before, and is seen then", async () => {
    const told = await knowing("nothing");
    putList(told, ALLOWING);
    await expectTold(told, "granted");
    putList(told, REFUSING);
    told.clock.now += 5 * MINUTE - 1;
    await expectTold(told, "granted");
    told.clock.now += 1;
    await expectTold(told, "issuer_not_permitted");
  });

  it.each([
    ["a list", REFUSING, "issuer_not_permitted"],
    ["no list", null, "granted"],
  ] as const)("one hour stale, for %s: then it fails closed", async (_about, text, expected) => {
    const told = await story();
    if (text !== null) putList(told, text);
    await expectTold(told, expected);
    told.outside.fault({ ...READ, kind: "status", status: 503 });
    told.clock.now += HOUR - 1;
    await expectTold(told, expected);
    expect(counts(told.worker).stale_served).toBe(1);
    told.clock.now += 1;
    await expectTold(told, "allow_list_unavailable");
  });

  it("a stale copy is not made fresh by an outage: GitHub is asked each time", async () => {
    const told = await knowing("present");
    told.outside.fault({ ...READ, kind: "secondary" });
    for (let i = 0; i < 3; i++) {
      told.outside.forgetCalls();
      await expectTold(told, "issuer_not_permitted");
      expect(told.outside.calls.filter(({ path }) => path.includes("trusted-token-issuers"))).toHaveLength(1);
    }
  });

  it("a stale list under an unusable file is made fresh: GitHub is asked again after five minutes", async () => {
    const told = await knowing("present");
    putList(told, UNUSABLE);
    await expectTold(told, "issuer_not_permitted");
    told.outside.forgetCalls();
    told.clock.now += 5 * MINUTE - 1;
    await expectTold(told, "issuer_not_permitted");
    expect(told.outside.count("gh.contents")).toBe(0);
    told.clock.now += 1;
    await expectTold(told, "issuer_not_permitted");
    expect(told.outside.count("gh.contents")).toBeGreaterThan(0);
  });

  it("an unusable file is remembered for five minutes, and is no last known good", async () => {
    const told = await story();
    putList(told, UNUSABLE);
    await expectTold(told, "allow_list_invalid");
    putList(told, ALLOWING);
    told.clock.now += 5 * MINUTE - 1;
    await expectTold(told, "allow_list_invalid");
    told.outside.fault({ ...READ, kind: "status", status: 503 });
    told.clock.now += 1;
    await expectTold(told, "allow_list_unavailable");
  });

  it("a list that GitHub said is gone never returns", async () => {
    const told = await knowing("present");
    putList(told, null);
    await expectTold(told, "granted");
    told.outside.fault({ ...READ, kind: "status", status: 503 });
    told.clock.now += 10 * MINUTE;
    await expectTold(told, "granted");
  });

  it("failures are not remembered", async () => {
    const told = await story();
    told.outside.fault({ ...READ, kind: "status", status: 503 });
    await expectTold(told, "allow_list_unavailable");
    told.outside.clearFaults();
    await expectTold(told, "granted");
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
  readonly arrange?: (told: Story) => void;
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
    arrange: ({ outside }) => outside.github.suspend(installationOf(8)),
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
    arrange: ({ outside }) => {
      outside.github.bucket("app:8").used = 5000;
    },
    told: "allow_list_rate_limited",
  },
  {
    about: "the second is limited where it is installed",
    apps: [BLIND, SIGHTED],
    list: REFUSING,
    arrange: ({ outside }) => {
      outside.github.bucket(`installation:${installationOf(8)}`).used = 5000;
    },
    told: "allow_list_rate_limited",
  },
  {
    about: "the second was uninstalled, unknown to us",
    apps: [BLIND, SIGHTED],
    list: REFUSING,
    arrange: ({ outside }) => outside.github.uninstall(installationOf(8)),
    told: "granted",
  },
  ...([401, 403, 404, 429, 500] as const).map((status) => ({
    about: `the second's mint answers ${status}`,
    apps: [BLIND, SIGHTED],
    list: REFUSING,
    arrange: ({ outside }: Story) => outside.fault({ route: "gh.mint", kind: "status", status, match: onlyOf(8) }),
    told: MINT_TOLD[status],
    // Of an App that contradicts itself nothing is known, not even whether another one would do better.
    ...(status === 404 ? ({ toldFirst: "github_unavailable" } as const) : {}),
  })),
  {
    about: "both are limited",
    apps: [{ id: 7 }, SIGHTED],
    list: ALLOWING,
    arrange: ({ outside }) => outside.fault({ ...READ, kind: "secondary" }),
    told: "allow_list_rate_limited",
  },
  {
    about: "the only App's mint answers 422 with the sign of a limit",
    apps: [{ id: 7 }],
    list: REFUSING,
    arrange: ({ outside }) => outside.fault({ ...MINT, kind: "secondary", status: 422 }),
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
        const told = await storyOfApps(apps);
        if (list) putList(told, list);
        for (let i = 0; i < turns; i++) await told.ask({ scope: "somebody-else/app" });
        arrange?.(told);
        await expectTold(told, turns === 0 ? (toldFirst ?? expected) : expected);
      }
    },
  );

  it("exhausting one App's rate limit does not lift the list", async () => {
    const told = await storyOfApps([{ id: 7 }, { id: 8, selected: ["app"] }]);
    putList(told, REFUSING);
    told.outside.github.bucket(`installation:${installationOf(7)}`).used = 5000;
    await expectTold(told, "allow_list_rate_limited");
    told.outside.github.bucket(`installation:${installationOf(7)}`).used = 0;
    told.clock.now += 61 * MINUTE;
    await expectTold(told, "issuer_not_permitted");
  });

  it("an App that was installed since it was asked is asked again before the list is lifted", async () => {
    const told = await storyOfApps([{ id: 7 }, { id: 8, install: false }]);
    const { github } = told.outside;
    await expectTold(told, "granted");
    // Five minutes later GitHub fails at the list, but says once more that App 8 is not installed.
    told.clock.now += 5 * MINUTE;
    told.outside.fault({ ...READ, kind: "status", status: 503 });
    await expectTold(told, "granted");
    await expectTold(told, "granted");
    told.outside.clearFaults();
    told.clock.now += MINUTE;
    putList(told, REFUSING);
    github.selectRepositories(installationOf(7), ["app"]);
    const permissions = { contents: "read", issues: "write" };
    github.install({ app: 8, id: installationOf(8), owner: told.owner, permissions });
    await expectTold(told, "issuer_not_permitted");
  });

  it("an App that the owner's name leads to somebody else says nothing of the list", async () => {
    const told = await storyOfApps([
      { id: 7, selected: ["app"] },
      { id: 8, install: false },
    ]);
    const { github } = told.outside;
    const { owner } = told;
    putList(told, REFUSING);
    github.putFile(`${owner}/app`, policyPath("release"), POLICY(owner));
    await expectTold(told, "granted");
    // For an hour nobody can say whether App 8 is installed, so that the list grows old while the policy does not.
    told.outside.fault({ route: "gh.org_installation", kind: "status", status: 503 });
    // In the middle of it the installation is looked up anew.
    told.outside.fault({ route: "gh.mint", kind: "status", status: 404, times: 1 });
    told.clock.now += 30 * MINUTE;
    for (let i = 0; i < 2; i++) await told.ask();
    told.clock.now += 28 * MINUTE;
    const answers = [await told.ask({ identity: "release" }), await told.ask({ identity: "release" })];
    expect(answers.some(({ status }) => status === 200)).toBe(true);
    told.outside.clearFaults();
    github.renameOwner(owner, `${owner}-renamed`);
    github.addOrganization(owner, { id: 66_600 });
    github.addRepository(`${owner}/.github`);
    github.install({ app: 8, owner, permissions: { contents: "read" } });
    // App 7 cannot see the list, and App 8 would read another account's.
    told.clock.now += 2 * MINUTE;
    expect((await told.ask({ identity: "release" })).body.reason).toBe("allow_list_unavailable");
  });
});
