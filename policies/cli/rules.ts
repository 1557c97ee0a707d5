/**
 * The deployment that `check`, `explain` and `test` assume: one without settings, but for what the options say. Pure.
 */

import type { DeploymentRules } from "../deployment.ts";

/** The issuers that every deployment knows. */
const BUILT_IN_ISSUERS: readonly string[] = [
  "https://token.actions.githubusercontent.com",
  "https://gitlab.com",
  "https://accounts.google.com",
  "https://agent.buildkite.com",
  "https://app.terraform.io",
];

export interface RuleOptions {
  readonly "org-permissions"?: string | undefined;
  readonly "require-repositories"?: boolean | undefined;
  readonly "no-inline-jwks"?: boolean | undefined;
}

/** Undefined if `org-permissions` is none of its values. */
export function rulesFrom(options: RuleOptions): DeploymentRules | undefined {
  const level = options["org-permissions"] ?? "read";
  if (level !== "none" && level !== "read" && level !== "any") return undefined;
  return {
    organizationPermissions: level,
    requireRepositories: options["require-repositories"] ?? false,
    inlineJwks: !(options["no-inline-jwks"] ?? false),
    isKnownIssuer: (issuer) => BUILT_IN_ISSUERS.includes(issuer),
  };
}
