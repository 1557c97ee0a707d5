/**
 * What a deployment's configuration refuses in a policy that is good by itself. Pure; applied after reading, so that what a cache
 * keeps depends on no configuration.
 */

import { type Diagnostic, DiagnosticList, quoted } from "../diagnostics.ts";
import { isIssuer } from "../fields.ts";
import { type AppName, isAppAllowed } from "../grant.ts";
import { isOrganizationWide, permissionNamed, rankOfLevel, unknownPermission } from "../permissions.ts";
import type { CompiledPolicy } from "./compile.ts";

export interface DeploymentRules {
  /** The highest level of an organization-wide permission in a repository's policy. */
  readonly organizationPermissions: "none" | "read" | "any";
  /** Refuse organization policies without the key `repositories`. */
  readonly requireRepositories: boolean;
  readonly inlineJwks: boolean;
  /** Permissions that GitHub has and the table lacks. They count as organization-wide, as nobody knows how far they reach. */
  readonly extraPermissions: readonly string[];
  /** Those that serve the policy's owner; undefined: not known here, so that no policy is judged by it. */
  readonly apps: readonly AppName[] | undefined;
  /** Whether an issuer's keys come from its own discovery here. */
  isKnownIssuer(issuer: string): boolean;
  /** Whether an issuer's keys may be fetched at all: see fetch-target.ts. */
  mayBeAsked(issuer: string): boolean;
}

export function deploymentDiagnostics(policy: CompiledPolicy, rules: DeploymentRules): readonly Diagnostic[] {
  const { locate } = policy;
  const diagnostics = new DiagnosticList("not-accepted");
  const add: Add = (path, { message, suggestion }) =>
    diagnostics.add(path, locate(path, "key") ?? locate(""), message, suggestion);
  judgePermissions(policy, rules, add);
  judgeKeys(policy, rules, add);
  if (rules.requireRepositories && policy.document.kind === "organization" && !policy.document.repositories) {
    const suggestion = "name them, or write `repositories: []` for all";
    add("repositories", { message: "this deployment requires `repositories`", suggestion });
  }
  if (policy.app !== undefined && rules.apps?.every((app) => !isAppAllowed(policy, app))) {
    const path = policy.app.kind === "exact" ? "app" : "app_pattern";
    const message = `no App of this deployment that serves the owner fits ${path} ${quoted(policy.app.value)}`;
    add(path, { message, suggestion: "write the name that the deployment gives the App, or its id" });
  }
  return diagnostics.sorted();
}

type Add = (path: string, problem: { readonly message: string; readonly suggestion: string }) => void;

function judgePermissions({ document }: CompiledPolicy, rules: DeploymentRules, add: Add): void {
  for (const { name, level } of document.permissions) {
    const path = `permissions.${name}`;
    if (permissionNamed(name) === undefined && !rules.extraPermissions.includes(name)) {
      add(path, unknownPermission(name));
      continue;
    }
    if (document.kind !== "repository" || !isOrganizationWide(name)) continue;
    if (!exceeds(level, rules.organizationPermissions)) continue;
    const message = `${name}: ${level} reaches the whole organization, and a repository's policy may not grant it here`;
    add(path, { message, suggestion: "grant it in a policy of the owner's policy repository" });
  }
}

function judgeKeys({ document: { issuer, jwks } }: CompiledPolicy, rules: DeploymentRules, add: Add): void {
  if (jwks !== undefined && !rules.inlineJwks) {
    const suggestion = "remove jwks; the issuer's keys must be found by discovery";
    add("jwks", { message: "this deployment does not accept inline keys", suggestion });
  } else if (jwks !== undefined && rules.isKnownIssuer(issuer.value)) {
    add("jwks", { message: `${issuer.value} publishes its keys itself`, suggestion: "remove jwks" });
  } else if (jwks === undefined && issuer.kind === "exact" && isNeverAsked(issuer.value, rules)) {
    const message = `${issuer.value} is no address that this service asks for keys, so that no token can match`;
    const suggestion =
      "put the issuer's public keys into `jwks`; those of a Kubernetes cluster are told by `kubectl get --raw /openid/v1/jwks`";
    add("issuer", { message, suggestion });
  }
}

/** What is no issuer at all is told by lint, with what is wrong with it. */
const isNeverAsked = (issuer: string, rules: DeploymentRules): boolean => isIssuer(issuer) && !rules.mayBeAsked(issuer);

function exceeds(level: string, highest: DeploymentRules["organizationPermissions"]): boolean {
  return highest !== "any" && rankOfLevel(level) > (highest === "none" ? 0 : rankOfLevel("read"));
}
