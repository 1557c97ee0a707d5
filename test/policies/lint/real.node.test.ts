/**
 * Lint on the policies of public repositories that were collected beside this repository: how often each rule fires, and that an
 * author who is shown its findings would not call it noise. Without the collection there is nothing to judge, and the test says so.
 */

import { expect, test } from "vitest";
import type { Diagnostic } from "../../../policies/diagnostics.ts";
import { parseTrustedIssuers } from "../../../policies/issuers.ts";
import { lintPolicy, lintTrustedIssuers, RULES } from "../../../policies/lint/lint.ts";
import { parsePolicy } from "../../../policies/parse.ts";
import { files, isThere, type RealFile, textOf } from "../real.ts";

/** Undefined if the file does not parse: that is for others to judge. */
function lintFile({ file, repo, kind }: RealFile): readonly Diagnostic[] | undefined {
  const text = textOf({ file });
  if (kind === "issuers") {
    const list = parseTrustedIssuers(text);
    return list.ok ? lintTrustedIssuers(list.value) : undefined;
  }
  const owner = repo.slice(0, repo.indexOf("/"));
  const parsed = parsePolicy(text, { kind: kind === "repo" ? "repository" : "organization", owner });
  return parsed.ok ? lintPolicy(parsed.value, { owner, domain: "octo-sts.dev" }) : undefined;
}

const linted = files.flatMap((real) => {
  const warnings = lintFile(real);
  return warnings === undefined ? [] : [{ file: real.file, warnings }];
});

function filesWith(id: string, severity?: Diagnostic["severity"]): readonly string[] {
  const isMeant = (warning: Diagnostic) => warning.id === id && (severity ?? warning.severity) === warning.severity;
  return linted.filter(({ warnings }) => warnings.some(isMeant)).map(({ file }) => file.replace(".yaml", ""));
}

function median(numbers: readonly number[]): number | undefined {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

test.runIf(isThere)("the hits of each rule", () => {
  const lines = Object.keys(RULES)
    .map((id) => ({ id, warnings: filesWith(id, "warning").length, notices: filesWith(id, "notice").length }))
    .toSorted((a, b) => b.warnings + b.notices - a.warnings - a.notices)
    .map(({ id, warnings, notices }) => `${String(warnings).padStart(4)} ${String(notices).padStart(4)}  ${id}`);
  console.info([`of ${linted.length} files`, "warn note  rule", ...lines].join("\n"));
  expect(linted.flatMap(({ warnings }) => warnings.filter(({ id }) => !Object.hasOwn(RULES, id)))).toEqual([]);
});

test.runIf(isThere)("the median policy has no finding", () => {
  const all = linted.map(({ warnings }) => warnings.length);
  const graver = linted.map(({ warnings }) => warnings.filter(({ severity }) => severity === "warning").length);
  expect({ all: median(all), graver: median(graver), most: Math.max(...all) }).toEqual({ all: 0, graver: 0, most: 4 });
});

test.runIf(isThere)("no rule speaks on more than one policy in ten", () => {
  expect(Object.keys(RULES).filter((id) => filesWith(id).length / linted.length > 1 / 10)).toEqual([]);
});

test.runIf(isThere)("known mistakes are found", () => {
  // A shell's `*` in a pattern; GitLab's claims asked of GitHub; a claim that GitLab does not have; a repository listed twice.
  expect(filesWith("glob-as-pattern")).toEqual(["141"]);
  expect(filesWith("claim-never-issued")).toEqual(["061", "076"]);
  expect(filesWith("duplicate-repository")).toEqual(["142"]);
  expect(filesWith("top-level-alternation")).toEqual(["085", "095"]);
  expect(filesWith("subject-customized")).toEqual(["089"]);
  expect(filesWith("policies-writable")).toEqual(["128"]);
  expect(filesWith("open-subject-write")).toEqual(["068", "069", "074", "087", "090", "117", "125", "138"]);
  expect(filesWith("wildcard-crosses-boundary")).toEqual(["090", "091", "119", "121"]);
});

test.runIf(isThere)("what never holds of a real policy is never told", () => {
  const silent = [
    "audience-of-anyone",
    "exact-looks-like-pattern",
    "issuer-misspelt",
    "issuer-of-any-customer",
    "issuer-of-anyone",
    "matches-nothing",
    "never-together",
    "owner-case",
    "subject-of-anyone",
    "unescaped-dot",
  ];
  expect(silent.filter((id) => filesWith(id).length > 0)).toEqual([]);
});
