// `app` and `app_pattern`: which of the deployment's Apps mint, which stay out of it whatever happens, and what is told where none can.

import { beforeEach, describe, expect, it } from "vitest";
import { type AppSpec, installationOf, mintedBy, readBy } from "../support/apps.ts";
import { reset } from "../support/storage.ts";
import { createWorld, MINUTE, POLICY, type World } from "../support/world.ts";

beforeEach(() => reset());

const NAMED: readonly AppSpec[] = [
  { id: 7, name: "ci" },
  { id: 8, name: "release-eu" },
  { id: 9, name: "release-us" },
];

const at = (app: number) => `/app/installations/${installationOf(app)}/`;

async function pinnedWorld(line: string, apps: readonly AppSpec[] = NAMED): Promise<World> {
  const world = await createWorld({ apps });
  world.putPolicy(`${POLICY(world.owner)}${line}\n`);
  return world;
}

/** The policy's repository is private: the owner's workload, and one of another owner that the policy does not tell apart. */
const outsider = { claims: { repository_owner_id: "1" } };

describe("the token comes of an App that fits", () => {
  it.each([
    ["app: ci", [7]],
    ["app: 8", [8]],
    ["app_pattern: 'release-.*'", [8, 9]],
    ["app_pattern: '[79]'", [7, 9]],
    ["app_pattern: .*", [7, 8, 9]],
  ])("%s", async (line, fitting) => {
    const world = await pinnedWorld(line);
    // Each exchange another App has its turn to read, and each time the policy is read anew.
    for (let i = 0; i < 6; i++) {
      expect((await world.ask()).status).toBe(200);
      world.clock.now += 6 * MINUTE;
    }
    expect([...new Set(mintedBy(world.calls))].sort()).toEqual(fitting);
    expect([...new Set(readBy(world.calls))].sort()).toEqual([7, 8, 9]);
    expect(world.worker.audits().map(({ app_id }) => app_id)).toEqual(mintedBy(world.calls).map(String));
    expect(world.livingTokens()).toHaveLength(6);
  });

  it("which is one call when all is remembered, whoever had read", async () => {
    const world = await pinnedWorld("app: release-us");
    for (let i = 0; i < 3; i++) await world.ask();
    world.network.forgetCalls();
    expect((await world.ask()).status).toBe(200);
    expect(world.routes()).toEqual(["gh.mint"]);
  });

  it("by GITHUB_APP_NAME, where there is one", async () => {
    const world = await createWorld({ variables: { GITHUB_APP_NAME: "ci" } });
    world.putPolicy(`${POLICY(world.owner)}app: ci\n`);
    expect((await world.ask()).status).toBe(200);
  });
});

interface Unavailable {
  readonly line: string;
  readonly apps: readonly AppSpec[];
  readonly told: (owner: string) => string;
}

const UNAVAILABLE: Readonly<Record<string, Unavailable>> = {
  "no App has the name": {
    line: "app: nightly",
    apps: NAMED,
    told: (owner) => `app "nightly" fits no App of this deployment that serves "${owner}"`,
  },
  "no App has a name": {
    line: "app_pattern: '[a-z].*'",
    apps: [{ id: 7 }, { id: 8 }],
    told: (owner) => `app_pattern "[a-z].*" fits no App of this deployment that serves "${owner}"`,
  },
  "the App serves other owners": {
    line: "app: ci",
    apps: NAMED.map((app) => ({ ...app, named: app.id !== 7 })),
    told: (owner) => `app "ci" fits no App of this deployment that serves "${owner}"`,
  },
  "the App is not installed on the owner": {
    line: "app: ci",
    apps: NAMED.map((app) => ({ ...app, install: app.id !== 7 })),
    told: (owner) => `app "ci" fits no App that is installed on "${owner}/app"`,
  },
  "one App is not installed on the owner, and the other not on the repository": {
    line: "app_pattern: release-.*",
    apps: [
      { id: 7, name: "ci" },
      { id: 8, name: "release-eu", install: false },
      { id: 9, name: "release-us", selected: ["other"] },
    ],
    told: (owner) => `app_pattern "release-.*" fits no App that is installed on "${owner}/app"`,
  },
};

describe("app_not_available", () => {
  const GENERAL = "trust policy: no GitHub App that it lets make the token is available";

  it.each(Object.entries(UNAVAILABLE))("%s", async (_about, { line, apps, told }) => {
    const world = await pinnedWorld(line, apps);
    for (const worker of [world.worker, world.worker, world.isolate()]) {
      for (const [asking, message] of [
        [{}, `${GENERAL}: ${told(world.owner)}`],
        [outsider, GENERAL],
      ] as const) {
        const { status, body } = await worker.fetch(await world.request(asking));
        expect([status, body.code, body.reason, body.error]).toEqual([400, 9, "app_not_available", "invalid_request"]);
        expect(body.message).toBe(message);
        expect(worker.audits().at(-1)).toMatchObject({ outcome: "refused", reason: "app_not_available" });
      }
    }
    expect([mintedBy(world.calls), world.livingTokens()]).toEqual([[], []]);
  });

  it("is not told to whoever the policy does not let in", async () => {
    const world = await pinnedWorld("app: nightly");
    expect((await world.ask({ claims: { sub: "repo:other/app" } })).body.reason).toBe("subject_mismatch");
    expect((await world.ask({ query: { permissions: "contents:write" } })).body.reason).toBe(
      "narrowing_exceeds_policy",
    );
    const { status, body } = await world.ask({ authorization: "Bearer a.b.c" });
    expect([status, body.reason]).toEqual([400, "token_malformed"]);
  });
});

describe("no other App takes over", () => {
  const SUSPENDED = {
    kind: "status",
    status: 403,
    body: '{"message":"This installation has been suspended"}',
  } as const;

  it.each([
    ["limited", { kind: "primary" }, 429, "github_rate_limited"],
    ["out of reach", { kind: "status", status: 503 }, 503, "github_unavailable"],
    ["refused its keys", { kind: "status", status: 401 }, 503, "app_credentials_rejected"],
    ["suspended", SUSPENDED, 403, "installation_suspended"],
  ] as const)("while the one that fits is %s", async (_about, fault, status, reason) => {
    const world = await pinnedWorld("app: ci");
    world.network.fault({ route: "gh.mint", match: at(7), ...fault });
    for (let i = 0; i < 3; i++) {
      const answer = await world.ask();
      expect([answer.status, answer.body.reason]).toEqual([status, reason]);
    }
    expect(mintedBy(world.calls).every((app) => app === 7)).toBe(true);
    expect(world.livingTokens()).toEqual([]);
  });

  it("while nobody can say whether the one that fits is installed", async () => {
    const world = await pinnedWorld("app: ci");
    // The first look-up is that of whoever reads, the second that of App 7.
    world.network.fault({ route: "gh.repo_installation", kind: "status", status: 503, skip: 1 });
    const { status, body } = await world.ask();
    expect([status, body.reason]).toEqual([503, "github_unavailable"]);
    expect(readBy(world.calls)).not.toContain(7);
    expect([mintedBy(world.calls), world.livingTokens()]).toEqual([[], []]);
  });

  it("but the next of those that fit does", async () => {
    for (const app of [8, 9]) {
      await reset();
      const world = await pinnedWorld("app_pattern: release-.*");
      world.network.fault({ route: "gh.mint", kind: "primary", match: at(app) });
      for (let i = 0; i < 4; i++) expect((await world.ask()).status).toBe(200);
      expect(mintedBy(world.calls)).not.toContain(7);
      expect(mintedBy(world.calls).filter((one) => one === 17 - app)).toHaveLength(4);
    }
  });

  it("and what an App does not see says nothing of the policy", async () => {
    const world = await createWorld({
      apps: [
        { id: 7, name: "ci", selected: ["app"] },
        { id: 8, name: "reader" },
      ],
    });
    const text = `${POLICY(world.owner)}app: ci\nrepositories: [.github, app]\n`;
    world.putPolicy(text, "deploy", ".github");
    const asking = { scope: world.owner };
    for (let i = 0; i < 3; i++) {
      const { status, body } = await world.ask(asking);
      expect([status, body.reason]).toEqual([403, "repository_not_in_installation"]);
    }
    // The policy and the list were read once, and not forgotten.
    expect(world.calls.filter(({ route }) => route === "gh.contents")).toHaveLength(2);
    expect(world.livingTokens()).toEqual([]);
  });
});

describe("checks: write", () => {
  const IDENTITIES = [..."abcdefghijkl"];

  it("sticks to one of those that fit, in each isolate", async () => {
    const world = await createWorld({ apps: NAMED });
    for (const identity of IDENTITIES) {
      world.putPolicy(`${POLICY(world.owner)}  checks: write\napp_pattern: release-.*\n`, identity);
    }
    const chosen = async (worker = world.worker) => {
      const by: (number | undefined)[] = [];
      for (const identity of IDENTITIES) {
        world.network.forgetCalls();
        expect((await worker.fetch(await world.request({ identity }))).status).toBe(200);
        by.push(mintedBy(world.calls).at(-1));
      }
      return by;
    };
    const first = await chosen();
    expect([...new Set(first)].sort()).toEqual([8, 9]);
    expect(await chosen(world.isolate())).toEqual(first);
    // Where one is gone its share moves on to the other that fits, and no further.
    world.github.uninstall(installationOf(8));
    expect(new Set(await chosen())).toEqual(new Set([9]));
  });
});
