// `/readyz`: what is asked, and who is told what of it.

import { describe, expect, it } from "vitest";
import { EVENTS, TO_CHECK } from "../../worker/github/needs.ts";
import { appKeys } from "../emulators/core/keys.ts";
import { watchedKv } from "../support/kv.ts";
import { createWorld, DOMAIN, type World, type WorldOptions } from "../support/world.ts";

const READY_TOKEN = "let-me-see";
/** Older than what `/readyz` remembers. */
const LATER_MS = 30_000;

async function ready(world: World, bearer?: string) {
  const headers = bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` };
  const { status, body } = await world.worker.fetch(new Request(`https://${DOMAIN}/readyz`, { headers }));
  return { status, body };
}

/** A deployment whose App GitHub knows by two keys, and as having what it needs; all else bound. */
async function worldOf(options: WorldOptions & { slots?: readonly number[]; events?: readonly string[] } = {}) {
  const { slots = [0], events = EVENTS, permissions = TO_CHECK } = options;
  const [known, next, ...configured] = await Promise.all([0, 1, ...slots].map(appKeys));
  const world = await createWorld({
    ...options,
    variables: {
      READY_TOKEN,
      GITHUB_APP_ID: "8",
      GITHUB_WEBHOOK_SECRET: "hush",
      GITHUB_APP_PRIVATE_KEY: configured.map(({ privateKeyPem }) => privateKeyPem).join(""),
      ...options.variables,
    },
  });
  if (known === undefined || next === undefined) throw new Error("no keys");
  world.github.addApp({ id: 8, publicKeys: [known.publicKey, next.publicKey], permissions, events });
  return world;
}

/** What is said of the App and of the clock alone. */
const warningsOf = ({ body }: Awaited<ReturnType<typeof ready>>) =>
  (body.warnings as string[]).filter((warning) => !/is not bound/.test(warning));

describe("ready", () => {
  it("is an App with a key that GitHub takes, that can read, by a clock that is GitHub's", async () => {
    const world = await worldOf();
    const told = await ready(world, READY_TOKEN);
    expect(told.status).toBe(200);
    const checks = [
      { name: "app 8", ok: true, keys: ["ok"] },
      { name: "clock", ok: true },
    ];
    expect(told.body).toMatchObject({ ready: true, checks });
    expect(warningsOf(told)).toEqual([]);
    expect(Object.keys((await ready(world)).body)).toEqual(["ready", "request_id"]);
    expect(world.routes()).toEqual(["gh.app"]);
  });

  it("is told of both keys while one replaces the other, until GitHub forgets the old one", async () => {
    const world = await worldOf({ slots: [1, 0] });
    expect((await ready(world, READY_TOKEN)).body).toMatchObject({ ready: true, checks: [{ keys: ["ok", "ok"] }, {}] });
    const app = world.github.state.apps.find(({ id }) => id === 8);
    // The one in slot 0, which the deployment still has as its second.
    app?.publicKeys.shift();
    world.clock.now += LATER_MS;
    const told = await ready(world, READY_TOKEN);
    expect(told.body).toMatchObject({ ready: true, checks: [{ keys: ["ok", "app_credentials_rejected"] }, {}] });
    expect(warningsOf(told)).toEqual(["app 8: GitHub does not take key 2 of 2: app_credentials_rejected"]);
    app?.publicKeys.pop();
    world.clock.now += LATER_MS;
    const refused = await ready(world, READY_TOKEN);
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({
      ready: false,
      checks: [{ ok: false, problem: "app_credentials_rejected" }, {}],
    });
    expect((await ready(world)).body).toEqual({ ready: false, request_id: expect.any(String) });
  });

  it("is not an App that may not read policies", async () => {
    const world = await worldOf({ permissions: { issues: "write" } });
    const told = await ready(world, READY_TOKEN);
    expect(told.status).toBe(503);
    expect(told.body).toMatchObject({ checks: [{ name: "app 8", ok: false, problem: "lacks contents:read" }, {}] });
  });

  it.each([
    ["ahead of", -61_000, 503],
    ["behind", 61_000, 503],
    ["ahead of", -60_000, 200],
    ["behind", 60_000, 200],
  ])("tells a clock that is more than a minute %s GitHub's (%d ms)", async (which, difference, status) => {
    const world = await worldOf();
    const date = new Date(world.clock.now + difference).toUTCString();
    const app = { id: 8, slug: "app-8", permissions: TO_CHECK, events: EVENTS };
    world.network.fault({ route: "gh.app", kind: "status", status: 200, headers: { date }, body: JSON.stringify(app) });
    const told = await ready(world, READY_TOKEN);
    expect(told.status).toBe(status);
    const problem = status === 503 ? { problem: `61 s ${which} GitHub's` } : {};
    expect(told.body).toMatchObject({ checks: [{ ok: true }, { name: "clock", ok: status === 200, ...problem }] });
  });

  it("says nothing of a clock that GitHub does not tell", async () => {
    const world = await worldOf();
    const app = { id: 8, slug: "app-8", permissions: TO_CHECK, events: EVENTS };
    const headers = { date: "tomorrow" };
    world.network.fault({ route: "gh.app", kind: "status", status: 200, headers, body: JSON.stringify(app) });
    expect((await ready(world, READY_TOKEN)).body).toMatchObject({ ready: true, checks: [{ name: "app 8" }] });
  });
});

describe("a warning", () => {
  it("is what the App lacks for webhooks, where it has a secret for them", async () => {
    const lacking = { permissions: { contents: "read" }, events: EVENTS.filter((event) => event !== "push") };
    const told = await ready(await worldOf(lacking), READY_TOKEN);
    expect(told.status).toBe(200);
    expect(warningsOf(told)).toEqual([
      "app 8: lacks checks:write: pull requests get no check runs",
      "app 8: does not subscribe to push",
    ]);
    const deaf = await worldOf({ ...lacking, variables: { GITHUB_WEBHOOK_SECRET: "" } });
    expect(warningsOf(await ready(deaf, READY_TOKEN))).toEqual([]);
  });

  it("is KV that does not answer, without which exchanges go on", async () => {
    const kv = watchedKv();
    const world = await worldOf({ bindings: { STS_CACHE: kv.binding } });
    kv.fail = "all";
    const told = await ready(world, READY_TOKEN);
    expect(told.status).toBe(200);
    expect(warningsOf(told)).toEqual(["STS_CACHE does not answer: every isolate asks GitHub and issuers anew"]);
    expect(kv.puts).toEqual([]);
  });
});

describe("a wrong configuration", () => {
  it("is in the log once, with no value", async () => {
    const world = await worldOf({ variables: { ALLOWED_OWNER: "hunter2", STS_DOMAIN: "https://hunter2.example/" } });
    for (let i = 0; i < 3; i += 1) expect((await ready(world)).status).toBe(503);
    expect(world.worker.logs).toMatchObject([
      { type: "misconfigured", problems: [{ variable: "STS_DOMAIN" }, { variable: "ALLOWED_OWNER" }] },
    ]);
    expect(JSON.stringify(world.worker.logs)).not.toContain("hunter2");
  });
});
