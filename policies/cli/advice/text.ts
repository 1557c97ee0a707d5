/**
 * A value that is there and does not match: how the clause is written that matches it, and no more than it must. Pure.
 */

import { escapePattern } from "../../pattern/escape.ts";
import { compilePattern } from "../../pattern/pattern.ts";
import type { WorkloadKind } from "../kinds/kind.ts";
import { lasting } from "../volatile.ts";
import { matchesWhole, soleText, withAlternative } from "./alternatives.ts";
import { advise, type Change, type Writable } from "./clause.ts";
import { globPattern, partsOfExact, partsOfPattern } from "./glob.ts";

/** Each beginning of a value is tried, so that the time grows with the square of it. */
const MAX_TRIED_CHARACTERS = 500;

export function textChange(clause: Writable, value: string, workload: WorkloadKind, key: string): Change {
  return clause.expected.kind === "exact" ? ofExact(clause, value, workload, key) : ofPattern(clause, value, workload);
}

function ofExact(clause: Writable, value: string, workload: WorkloadKind, key: string): Change {
  const expected = clause.expected.value;
  if (matchesWhole(expected, value)) {
    const advice = `The policy's value is a pattern, and \`${key}\` compares exactly. As a pattern it matches:`;
    return advise(advice, clause.write({ kind: "pattern", value: expected }));
  }
  const glob = globPattern(partsOfExact(expected), value, workload);
  if (glob !== undefined) {
    return advise(
      `A \`*\` stands for itself in \`${key}\`. As a pattern:`,
      clause.write({ kind: "pattern", value: glob }),
    );
  }
  return inItsPlace(clause, value, workload);
}

function ofPattern(clause: Writable, value: string, workload: WorkloadKind): Change {
  const source = clause.expected.value;
  const glob = globPattern(partsOfPattern(source), value, workload);
  if (glob !== undefined) {
    const advice = "In a pattern `*` repeats what stands before it (`/*` is any number of slashes). For any name:";
    return advise(advice, clause.write({ kind: "pattern", value: glob }));
  }
  if (matchesWhole(`(?i:${source})`, value)) {
    const recased = inCaseOf(source, value);
    if (recased !== undefined) return advise(CASE, clause.write({ kind: "pattern", value: recased }));
  }
  if (soleText(source) !== undefined) return inItsPlace(clause, value, workload);
  const written = withAlternative(clause, value, workload);
  const told =
    written.value === lasting(value, workload).value
      ? "Nothing that it matches can come. To allow this value:"
      : AS_WELL;
  return advise(`${whereItStops(source, value)} ${told}`, clause.write(written));
}

const CASE = "They differ in case only, and case counts:";
const AS_WELL = "To allow this value as well:";

/** For a clause that is meant for one value. */
export function inItsPlace(clause: Writable, value: string, workload: WorkloadKind): Change {
  const { kind, value: text } = clause.expected;
  const expected = kind === "exact" ? text : (soleText(text) ?? text);
  const asIs = lasting(value, workload);
  const written = clause.write(asIs);
  if (expected.toLowerCase() === value.toLowerCase()) return advise(CASE, written);
  const lacks = asIs.kind === "pattern" ? " Part of it is another one each time, and is left free." : "";
  return advise(`${whereTheyDiffer(expected, value)} To allow this value in its place:${lacks}`, written);
}

/** The pattern with the value's own spelling of each name in it. */
function inCaseOf(source: string, value: string): string | undefined {
  let recased = source;
  for (const name of new Set(value.split(/[:/@]/))) {
    if (name.length < 2) continue;
    const escaped = escapePattern(name);
    const places = new RegExp(escapePattern(escaped), "gi");
    recased = recased.replace(places, () => escaped);
  }
  return matchesWhole(recased, value) ? recased : undefined;
}

function whereTheyDiffer(expected: string, value: string): string {
  let at = 0;
  while (at < expected.length && expected[at] === value[at]) at += 1;
  if (at === 0) return "They have no beginning in common.";
  return `They differ behind \`${shortened(value.slice(0, at))}\`.`;
}

/** The longest beginning that matches shows an author who thinks in prefixes what happened. */
function whereItStops(pattern: string, value: string): string {
  const compiled = compilePattern(pattern);
  if (!compiled.ok) return "";
  for (let length = Math.min(value.length - 1, MAX_TRIED_CHARACTERS); length > 0; length -= 1) {
    if (!compiled.value.matches(value.slice(0, length))) continue;
    const rest = shortened(value.slice(length));
    return `The pattern must match the whole value, and matches only its beginning: \`${rest}\` is left over.`;
  }
  return "The pattern must match the whole value.";
}

function shortened(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}
