// Tombstones by themselves: what each makes void, how a refused write is repeated, and what a full memory means.

import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { INVALIDATED_PATHS_MAX, TOMBSTONES_MEMORY_MAX } from "../../worker/limits.ts";
import { KvStore } from "../../worker/store/kv.ts";
import {
  fileSubject,
  namesSubject,
  ownerSubject,
  type RepositoryName,
  repositorySubject,
  type Subject,
  Tombstones,
} from "../../worker/trust-policy/tombstones.ts";
import { readKv } from "../support/kv.ts";
import { reset } from "../support/storage.ts";
import { LIST, policyPath } from "../support/world.ts";

beforeEach(() => reset());

const APP = { owner: "Acme", repository: "App" };
const HOME = { owner: "Acme", repository: ".github" };
const PATH = policyPath("deploy");

interface Place {
  readonly tombstones: Tombstones;
  readonly clock: { now: number };
  readonly waits: number[];
  readonly puts: string[];
  /** Answers of KV to the next writes: false refuses. */
  readonly answers: boolean[];
  kvFails: boolean;
}

function place(): Place {
  const clock = { now: 1_000_000 };
  const made: Omit<Place, "tombstones"> = { clock, waits: [], puts: [], answers: [], kvFails: false };
  const kv = {
    get: async (asked: string | string[], type: "json") => {
      if (made.kvFails) throw new Error("down");
      return readKv(asked, type);
    },
    put: async (key: string, value: string, options?: KVNamespacePutOptions) => {
      made.puts.push(value);
      if (made.answers.shift() === false) throw new Error("429");
      await env.STS_CACHE.put(key, value, options);
    },
  };
  const tombstones = new Tombstones({
    // Only these two methods of KV are ever used.
    kv: new KvStore({ kv: kv as Pick<KVNamespace, "get" | "put"> }),
    apiHost: "api.github.com",
    orgPolicyRepo: ".GitHub",
    now: () => clock.now,
    wait: async (milliseconds) => {
      made.waits.push(milliseconds);
      clock.now += milliseconds;
    },
  });
  return Object.assign(made, { tombstones });
}

const isVoid = (at: Place, subjects: readonly Subject[], readAt = at.clock.now) =>
  readAt < at.tombstones.lookUp().of(subjects).known();
/** As another isolate sees it. */
const isVoidElsewhere = async (at: Place, subjects: readonly Subject[]) => {
  const other = place();
  return at.clock.now < ((await other.tombstones.lookUp().of(subjects).latest()) ?? 0);
};

describe("a tombstone", () => {
  const all = {
    owner: ownerSubject("acme"),
    repository: repositorySubject({ owner: "acme", repository: "app" }),
    names: namesSubject({ owner: "acme", repository: "app" }),
    file: fileSubject({ owner: "acme", repository: "app" }, PATH),
    other: fileSubject({ owner: "acme", repository: "app" }, policyPath("Deploy")),
    list: fileSubject({ owner: "acme", repository: ".github" }, LIST),
  } as const;
  const made: readonly (readonly [string, (t: Tombstones) => Promise<boolean>, readonly (keyof typeof all)[]])[] = [
    ["an owner", (t) => t.invalidateOwner("ACME"), ["owner"]],
    ["a repository", (t) => t.invalidateRepository(APP), ["repository"]],
    ["a path, and which policies there are", (t) => t.invalidatePaths(APP, [PATH]), ["names", "file"]],
    ["the allow-list", (t) => t.invalidateAllowList("Acme"), ["list"]],
    ["the allow-list by its path", (t) => t.invalidatePaths(HOME, [LIST, LIST, "README.md"]), ["list"]],
    ["nothing by other paths", (t) => t.invalidatePaths(APP, ["src/x.ts", ".github/chainguard/README.md"]), []],
  ];

  it.each(made)("of %s makes void just that, in any case of names, here and elsewhere", async (_, invalidate, what) => {
    const at = place();
    expect(await invalidate(at.tombstones)).toBe(true);
    for (const name of Object.keys(all) as (keyof typeof all)[]) {
      expect([name, isVoid(at, [all[name]])]).toEqual([name, what.includes(name)]);
      expect([name, await isVoidElsewhere(at, [all[name]])]).toEqual([name, what.includes(name)]);
    }
  });

  it("counts before the first wait", async () => {
    const at = place();
    const writing = at.tombstones.invalidateRepository(APP);
    expect(isVoid(at, [all.repository])).toBe(true);
    await writing;
  });

  it("of more paths than are worth listing is one of the repository", async () => {
    const paths = (count: number) => Array.from({ length: count }, (_, index) => policyPath(`p-${index}`));
    const [few, many] = [place(), place()];
    await few.tombstones.invalidatePaths(APP, paths(INVALIDATED_PATHS_MAX));
    await many.tombstones.invalidatePaths(APP, paths(INVALIDATED_PATHS_MAX + 1));
    expect([isVoid(few, [all.repository]), few.puts.length]).toEqual([false, INVALIDATED_PATHS_MAX + 1]);
    expect([isVoid(many, [all.repository]), many.puts.length]).toEqual([true, 1]);
  });

  it("by a 404 leaves what was read at that moment", () => {
    const at = place();
    at.tombstones.replaced(all.file, at.clock.now);
    expect([isVoid(at, [all.file]), isVoid(at, [all.file], at.clock.now - 1)]).toEqual([false, true]);
  });
});

describe("the write of a tombstone", () => {
  const subject = repositorySubject({ owner: "acme", repository: "app" });

  it.each([1, 2, 3])("that KV refuses %i times is repeated, each time after more than a second", async (times) => {
    const at = place();
    at.answers.push(...Array.from({ length: times }, () => false));
    expect(await at.tombstones.invalidateRepository(APP)).toBe(true);
    expect(at.puts).toHaveLength(times + 1);
    expect(Math.min(...at.waits)).toBeGreaterThan(1_000);
    expect(await isVoidElsewhere(place(), [subject])).toBe(true);
  });

  it("is given up at last, and says so", async () => {
    const at = place();
    const before = at.clock.now;
    at.answers.push(...Array.from({ length: 20 }, () => false));
    expect(await at.tombstones.invalidateRepository(APP)).toBe(false);
    expect(at.puts.length).toBeLessThan(6);
    expect(isVoid(at, [subject], before)).toBe(true);
  });

  it("never puts an older time in the place of a later one", async () => {
    const [early, late] = [place(), place()];
    late.clock.now += 60_000;
    await late.tombstones.invalidateRepository(APP);
    early.answers.push(false);
    await early.tombstones.invalidateRepository(APP);
    expect(await place().tombstones.lookUp().of([subject]).latest()).toBeGreaterThan(late.clock.now);
  });
});

describe("a look at tombstones", () => {
  const subject = ownerSubject("acme");

  it("asks KV for each once, and knows what this isolate learns meanwhile", async () => {
    const at = place();
    const voidBefore = at.tombstones.lookUp().of([subject]);
    expect(await voidBefore.latest()).toBe(0);
    await place().tombstones.invalidateOwner("acme");
    expect(await voidBefore.latest()).toBe(0);
    at.tombstones.replaced(subject, 5);
    expect([voidBefore.known(), await voidBefore.latest()]).toEqual([5, 5]);
    expect(await at.tombstones.lookUp().of([subject]).latest()).toBeGreaterThan(5);
  });

  it("knows nothing where KV does not answer", async () => {
    const at = place();
    await at.tombstones.invalidateOwner("acme");
    at.kvFails = true;
    expect(await at.tombstones.lookUp().of([subject]).latest()).toBeUndefined();
    expect(isVoid(at, [subject])).toBe(true);
  });

  it("takes for void what a full memory had to forget, of the one repository or owner that filled it", () => {
    const at = place();
    const before = at.clock.now - 1;
    const file = (index: number) =>
      fileSubject({ owner: "flood", repository: `r-${index % 3_000}` }, policyPath(`p-${index}`));
    at.tombstones.replaced(file(0), at.clock.now);
    for (let i = 1; i < 2 * TOMBSTONES_MEMORY_MAX; i++) at.tombstones.replaced(file(i), at.clock.now);
    // Whoever looks at a file looks at its repository and owner too.
    const around = ({ owner, repository }: RepositoryName) => [
      ownerSubject(owner),
      repositorySubject({ owner, repository }),
    ];
    expect(isVoid(at, around({ owner: "flood", repository: "r-0" }), before)).toBe(true);
    expect(isVoid(at, around({ owner: "flood", repository: "r-0" }))).toBe(false);
    expect(isVoid(at, around({ owner: "acme", repository: "app" }), before)).toBe(false);
  });

  it("takes everything for void that is older than an owner's whom a full memory had to forget", () => {
    const at = place();
    at.tombstones.replaced(subject, at.clock.now);
    for (let i = 0; i < TOMBSTONES_MEMORY_MAX; i++) at.tombstones.replaced(ownerSubject(`other-${i}`), at.clock.now);
    expect(isVoid(at, [ownerSubject("somebody")], at.clock.now - 1)).toBe(true);
    expect(isVoid(at, [subject])).toBe(false);
  });
});
