/**
 * What may this caller learn? Who asks, and which reason a refusal gives (worker/README.md, "Who may learn what"). It opens
 * explanations, never a grant. Pure: no I/O, no clock.
 */
import { stringClaim, type VerifiedClaims } from "../../policies/claims.ts";
import { type Denial, REFUSALS, type Reason, type Viewer } from "../denial.ts";
import type { VerifiedToken } from "../oidc/verify.ts";
import type { PolicyAccess } from "../trust-policy/apps.ts";
import type { Scope } from "../trust-policy/target.ts";

/** The reason that this caller is given: the real one, or the common answer in its place. */
export function disclosed(denial: Denial, viewer: Viewer): Reason {
  const { reason } = denial;
  const { seenBy } = REFUSALS[reason];
  if (seenBy === "all" || viewer === "owner") return reason;
  // That a known issuer failed says nothing of any policy.
  if ("known" in denial && denial.known) return reason;
  return seenBy === "verified" && viewer === "verified" ? reason : "not_found";
}

/** As far as the exchange came. */
export interface Known {
  readonly scope: Scope | undefined;
  readonly verified: VerifiedToken | undefined;
  readonly access: PolicyAccess | undefined;
  /** Anybody can read the policy then. */
  readonly policyIsPublic: boolean;
  readonly webUrl: string;
}

export function viewerOf(denial: Denial, { scope, verified, access, policyIsPublic, webUrl }: Known): Viewer {
  if (!verified) return "unverified";
  if (policyIsPublic && !isAboutPrivateList(denial, access)) return "owner";
  // Whoever writes a policy with its keys can sign himself any owner's number.
  if (verified.provenBy === "policy") return "verified";
  const { claims } = verified;
  const ownerId = access?.installation.accountId ?? ("ownerId" in denial ? denial.ownerId : undefined);
  if (ownerId !== undefined) return belongsTo(claims, { accountId: ownerId }, webUrl) ? "owner" : "verified";
  // No installation, so no number to compare: the name opens nothing but that there is none.
  const isNameEnough = denial.reason === "app_not_installed" || denial.reason === "repository_not_visible";
  if (!isNameEnough || !scope) return "verified";
  return belongsTo(claims, { login: scope.owner }, webUrl) ? "owner" : "verified";
}

/** Whether the caller is one of the owner's own, whatever may be read of a policy. */
export function isOwnersOwn(
  verified: VerifiedToken | undefined,
  accountId: number | undefined,
  webUrl: string,
): boolean {
  if (!verified || accountId === undefined || verified.provenBy === "policy") return false;
  return belongsTo(verified.claims, { accountId }, webUrl);
}

/** The same of any visibility: it opens no explanation, as logs of public repositories are public. */
export function isWorkloadOf(verified: VerifiedToken | undefined, owner: Owner, webUrl: string): boolean {
  if (!verified || verified.provenBy === "policy") return false;
  const { claims } = verified;
  return isActionsIssuer(stringClaim(claims, "iss"), webUrl) && namesOwner(claims, owner);
}

/** The allow-list lies in the owner's policy repository, whatever may be read of the policy's. */
function isAboutPrivateList({ reason }: Denial, access: PolicyAccess | undefined): boolean {
  return reason === "allow_list_invalid" && access?.target.kind !== "organization";
}

/** GitHub's number for the account; or its name, where nobody could say the number because the App is not installed there. */
export type Owner = { readonly accountId: number } | { readonly login: string };

/**
 * By GitHub Actions' own word: an issuer of the configured GitHub, the owner's number (a name may have been reclaimed), and a
 * repository that is not public, as logs of public repositories are public.
 */
function belongsTo(claims: VerifiedClaims, owner: Owner, webUrl: string): boolean {
  if (!isActionsIssuer(stringClaim(claims, "iss"), webUrl)) return false;
  const visibility = stringClaim(claims, "repository_visibility");
  return (visibility === "private" || visibility === "internal") && namesOwner(claims, owner);
}

function namesOwner(claims: VerifiedClaims, owner: Owner): boolean {
  if ("accountId" in owner) return stringClaim(claims, "repository_owner_id") === String(owner.accountId);
  return stringClaim(claims, "repository_owner")?.toLowerCase() === owner.login.toLowerCase();
}

/**
 * Whether the configured GitHub itself says, in this token, that the owner's name has another number than we remember: the name
 * was given up and taken by somebody else. Of any visibility, as it opens nothing.
 */
export function contradicts(
  claims: VerifiedClaims,
  { login, accountId }: { readonly login: string; readonly accountId: number },
  webUrl: string,
): boolean {
  if (!isActionsIssuer(stringClaim(claims, "iss"), webUrl)) return false;
  if (stringClaim(claims, "repository_owner")?.toLowerCase() !== login.toLowerCase()) return false;
  const number = stringClaim(claims, "repository_owner_id");
  return number !== undefined && number !== String(accountId);
}

const ACTIONS_ISSUER = "https://token.actions.githubusercontent.com";

export function isActionsIssuer(issuer: string | undefined, webUrl: string): boolean {
  if (issuer === undefined) return false;
  if (webUrl !== "https://github.com") return issuer === `${webUrl}/_services/token`;
  return issuer === ACTIONS_ISSUER || /^\/[A-Za-z0-9-]+$/.test(afterPrefix(issuer, ACTIONS_ISSUER));
}

const afterPrefix = (text: string, prefix: string): string =>
  text.startsWith(prefix) ? text.slice(prefix.length) : "";
