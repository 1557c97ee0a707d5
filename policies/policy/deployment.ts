/**
 * What a deployment's configuration refuses in a policy that is good by itself. Pure; applied after reading, so that what a cache
 * keeps depends on no configuration.
 */

import { type Diagnostic, DiagnosticList } from "../diagnostics.ts";
import { isOrganizationWide, rankOfLevel } from "../permissions.ts";
import type { CompiledPolicy } from "./compile.ts";

export interface DeploymentRules {
  /** The highest level of an organization-wide permission in a repository's policy. */
  readonly organizationPermissions: "none" | "read" | "any";
  /** Refuse organization policies without the key `repositories`. */
  readonly requireRepositories: boolean;
  readonly inlineJwks: boolean;
  /** Whether an issuer's keys come from its own discovery here. */
  isKnownIssuer(issuer: string): boolean;
}

/** Line and column are 0 for a policy that came from a cache. */
export function deploymentDiagnostics(policy: CompiledPolicy, rules: DeploymentRules): readonly Diagnostic[] {
  const { document, locate } = policy;
  const diagnostics = new DiagnosticList("not-accepted");
  const add = (path: string, message: string, suggestion: string) =>
    diagnostics.add(path, locate(path, "key"), message, suggestion);
  for (const { name, level } of document.kind === "repository" ? document.permissions : []) {
    if (!isOrganizationWide(name) || !exceeds(level, rules.organizationPermissions)) continue;
    const message = `${name}: ${level} reaches the whole organization, and a repository's policy may not grant it here`;
    add(`permissions.${name}`, message, "grant it in a policy of the owner's policy repository");
  }
  if (rules.requireRepositories && document.kind === "organization" && document.repositories === undefined) {
    diagnostics.add(
      "repositories",
      locate(""),
      "this deployment requires `repositories`",
      "name them, or write `repositories: []` for all",
    );
  }
  if (document.jwks !== undefined && !rules.inlineJwks) {
    add(
      "jwks",
      "this deployment does not accept inline keys",
      "remove jwks; the issuer's keys must be found by discovery",
    );
  } else if (document.jwks !== undefined && rules.isKnownIssuer(document.issuer.value)) {
    add("jwks", `${document.issuer.value} publishes its keys itself`, "remove jwks");
  }
  return diagnostics.sorted();
}

function exceeds(level: string, highest: DeploymentRules["organizationPermissions"]): boolean {
  return highest !== "any" && rankOfLevel(level) > (highest === "none" ? 0 : rankOfLevel("read"));
}
