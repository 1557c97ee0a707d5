/** What this page knows of the deployment that judges a policy, and what it takes for given. Pure. */
import { assumedRules } from "../../../policies/cli/assumed-rules.ts";
import type { DeploymentRules } from "../../../policies/policy/deployment.ts";
import type { DeploymentFacts } from "../../http/facts.ts";
import type { FileScope, Input } from "./input.ts";

export type KnownFacts = Pick<DeploymentFacts, "apps" | "owners" | "domain">;

/** Which of several Apps serves an owner is not told; a policy that fits none of them fits no owner's. */
export function rulesOf({ apps }: KnownFacts, { domain }: Pick<Input, "domain">): DeploymentRules {
  return assumedRules({ domain: domain || undefined, ...(apps.length > 0 && { apps }) });
}

/** What the deployment refuses before it reads a policy. */
export function ownerProblem({ owners }: KnownFacts, { owner }: FileScope): string | undefined {
  if (owner === undefined || owners === undefined) return undefined;
  const isServed = owners.some((served) => served.toLowerCase() === owner.toLowerCase());
  return isServed ? undefined : `This deployment does not serve ${owner}: it refuses every exchange for it.`;
}

export function assumptions({ apps, owners, domain }: KnownFacts, input: Input): readonly string[] {
  const names = apps.map(({ id, name }) => name ?? id);
  return [
    ...(domain !== undefined && input.domain !== domain
      ? [`The audience is not this deployment's, which is ${domain}.`]
      : []),
    "Settings of the deployment that this page cannot know have their defaults: ORG_PERMISSIONS_IN_REPO_POLICIES is read, REQUIRE_REPOSITORIES is false, INLINE_JWKS is true, EXTRA_PERMISSIONS and ALLOWED_ISSUERS name nothing, ORG_POLICY_REPO is .github.",
    names.length === 0
      ? "Which Apps the deployment has is not known here, so that `app` is not judged."
      : `\`app\` is judged by the deployment's ${names.length === 1 ? "App" : "Apps"}, ${names.join(", ")}.`,
    ...(owners === undefined ? [] : [`Owners that are served: ${owners.join(", ")}.`]),
    ...(input.file === "issuers"
      ? []
      : ["The organization's list of trusted issuers, which is judged first, is not looked at."]),
    "Whether the App is installed and reaches the repository, and what GitHub grants it, only a real request shows (dry_run=true).",
  ];
}
