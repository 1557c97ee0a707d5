/**
 * The pure decisions of an exchange: the deployment's gates, the allow-list, whether a policy may be used, which clause failed,
 * and downscoping. No I/O, no clock.
 */

import type { VerifiedClaims } from "../../policies/claims.ts";
import { type ClauseResult, positionOf } from "../../policies/evaluate.ts";
import { type Grant, isAppAllowed } from "../../policies/grant.ts";
import { allows } from "../../policies/issuers.ts";
import { ownProperty } from "../../policies/objects.ts";
import {
  type CompiledPolicy,
  type DeploymentRules,
  type Diagnostic,
  deploymentDiagnostics,
} from "../../policies/parse.ts";
import { rankOfLevel } from "../../policies/permissions.ts";
import { subjectMiss } from "../../policies/repository-subject.ts";
import type { Config } from "../config.ts";
import { type AppPin, accept, type Denial, type Result, refuse } from "../denial.ts";
import type { App, Installation } from "../github/github.ts";
import type { AllowListValue, PolicyValue } from "../trust-policy/cache-entries.ts";
import { ALLOW_LIST_PATH, type Scope, type Target } from "../trust-policy/target.ts";
import { contradicts } from "./disclosure.ts";
import type { Downscoping } from "./outcome.ts";

/** Which owners and issuers this deployment serves at all; undefined when it serves these. */
export function deploymentGate(
  { allowedOwners, allowedIssuers }: Pick<Config, "allowedOwners" | "allowedIssuers">,
  scope: Scope,
  issuer: string,
): Denial | undefined {
  if (allowedOwners && !allowedOwners.includes(scope.owner.toLowerCase())) {
    return { reason: "owner_not_served", owner: scope.owner };
  }
  return allowedIssuers && !allowedIssuers.includes(issuer) ? { reason: "issuer_not_served" } : undefined;
}

export interface Listing {
  readonly mode: "enforce" | "audit";
  readonly allowed: boolean;
}

/** Undefined when the owner has no list: every issuer is permitted then. */
export function judgeAllowList(
  list: Result<AllowListValue>,
  issuer: string,
  owner: { readonly name: string; readonly policyRepository: string },
): Result<Listing | undefined> {
  if (!list.ok) return list;
  const { value } = list;
  if (value.state === "absent") return accept(undefined);
  if (value.state === "broken") {
    const path = `${owner.name}/${owner.policyRepository}/${ALLOW_LIST_PATH}`;
    return refuse({ reason: "allow_list_invalid", path, diagnostics: value.diagnostics });
  }
  const allowed = allows(value.list, issuer);
  if (value.list.mode === "enforce" && !allowed) return refuse({ reason: "issuer_not_permitted" });
  return accept({ mode: value.list.mode, allowed });
}

export interface UsablePolicy {
  readonly policy: CompiledPolicy;
  /** Of the blob. */
  readonly sha: string;
  /** Of the repository that it lies in. */
  readonly repositoryId: number;
}

export interface PolicyRules {
  readonly deploymentRules: DeploymentRules;
  /** Whether the owner enforces an issuer allow-list. */
  readonly listIsEnforced: boolean;
}

/** What was read, and then what the deployment makes of it. */
export function judgePolicy(read: Result<PolicyValue>, target: Target, rules: PolicyRules): Result<UsablePolicy> {
  if (!read.ok) return read;
  const { value } = read;
  const { identity, fullPath: path } = target;
  switch (value.state) {
    case "absent":
      return refuse({ reason: "policy_not_found", identity, path, nearMisses: [] });
    case "unreadable":
      return refuse({ reason: "policy_unreadable", identity, path, problem: value.problem });
    case "broken":
      return refuse({ reason: "policy_invalid", identity, path, diagnostics: value.diagnostics });
    case "present": {
      const diagnostics = diagnosticsHere(value.policy, target, rules);
      if (diagnostics.length > 0) return refuse({ reason: "policy_invalid", identity, path, diagnostics });
      return accept({ policy: value.policy, sha: value.sha, repositoryId: value.repositoryId });
    }
  }
}

function diagnosticsHere(
  policy: CompiledPolicy,
  target: Target,
  { deploymentRules, listIsEnforced }: PolicyRules,
): readonly Diagnostic[] {
  const diagnostics = refusedByDeployment(policy, deploymentRules);
  // A writer of one repository could else pass the list with a listed issuer's name and keys of their own.
  if (target.kind !== "repository" || !policy.document.jwks || !listIsEnforced) return diagnostics;
  const message = "jwks may not stand in a repository's policy while the organization enforces an issuer allow-list";
  return [...diagnostics, { severity: "error", id: "not-accepted", path: "jwks", line: 1, column: 1, message }];
}

/** A compiled policy never changes, and the deployment's rules live as long as the isolate: each pair is judged once. */
const JUDGED = new WeakMap<DeploymentRules, WeakMap<CompiledPolicy, readonly Diagnostic[]>>();

function refusedByDeployment(policy: CompiledPolicy, rules: DeploymentRules): readonly Diagnostic[] {
  const judged = JUDGED.get(rules) ?? new WeakMap<CompiledPolicy, readonly Diagnostic[]>();
  const known = judged.get(policy);
  if (known) return known;
  const diagnostics = deploymentDiagnostics(policy, rules);
  JUDGED.set(rules, judged.set(policy, diagnostics));
  return diagnostics;
}

/**
 * A name that was given up and taken by somebody else, while the former owner's installation is remembered under it: a policy that
 * trusts `repo:<name>/...` would let whoever has the name now into the account that had it. GitHub names the owner of repositories
 * that are listed, and `grantProblem` compares; of "all" it says nothing, so there the caller's own token has to.
 */
export function ownerIsTaken(
  { repositories }: Grant,
  claims: VerifiedClaims,
  { installation, webUrl }: { readonly installation: Installation; readonly webUrl: string },
): Denial | undefined {
  const { owner, accountId } = installation;
  if (repositories !== "all" || !contradicts(claims, { login: owner, accountId }, webUrl)) return undefined;
  return { reason: "repository_not_visible", repository: owner, problem: "moved" };
}

/** The Apps that the policy lets mint, of those that serve the owner; in their order. */
export function allowedApps(policy: CompiledPolicy, apps: readonly App[], scope: Scope): Result<readonly App[]> {
  const allowed = apps.filter((app) => isAppAllowed(policy, app));
  const pin = pinOf(policy);
  if (allowed.length > 0 || pin === undefined) return accept(allowed);
  return refuse({ reason: "app_not_available", pin, problem: "no_such_app", on: scope.owner });
}

export function pinOf({ app }: CompiledPolicy): AppPin | undefined {
  return app && { key: app.kind === "exact" ? "app" : "app_pattern", value: app.value };
}

/** The clause that decided, as a refusal; the claims once they are verified. */
export function unmatched(
  failed: ClauseResult,
  policy: CompiledPolicy,
  { target, claims }: { readonly target: Target; readonly claims?: VerifiedClaims },
): Denial {
  switch (failed.clause) {
    case "issuer":
    case "subject":
    case "audience":
    case "claim":
    case "max_token_lifetime": {
      const at = { path: target.fullPath, line: positionOf(failed, policy)?.line };
      const miss = failed.clause === "subject" && claims ? subjectMiss(policy.subject, claims) : undefined;
      return { reason: MISMATCHES[failed.clause], clause: failed, at, ...(miss && { miss }) };
    }
    case "fields":
      // The same rules were applied to the token before: only a bug gets here with another answer.
      return {
        reason: failed.name === "aud" ? "audience_malformed" : "subject_malformed",
        problem: failed.problem ?? "it is ill-formed",
      };
  }
}

const MISMATCHES = {
  issuer: "issuer_mismatch",
  subject: "subject_mismatch",
  audience: "audience_mismatch",
  claim: "claim_mismatch",
  max_token_lifetime: "token_too_long_lived",
} as const;

/** The grant cut down to what was asked; asking for more than the policy grants is a refusal that names the excess. */
export function downscope(grant: Grant, asked: Downscoping): Result<Grant> {
  if (!asked.permissions && !asked.repositories) return accept(grant);
  const excess: string[] = [];
  const permissions = new Map<string, string>();
  for (const [name, level] of asked.permissions ?? Object.entries(grant.permissions)) {
    const granted = ownProperty(grant.permissions, name);
    // What is no level ranks 0, below all others: it would pass as the least of them.
    const rank = rankOfLevel(level);
    if (granted !== undefined && rank > 0 && rank <= rankOfLevel(granted)) permissions.set(name, level);
    else excess.push(`${name}:${level}`);
  }
  const repositories = asked.repositories
    ? withinRepositories(grant.repositories, asked.repositories, excess)
    : grant.repositories;
  if (excess.length > 0) return refuse({ reason: "narrowing_exceeds_policy", excess });
  return accept({ permissions: Object.fromEntries(permissions), repositories });
}

function withinRepositories(
  granted: Grant["repositories"],
  asked: readonly string[],
  excess: string[],
): Grant["repositories"] {
  if (granted === "all") return asked;
  return asked.map((name) => {
    const match = granted.find((candidate) => candidate.toLowerCase() === name.toLowerCase());
    if (match === undefined) excess.push(name);
    return match ?? name;
  });
}
