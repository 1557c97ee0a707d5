/**
 * `policy explain`: one policy put to one token, clause by clause.
 */

import { inFile } from "../check.ts";
import type { VerifiedClaims } from "../claims.ts";
import { type ClauseResult, evaluate, type Verdict } from "../evaluate.ts";
import type { CompiledPolicy } from "../policy/compile.ts";
import type { Matcher } from "../policy/document.ts";
import { type Change, changeFor } from "./change.ts";
import { type CommandResult, checkFile, report } from "./check.ts";
import { type Disk, mustRead, shown, Unusable } from "./disk.ts";
import { COLUMNS, hanging, type Paint, wrap } from "./layout.ts";
import type { Options } from "./options.ts";
import { createLocator } from "./place.ts";
import { expiryNote, type Payload, parseClaims, parseToken } from "./token.ts";

export interface Explanation {
  readonly verdict: Verdict;
  readonly change: Change | undefined;
}

export function explain(policy: CompiledPolicy, claims: VerifiedClaims, domain: string): Explanation {
  const verdict = evaluate(policy, claims, { domain });
  return { verdict, change: verdict.failed === undefined ? undefined : changeFor(verdict.failed, policy, claims) };
}

export function explanationAsText({ verdict, change }: Explanation, policy: CompiledPolicy, paint: Paint): string {
  const lines = [headline(verdict, paint), ""];
  for (const result of verdict.trace) lines.push(clauseAsText(result, result === verdict.failed, paint));
  if (change !== undefined) lines.push("", ...changeAsText(change, policy, verdict, paint));
  if (verdict.allow) lines.push("", ...grantAsText(policy));
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

function reasonOf({ why }: ClauseResult): string {
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

function changeAsText(change: Change, policy: CompiledPolicy, { failed }: Verdict, paint: Paint): readonly string[] {
  const lines = [paint("bold", "What would make it match"), ...wrap(change.advice, COLUMNS)];
  if (change.set !== undefined) lines.push(...yamlOf(change.set));
  const at = failed === undefined ? undefined : positionOf(failed, policy);
  if (at !== undefined) lines.push(paint("dim", `(the clause stands at ${at.line}:${at.column} of the policy)`));
  return lines;
}

function positionOf({ clause, name }: ClauseResult, policy: CompiledPolicy) {
  const { locate } = policy;
  if (clause === "claim") return locate(`claim_pattern.${name}`, "key");
  return locate(clause, "key") ?? locate(`${clause}_pattern`, "key");
}

/** Not wrapped: it is there to be copied. */
function yamlOf({ key, claim, value }: NonNullable<Change["set"]>): readonly string[] {
  const scalar = key === "max_token_lifetime" ? value : quotedScalar(value);
  return claim === undefined ? [`  ${key}: ${scalar}`] : [`  ${key}:`, `    ${quotedKey(claim)}: ${scalar}`];
}

export function quotedScalar(text: string): string {
  // A control character has no form in single quotes.
  return /\p{Cc}/u.test(text) ? JSON.stringify(text) : `'${text.replaceAll("'", "''")}'`;
}

export function quotedKey(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_./-]*$/.test(name) ? name : quotedScalar(name);
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

/** `now` in seconds. Throws Unusable. */
export function explainCommand(
  operand: string,
  options: Options,
  disk: Disk,
  paint: Paint,
  now: number,
): CommandResult {
  const payload = payloadFrom(options, disk);
  if (!payload.ok) throw new Unusable(payload.message);
  const { domain, format } = options;
  const path = disk.absolute(operand);
  const { policy, diagnostics } = checkFile(path, createLocator(disk)(path, options), options, disk);
  if (policy === undefined) {
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    return { code: 1, text: report(inFile(shown(disk, path), errors), 1, format, paint) };
  }
  if (domain === undefined && policy.audience === undefined) {
    throw new Unusable("the policy names no audience, so that --domain is needed: it is the default audience");
  }
  const explanation = explain(policy, payload.claims, domain ?? "");
  const notes = [expiryNote(payload.claims, now), "The token's signature was not checked."].filter(
    (note) => note !== undefined,
  );
  const code = explanation.verdict.allow ? 0 : 1;
  if (format === "json") return { code, text: `${JSON.stringify({ ...explanation, notes }, undefined, 2)}\n` };
  const told = notes.flatMap((note) => wrap(note, 80)).map((line) => paint("dim", line));
  return { code, text: `${explanationAsText(explanation, policy, paint)}\n${told.join("\n")}\n` };
}

function payloadFrom({ claims, token, tokenFile }: Options, disk: Disk): Payload {
  const given = [claims, token, tokenFile].filter((value) => value !== undefined);
  if (given.length !== 1) throw new Unusable("explain needs one of --claims, --token-file, --token");
  if (claims !== undefined) return parseClaims(mustRead(disk, claims), claims);
  return parseToken(token ?? mustRead(disk, tokenFile ?? ""));
}
