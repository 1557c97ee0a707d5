/**
 * A claim that is absent, cannot be compared, or has another value. Pure.
 */

import { claimStrings, findClaim } from "../../claims.ts";
import { nearClaim, pathsBelow } from "../../suggest.ts";
import { lastingPattern } from "../volatile.ts";
import { matchesWhole } from "./alternatives.ts";
import { advise, type Change, claimForm, type FailedClause } from "./clause.ts";
import { inItsPlace, textChange } from "./text.ts";

export function claimChange(clause: FailedClause, value: string | undefined): Change {
  const { failed, claims, workload } = clause;
  const { name } = failed;
  if (failed.why === "absent") return ofAbsent(clause);
  if (workload.volatileClaims.includes(name)) {
    return advise(`The claim \`${name}\` has another value with every run, and no policy can name it.`, without(name));
  }
  if (failed.why === "not_string" || value === undefined) return ofUnreadable(name, findClaim(claims, name)?.value);
  const form = claimForm(name, failed.expected.value, clause);
  // A list of two ids lets in a workload that nobody knows any more.
  if (workload.pins.includes(name)) return inItsPlace(form, value, workload);
  return asPatterns(textChange(form, value, workload, name), value, clause);
}

/** A claim has no exact form: a plain value is written as the pattern that matches it alone. */
function asPatterns(change: Change, value: string, { workload }: FailedClause): Change {
  const set = change.set.map((one) => (one.value === value ? { ...one, value: lastingPattern(value, workload) } : one));
  return { ...change, set };
}

const without = (name: string) => ({ remove: [{ key: "claim_pattern", claim: name }] });

function ofAbsent({ failed: { name, expected }, claims, workload }: FailedClause): Change {
  const near = nearClaim(name, claims);
  const found = near === undefined ? undefined : findClaim(claims, near);
  // Of two claims that a path may mean the shorter key is never found.
  if (near !== undefined && found !== undefined) {
    const text = [claimStrings(found.value)].flat()[0];
    const { value: pattern } = expected;
    const value = text === undefined || matchesWhole(pattern, text) ? pattern : lastingPattern(text, workload);
    const advice = `The token has no claim \`${name}\`, but \`${near}\`:`;
    return advise(advice, { set: [{ key: "claim_pattern", claim: near, value }], ...without(name) });
  }
  if (workload.pins.includes(name)) {
    const ask = workload.ask?.find((line) => line.includes(name));
    const how = ask === undefined ? "" : ` As in: ${ask.trim().replaceAll("{audience}", "AUDIENCE")}`;
    return advise(`The token has no claim \`${name}\`, which says whose the workload is: ask for it.${how}`);
  }
  return advise(`The token has no claim \`${name}\`. Have the workload ask for it, or remove the line.`, without(name));
}

function ofUnreadable(name: string, value: unknown): Change {
  const below = pathsBelow(name, value);
  if (below.length === 0) {
    return advise(`The claim \`${name}\` holds no string that could match: remove the line.`, without(name));
  }
  const paths = below.map((path) => `\`${path}\``).join(", ");
  return advise(`The claim \`${name}\` is an object; name one of ${paths}.`);
}
