/**
 * A subject that does not match: what GitHub puts into it and why, else its text. Pure.
 */

import type { JsonObject } from "../../objects.ts";
import { escapePattern } from "../../pattern/escape.ts";
import {
  type RepositorySubject,
  readRepositorySubject,
  type SubjectMiss,
  subjectMiss,
} from "../../repository-subject.ts";
import { lasting, lastingPattern } from "../volatile.ts";
import { matchesWhole, soleText, withAlternative } from "./alternatives.ts";
import { advise, type Change, type FailedClause, type Setting, twoForms, type Writable } from "./clause.ts";
import { textChange } from "./text.ts";

export function subjectChange(clause: FailedClause, value: string): Change {
  const { policy, claims, workload } = clause;
  const writable = twoForms("subject", policy.document.subject, clause);
  const miss = subjectMiss(policy.subject, claims);
  if (miss !== undefined) return ofMiss(miss, clause, writable, value);
  const change = textChange(writable, value, workload, "subject");
  const remark = remarkOn(writable.expected, readRepositorySubject(value));
  return remark === undefined ? change : { ...change, advice: `${remark} ${change.advice}` };
}

function ofMiss(
  { ids, environment, written: plain }: SubjectMiss,
  clause: FailedClause,
  writable: Writable,
  value: string,
): Change {
  const { workload } = clause;
  const told = [
    ...(ids === "missing" ? [idsMissing(clause)] : []),
    ...(ids === "needless" ? [IDS_NEEDLESS] : []),
    ...(environment === undefined ? [] : [environmentAdvice(environment)]),
  ];
  const isSole = writable.expected.kind === "exact" || soleText(writable.expected.value) !== undefined;
  const asIs = isSole ? lasting(value, workload) : withAlternative(writable, value, workload);
  const written = writable.write(plain.kind === "exact" ? asIs : plain);
  const set = [
    ...(written.set ?? []),
    ...(ids === "needless" ? idClaims(clause) : []),
    ...(environment === undefined ? [] : refClaim(clause, writable)),
  ];
  return advise(told.join(" "), { ...written, set });
}

/** A name can change hands, and then the ids are somebody else's. */
const idsMissing = ({ claims }: FailedClause) =>
  `The policy's subject lacks only the ids of owner and repository, which GitHub puts into the subjects of repositories that were made or renamed since July 2026. Make sure that they are yours: gh api repos/${textOf(claims, "repository") || "OWNER/NAME"} --jq '[.owner.id, .id]'`;
const IDS_NEEDLESS =
  "The policy's subject has the ids of owner and repository, and the subjects of this repository have none yet: they are written as claims.";
const environmentAdvice = (name: string) =>
  `The job runs in the environment \`${name}\`, which takes the branch's place in the subject. Trust the environment, and the branch by its claim.`;

/** What a policy says of a claim already is not said again. */
const unsaid = ({ policy }: FailedClause, settings: readonly Setting[]): readonly Setting[] =>
  settings.filter(({ claim }) => policy.claims.every(({ name }) => name !== claim));

function idClaims(clause: FailedClause): readonly Setting[] {
  const settings = ["repository_id", "repository_owner_id"].map((claim) => {
    return { key: "claim_pattern", claim, value: escapePattern(textOf(clause.claims, claim)) };
  });
  return unsaid(clause, settings);
}

/** The policy's own pattern for the ref, where its text has it apart. */
function refClaim(clause: FailedClause, { expected }: Writable): readonly Setting[] {
  const ref = textOf(clause.claims, "ref");
  const [, apart] = expected.value.split(":ref:");
  const own = expected.kind === "pattern" && apart !== undefined && matchesWhole(apart, ref) ? apart : undefined;
  const value = own ?? lastingPattern(ref, clause.workload);
  return unsaid(clause, [{ key: "claim_pattern", claim: "ref", value }]);
}

const textOf = (claims: JsonObject, name: string): string => String(claims[name] ?? "");

/** What is worth knowing before the policy is changed. */
function remarkOn(expected: Writable["expected"], found: RepositorySubject | undefined): string | undefined {
  if (found === undefined) return undefined;
  const wanted = /:environment:([^:()|[\]\\]+)/.exec(expected.value)?.[1];
  if (wanted !== undefined && found.context.startsWith("ref:")) {
    return `The policy wants a job in the environment \`${wanted}\`, and this job names none: write \`environment: ${wanted}\` into the job, and the policy may stay. Else:`;
  }
  const own = readRepositorySubject(expected.kind === "exact" ? expected.value : (soleText(expected.value) ?? ""));
  if (own === undefined) return undefined;
  const names = `${found.owner}/${found.name}`;
  if (`${own.owner}/${own.name}`.toLowerCase() !== names.toLowerCase()) {
    return `This is a token of another repository: ${names}.`;
  }
  const isOther = (a: string | undefined, b: string | undefined) => a !== undefined && b !== undefined && a !== b;
  if (isOther(own.ownerId, found.ownerId) || isOther(own.nameId, found.nameId)) {
    return "The names are the same and the ids are not: it is another repository, which has the name now.";
  }
  if (found.nameId !== undefined && own.nameId === undefined) {
    return "GitHub puts the ids of owner and repository into this repository's subjects, and the policy has none.";
  }
  if (found.context === "pull_request") {
    return "Every pull request's job has this subject, whoever opened it: grant it no more than read.";
  }
  return undefined;
}
