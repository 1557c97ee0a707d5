/**
 * One vector put to the policy engine, in the words of test/vectors/README.md.
 */

import { claimsOfVerifiedToken } from "../../policies/claims.ts";
import { evaluate } from "../../policies/evaluate.ts";
import { grantOf } from "../../policies/grant.ts";
import { type DeploymentRules, deploymentDiagnostics, parsePolicy } from "../../policies/parse.ts";

/** The deployment that the vectors assume. */
export const DEFAULT_RULES: DeploymentRules = {
  organizationPermissions: "read",
  requireRepositories: false,
  inlineJwks: true,
  isKnownIssuer: (issuer) =>
    [
      "https://token.actions.githubusercontent.com",
      "https://gitlab.com",
      "https://accounts.google.com",
      "https://agent.buildkite.com",
      "https://app.terraform.io",
    ].includes(issuer),
  extraPermissions: [],
  apps: undefined,
  // The vectors judge policies as if every issuer's keys were at hand.
  mayBeAsked: () => true,
};

export interface PolicyVector {
  readonly id: string;
  readonly about: string;
  readonly kind: string;
  readonly owner?: string;
  readonly domain: string;
  readonly policy: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly octo: Outcome;
  readonly ours?: Outcome;
}

export interface Outcome {
  readonly valid: boolean;
  readonly check: { readonly allow: boolean; readonly code: number };
  readonly permissions: Readonly<Record<string, string>> | null;
  readonly repositories: readonly string[] | null;
}

const REFUSED: Outcome = { valid: false, check: { allow: false, code: 5 }, permissions: null, repositories: null };

export function judge(vector: PolicyVector): Outcome {
  const owner = vector.owner ?? "acme";
  const parsed = parsePolicy(vector.policy, { kind: vector.kind === "repo" ? "repository" : "organization", owner });
  if (!parsed.ok || deploymentDiagnostics(parsed.value, DEFAULT_RULES).length > 0) return REFUSED;
  const { allow, code } = evaluate(parsed.value, claimsOfVerifiedToken(vector.claims), { domain: vector.domain });
  const repository = vector.kind === "repo" ? "app" : vector.kind === "org-repo" ? ".github" : undefined;
  const grant = grantOf(parsed.value, {
    owner,
    policyRepository: ".github",
    ...(repository === undefined ? {} : { repository }),
  });
  const repositories = vector.kind === "repo" || grant.repositories === "all" ? null : grant.repositories;
  return { valid: true, check: { allow, code }, permissions: { ...grant.permissions }, repositories };
}

/** Null and an empty list both mean every repository. */
export function sortedSet(list: readonly string[] | null): readonly string[] {
  return [...new Set(list ?? [])].sort();
}
