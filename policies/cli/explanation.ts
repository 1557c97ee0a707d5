/**
 * An explanation as text for people. Pure.
 */

import type { ClauseResult, Verdict } from "../evaluate.ts";
import type { CompiledPolicy } from "../policy/compile.ts";
import type { Matcher } from "../policy/document.ts";
import type { Change, Setting } from "./advice/clause.ts";
import type { ClauseExplanation, Explanation } from "./explain.ts";
import { COLUMNS, hanging, type Paint, printable, wrap } from "./layout.ts";
import { quotedKey, quotedScalar } from "./scalars.ts";

export function explanationAsText(explanation: Explanation, policy: CompiledPolicy, paint: Paint): string {
  const { verdict, changes, mended } = explanation;
  const lines = [headline(verdict, paint), ""];
  for (const result of verdict.trace) lines.push(clauseAsText(result, result === verdict.failed, paint));
  const failed = verdict.trace.filter(({ passed }) => !passed);
  for (const [i, change] of changes.entries()) lines.push("", ...changeAsText(change, failed[i], policy, paint));
  if (mended !== undefined) {
    const stays = "What only the workload can change stays: it would still be refused.";
    lines.push("", ...mendedAsText(mended.text, paint), ...(mended.allow ? [] : [stays]));
  }
  if (verdict.allow) lines.push("", ...grantAsText(policy));
  return `${lines.join("\n")}\n`;
}

/** Of a refusal's one clause. */
export function clauseExplanationAsText(
  { result, change, mended }: ClauseExplanation,
  policy: CompiledPolicy,
  paint: Paint,
): string {
  const head = result.passed
    ? paint("green", `${clauseName(result)} matches: this policy lets in what was refused there`)
    : paint("red", `refused: ${clauseName(result)} ${reasonOf(result)}`);
  const lines = [...wrap(head, COLUMNS), "", clauseAsText(result, true, paint)];
  if (change !== undefined) lines.push("", ...changeAsText(change, result, policy, paint));
  if (mended !== undefined) lines.push("", ...mendedAsText(mended.text, paint));
  return `${lines.join("\n")}\n`;
}

/** The clause by the name that `fails` has in a test file. */
export function clauseName({ clause, name }: ClauseResult): string {
  if (clause === "claim") return `claim_pattern.${name}`;
  return clause === "fields" ? `fields.${name}` : clause;
}

function headline({ allow, code, failed }: Verdict, paint: Paint): string {
  if (allow || failed === undefined) return paint("green", "allowed: every clause matches");
  const [first = "", ...rest] = wrap(`refused: ${clauseName(failed)} ${reasonOf(failed)} (code ${code})`, COLUMNS);
  return [first, ...rest].map((line) => paint("red", line)).join("\n");
}

/** Why it failed, behind its name. */
export function reasonOf({ why }: ClauseResult): string {
  switch (why) {
    case "absent":
      return "is not in the token";
    case "not_string":
      return "is no string in the token";
    case "ill_formed":
      return "is ill-formed";
    case "too_long":
      return "is exceeded";
    case "too_costly":
      return "takes more steps to compare than one token may";
    default:
      return "does not match";
  }
}

const LABEL = 8;

function clauseAsText(result: ClauseResult, isFirst: boolean, paint: Paint): string {
  const mark = result.passed ? paint("green", "ok  ") : paint(isFirst ? "red" : "yellow", "FAIL");
  const head = hanging(`  ${mark}  `, LABEL, clauseName(result));
  if (result.clause === "fields" && result.passed) return head;
  const wanted = hanging(`${" ".repeat(LABEL)}policy  `, LABEL + 8, expectedAsText(result));
  const found = hanging(`${" ".repeat(LABEL)}token   `, LABEL + 8, actualAsText(result));
  const isTheSame = result.passed && result.expected.kind === "exact" && typeof result.actual === "string";
  return isTheSame ? [head, found].join("\n") : [head, wanted, found].join("\n");
}

function expectedAsText({ expected: { kind, value } }: ClauseResult): string {
  switch (kind) {
    case "exact":
      return value;
    case "pattern":
      return `pattern ${value}`;
    case "any_of":
      return `${value.split(" ").join(" or ")} (by default)`;
    case "at_most":
      return `at most ${value} s`;
    case "format":
      return `a well-formed ${value}`;
  }
}

function actualAsText({ actual, why, clause }: ClauseResult): string {
  if (actual === undefined) return why === "absent" ? "nothing" : "no string";
  if (typeof actual === "string") return clause === "max_token_lifetime" ? `${actual} s` : actual;
  if (actual.length === 0) return "an empty list";
  return actual.length === 1 ? (actual[0] ?? "") : `one of ${actual.join(", ")}`;
}

function changeAsText(
  change: Change,
  failed: ClauseResult | undefined,
  policy: CompiledPolicy,
  paint: Paint,
): readonly string[] {
  const title = failed === undefined ? "" : ` ${clauseName(failed)}`;
  const lines = [paint("bold", `What would make${title} match`), ...wrap(change.advice, COLUMNS)];
  lines.push(...yamlOf(change.set));
  const at = failed === undefined ? undefined : positionOf(failed, policy);
  if (at !== undefined) lines.push(paint("dim", `(the clause stands at ${at.line}:${at.column} of the policy)`));
  return lines;
}

function positionOf({ clause, name }: ClauseResult, policy: CompiledPolicy) {
  const { locate } = policy;
  if (clause === "claim") return locate(`claim_pattern.${name}`, "key");
  return locate(clause, "key") ?? locate(`${clause}_pattern`, "key");
}

/** Lines of YAML, indented by two. Not wrapped: they are there to be copied. */
export function yamlOf(settings: readonly Setting[]): readonly string[] {
  const keys = settings.filter(({ claim }) => claim === undefined);
  const claims = settings.filter(({ claim }) => claim !== undefined);
  return [
    ...keys.map(({ key, value }) => `  ${key}: ${key === "max_token_lifetime" ? value : quotedScalar(value)}`),
    ...(claims.length === 0 ? [] : ["  claim_pattern:"]),
    ...claims.map(({ claim = "", value }) => `    ${quotedKey(claim)}: ${quotedScalar(value)}`),
  ];
}

function mendedAsText(text: string, paint: Paint): readonly string[] {
  const lines = text.trimEnd().split("\n");
  // As a file has it, to be copied.
  return [paint("bold", "The policy, rewritten"), "", ...lines.map(printable)];
}

function grantAsText({ document }: CompiledPolicy): readonly string[] {
  const permissions = document.permissions.map(({ name, level }) => `${name}: ${level}`).join(", ");
  return [
    hanging("grants  ", 8, permissions),
    hanging("on      ", 8, repositoriesAsText(document)),
    ...(document.app === undefined ? [] : [hanging("by      ", 8, appAsText(document.app))]),
  ];
}

function appAsText({ kind, value }: Matcher): string {
  return `the App whose name or id ${kind === "exact" ? `is ${value}` : `matches the pattern ${value}`}`;
}

function repositoriesAsText({ kind, repositories }: CompiledPolicy["document"]): string {
  if (kind === "repository") return "the repository that holds the policy";
  if (repositories === undefined || repositories.length === 0) return "every repository of the installation";
  return repositories.join(", ");
}
