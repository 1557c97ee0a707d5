// Where an App is installed: by repository, by owner, from the cache, and every reason why not.

import { describe, expect, it } from "vitest";
import { INSTALLATION_FRESH_MS, INSTALLATION_NEGATIVE_MS } from "../../worker/limits.ts";
import { PendingWrites } from "../../worker/store/pending-writes.ts";
import { memoryKv } from "../support/memory-kv.ts";
import { acmeInstallation, createTestWorld, installationCache, routesOf, testCall } from "./world.ts";

const BY_REPOSITORY = "gh.repo_installation";
const BY_ORGANIZATION = "gh.org_installation";
const BY_USER = "gh.user_installation";

const notInstalled = (owner: string) => ({ ok: false, denial: { reason: "app_not_installed", owner } });
const moved = (repository: string) => ({
  ok: false,
  denial: { reason: "repository_not_visible", repository, problem: "moved" },
});

describe("asking GitHub", () => {
  it("takes one call by repository, and gives GitHub's spelling", async () => {
    const { github, app, call, network } = await createTestWorld();
    const lookup = await github.installations.find(app, { owner: "ACME", repository: "App" }, call);
    expect(lookup).toEqual({ ok: true, value: { installation: acmeInstallation() } });
    expect(routesOf(network)).toEqual([BY_REPOSITORY]);
  });

  it("takes one call by organisation, and two for a user", async () => {
    const { github, app, call, network } = await createTestWorld();
    network.github.addUser("mona", { id: 77 });
    network.github.install({ app: 1, owner: "mona", permissions: { contents: "read" }, id: 300 });
    expect(await github.installations.find(app, { owner: "acme" }, call)).toMatchObject({ ok: true });
    expect(await github.installations.find(app, { owner: "mona" }, call)).toMatchObject({
      value: { installation: { id: 300, accountId: 77, ownerType: "User" } },
    });
    expect(routesOf(network)).toEqual([BY_ORGANIZATION, BY_ORGANIZATION, BY_USER]);
  });

  it("says not installed only after /orgs/ and /users/ both say 404", async () => {
    const { github, app, call, network } = await createTestWorld();
    const target = { owner: "nobody", repository: "app" };
    expect(await github.installations.find(app, target, call)).toEqual(notInstalled("nobody"));
    expect(routesOf(network)).toEqual([BY_REPOSITORY, BY_ORGANIZATION, BY_USER]);
  });

  it("tells a repository that is not selected from one that is not there", async () => {
    const selected = await createTestWorld({ repositories: ["app"] });
    expect(
      await selected.github.installations.find(selected.app, { owner: "acme", repository: "other" }, selected.call),
    ).toMatchObject({ value: { hidden: "not_selected", installation: { id: 101 } } });
    const all = await createTestWorld();
    expect(await all.github.installations.find(all.app, { owner: "acme", repository: "none" }, all.call)).toMatchObject(
      {
        value: { hidden: "gone", installation: { id: 101 } },
      },
    );
  });

  it("reports a suspended installation with its owner's number", async () => {
    const { github, app, call, network } = await createTestWorld();
    network.github.suspend(101);
    expect(await github.installations.find(app, { owner: "acme", repository: "app" }, call)).toEqual({
      ok: false,
      denial: { reason: "installation_suspended", owner: "acme", ownerId: 42 },
    });
  });

  it("follows no redirect of a renamed repository", async () => {
    const { github, app, call, network } = await createTestWorld();
    network.github.renameRepository("acme/app", "app2");
    expect(await github.installations.find(app, { owner: "acme", repository: "app" }, call)).toMatchObject({
      value: { hidden: "moved" },
    });
    expect(routesOf(network)).toEqual([BY_REPOSITORY, BY_ORGANIZATION]);
  });

  it("reports a renamed owner as moved, now and from the cache", async () => {
    const { github, app, call, network } = await createTestWorld();
    network.github.renameOwner("acme", "acme-two");
    const target = { owner: "acme", repository: "app" };
    expect(await github.installations.find(app, target, call)).toEqual(moved("acme/app"));
    expect(await github.installations.find(app, target, call)).toEqual(moved("acme/app"));
    expect(network.calls.length).toBe(3);
  });

  it("refuses an answer about another account, however GitHub came to give it", async () => {
    const { github, app, call, network } = await createTestWorld();
    const body = JSON.stringify({
      id: 5,
      account: { login: "mallory", id: 6 },
      target_type: "Organization",
      repository_selection: "all",
      permissions: {},
      suspended_at: null,
    });
    network.fault({ route: BY_ORGANIZATION, kind: "status", status: 200, body });
    expect(await github.installations.find(app, { owner: "acme" }, call)).toEqual(moved("acme"));
  });
});

describe("an App that GitHub does not know", () => {
  it("is not mistaken for one that nobody installed", async () => {
    const { github, app, call, network } = await createTestWorld();
    const denial = { reason: "app_credentials_rejected", appId: "9" };
    expect(await github.installations.find({ ...app, id: "9" }, { owner: "acme" }, call)).toEqual({
      ok: false,
      denial,
    });
    expect(network.calls.length).toBe(1);
  });
});

describe("the cache", () => {
  it("answers for an hour, for every repository of the owner and in any case", async () => {
    const { github, app, call, network, clock } = await createTestWorld();
    await github.installations.find(app, { owner: "acme", repository: "app" }, call);
    clock.now += INSTALLATION_FRESH_MS - 1;
    expect(await github.installations.find(app, { owner: "Acme", repository: "other" }, call)).toMatchObject({
      value: { installation: { id: 101 } },
    });
    expect(network.calls.length).toBe(1);
    clock.now += 1;
    await github.installations.find(app, { owner: "acme" }, call);
    expect(network.calls.length).toBe(2);
  });

  it("remembers for five minutes that an owner has no installation", async () => {
    const { github, app, call, network, clock } = await createTestWorld();
    network.github.addOrganization("late");
    expect(await github.installations.find(app, { owner: "late" }, call)).toEqual(notInstalled("late"));
    network.github.install({ app: 1, owner: "late", permissions: {} });
    clock.now += INSTALLATION_NEGATIVE_MS - 1;
    expect(await github.installations.find(app, { owner: "late" }, call)).toEqual(notInstalled("late"));
    expect(network.calls.length).toBe(2);
    clock.now += 1;
    expect(await github.installations.find(app, { owner: "late" }, call)).toMatchObject({ ok: true });
  });

  it("lets nobody's junk repository spoil the owner's other ones", async () => {
    const { github, app, call, network } = await createTestWorld();
    const junk = { owner: "acme", repository: "nonexistent" };
    expect(await github.installations.find(app, junk, call)).toMatchObject({ value: { hidden: "gone" } });
    expect(await github.installations.find(app, { owner: "acme", repository: "app" }, call)).toMatchObject({
      value: { installation: { id: 101 } },
    });
    const calls = network.calls.length;
    expect(await github.installations.find(app, { owner: "Acme", repository: "NonExistent" }, call)).toMatchObject({
      value: { hidden: "gone" },
    });
    expect(network.calls.length).toBe(calls);
  });

  it("asks again once an entry was forgotten", async () => {
    const { github, app, call, network } = await createTestWorld();
    await github.installations.find(app, { owner: "acme" }, call);
    network.github.uninstall(101);
    network.github.install({ app: 1, owner: "acme", permissions: {}, id: 777 });
    github.installations.forget(app, "ACME");
    expect(await github.installations.find(app, { owner: "acme" }, call)).toMatchObject({
      value: { installation: { id: 777 } },
    });
  });

  it("keeps Apps apart", async () => {
    const { github, apps, call, network } = await createTestWorld({ apps: 2 });
    for (const app of apps) await github.installations.find(app, { owner: "acme" }, call);
    expect(network.calls.length).toBe(2);
  });

  it("remembers no failure", async () => {
    const { github, app, call, network } = await createTestWorld();
    network.fault({ route: BY_ORGANIZATION, kind: "status", status: 401, times: 1 });
    expect(await github.installations.find(app, { owner: "acme" }, call)).toMatchObject({ ok: false });
    expect(await github.installations.find(app, { owner: "acme" }, call)).toMatchObject({ ok: true });
  });

  it("writes to KV only when the exchange carries out its writes, and reads the same value back", async () => {
    const stored = new Map<string, string>();
    const kv = fakeKv(stored);
    const first = await createTestWorld({ kv });
    await first.github.installations.find(first.app, { owner: "acme" }, testCall());
    expect(stored.size).toBe(0);
    const writes = new PendingWrites();
    first.github.installations.forget(first.app, "acme");
    await first.github.installations.find(first.app, { owner: "acme" }, { ...first.call, writes });
    await writes.carryOut("verified");
    expect(stored.size).toBe(1);
    const elsewhere = installationCache(first.clock, kv);
    expect((await elsewhere.get(["1", "acme"]))?.value).toEqual({ kind: "found", installation: acmeInstallation() });
  });
});

/** As much of a namespace as the cache uses. */
const fakeKv = (stored: Map<string, string>): KVNamespace => memoryKv(stored) as unknown as KVNamespace;
