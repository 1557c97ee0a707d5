// Where strings end decides what is a key: escapes must not move it.

import { expect, it } from "vitest";
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
