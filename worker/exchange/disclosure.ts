/** Who asks, for the wording of a refusal (worker/README.md, "Who may learn what"). It opens explanations, never a grant. Pure. */
import type { Denial, Viewer } from "../denial.ts";
import { belongsTo } from "../oidc/ownership.ts";
import type { VerifiedToken } from "../oidc/verify.ts";
import type { Opened } from "../trust-policy/apps.ts";
import type { Scope } from "../trust-policy/target.ts";

/** As far as the exchange came. */
export interface Known {
  readonly scope: Scope | undefined;
  readonly verified: VerifiedToken | undefined;
  readonly opened: Opened | undefined;
  /** Anybody can read the policy then. */
  readonly policyIsPublic: boolean;
  readonly webUrl: string;
}

export function viewerOf(denial: Denial, { scope, verified, opened, policyIsPublic, webUrl }: Known): Viewer {
  if (!verified) return "unverified";
  if (policyIsPublic && !isAboutPrivateList(denial, opened)) return "owner";
  // Whoever writes a policy with its keys can sign himself any owner's number.
  if (verified.provenBy === "policy") return "verified";
  const { claims } = verified;
  const ownerId = opened?.installation.accountId ?? ("ownerId" in denial ? denial.ownerId : undefined);
  if (ownerId !== undefined) return belongsTo(claims, { accountId: ownerId }, webUrl) ? "owner" : "verified";
  // No installation, so no number to compare: the name opens nothing but that there is none.
  const isNameEnough = denial.reason === "app_not_installed" || denial.reason === "repository_not_visible";
  if (!isNameEnough || !scope) return "verified";
  return belongsTo(claims, { login: scope.owner }, webUrl) ? "owner" : "verified";
}

/** The allow-list lies in the owner's policy repository, whatever may be read of the policy's. */
function isAboutPrivateList({ reason }: Denial, opened: Opened | undefined): boolean {
  return reason === "allow_list_invalid" && opened?.target.kind !== "organization";
}
