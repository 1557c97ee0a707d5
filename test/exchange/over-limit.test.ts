// No answer tells what a cache holds: over a limit, whichever it is, every refusal of an unverified caller has the same bytes, and
// whoever can be granted without a look-up still is.

import { describe, expect, it } from "vitest";
import { flood, forged, STRANGER } from "../support/flood.ts";
import type { Answer } from "../support/isolate.ts";
import { createIssuerWorld, GITHUB, type IssuerWorld, signerNamed } from "../support/issuer-world.ts";
import { POLICY } from "../support/workload.ts";

const OTHER = "198.51.100.9";

/** Every byte but the request id's. */
function bytesOf({ status, headers, text, body }: Answer): string {
  const shown = [...headers].map(([name, value]) => `${name}: ${value}`);
  return [status, ...shown, text].join("\n").replaceAll(String(body.request_id), "<id>");
}

/** A world in which policies of each kind are cached. */
async function warmWorld(latencyMs = 0): Promise<IssuerWorld> {
  const world = await createIssuerWorld({ latencyMs });
  world.putPolicy("issuer: [", "broken");
  world.putPolicy(POLICY(world.owner, "https://elsewhere.example"), "others");
  world.putPolicy(POLICY(world.owner), "known");
  for (const identity of ["deploy", "broken", "others", "absent", "known"]) {
    await world.send(await world.token(), { identity, headers: { "CF-Connecting-IP": OTHER } });
  }
  // A published key that does not fit is asked for again, once in half a minute.
  await world.send(await world.token({}, {}, await signerNamed("evil")), { headers: { "CF-Connecting-IP": OTHER } });
  return world;
}

const from = (address: string) => ({ headers: { "CF-Connecting-IP": address } });

/** What may not be told apart: what is cached, of every kind, and what is not. */
async function answersFor(world: IssuerWorld, address: string): Promise<ReadonlyMap<string, Answer>> {
  const [good, evil] = [await world.token(), await world.token({}, {}, await signerNamed("evil"))];
  const cases: readonly (readonly [string, string, string, string?])[] = [
    ["not cached", good, "nobody-asked"],
    ["not cached, of another repository", good, "deploy", "other"],
    ["cached, and the signature is wrong", evil, "deploy"],
    ["cached, and the key is unknown", await world.token({}, { kid: "none" }), "deploy"],
    ["cached as broken", good, "broken"],
    ["cached, and names another issuer", good, "others"],
    ["cached as absent", good, "absent"],
  ];
  // All at once: each may wait a little for a place.
  const answers = cases.map(async ([about, token, identity, repository = "app"]) => {
    const scope = `${world.owner}/${repository}`;
    return [about, await world.send(token, { identity, scope, ...from(address) })] as const;
  });
  return new Map(await Promise.all(answers));
}

function expectOneAnswer(answers: ReadonlyMap<string, Answer>): void {
  const [first = ""] = [...answers.values()].map(bytesOf);
  expect(Object.fromEntries([...answers].map(([about, answer]) => [about, bytesOf(answer)]))).toEqual(
    Object.fromEntries([...answers.keys()].map((about) => [about, first])),
  );
  for (const { status, headers, body } of answers.values()) {
    expect([status, body.code, body.reason, headers.get("Retry-After")]).toEqual([429, 8, "caller_rate_limited", "60"]);
    expect(body.message).toBe("too many refused requests from this address or for this owner");
  }
}

/** Cached for whoever may have it: a token of an issuer that nobody knows, and one that is known. */
async function expectGrants(world: IssuerWorld, address: string): Promise<void> {
  const mints = world.grantMints();
  expect((await world.send(await world.token(), from(address))).status).toBe(200);
  expect((await world.ask({ identity: "known", ...from(address) })).status).toBe(200);
  expect(world.grantMints()).toBe(mints + 2);
}

describe("over a limit every refusal is one answer", () => {
  it("of the caller's own address", async () => {
    const world = await warmWorld();
    await flood(world, (i) => ({ scope: `${world.owner}/repository-${i}` }), 65);
    world.network.forgetCalls();
    expectOneAnswer(await answersFor(world, STRANGER));
    expect(world.network.countHost(GITHUB)).toBe(0);
    await expectGrants(world, STRANGER);
  });

  it("of the owner that it asks about, filled by others", async () => {
    const world = await warmWorld();
    await flood(world, (i) => ({ scope: `${world.owner}/repository-${i}`, address: `203.0.113.${i}` }), 125);
    world.network.forgetCalls();
    expectOneAnswer(await answersFor(world, "192.0.2.1"));
    // What others cause keeps nobody from a repository that is there: its policy is looked up.
    expect(world.network.countHost(GITHUB)).toBe(4);
    await expectGrants(world, "192.0.2.1");
    // Another owner's limit is its own.
    const elsewhere = await world.send(forged(world), { scope: `${world.owner}-other/app`, ...from("192.0.2.2") });
    expect(elsewhere.status).toBe(404);
  });

  it("of the requests in flight", async () => {
    const world = await warmWorld();
    world.network.fault({ route: "gh.mint", kind: "delay", delayMs: 3_900 });
    world.network.forgetCalls();
    const full = world.network.begun("gh.mint", 11);
    const shots = Array.from({ length: 20 }, (_, i) =>
      world.send(forged(world), { scope: `${world.owner}/slow-${i}`, ...from(`203.0.113.${i}`) }),
    );
    // As many as are looked up at once, or the list of them is waited for.
    await full;
    expectOneAnswer(await answersFor(world, STRANGER));
    await Promise.all(shots);
  });
});

describe("within its limits", () => {
  it("every refusal is the common answer, cached or not", async () => {
    const world = await warmWorld();
    for (const [about, answer] of await answersFor(world, "192.0.2.3")) {
      expect([about, answer.status, answer.body.reason]).toEqual([about, 404, "not_found"]);
    }
  });

  it("a request that cannot be read is told what is wrong, however full the owner's limit is", async () => {
    const world = await warmWorld();
    await flood(world, (i) => ({ scope: `${world.owner}/repository-${i}`, address: `203.0.113.${i}` }), 125);
    const answer = await world.send("a.b", from("192.0.2.4"));
    expect([answer.status, answer.body.reason]).toEqual([400, "token_malformed"]);
  });
});
