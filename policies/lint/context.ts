/**
 * A policy while it is looked at, and what a rule is. Pure.
 */

import type { PolicyParts } from "../policy/compile.ts";
import type { PolicyKind } from "../policy/document.ts";
import type { Locate } from "../yaml/read.ts";
import { claimValue, matcherValue, type Unplaced, type Value } from "./value.ts";
import { type Workload, workloadOf } from "./workloads.ts";

export interface LintContext {
  /** As which kind the file is read; as it was parsed, if it is not said. */
  readonly kind?: PolicyKind | undefined;
  /** Of the repository that the file lies in. Without it every owner that a policy trusts counts as another. */
  readonly owner?: string | undefined;
  /** Of the deployment: the default audience. Without it no audience is judged. */
  readonly domain?: string | undefined;
  /** Where a path stands in the text; the policy's own positions, if it is not said. */
  readonly locate?: Locate | undefined;
}

export interface Linting {
  readonly policy: PolicyParts;
  readonly kind: PolicyKind;
  readonly owner: string | undefined;
  readonly domain: string | undefined;
  readonly issuer: Value;
  readonly subject: Value;
  readonly audience: Value | undefined;
  readonly claims: readonly Value[];
  readonly workload: Workload | undefined;
  /** Whether a permission above `read` is granted. */
  readonly canWrite: boolean;
}

/** One rule, or a few that are told apart while looking at the same thing. */
export type Rule = (linting: Linting) => readonly Unplaced[];

export function createLinting(policy: PolicyParts, { kind, owner, domain }: LintContext): Linting {
  const { document } = policy;
  const issuer = matcherValue("issuer", document.issuer);
  const subject = matcherValue("subject", document.subject);
  return {
    policy,
    kind: kind ?? document.kind,
    owner,
    domain,
    issuer,
    subject,
    audience: document.audience === undefined ? undefined : matcherValue("audience", document.audience),
    claims: document.claims.map(({ name, pattern }) => claimValue(name, pattern)),
    workload: workloadOf(issuer, subject),
    canWrite: document.permissions.some(({ level }) => level !== "read"),
  };
}

export function valuesOf({ issuer, subject, audience, claims }: Linting): readonly Value[] {
  return [issuer, subject, ...(audience === undefined ? [] : [audience]), ...claims];
}
