/** Where a refused value and its clause first differ, as the texts with a mark in them. */

import { expect, test } from "vitest";
import { divergenceOf } from "../../../policies/cli/advice/divergence.ts";
import { compilePattern } from "../../../policies/pattern/pattern.ts";

type Kind = "exact" | "pattern" | "any_of";

/** Both texts, `|` where they differ; the value alone where the pattern has no such place. */
function marked(kind: Kind, value: string, actual: string | readonly string[], sign = "|") {
  const found = divergenceOf({
    clause: "claim",
    name: "a",
    expected: { kind, value },
    actual,
    passed: false,
    why: "no_match",
  });
  const mark = ({ text, at }: { readonly text: string; readonly at: number | undefined }) =>
    at === undefined ? text : `${text.slice(0, at)}${sign}${text.slice(at)}`;
  return found && [mark(found.wanted), mark(found.found)];
}

const HEADS = "repo:acme/app:ref:refs/heads/";

test.each([
  ["exact", `${HEADS}main`, `${HEADS}feature`, `${HEADS}|main`, `${HEADS}|feature`],
  ["exact", "main", "main-2", "main|", "main|-2"],
  ["exact", "main", "mai", "mai|n", "mai|"],
  ["exact", "Main", "main", "|Main", "|main"],
  ["exact", "a\u{1f600}", "a\u{1f601}", "a|\u{1f600}", "a|\u{1f601}"],
  [
    "pattern",
    `${HEADS}.*`,
    "repo:acme/app:ref:refs/tags/v1",
    "repo:acme/app:ref:refs/|heads/.*",
    "repo:acme/app:ref:refs/|tags/v1",
  ],
  ["pattern", `^${HEADS}release-[0-9]+$`, `${HEADS}release-x`, `^${HEADS}release-|[0-9]+$`, `${HEADS}release-|x`],
  [
    "pattern",
    "repo:acme/[^/]+:environment:.+",
    "repo:acme/app:ref:x",
    "repo:acme/[^/]+:|environment:.+",
    "repo:acme/app:|ref:x",
  ],
  ["pattern", "main", "main-2", "main|", "main|-2"],
  ["pattern", "(?i)Main/", "MAIN", "(?i)Main|/", "MAIN|"],
  ["pattern", ".*@acme\\.com", "a@other.com", ".*@|acme\\.com", "a@|other.com"],
  ["pattern", "(?:push|schedule)", "pull_request", "|(?:push|schedule)", "|pull_request"],
  ["pattern", "push|schedule", "pull_request", "push|schedule", "pu|ll_request"],
  ["pattern", "\u{1f600}b", "\u{1f600}a", "\u{1f600}|b", "\u{1f600}|a"],
] as const)("%s %s and %s", (kind, value, actual, wanted, found) => {
  expect(marked(kind, value, actual)).toEqual([wanted, found]);
});

test("of several values the two that agree the longest", () => {
  expect(marked("any_of", "sts.acme.dev https://sts.acme.dev", ["api", "https://sts.acme.com"])).toEqual([
    "https://sts.acme.|dev",
    "https://sts.acme.|com",
  ]);
  expect(marked("pattern", "team-[a-z]+", ["staff", "team-1"])).toEqual(["team-|[a-z]+", "team-|1"]);
});

test.each([
  ["v[0-9]+\\.[0-9]+", "v12-rc", "v[0-9]+|\\.[0-9]+", "v12|-rc"],
  ["v[0-9]+", "v12-rc", "v[0-9]+|", "v12|-rc"],
  ["refs/.*/main", "refs/a/b", "refs/.*/|main", "refs/a/|b"],
])("what repeats itself takes what it can: %s and %s", (pattern, value, wanted, found) => {
  expect(marked("pattern", pattern, value)).toEqual([wanted, found]);
});

test("whatever the pattern: up to the marks they agree, and one part farther they do not", () => {
  const parts = ["a", "b+", "[ab]", "(?:ab|ba)", "c?", ".", "(?:a*c)"];
  let compared = 0;
  for (let seed = 1; seed < 300; seed += 1) {
    const pick = (n: number, i: number) => (seed * (7 + i * 13) + i * i * 5) % n;
    const source = Array.from({ length: 1 + pick(5, 1) }, (_, i) => parts[pick(parts.length, i)]);
    const text = Array.from({ length: pick(7, 3) }, (_, i) => "abcd"[pick(4, i + 9)]).join("");
    const matches = (pattern: string, value: string) => {
      const compiled = compilePattern(pattern);
      return compiled.ok && compiled.value.matches(value);
    };
    if (matches(source.join(""), text)) continue;
    const [wanted = "", found = ""] = marked("pattern", source.join(""), text, "!") ?? [];
    const [begun = "", rest = ""] = wanted.split("!");
    expect([wanted, found, matches(begun, found.split("!")[0] ?? "")]).toEqual([wanted, found, true]);
    const next = parts.find((part) => rest.startsWith(part));
    expect([wanted, found, matches(`${begun}${next ?? ""}(?s:.*)`, text)]).toEqual([wanted, found, next === undefined]);
    compared += 1;
  }
  expect(compared).toBeGreaterThan(200);
});
