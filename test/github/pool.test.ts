// Which App serves: by owner, by what is left of its quota, and after limits.

import { describe, expect, it } from "vitest";
import type { App } from "../../worker/github/app.ts";
import { appsOf, orderApps, Pool, type Quota } from "../../worker/github/pool.ts";
import { QUOTA_STALE_MS } from "../../worker/limits.ts";

const NOW = 1_780_000_000_000;
const app = (id: string, owners: string[] = []): App => ({ id, keys: [], owners });
const ids = (apps: readonly App[]): string => apps.map(({ id }) => id).join("");

describe("Apps of an owner", () => {
  const apps = [app("a", ["acme"]), app("b", ["acme", "other"]), app("c"), app("d")];
  it.each([
    ["acme", "ab"],
    ["ACME", "ab"],
    ["other", "b"],
    ["else", "cd"],
  ])("%s", (owner, expected) => {
    expect(ids(appsOf(apps, owner))).toBe(expected);
  });

  it("are none when every App names other owners", () => {
    expect(appsOf([app("a", ["acme"])], "else")).toEqual([]);
  });
});

const sample = (remaining: number, over: Partial<Quota> = {}): Quota => ({
  remaining,
  sampledAt: NOW,
  resetAt: NOW + 1_800_000,
  limitedUntil: 0,
  ...over,
});

function order(quotas: Record<string, Quota | undefined>, turn = 0): string {
  return ids(
    orderApps(
      Object.keys(quotas).map((id) => app(id)),
      ({ id }) => quotas[id],
      { now: NOW, turn },
    ),
  );
}

describe("order", () => {
  it("is by what is left when all are known", () => {
    expect(order({ a: sample(4), b: sample(9000), c: sample(1600), d: sample(5000) })).toBe("bdca");
  });

  it("takes turns while one is unknown", () => {
    const quotas = { a: sample(9000), b: undefined, c: sample(1) };
    expect([0, 1, 2, 3].map((turn) => order(quotas, turn))).toEqual(["abc", "bca", "cab", "abc"]);
  });

  it.each([
    ["old", sample(9000, { sampledAt: NOW - QUOTA_STALE_MS })],
    ["of an hour that is over", sample(9000, { resetAt: NOW })],
  ])("does not trust a sample that is %s", (_, quota) => {
    expect(order({ a: sample(1), b: quota }, 0)).toBe("ab");
    expect(order({ a: sample(1), b: quota }, 1)).toBe("ba");
  });

  it("puts limited Apps last, the soonest free first", () => {
    const quotas = {
      a: sample(9000, { limitedUntil: NOW + 2000 }),
      b: sample(9000, { limitedUntil: NOW + 1000 }),
      c: sample(1),
      d: sample(2, { limitedUntil: NOW }),
    };
    expect(order(quotas)).toBe("dcba");
  });

  it("is stable for none and one", () => {
    expect(order({})).toBe("");
    expect(order({ a: undefined }, 7)).toBe("a");
  });
});

describe("a pool", () => {
  const headers = (remaining: string, reset = String(NOW / 1000 + 1800)) =>
    new Headers({ "x-ratelimit-remaining": remaining, "x-ratelimit-reset": reset });

  it("learns from headers, per owner and without case", () => {
    const pool = new Pool([app("a"), app("b")], () => NOW);
    pool.tap("a", "Acme", headers("10"));
    pool.tap("b", "acme", headers("20"));
    expect([1, 2, 3].map(() => ids(pool.appsFor("ACME")))).toEqual(["ba", "ba", "ba"]);
    expect(new Set([1, 2].map(() => ids(pool.appsFor("else"))))).toEqual(new Set(["ab", "ba"]));
  });

  it.each([new Headers(), headers(""), headers("-1"), headers("many"), headers("5", "soon")])(
    "learns nothing from others",
    (none) => {
      const pool = new Pool([app("a"), app("b")], () => NOW);
      pool.tap("a", "acme", headers("10"));
      pool.tap("b", "acme", none);
      expect(new Set([1, 2].map(() => ids(pool.appsFor("acme"))))).toEqual(new Set(["ab", "ba"]));
    },
  );

  it("avoids a limited App until its time is over, for that owner alone", () => {
    const clock = { now: NOW };
    const pool = new Pool([app("a"), app("b")], () => clock.now);
    pool.tap("a", "acme", headers("10"));
    pool.tap("b", "acme", headers("20"));
    pool.limited("b", "acme", 60);
    expect(ids(pool.appsFor("acme"))).toBe("ab");
    pool.tap("b", "acme", headers("4000"));
    expect(ids(pool.appsFor("acme"))).toBe("ab");
    clock.now += 60_000;
    expect(ids(pool.appsFor("acme"))).toBe("ba");
  });
});
