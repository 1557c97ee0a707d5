/**
 * Whose budget pays for what a caller makes the service ask (worker/README.md, "Who pays"). Pure: no I/O, no clock.
 */
import type { VerifiedClaims } from "../../policies/claims.ts";
import { ownProperty } from "../../policies/objects.ts";
import type { VerifiedToken } from "../oidc/verify.ts";
import { isActionsIssuer, isWorkloadOf } from "./disclosure.ts";

export type Payer =
  | { readonly kind: "unverified"; readonly address: string }
  /** Verified, and not a workload of the owner: any workflow in the world can be that. */
  | { readonly kind: "foreign"; readonly issuer: string; readonly account: string }
  | { readonly kind: "own" };

export interface PayerFacts {
  readonly verified: VerifiedToken | undefined;
  /** Where the request comes from, as a key. */
  readonly address: string;
  readonly owner: string;
  /** Once the installation is known; a name may have been given up and taken by another account. */
  readonly accountId: number | undefined;
  readonly webUrl: string;
}

export function payerOf({ verified, address, owner, accountId, webUrl }: PayerFacts): Payer {
  // With keys out of a policy anybody signs himself any issuer and account.
  if (!verified || verified.provenBy === "policy") return { kind: "unverified", address };
  const isOwn = isWorkloadOf(verified, accountId === undefined ? { login: owner } : { accountId }, webUrl);
  if (isOwn) return { kind: "own" };
  const { issuer } = verified.token;
  return { kind: "foreign", issuer, account: accountOf(verified.claims, issuer, webUrl) };
}

/** What an issuer with many customers calls the customer. */
const ACCOUNT_CLAIMS: ReadonlyMap<string, string> = new Map([
  ["https://gitlab.com", "namespace_id"],
  ["https://agent.buildkite.com", "organization_id"],
  ["https://app.terraform.io", "terraform_organization_id"],
  ["https://accounts.google.com", "sub"],
]);

/** The token's own account; its issuer alone where that has one customer, or says nothing. */
function accountOf(claims: VerifiedClaims, issuer: string, webUrl: string): string {
  const name = isActionsIssuer(issuer, webUrl) ? "repository_owner_id" : ACCOUNT_CLAIMS.get(issuer);
  const account = name === undefined ? undefined : ownProperty(claims, name);
  return typeof account === "string" || typeof account === "number" ? String(account) : "";
}
