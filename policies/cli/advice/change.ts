/**
 * The smallest change that would make a failed clause match, as advice. Pure.
 *
 * Never a wider pattern than is needed for this one token and those that come after it: the advice is pasted by people in a hurry.
 */

import type { ClauseResult } from "../../evaluate.ts";
import type { JsonObject } from "../../objects.ts";
import type { CompiledPolicy } from "../../policy/compile.ts";
import { kindOfToken } from "../kinds/kinds.ts";
import { audienceChange } from "./audience.ts";
import { claimChange } from "./claim.ts";
import { advise, type Change, type FailedClause, otherKind, twoForms } from "./clause.ts";
import { subjectChange } from "./subject.ts";
import { textChange } from "./text.ts";

export interface Circumstances {
  readonly policy: CompiledPolicy;
  readonly claims: JsonObject;
  /** Of the deployment; empty if it is not known. */
  readonly domain: string;
}

export function changeFor(failed: ClauseResult, { policy, claims, domain }: Circumstances): Change {
  const clause: FailedClause = { failed, policy, claims, workload: kindOfToken(claims) };
  const values = [failed.actual].flat().filter((value) => value !== undefined);
  const [value] = values;
  switch (failed.clause) {
    case "fields":
      return illFormed(failed);
    case "issuer":
      if (value === undefined) return absent("issuer");
      return issuerChange(clause, value);
    case "subject":
      return value === undefined ? absent("subject") : subjectChange(clause, value);
    case "audience":
      return audienceChange(clause, values, domain);
    case "claim":
      return claimChange(clause, value);
    case "max_token_lifetime":
      return ofLifetime(failed, policy);
  }
}

function issuerChange(clause: FailedClause, value: string): Change {
  const change = textChange(
    twoForms("issuer", clause.policy.document.issuer, clause),
    value,
    clause.workload,
    "issuer",
  );
  const wanted = otherKind(clause);
  if (wanted === undefined) return change;
  const kinds = `The policy is for ${wanted.about}, and the token is of ${clause.workload.about}: \`policy new\` writes one for it.`;
  return { ...change, advice: `${kinds} Or, if this one is meant to change: ${change.advice}` };
}

const absent = (what: string): Change => advise(`The token has no ${what}; ask its issuer for one.`);

function illFormed({ name, expected, problem }: ClauseResult): Change {
  return advise(
    `The token's ${name} is no well-formed ${expected.value} (${problem}): no policy can accept it. Change what the workload asks its issuer for.`,
  );
}

function ofLifetime({ actual, why }: ClauseResult, policy: CompiledPolicy): Change {
  const limit = policy.document.maxTokenLifetimeSeconds ?? 0;
  const key = "max_token_lifetime";
  if (why === "absent" || typeof actual !== "string") {
    const advice = "The token lacks `iat` or `exp`, so that its lifetime is unknown: remove the line.";
    return advise(advice, { remove: [{ key }] });
  }
  const advice = `The token lives for ${actual} s, and the policy accepts ${limit} s: ask the issuer for a shorter one, or`;
  return advise(advice, { set: [{ key, value: String(Math.ceil(Number(actual))) }] });
}
