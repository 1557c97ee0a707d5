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
const MAX_SHOWN = 60;

export function textChange(clause: Writable, value: string, workload: WorkloadKind, key: string): Change {
  return clause.expected.kind === "exact" ? ofExact(clause, value, workload, key) : ofPattern(clause, value, workload);
}

function ofExact(clause: Writable, value: string, workload: WorkloadKind, key: string): Change {
  const expected = clause.expected.value;
  if (matchesWhole(expected, value)) {
    const advice = `The policy's value is a pattern, and \`${key}\` compares exactly. As a pattern it matches:`;
    return advise(advice, clause.write({ kind: "pattern", value: expected }));
  }
  const glob = globPattern(partsOfExact(recased(expected, value)), value, workload);
  if (glob !== undefined) return ofGlob(`A \`*\` stands for itself in \`${key}\`.`, glob, clause);
  return inItsPlace(clause, value, workload);
}

function ofPattern(clause: Writable, value: string, workload: WorkloadKind): Change {
  const source = clause.expected.value;
  const spelt = recased(source, value, escapePattern);
  const glob = globPattern(partsOfPattern(spelt), value, workload);
  if (glob !== undefined) {
    return ofGlob("In a pattern `*` repeats what stands before it (`/*` is any number of slashes).", glob, clause);
  }
  if (matchesWhole(spelt, value)) return advise(CASE, clause.write({ kind: "pattern", value: spelt }));
  if (source === value) return advise(SIGNS, clause.write(lasting(value, workload)));
  const single = source.replaceAll("\\\\", "\\");
  if (matchesWhole(single, value)) return advise(DOUBLED, clause.write({ kind: "pattern", value: single }));
  if (soleText(source) !== undefined) return inItsPlace(clause, value, workload);
  const written = withAlternative(clause, value, workload);
  const told =
    written.value === lasting(value, workload).value
      ? "Nothing that it matches can come. To allow this value:"
      : AS_WELL;
  return advise(`${whereItStops(source, value)} ${told}`, clause.write(written));
}

const SIGNS = "The value has signs that mean something else in a pattern (`[ab]` is one letter). As it is:";
const DOUBLED = "Outside of double quotes a backslash is one, and two demand one in the value. As it was meant:";
const CASE = "They differ in case only, and case counts:";
const AS_WELL = "To allow this value as well:";

/** For a clause that is meant for one value. */
export function inItsPlace(clause: Writable, value: string, workload: WorkloadKind): Change {
  const { kind, value: text } = clause.expected;
  const expected = kind === "exact" ? text : (soleText(text) ?? text);
  const asIs = lasting(value, workload);
  const written = clause.write(asIs);
  if (expected.toLowerCase() === value.toLowerCase()) return advise(CASE, written);
  const free = asIs.kind === "pattern" ? ", less what is another one each time" : "";
  return advise(`${whereTheyDiffer(expected, value)} To allow this value in its place${free}:`, written);
}

/** A star that would let in more than a name is taken for what this token has there. */
function ofGlob(cause: string, glob: string, clause: Writable): Change {
  const sole = soleText(glob);
  if (sole === undefined)
    return advise(`${cause} As a pattern for any name:`, clause.write({ kind: "pattern", value: glob }));
  const advice = `${cause} As \`.*\` it would let in whatever stands there. To allow this value alone:`;
  return advise(advice, clause.write({ kind: "exact", value: sole }));
}

/** The text with the value's own spelling of each name in it. */
function recased(text: string, value: string, written = (name: string) => name): string {
  const names = [...new Set(value.split(/[:/@]/))].filter((name) => name.length > 1).map(written);
  const places = (name: string) => new RegExp(`(?<![A-Za-z0-9])${escapePattern(name)}(?![A-Za-z0-9])`, "gi");
  return names.reduce((spelt, name) => spelt.replace(places(name), () => name), text);
}

function whereTheyDiffer(expected: string, value: string): string {
  let at = 0;
  while (at < expected.length && expected[at] === value[at]) at += 1;
  if (at === 0) return "They have no beginning in common.";
  const alike = value.slice(0, at);
  return `They differ behind \`${alike.length <= MAX_SHOWN ? alike : `…${alike.slice(1 - MAX_SHOWN)}`}\`.`;
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
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN - 1)}…`;
}
