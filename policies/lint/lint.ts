/**
 * What is legal in a policy or an issuer list, and still likely a mistake or a risk. Pure: no I/O, no clock, no configuration; time
 * linear in the file. Patterns are judged by their syntax tree, never by a regular expression over their text.
 */

import type { Diagnostic } from "../diagnostics.ts";
import type { TrustedIssuers } from "../issuers.ts";
import type { PolicyParts } from "../policy/compile.ts";
import { createLinting, type LintContext, type Mender, type Rule } from "./context.ts";
import { ownerCaseRules, pairRules } from "./form-rules.ts";
import {
  appRules,
  audienceRules,
  claimRules,
  extensionRules,
  permissionRules,
  repositoryRules,
} from "./grant-rules.ts";
import { issuerRules } from "./issuer-rules.ts";
import { listRules } from "./list-rules.ts";
import { subjectRules } from "./subject-rules.ts";
import { placed } from "./value.ts";
import { valueRules } from "./value-rules.ts";

export type { LintContext, Mender } from "./context.ts";

/** Every id that lint can tell, with what it is about: for reports that list their rules. */
export const RULES: Readonly<Record<string, string>> = {
  "any-branch": "any branch of the repository is let in",
  "any-pull-request": "any pull request of the repository is let in, to read",
  "app-pinned-checks": "an App is pinned where check runs stick to one anyway",
  "audience-not-domain": "the audience is not the deployment's domain",
  "audience-of-anyone": "tokens made for any service are accepted",
  "audit-mode": "the issuer list records and refuses nothing",
  "brackets-are-a-class": "`[bot]` in a pattern is one letter",
  "claim-never-issued": "the issuer puts no such claim into its tokens",
  "doubled-backslash": "a pattern demands a backslash",
  "duplicate-issuer": "an issuer is listed twice, or covered by a pattern",
  "duplicate-repository": "a repository is listed twice",
  "exact-looks-like-pattern": "an exact value holds signs of a pattern, and never matches",
  "extension-used": "octo-sts does not understand this",
  "forgeable-check": "check runs can be written through the App that reports on policies",
  "glob-as-pattern": "a shell's `*` stands in a pattern",
  "head-ref-chosen": "a claim that whoever opens a pull request chooses",
  "issuer-misspelt": "nearly the address of a known issuer",
  "issuer-of-any-customer": "an issuer pattern matches every customer of a provider",
  "issuer-of-anyone": "an issuer pattern matches hosts that anyone can register",
  "matches-nothing": "no token can have such a value",
  "mutable-names": "another owner is trusted by a name that can change hands",
  "never-together": "two clauses exclude each other",
  "open-subject-write": "more than read behind a subject with an open end and no claim",
  "organization-read-in-repository-policy": "a repository's policy reads the whole organization",
  "owner-case": "the owner is written in another case than GitHub's",
  "permission-level-assumed": "a level that GitHub's list does not confirm",
  placeholder: "a placeholder was never filled in",
  "policies-writable": "the organization's own trust policies can be rewritten",
  "powerful-permission": "a permission that can change rules, workflows or the organization",
  "pull-request-write": "any pull request of the repository is let in, to do more than read",
  "repositories-absent": "an organization's policy names no repositories",
  "subject-customized": "only customized subjects look like this",
  "subject-of-anyone": "strangers' workloads are let in",
  "top-level-alternation": "octo-sts reads this alternation differently",
  "unescaped-dot": "a dot also matches a name of somebody else",
  "wildcard-crosses-boundary": "a wildcard runs past a `:` or `/` of the subject",
  "workflow-ref-unpinned": "a workflow file is trusted at any ref",
};

const POLICY_RULES: readonly Rule[] = [
  issuerRules,
  subjectRules,
  valueRules,
  pairRules,
  ownerCaseRules,
  claimRules,
  permissionRules,
  repositoryRules,
  audienceRules,
  appRules,
  extensionRules,
];

/** In the order of the text. */
export function lintPolicy(policy: PolicyParts, context: LintContext): readonly Diagnostic[] {
  const linting = createLinting(policy, context);
  return placed(
    POLICY_RULES.flatMap((rule) => rule(linting)),
    context.locate ?? policy.locate,
  );
}

/** In the order of the text. */
export function lintTrustedIssuers(list: TrustedIssuers, mender?: Mender): readonly Diagnostic[] {
  return placed(listRules(list, mender), list.locate);
}
