// Policies and issuer lists that are symbolic links. GitHub follows them, and no push that changes what they lead to names their path:
// what was read through one is served for ten seconds, by one isolate, and never in place of an answer that GitHub does not give.

import { beforeEach, describe, expect, it } from "vitest";
import type { FileContent } from "../emulators/github/git.ts";
import { storedValues } from "../support/kv.ts";
import { reset } from "../support/storage.ts";
import { ACTIONS, createWorld, LIST, POLICY, policyPath, type World } from "../support/world.ts";

beforeEach(() => reset());

const LINK = { symlink: "../../shared/deploy.yaml" };
const OTHERS = (owner: string) => POLICY(owner).replace(`repo:${owner}/app`, `repo:${owner}/other`);
const list = (issuer: string) => `mode: enforce\nissuers:\n  - ${issuer}\n`;

interface Linked {
  readonly link: string;
  readonly repository: string;
  readonly target: string;
  readonly good: (owner: string) => string;
  readonly bad: (owner: string) => string;
  readonly reason: string;
}

const KINDS: Readonly<Record<string, Linked>> = {
  "a policy": {
    link: policyPath("deploy"),
    repository: "app",
    target: "shared/deploy.yaml",
    good: POLICY,
    bad: OTHERS,
    reason: "subject_mismatch",
  },
  "an issuer list": {
    link: LIST,
    repository: ".github",
    target: "shared/deploy.yaml",
    good: () => list(ACTIONS),
    bad: () => list("https://gitlab.com"),
    reason: "issuer_not_permitted",
  },
};

/** The link, its target, and one exchange that they let through. */
async function linked({ link, repository, target, good }: Linked) {
  const world = await createWorld();
  const put = (path: string, content: FileContent) => {
    world.github.putFile(`${world.owner}/${repository}`, path, content);
  };
  put(target, good(world.owner));
  put(link, LINK);
  expect((await world.ask()).status).toBe(200);
  return Object.assign(world, { change: (text: string) => put(target, text) });
}

const told = async (world: World, isolate = world.worker) => {
  const { status, body } = await isolate.fetch(await world.request());
  return [status, body.reason];
};

describe.each(Object.entries(KINDS))("%s that is a link", (_name, kind) => {
  it("is read anew after ten seconds, without a webhook", async () => {
    const world = await linked(kind);
    world.change(kind.bad(world.owner));
    world.clock.now += 10_000;
    const minted = world.grantMints();
    expect(await told(world)).toEqual([403, kind.reason]);
    expect(world.grantMints()).toBe(minted);
  });

  it("is read anew at once by every other isolate", async () => {
    const world = await linked(kind);
    world.change(kind.bad(world.owner));
    expect(await told(world, world.isolate())).toEqual([403, kind.reason]);
  });

  it("is not served while GitHub fails", async () => {
    const world = await linked(kind);
    world.clock.now += 10_000;
    world.network.fault({ route: "gh.contents", match: kind.link, kind: "status", status: 500 });
    const minted = world.grantMints();
    expect((await told(world))[0]).toBe(503);
    expect(world.grantMints()).toBe(minted);
  });

  it("costs a crowd one read in ten seconds", async () => {
    const world = await linked(kind);
    world.network.forgetCalls();
    for (let i = 0; i < 20; i += 1) expect((await told(world))[0]).toBe(200);
    expect(world.network.count("gh.contents")).toBe(0);
  });
});

it("a policy's revision is that of the file that the link leads to, and KV has neither", async () => {
  const world = await linked(KINDS["a policy"] as Linked);
  world.change(`${POLICY(world.owner)}# changed\n`);
  world.clock.now += 10_000;
  const linkedAnswer = await world.ask();
  world.putPolicy(`${POLICY(world.owner)}# changed\n`, "copy");
  const copied = await world.ask({ identity: "copy" });
  expect(linkedAnswer.body.policy).toEqual({ ...Object(copied.body.policy), path: expect.stringContaining("deploy") });
  const kept = [...(await storedValues()).values()].map(({ tuple }) => String(tuple));
  expect(kept.filter((tuple) => tuple.includes('"deploy"'))).toEqual([]);
  expect(kept.filter((tuple) => tuple.includes('"copy"'))).toHaveLength(1);
});
