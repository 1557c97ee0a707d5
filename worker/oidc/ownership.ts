/**
 * Whether a verified token proves that its workload belongs to an owner (worker/README.md, "Who may learn what"). It opens
 * explanations, never a grant. Pure.
 */
import type { VerifiedClaims } from "../../policies/claims.ts";

/** GitHub's number for the account; or its name, where nobody could say the number because the App is not installed there. */
export type Owner = { readonly accountId: number } | { readonly login: string };

/**
 * By GitHub Actions' own word: an issuer of the configured GitHub, the owner's number (a name may have been reclaimed), and a
 * repository that is not public, as logs of public repositories are public.
 */
export function belongsTo(claims: VerifiedClaims, owner: Owner, webUrl: string): boolean {
  if (!isActionsIssuer(textClaim(claims, "iss"), webUrl)) return false;
  const visibility = textClaim(claims, "repository_visibility");
  if (visibility !== "private" && visibility !== "internal") return false;
  if ("accountId" in owner) return textClaim(claims, "repository_owner_id") === String(owner.accountId);
  return textClaim(claims, "repository_owner")?.toLowerCase() === owner.login.toLowerCase();
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
  if (!isActionsIssuer(textClaim(claims, "iss"), webUrl)) return false;
  if (textClaim(claims, "repository_owner")?.toLowerCase() !== login.toLowerCase()) return false;
  const number = textClaim(claims, "repository_owner_id");
  return number !== undefined && number !== String(accountId);
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
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === "string" ? value : undefined;
}
