/** What a refusal says of the clause that failed: to whoever holds the token, and more to the policy's owner. */
import type { ClauseResult } from "../../policies/evaluate.ts";
import type { SubjectMiss } from "../../policies/repository-subject.ts";
import type { ClausePlace } from "../denial.ts";
import type { Words } from "./words.ts";

const labelOf = ({ clause, name }: ClauseResult, { quote }: Words): string =>
  clause === "claim" ? `claim ${quote(name)}` : clause;

/** The clause and the token's own value, for whoever holds the token. */
export function clauseText(result: ClauseResult, words: Words): string {
  const { actual, why } = result;
  const label = labelOf(result, words);
  if (actual !== undefined)
    return `${label} ${valueText(actual, words)} ${MISMATCH[why === "too_costly" ? why : "other"]}`;
  return why === "not_string" ? `${label} has no value that can be compared` : `expected ${label} not found in token`;
}

const MISMATCH = { too_costly: "takes more steps to compare than one token may with", other: "did not match" };

const SHOWN_VALUES = 10;

interface Unmatched {
  readonly clause: ClauseResult;
  readonly at: ClausePlace;
  readonly miss?: SubjectMiss;
  readonly hint?: string;
}

/** The same, and what the policy says, and where, for its owner. */
export function ownersClauseText({ clause, at, miss, hint }: Unmatched, words: Words): string {
  const found = clauseText(clause, words);
  const wanted = wantedText(clause, words);
  const remedy = miss === undefined ? hint && words.plain(hint) : missText(miss, words);
  return `${found}${clause.actual === undefined ? "; it is to match" : ""} ${wanted} (${placeText(at)})${remedy === undefined ? "" : `: ${remedy}`}`;
}

/** A subject that looks right to its reader: why it is not, and what to write. */
function missText({ ids, environment, written: { kind, value } }: SubjectMiss, words: Words): string {
  const { quote, showsPatterns } = words;
  const causes = [
    ...(ids === "missing" ? ["the policy lacks the ids that this repository's subjects have now"] : []),
    ...(ids === "needless" ? ["the policy has ids, and this repository's subjects have none yet"] : []),
    ...(environment === undefined ? [] : [`the job's environment ${quote(environment)} stands in place of its branch`]),
  ];
  // An environment need not be bound to a branch.
  const branch = environment === undefined ? "" : ", and the branch as claim_pattern ref";
  const cause = causes.join(", and ");
  if (kind === "pattern" && !showsPatterns) return cause;
  return `${cause}; write subject${kind === "exact" ? "" : "_pattern"} ${quote(value)}${branch}`;
}

function wantedText({ clause, expected: { kind, value } }: ClauseResult, { quote, showsPatterns }: Words): string {
  if (kind === "any_of") return `the default audience ${value.split(" ").map(quote).join(" or ")}`;
  const key = clause === "claim" ? "claim_pattern" : `${clause}${kind === "pattern" ? "_pattern" : ""}`;
  return `the policy's ${key}${kind === "pattern" && !showsPatterns ? "" : ` ${quote(value)}`}`;
}

export const placeText = ({ path, line }: ClausePlace): string => (line === undefined ? path : `${path}:${line}`);

function valueText(actual: string | readonly string[], { quote }: Words): string {
  if (typeof actual === "string") return quote(actual);
  const first = actual.slice(0, SHOWN_VALUES).map(quote);
  return `[${[...first, ...(actual.length > first.length ? [`and ${actual.length - first.length} more`] : [])].join(" ")}]`;
}
