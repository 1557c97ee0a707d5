/**
 * What is to be said beside an explanation. Pure.
 */

import type { RefusalAnswer } from "./evidence.ts";
import { type RefusedClause, refusedClause } from "./refused-clause.ts";

export const UNCHECKED = "The token's signature was not checked.";
export const NEEDS_DOMAIN = "the policy names no audience, so that --domain is needed: it is the default audience";
export const NO_SUCH_CLAUSE =
  "The policy has no clause that the refusal names: it was another policy, or an older one.";

/** What a log says beside the claims: it may be about no clause, and then no policy is to be mended. */
export function refusalNote(refusal: RefusalAnswer | undefined): string | undefined {
  if (refusal === undefined || refusedClause(refusal.message) !== undefined) return undefined;
  return `The job was refused with: ${refusal.message}`;
}

/** Of a refusal that is about no clause. */
export function noClause({ reason, message }: RefusalAnswer): string {
  return `${reason === undefined ? "the refusal" : `the refusal ${reason}`} is about no clause of a policy: ${message}`;
}

/** What a refusal does not show. */
export function unshownNotes({ isWhole }: RefusedClause): readonly string[] {
  return [
    ...(isWhole ? [] : ["The refusal does not show the whole value."]),
    "Of the other clauses the refusal says nothing: for these give the claims, which octo-sts/action prints in the job's log.",
  ];
}
