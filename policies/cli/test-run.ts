/**
 * A policy put to the tokens of its test file. Pure: files are read by the caller.
 */

import { claimsOfVerifiedToken, type VerifiedClaims } from "../claims.ts";
import { type Diagnostic, plural } from "../diagnostics.ts";
import { evaluate } from "../evaluate.ts";
import type { CompiledPolicy } from "../policy/compile.ts";
import { clauseName } from "./explanation.ts";
import { hanging, type Paint, printable } from "./layout.ts";
import type { TestFile, TestToken } from "./test-file.ts";

export interface Outcome {
  readonly name: string;
  readonly passed: boolean;
  /** What was expected and what happened; empty for a test that passed. */
  readonly message: string;
}

export interface FileOutcome {
  readonly file: string;
  readonly outcomes: readonly Outcome[];
}

export interface TestInput {
  readonly test: TestFile;
  readonly policy: CompiledPolicy;
  readonly domain: string;
  /** What lint said of the policy. */
  readonly diagnostics: readonly Diagnostic[];
  /** By `claims_file`; text is what went wrong with it. */
  readonly files: ReadonlyMap<string, VerifiedClaims | string>;
}

export function runTests(input: TestInput): readonly Outcome[] {
  const { test, policy, domain, files } = input;
  const built = new Map<string, Readonly<Record<string, unknown>>>();
  const outcomes = test.tokens.map((token): Outcome => {
    const base = baseOf(token, built, files);
    if (typeof base === "string") return { name: token.name, passed: false, message: base };
    const claims = laidOver(base, token.claims ?? {});
    built.set(token.name, claims);
    return outcomeOf(token, policy, claimsOfVerifiedToken(claims), domain);
  });
  return [...outcomes, ...warningsOutcome(input), ...grantOutcome(input)];
}

function baseOf(
  { like, claimsFile }: TestToken,
  built: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
  files: TestInput["files"],
) {
  if (like !== undefined) return built.get(like) ?? `the claims of ${JSON.stringify(like)} could not be read`;
  return claimsFile === undefined ? {} : (files.get(claimsFile) ?? `${claimsFile} was not read`);
}

/** Null takes a claim away. A null prototype, as a claim may be named `__proto__`. */
function laidOver(base: Readonly<Record<string, unknown>>, over: Readonly<Record<string, unknown>>) {
  const claims: Record<string, unknown> = Object.create(null);
  for (const [name, value] of [...Object.entries(base), ...Object.entries(over)]) claims[name] = value;
  for (const [name, value] of Object.entries(over)) if (value === null) delete claims[name];
  return claims;
}

function outcomeOf(
  { name, expect, fails }: TestToken,
  policy: CompiledPolicy,
  claims: VerifiedClaims,
  domain: string,
): Outcome {
  const { allow, failed } = evaluate(policy, claims, { domain });
  const happened = failed === undefined ? "it was allowed" : `it was denied at ${clauseName(failed)}`;
  const wanted = expect === "allow" ? "expected to be allowed" : `expected to be denied at ${fails}`;
  const passed = expect === "allow" ? allow : failed !== undefined && clauseName(failed) === fails;
  return { name, passed, message: passed ? "" : `${wanted}, but ${happened}` };
}

function warningsOutcome({ test, diagnostics }: TestInput): readonly Outcome[] {
  if (test.warnings === undefined) return [];
  const found = [...new Set(diagnostics.map(({ id }) => id))].sort();
  const wanted = [...new Set(test.warnings)];
  const passed = found.join(" ") === wanted.join(" ");
  const message = passed ? "" : `expected ${listed(wanted)}, but lint says ${listed(found)}`;
  return [{ name: "warnings", passed, message }];
}

function grantOutcome({ test, policy }: TestInput): readonly Outcome[] {
  if (test.grants === undefined) return [];
  const { permissions, repositories } = test.grants;
  const wanted = [pairs(Object.entries(permissions)), namesOf(repositories)].join(" on ");
  const granted = policy.document.permissions.map(({ name, level }) => [name, level] as const);
  const { kind, repositories: own } = policy.document;
  const found = [pairs(granted), namesOf(kind === "repository" ? undefined : own?.length ? own : "all")].join(" on ");
  const passed = wanted === found;
  return [{ name: "grants", passed, message: passed ? "" : `expected ${wanted}, but the policy grants ${found}` }];
}

function pairs(entries: readonly (readonly [string, string])[]): string {
  return entries
    .map(([name, level]) => `${name}: ${level}`)
    .sort()
    .join(", ");
}

function namesOf(repositories: readonly string[] | "all" | undefined): string {
  if (repositories === undefined) return "its own repository";
  return repositories === "all" ? "every repository" : [...new Set(repositories)].sort().join(", ");
}

function listed(ids: readonly string[]): string {
  return ids.length === 0 ? "no warnings" : ids.join(", ");
}

export function outcomesAsText(files: readonly FileOutcome[], paint: Paint): string {
  const lines = files.flatMap(({ file, outcomes }) => [
    paint("bold", printable(file)),
    ...outcomes.map((o) => outcomeAsText(o, paint)),
    "",
  ]);
  const all = files.flatMap(({ outcomes }) => outcomes);
  const failed = all.filter(({ passed }) => !passed).length;
  return `${lines.join("\n")}\n${plural(all.length, "test")} in ${plural(files.length, "file")}: ${failed} failed\n`;
}

function outcomeAsText({ name, passed, message }: Outcome, paint: Paint): string {
  const head = hanging(`  ${passed ? paint("green", "ok  ") : paint("red", "FAIL")}  `, 8, name);
  return passed ? head : `${head}\n${hanging(" ".repeat(8), 8, message)}`;
}
