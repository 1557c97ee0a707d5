/**
 * A policy while it is looked at, and what a rule is. Pure.
 */

import type { PolicyParts } from "../policy/compile.ts";
import type { PolicyKind } from "../policy/document.ts";
import type { Locate } from "../yaml/read.ts";
import type { ClausePair, Forms } from "./forms/forms.ts";
import { claimValue, matcherValue, type Unplaced, type Value } from "./value.ts";
import { type Workload, workloadOf } from "./workloads.ts";

/** Makes remedies to be pasted: see mending/mender.ts. What it returns for nothing is undefined. */
export interface Mender {
  issuer(meant: Forms, text: string, path: string): string | undefined;
  value(value: Value, own: string, linting: Linting): string | undefined;
  /** In a pattern: the offset from which on no text of the template can be what it matches. */
  offence(value: Value, template: string): number | undefined;
  pair(pair: ClausePair, values: readonly [Value, Value], isHint: boolean): string | undefined;
}

export interface LintContext {
  /** Without it the remedy for a value that no token has is its form. */
  readonly mender?: Mender | undefined;
  /** As which kind the file is read; as it was parsed, if it is not said. */
  readonly kind?: PolicyKind | undefined;
  /** Of the repository that the file lies in. Without it every owner that a policy trusts counts as another. */
  readonly owner?: string | undefined;
  /** Of the deployment: the default audience. Without it no audience is judged. */
  readonly domain?: string | undefined;
  /** The name of the owner's policy repository; `.github`, if it is not said. */
  readonly policyRepository?: string | undefined;
  /** Where a path stands in the text; the policy's own positions, if it is not said. */
  readonly locate?: Locate | undefined;
}

export interface Linting {
  readonly mender: Mender | undefined;
  readonly policy: PolicyParts;
  readonly kind: PolicyKind;
  readonly owner: string | undefined;
  readonly domain: string | undefined;
  readonly policyRepository: string;
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

export function createLinting(policy: PolicyParts, context: LintContext): Linting {
  const { mender, kind, owner, domain, policyRepository = ".github" } = context;
  const { document } = policy;
  const issuer = matcherValue("issuer", document.issuer);
  const subject = matcherValue("subject", document.subject);
  return {
    mender,
    policy,
    kind: kind ?? document.kind,
    owner,
    domain,
    policyRepository,
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
