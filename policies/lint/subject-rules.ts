/**
 * Whose tokens a policy lets in beyond the ones it was written for: strangers', any branch's, any pull request's. Pure.
 *
 * One cause is told once: the worst of what an open subject lets in, at the value that should be narrowed.
 */

import { quoted } from "../diagnostics.ts";
import type { Linting, Rule } from "./context.ts";
import { overlaps } from "./language.ts";
import { plainPrefixOf } from "./shapes.ts";
import type { Unplaced } from "./value.ts";
import { type Wildcard, wildcardsOf } from "./wildcards.ts";
import { letsIn, type Opening, pinsOwner, type Workload } from "./workloads.ts";

export const subjectRules: Rule = (linting) => {
  const { subject, claims, workload } = linting;
  const { stranger, ownerClaims = [] } = workload ?? {};
  const isOwnerPinned = claims.some((claim) => ownerClaims.includes(claim.name) && pinsOwner(claim));
  if (stranger !== undefined && !isOwnerPinned && overlaps(subject.language, stranger)) {
    return [ofAnyone(linting)];
  }
  const wildcards = wildcardsOf(subject.tokens);
  const isProjectPinned = claims.some(({ name }) => workload?.projectClaims?.includes(name));
  const crossing = isProjectPinned ? undefined : wildcards.find((wildcard) => isCrossing(wildcard, workload));
  const open = wildcards.some(({ isLast }) => isLast) && claims.length === 0 && linting.canWrite;
  const findings = [
    ...(crossing === undefined || (open && crossing.isLast) ? [] : [crossesBoundary(linting, crossing)]),
    ...(open ? [openForWriting(linting)] : openings(linting, crossing)),
    ...mutableNames(linting),
    ...headRefs(linting),
  ];
  return findings;
};

function ofAnyone({ subject, workload }: Linting): Unplaced {
  return {
    id: "subject-of-anyone",
    severity: "warning",
    path: subject.path,
    message: `${workload?.forms.issuer} signs for all its customers, and ${quoted(subject.text)} also matches subjects of accounts that are not yours`,
    suggestion: "write the account's name in the subject, up to the character that ends it, or its id in a claim",
  };
}

/** Up to the part that is free, each `:` must stand at its place; in a subject of another form, each `:` and `/` that is written. */
function isCrossing(wildcard: Wildcard, workload: Workload | undefined): boolean {
  const fixed = workload?.fixedColons ?? 0;
  if (wildcard.hasColonBehind || wildcard.colonsBefore < fixed) return true;
  return fixed === 0 && wildcard.hasSlashBehind;
}

function crossesBoundary({ subject }: Linting, { text, canBeSlash, isLast }: Wildcard): Unplaced {
  const where = isLast ? "the rest of the subject" : "the parts behind the one that it stands for";
  return {
    id: "wildcard-crosses-boundary",
    severity: "warning",
    path: subject.path,
    message: `\`${text}\` also matches ${canBeSlash ? "`:` and `/`" : "`:`"}, so that it can take ${where} with it: other projects, refs or events`,
    suggestion: "write `[^:/]+` for one part of a subject, and each `:` and `/` at its place",
  };
}

/** An end that takes in no branch and no pull request, as `refs/tags/v.*`, is open to fewer people. */
function openForWriting({ subject, claims, workload }: Linting): Unplaced {
  const isOpenTo = (opening: Opening | undefined) => opening !== undefined && letsIn(opening, { subject, claims });
  const ends = [
    ...(isOpenTo(workload?.anyBranch) ? ["any branch"] : []),
    ...(isOpenTo(workload?.anyPullRequest) ? ["any pull request"] : []),
  ];
  const isNarrow = workload?.anyBranch !== undefined && ends.length === 0;
  const lets = ends.join(" and ") || `whatever begins with ${quoted(plainPrefixOf(subject.tokens))}`;
  return {
    id: "open-subject-write",
    severity: isNarrow ? "notice" : "warning",
    path: subject.path,
    message: `lets in ${lets}, no claim narrows it, and the policy grants more than read`,
    suggestion: "name the ref or environment in the subject, or pin the workflow by a claim",
  };
}

/** Who opens a pull request names its branch. */
function headRefs({ claims, workload, canWrite }: Linting): readonly Unplaced[] {
  if (!workload?.forms.issuer.startsWith("GitHub")) return [];
  return claims
    .filter(({ name }) => name === "head_ref")
    .map(({ path }) => ({
      id: "head-ref-chosen",
      severity: canWrite ? "warning" : "notice",
      path,
      message: "whoever opens a pull request chooses its `head_ref`, so that it keeps nobody out",
      suggestion: "pin `actor_id`, or `job_workflow_ref` to a workflow at a protected branch",
    }));
}

function openings(linting: Linting, crossing: Wildcard | undefined): readonly Unplaced[] {
  const { workload } = linting;
  const isOpen = (opening: Opening | undefined) => opening !== undefined && letsIn(opening, linting);
  const branch = isOpen(workload?.anyBranch);
  const pullRequest = isOpen(workload?.anyPullRequest);
  const unpinned = linting.claims.find(
    ({ name, language }) => workload?.workflowClaims?.includes(name) && overlaps(language, "[^@]*@refs/heads/zqxj"),
  );
  if (pullRequest && !branch) return [fromPullRequest(linting)];
  if (unpinned !== undefined && branch) return [workflowUnpinned(linting, unpinned.path)];
  if (branch && !crossing?.isLast) return [fromBranch(linting, pullRequest)];
  return [];
}

function fromPullRequest({ canWrite, subject }: Linting): Unplaced {
  const run = "any pull request of the repository, before review, with the workflow file that it brings";
  const suggestion =
    "name a branch or an environment with reviewers, or pin `job_workflow_ref` to a workflow at a protected branch";
  return canWrite
    ? {
        id: "pull-request-write",
        severity: "warning",
        path: subject.path,
        message: `grants more than read to ${run}`,
        suggestion,
      }
    : { id: "any-pull-request", severity: "notice", path: subject.path, message: `lets in ${run}`, suggestion };
}

function workflowUnpinned({ canWrite }: Linting, path: string): Unplaced {
  return {
    id: "workflow-ref-unpinned",
    severity: canWrite ? "warning" : "notice",
    path,
    message:
      "the file is named at any ref, and the subject leaves the branch open: any branch can bring its own version",
    suggestion: "write the ref behind the `@`, as `@refs/heads/main`",
  };
}

function fromBranch({ canWrite, subject }: Linting, pullRequest: boolean): Unplaced {
  return {
    id: "any-branch",
    severity: canWrite ? "warning" : "notice",
    path: subject.path,
    message: `lets in any branch${pullRequest ? " and any pull request" : ""}, so whoever can push one to the repository`,
    suggestion: 'name the branch, or an environment; or pin it by a claim, as `ref`, or `ref_protected: "true"`',
  };
}

/** The subject with and without GitHub's ids, and the ids that pin the same. */
function mutableNames({ subject, owner: ownOwner, claims, workload }: Linting): readonly Unplaced[] {
  if (workload?.forms.issuer !== "GitHub Actions") return [];
  if (claims.some(({ name }) => name === "repository_id" || name === "repository_owner_id")) return [];
  const finding = (message: string): readonly Unplaced[] => [
    {
      id: "mutable-names",
      severity: "notice",
      path: subject.path,
      message,
      suggestion:
        "use the form with ids, `repo:owner@id/name@id:...`, if the repository issues it, or pin `repository_id` by a claim",
    },
  ];
  if (overlaps(subject.language, "repo:[^:/@]+@90817263/[^:]+:.+")) {
    return finding("the ids behind `@` are left open, so that they pin nothing: a name that is given up can be taken");
  }
  const prefix = subject.kind === "exact" ? subject.text : plainPrefixOf(subject.tokens);
  const owner = /^repo:([^:/@]+)\//.exec(prefix)?.[1];
  if (owner === undefined || owner.toLowerCase() === ownOwner?.toLowerCase()) return [];
  return finding(`trusts ${owner} by name alone, and a name that is given up can be taken`);
}
