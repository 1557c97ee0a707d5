/**
 * Finding claims by name and by path, and reading them as text.
 */

import { expect, test } from "vitest";
import { claimStrings, findClaim } from "../../policies/claims.ts";

/** Names such as `__proto__` stay keys only in what JSON.parse made. */
const CLAIMS = JSON.parse(`{
  "ref": "refs/heads/main",
  "none": null,
  "a/b": "exact name",
  "a": {"b": "by path", "c": {"d": 7}, "e/f": "key with a slash", "": "empty key", "list": [{"x": 1}]},
  "x/": {"y": "key ends in a slash"},
  "https://sts.amazonaws.com/": {"aws_account": "123"},
  "m": {"n": {"o": "short"}, "n/o": {"p": "long"}},
  "kubernetes.io": {"serviceaccount": {"name": "builder"}},
  "p": {"__proto__": {"q": "own"}}
}`);

test.each<readonly [name: string, value: unknown]>([
  ["ref", "refs/heads/main"],
  ["none", null],
  ["a/b", "exact name"],
  ["a/c/d", 7],
  ["a/e/f", "key with a slash"],
  ["a/", "empty key"],
  ["x/y", "key ends in a slash"],
  ["https://sts.amazonaws.com/aws_account", "123"],
  ["kubernetes.io/serviceaccount/name", "builder"],
  ["a/c", { d: 7 }],
  ["m/n/o/p", "long"],
  ["p/__proto__/q", "own"],
])("%s is found", (name, value) => {
  expect(findClaim(CLAIMS, name)).toEqual({ value });
});

test.each([
  ["a name that is not there", "missing"],
  ["a name of the prototype", "constructor"],
  ["another case", "Ref"],
  ["dots are no path", "kubernetes.io.serviceaccount"],
  ["half a segment", "a/c/dd"],
  ["a path into the prototype", "a/constructor/name"],
  ["a path into a text", "ref/length"],
  ["a path into a list", "a/list/0"],
  ["an empty first segment", "/a"],
  ["an empty last segment", "m/n/"],
])("nothing is found for %s: %s", (_, name) => {
  expect(findClaim(CLAIMS, name)).toBeUndefined();
});

test("the longest key is taken, and there is no way back to a shorter one", () => {
  expect(findClaim(JSON.parse('{"m": {"n": {"o": {"q": 1}}, "n/o": {"p": 2}}}'), "m/n/o/q")).toBeUndefined();
});

test.each<readonly [value: unknown, texts: unknown]>([
  ["text", "text"],
  ["", ""],
  [true, "true"],
  [42, "42"],
  [-7, "-7"],
  [9_007_199_254_740_991, "9007199254740991"],
  [9_007_199_254_740_992, undefined],
  [1.5, undefined],
  [null, undefined],
  [{ a: 1 }, undefined],
  [
    ["a", 1, false, null, ["b"], { c: 1 }, 1.5],
    ["a", "1", "false"],
  ],
  [[], []],
])("%j reads as %j", (value, texts) => {
  expect(claimStrings(value)).toEqual(texts);
});
