// Rendezvous hashing: the properties that let check runs keep their App without a store.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { App } from "../../worker/github/app.ts";
import { rank, type StickyKey } from "../../worker/github/pool.ts";

const app = (id: string): App => ({ id, keys: [], owners: [] });
const ids = (apps: readonly App[]): string[] => apps.map(({ id }) => id);

const appsArbitrary = fc
  .uniqueArray(fc.integer({ min: 1, max: 9_999_999 }), { minLength: 1, maxLength: 8 })
  .map((numbers) => numbers.map((number) => app(String(number))));
const keyArbitrary: fc.Arbitrary<StickyKey> = fc.record({
  scope: fc.string(),
  identity: fc.string(),
  subject: fc.string(),
});

describe("rank", () => {
  it("is an order of exactly the Apps given, whatever order they come in", () => {
    fc.assert(
      fc.property(appsArbitrary, keyArbitrary, (apps, key) => {
        const ranked = ids(rank(apps, key));
        expect([...ranked].sort()).toEqual(ids(apps).sort());
        expect(ids(rank([...apps].reverse(), key))).toEqual(ranked);
      }),
    );
  });

  it("moves nobody when an App goes, but those who had it", () => {
    fc.assert(
      fc.property(appsArbitrary, keyArbitrary, fc.nat(), (apps, key, nth) => {
        const gone = apps[nth % apps.length]?.id;
        const rest = ids(rank(apps, key)).filter((id) => id !== gone);
        expect(
          ids(
            rank(
              apps.filter(({ id }) => id !== gone),
              key,
            ),
          ),
        ).toEqual(rest);
      }),
    );
  });

  it("takes the scope without case, and all else as it is", () => {
    const apps = Array.from({ length: 50 }, (_, index) => app(String(index)));
    const key = { scope: "Acme/App", identity: "ci", subject: "repo:acme/app:x" };
    const same = ids(rank(apps, key));
    expect(ids(rank(apps, { ...key, scope: "acme/app" }))).toEqual(same);
    expect(ids(rank(apps, { ...key, identity: "CI" }))).not.toEqual(same);
    expect(ids(rank(apps, { ...key, subject: "repo:acme/app:y" }))).not.toEqual(same);
  });

  it("tells keys apart that would be equal if they were only joined", () => {
    const apps = Array.from({ length: 50 }, (_, index) => app(String(index)));
    const one = ids(rank(apps, { scope: "a", identity: "b:c", subject: "d" }));
    expect(ids(rank(apps, { scope: "a", identity: "b", subject: "c:d" }))).not.toEqual(one);
  });

  it("shares the keys out evenly", () => {
    const apps = [app("101"), app("102"), app("103"), app("104")];
    const firsts = new Map<string, number>();
    for (let index = 0; index < 4000; index += 1) {
      const first = rank(apps, {
        scope: "acme/app",
        identity: "ci",
        subject: `repo:acme/app:ref:refs/heads/${index}`,
      })[0];
      firsts.set(first?.id ?? "", (firsts.get(first?.id ?? "") ?? 0) + 1);
    }
    expect(firsts.size).toBe(4);
    for (const count of firsts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it("never changes: an isolate of tomorrow must choose as one of today", () => {
    const apps = ["1001", "1002", "1003"].map(app);
    expect(ids(rank(apps, { scope: "o/r", identity: "id", subject: "sub" }))).toEqual(["1003", "1002", "1001"]);
  });
});
