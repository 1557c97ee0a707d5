// What is passed at a glance is what the rules would pass: the same text is judged again in a spelling that has to go through them.

import fc from "fast-check";
import { expect, it } from "vitest";
import { audienceProblem, isIssuer, subjectProblem } from "../../policies/fields.ts";

const ASCII = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));

const issuerBit = fc.constantFrom(
  ...[
    "a",
    "A",
    "0",
    ".",
    "-",
    "_",
    "~",
    "/",
    "//",
    "..",
    ":",
    ":80",
    "@",
    "?",
    "#",
    "\\",
    "%",
    "%2f",
    "%41",
    "[::1]",
    " ",
    "é",
    "\n",
  ],
  ...["a".repeat(149), "b".repeat(100), "localhost", "127.0.0.1", "example.com/a"],
);
const issuer = fc
  .tuple(
    fc.constantFrom("https://", "http://", "http://localhost", "http://127.0.0.1"),
    fc.array(issuerBit, { maxLength: 6 }),
  )
  .map(([start, bits]) => start + bits.join(""));

it("judges an issuer alike in either case of its scheme", () => {
  const verdicts = { true: 0, false: 0 };
  fc.assert(
    fc.property(issuer, (text) => {
      const verdict = isIssuer(text);
      expect(isIssuer(text.replace("http", "HTTP"))).toBe(verdict);
      verdicts[`${verdict}`] += 1;
    }),
    { numRuns: 4_000 },
  );
  expect(Math.min(verdicts.true, verdicts.false)).toBeGreaterThan(400);
});

/** A letter beyond ASCII is allowed wherever a letter is, and never at a glance. */
it.each([
  ["subject", subjectProblem, 1_024],
  ["audience", audienceProblem, 255],
])("judges every character of a %s alike beside one beyond ASCII", (_, problemOf, max) => {
  const differing = ASCII.filter((character) =>
    [`${character}b`, `bb${character}b`, `bb${character}`].some((text) => {
      const slow = text.replace("b", "é");
      return problemOf(text) !== problemOf(slow);
    }),
  );
  expect(differing).toEqual([]);
  expect(
    ASCII.map((character) => problemOf(`a${character}b`)).filter((problem) => problem === undefined).length,
  ).toBeGreaterThan(60);
  expect([problemOf("b".repeat(max)), problemOf("é".repeat(max))]).toEqual([undefined, undefined]);
  expect(problemOf("b".repeat(max + 1))).toBe(problemOf("é".repeat(max + 1)));
});
