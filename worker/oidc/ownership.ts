/**
 * Whether a verified token proves that its workload belongs to an owner (DESIGN section 8). It opens explanations, never a
 * grant. Pure.
 */
import { findClaim, type VerifiedClaims } from "../../policies/claims.ts";

export interface Owner {
  readonly login: string;
  /** GitHub's number for the account; absent where the App is not installed and nobody could say it. */
  readonly accountId?: number;
}

/**
 * By GitHub Actions' own word: an issuer of the configured GitHub, the owner's number (a name may have been reclaimed), and a
 * repository that is not public, as logs of public repositories are public. Without an installation there is no number to
 * compare; then the name decides, and all that it opens is "not installed on <owner>".
 */
export function belongsTo(claims: VerifiedClaims, owner: Owner, webUrl: string): boolean {
  if (!isActionsIssuer(textClaim(claims, "iss"), webUrl)) return false;
  const visibility = textClaim(claims, "repository_visibility");
  if (visibility !== "private" && visibility !== "internal") return false;
  if (owner.accountId !== undefined) return textClaim(claims, "repository_owner_id") === String(owner.accountId);
  return textClaim(claims, "repository_owner")?.toLowerCase() === owner.login.toLowerCase();
}

const ACTIONS_ISSUER = "https://token.actions.githubusercontent.com";

function isActionsIssuer(issuer: string | undefined, webUrl: string): boolean {
  if (issuer === undefined) return false;
  if (webUrl !== "https://github.com") return issuer === `${webUrl}/_services/token`;
  return issuer === ACTIONS_ISSUER || /^\/[A-Za-z0-9-]+$/.test(afterPrefix(issuer, ACTIONS_ISSUER));
}

const afterPrefix = (text: string, prefix: string): string =>
  text.startsWith(prefix) ? text.slice(prefix.length) : "";

function textClaim(claims: VerifiedClaims, name: string): string | undefined {
  const value = findClaim(claims, name);
  return typeof value === "string" ? value : undefined;
}
