/**
 * The deployment that `check`, `explain` and `test` assume: one without settings, but for what the options say. Pure.
 */

import { BUILT_IN_ISSUERS } from "../known-issuers.ts";
import type { DeploymentRules } from "../policy/deployment.ts";

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
