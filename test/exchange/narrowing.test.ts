// Narrowing never widens: properties of the pure rule, whatever is asked.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Grant } from "../../policies/grant.ts";
import { levelsOf, permissionNames, rankOfLevel } from "../../policies/permissions.ts";
import type { Downscoping } from "../../worker/exchange/outcome.ts";
import { downscope } from "../../worker/exchange/rules.ts";

const names = permissionNames();
const repository = fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/);
/** Often near each other, so that hits are as frequent as misses. */
const few = fc.constantFrom("app", "App", "other", "third", ".github", "__proto__", "constructor");
const anyRepository = fc.oneof(few, repository);
const permission = fc.constantFrom(...names.slice(0, 8), ...names);

const grantEntry = permission.chain((name) => fc.tuple(fc.constant(name), fc.constantFrom(...levelsOf(name))));
const grant: fc.Arbitrary<Grant> = fc.record({
  permissions: fc.array(grantEntry, { minLength: 1, maxLength: 6 }).map((entries) => Object.fromEntries(entries)),
  repositories: fc.oneof(fc.constant("all" as const), fc.array(anyRepository, { minLength: 1, maxLength: 5 })),
});
/** Also what the syntax of a request would have refused: the rule stands for itself. */
const askedName = fc.oneof(permission, fc.constantFrom("__proto__", "constructor", "toString", "no_such"), fc.string());
const askedLevel = fc.oneof(
  fc.constantFrom("read", "write", "admin"),
  fc.constantFrom("none", "", "READ", "__proto__"),
);
const asked: fc.Arbitrary<Downscoping> = fc.record(
  {
    permissions: fc.array(fc.tuple(askedName, askedLevel), { maxLength: 5 }).map((entries) => new Map(entries)),
    repositories: fc.array(anyRepository, { maxLength: 5 }),
  },
  { requiredKeys: [] },
);

const holds = (granted: Grant, name: string, level: string): boolean => {
  const most = Object.hasOwn(granted.permissions, name) ? granted.permissions[name] : undefined;
  return most !== undefined && rankOfLevel(level) >= 1 && rankOfLevel(level) <= rankOfLevel(most);
};
const sees = ({ repositories }: Grant, name: string): boolean =>
  repositories === "all" || repositories.some((one) => one.toLowerCase() === name.toLowerCase());

/** A repository in two spellings is one repository. */
const folded = ({ permissions, repositories }: Grant) => ({
  permissions,
  repositories: repositories === "all" ? repositories : repositories.map((name) => name.toLowerCase()),
});

describe("narrow", () => {
  it("grants no permission, level or repository that the policy does not", () => {
    fc.assert(
      fc.property(grant, asked, (granted, wish) => {
        const result = downscope(granted, wish);
        if (!result.ok) return;
        for (const [name, level] of Object.entries(result.value.permissions)) {
          expect(holds(granted, name, level)).toBe(true);
        }
        const { repositories } = result.value;
        if (repositories === "all") expect(granted.repositories).toBe("all");
        else for (const name of repositories) expect(sees(granted, name)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it("grants exactly what was asked, or refuses and names what exceeded", () => {
    fc.assert(
      fc.property(grant, asked, (granted, wish) => {
        const result = downscope(granted, wish);
        const over = [...(wish.permissions ?? [])].filter(([name, level]) => !holds(granted, name, level));
        const beyond = (wish.repositories ?? []).filter((name) => !sees(granted, name));
        const excess = [...over.map(([name, level]) => `${name}:${level}`), ...beyond];
        if (!result.ok) {
          expect(result.denial).toEqual({ reason: "narrowing_exceeds_policy", excess });
          return;
        }
        expect(excess).toEqual([]);
        const wanted = wish.permissions ? [...wish.permissions] : Object.entries(granted.permissions);
        expect(Object.entries(result.value.permissions)).toEqual(expect.arrayContaining(wanted));
        expect(Object.keys(result.value.permissions)).toHaveLength(new Map(wanted).size);
        const { repositories } = result.value;
        if (wish.repositories === undefined) expect(repositories).toEqual(granted.repositories);
        else expect(repositories).toHaveLength(wish.repositories.length);
      }),
      { numRuns: 2_000 },
    );
  });

  it("asking for nothing changes nothing; asking twice is asking once", () => {
    fc.assert(
      fc.property(grant, asked, (granted, wish) => {
        const whole = downscope(granted, {});
        expect(whole).toEqual({ ok: true, value: granted });
        const once = downscope(granted, wish);
        if (!once.ok) return;
        const twice = downscope(once.value, wish);
        expect(twice.ok && folded(twice.value)).toEqual(folded(once.value));
      }),
    );
  });

  it("never makes all of a list, nor of an empty wish", () => {
    const granted: Grant = { permissions: { contents: "read" }, repositories: "all" };
    expect(downscope(granted, { repositories: [] })).toEqual({ ok: true, value: { ...granted, repositories: [] } });
    expect(downscope({ ...granted, repositories: ["a"] }, {})).toEqual({
      ok: true,
      value: { ...granted, repositories: ["a"] },
    });
  });
});
