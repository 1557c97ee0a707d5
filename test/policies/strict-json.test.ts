// Where strings end decides what is a key: escapes must not move it.

import fc from "fast-check";
import { expect, it } from "vitest";
import { MAX_NESTING_DEPTH } from "../../policies/limits.ts";
import { parseStrictObject } from "../../policies/strict-json.ts";

const told = (text: string) => {
  const parsed = parseStrictObject(new TextEncoder().encode(text));
  return parsed.ok ? parsed.value : parsed.problem;
};

it.each([
  ["an escaped quote", String.raw`{"a\"b": "c\"", "d": 1}`],
  ["an escaped backslash before the end", String.raw`{"a\\": "\\", "b": "\\\\"}`],
  ["a quote behind an escaped backslash and its own", String.raw`{"a": "\\\"", "b": "\"\\"}`],
  ["a key within a value", String.raw`{"a": "\"b\": 1", "b": 2}`],
  ["empty texts", `{"": "", "a": ["", ""]}`],
])("reads %s", (_, text) => {
  expect(told(text)).toEqual(JSON.parse(text));
});

it.each([
  String.raw`{"a": "\\", "a": 1}`,
  String.raw`{"a\"": 1, "a\"": 2}`,
  String.raw`{"a": "\"", "b": {"c": "\\\"", "\u0063": 1}}`,
])("sees a key twice behind escapes: %s", (text) => {
  expect(told(text)).toBe("names a key twice");
});

const ESCAPED = [
  String.raw`"\u0061"`,
  String.raw`"\ud800"`,
  String.raw`"\ud83d\ude00"`,
  String.raw`"\""`,
  String.raw`"\\"`,
];

const { json } = fc.letrec<{ json: string }>((tie) => {
  // Names and texts that meet often: in two spellings, too long for a double, or in another order than objects keep.
  const string = fc.constantFrom(
    '"a"',
    '"b"',
    '"2"',
    '"1"',
    '""',
    '"__proto__"',
    '"toJSON"',
    '"[{"',
    '"é"',
    '"😀"',
    ...ESCAPED,
  );
  const scalar = fc.constantFrom(
    "0",
    "1",
    "-1",
    "-0",
    "1.5",
    "1.0",
    "1e3",
    "1e400",
    "-9e999",
    "12345678901234567890",
    "null",
    "true",
  );
  const list = fc.array(tie("json"), { maxLength: 3 }).map((items) => `[${items.join(",")}]`);
  const object = fc.array(fc.tuple(string, tie("json")), { maxLength: 4 });
  const deep = fc.tuple(fc.integer({ min: MAX_NESTING_DEPTH - 3, max: MAX_NESTING_DEPTH + 1 }), fc.boolean());
  return {
    json: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      { arbitrary: scalar, weight: 2 },
      { arbitrary: string, weight: 2 },
      { arbitrary: object.map((members) => `{${members.map((member) => member.join(":")).join(",")}}`), weight: 4 },
      list,
      deep.map(([depth, inObjects]) =>
        inObjects ? `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}` : `${"[".repeat(depth)}${"]".repeat(depth)}`,
      ),
    ),
  };
});

/** A key with an escape, and white space: JSON.stringify writes neither. */
const SLOWLY = String.raw` , "\u0078": 0}`;

it("judges a text alike, whether JSON.stringify would write it so or not", () => {
  const verdicts = new Set<string>();
  const verdictOf = (text: string): string => {
    const verdict = told(text);
    return typeof verdict === "string" ? verdict : "read";
  };
  fc.assert(
    fc.property(json, (value) => {
      const text = `{"a":${value}`;
      const verdict = verdictOf(`${text}}`);
      expect(verdict).toBe(verdictOf(text + SLOWLY));
      verdicts.add(verdict);
    }),
    { numRuns: 2_000 },
  );
  expect([...verdicts].sort()).toEqual([
    "has a number that is too large",
    "has text that is not Unicode",
    `is nested more than ${MAX_NESTING_DEPTH} levels deep`,
    "names a key twice",
    "read",
  ]);
});
