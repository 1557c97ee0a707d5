/**
 * The message of a refusal -> its reason, where that is all that a log shows: octo-sts/action's `::error::` has no more, and octo-sts
 * itself gives no reason. The messages are those of worker/http/messages.ts, and octo-sts's. Pure.
 */
import type { Reason } from "../../denial.ts";

/** Each begins where the message does. The first that is found counts: what is more special stands before. */
const FORMS: readonly (readonly [reason: Reason, form: RegExp])[] = [
  ["invalid_request", /invalid request: /],
  ["request_too_large", /the (?:body|query) is larger than \d/],
  ["identity_missing", /\b\w{1,30} must be provided: the identity|\bidentity must be provided/],
  ["scope_missing", /\b(?:scope|resource|audience) must be provided/],
  ["scope_multiple", /multiple (?:scopes|targets in \w+) not supported/],
  ["scope_invalid", /invalid \w+: expected owner or owner\/repo/],
  ["identity_invalid", /invalid \w+: expected segments of letters/],
  [
    "narrowing_invalid",
    /no permission is named "|"[^"]*" has (?:no level "|an empty entry|more than)|an entry of "permissions" is not|"[^"]*" is (?:asked for with two levels|not the name of a repository)/,
  ],
  ["authorization_missing", /expected (?:exactly one|an) authorization header/],
  ["token_malformed", /invalid bearer token\b/],
  ["issuer_malformed", /invalid issuer format/],
  ["subject_malformed", /invalid subject in token/],
  ["audience_malformed", /invalid audience in token/],
  ["token_expired", /unable to verify bearer token: it expired/],
  ["token_not_yet_valid", /unable to verify bearer token: it is not valid for another/],
  ["token_from_the_future", /unable to verify bearer token: it was issued in the future/],
  [
    "token_unsupported",
    /unable to verify bearer token: (?:algorithm is missing|(?:critical header extensions|unencoded payloads|encrypted tokens) are not supported)/,
  ],
  ["signature_invalid", /unable to verify bearer token/],
  ["caller_rate_limited", /too many refused requests/],
  ["misconfigured", /this deployment is misconfigured/],
  ["owner_not_served", /no GitHub App configured for org/],
  ["issuer_not_served", /this deployment does not accept tokens of this issuer/],
  ["issuer_unreachable", /unable to reach the token's issuer/],
  ["issuer_invalid", /unable to fetch or create the provider/],
  ["not_found", /no installation found for "[^"]*", or unable to find trust policy/],
  [
    "repository_not_visible",
    /no installation found for "[^"/]*\/[^"]*"|no installation found for "[^"]*": the repository/,
  ],
  ["app_not_installed", /no installation found for/],
  ["installation_suspended", /the GitHub App's installation on "[^"]*" is suspended/],
  ["issuer_not_permitted", /issuer not permitted by organization policy/],
  ["allow_list_invalid", /organization trusted-issuer configuration is invalid/],
  ["allow_list_rate_limited", /organization trusted-issuer lookup rate limited/],
  ["allow_list_unavailable", /organization trusted-issuer lookup unavailable/],
  ["policy_not_found", /unable to find trust policy for/],
  ["policy_unreadable", /unable to read trust policy found for/],
  ["policy_invalid", /unable to (?:parse|compile|parse or compile) trust policy found for/],
  ["token_too_long_lived", /trust policy: the token lives/],
  ["app_not_available", /trust policy: no GitHub App that it lets make/],
  ["issuer_mismatch", /trust policy: (?:expected )?issuer/],
  ["subject_mismatch", /trust policy: (?:expected )?subject/],
  ["audience_mismatch", /trust policy: (?:expected )?audience/],
  ["claim_mismatch", /trust policy: (?:expected )?claim/],
  ["narrowing_exceeds_policy", /asked for more than the trust policy grants/],
  ["permission_not_held", /token exchange failure: the installation lacks a permission/],
  ["repository_not_in_installation", /token exchange failure: the installation does not see/],
  ["github_rate_limited", /GitHub API rate limit exceeded/],
  ["github_forbidden", /GitHub forbids this App the call/],
  ["github_unavailable", /GitHub is unavailable/],
  ["github_invalid_answer", /GitHub answered something unexpected/],
  ["app_credentials_rejected", /GitHub refuses this deployment's App credentials/],
  ["grant_mismatch", /GitHub granted something else than was asked/],
  ["audit_unavailable", /this deployment hands out no token that it cannot record/],
  ["deadline_exceeded", /the exchange took too long/],
  ["internal", /(?<=^|::|\]|: )internal error$/],
];

export interface KnownMessage {
  readonly reason: Reason;
  /** To the end of the line. */
  readonly message: string;
}

export function knownMessage(line: string): KnownMessage | undefined {
  for (const [reason, form] of FORMS) {
    const at = line.search(form);
    if (at >= 0) return { reason, message: line.slice(at).trim() };
  }
  return undefined;
}
