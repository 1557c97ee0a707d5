/**
 * Every reason for which an exchange ends without a token: one tagged union, and one table with what the wire says of each.
 * Pure data: no I/O, no clock, and no text of a token, an assertion or an upstream body but a malformed character.
 */
import type { ClauseResult } from "../policies/evaluate.ts";
import type { Diagnostic } from "../policies/parse.ts";
import type { SubjectMiss } from "../policies/repository-subject.ts";
import { RETRY_AFTER_LIMIT_SECONDS } from "./limits.ts";

/** An expected outcome as a value: what was wanted, or why not. `throw` is for bugs. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly denial: Denial };

/** Data on each arm is for the log and for whoever may see it; what a caller reads is decided in `http/messages.ts`. */
export type Denial =
  | {
      readonly reason: "invalid_request";
      readonly problem: string;
      /** Where an RFC has a more exact code or status than the catalogue. */
      readonly error?: OAuthError;
      readonly status?: 415;
    }
  | { readonly reason: "request_too_large"; readonly what: "body" | "query"; readonly limitBytes: number }
  | {
      readonly reason: "scope_missing" | "identity_missing" | "scope_multiple" | "scope_invalid" | "identity_invalid";
      /** As the caller's wire calls it. */
      readonly parameter: string;
    }
  | { readonly reason: "narrowing_invalid"; readonly problem: string }
  | { readonly reason: "authorization_missing"; readonly problem: "none" | "several" | "form" }
  | { readonly reason: "token_malformed" | "token_unsupported"; readonly problem: string }
  | { readonly reason: "issuer_malformed" }
  | { readonly reason: "subject_malformed" | "audience_malformed"; readonly problem: string }
  | {
      readonly reason: "token_expired" | "token_not_yet_valid" | "token_from_the_future";
      /** By how much the claim misses the server's time. */
      readonly seconds: number;
      readonly serverTime: number;
    }
  | { readonly reason: "caller_rate_limited"; readonly retryAfterSeconds: number }
  | { readonly reason: "misconfigured"; readonly variables: readonly string[] }
  | { readonly reason: "owner_not_served"; readonly owner: string }
  | { readonly reason: "issuer_not_served" }
  | {
      readonly reason: "issuer_unreachable";
      /** As below. */
      readonly known: boolean;
      readonly problem: string;
      readonly retryAfterSeconds: number;
      /** Nobody was asked: unknown keys made us ask this issuer too often. */
      readonly inCooldown?: true;
    }
  | {
      readonly reason: "issuer_invalid" | "signature_invalid";
      /** Whether the issuer is a known one: only then the caller may learn this before the token is verified. */
      readonly known: boolean;
      readonly problem: string;
    }
  | { readonly reason: "app_not_installed"; readonly owner: string; readonly installUrl?: string }
  | {
      readonly reason: "repository_not_visible";
      /** `owner/name`, or the owner's name where all of it moved. */
      readonly repository: string;
      readonly problem: "not_selected" | "moved" | "gone";
    }
  | { readonly reason: "installation_suspended"; readonly owner: string; readonly ownerId: number }
  | { readonly reason: "issuer_not_permitted" }
  | { readonly reason: "allow_list_invalid"; readonly path: string; readonly diagnostics: readonly Diagnostic[] }
  | { readonly reason: "allow_list_rate_limited"; readonly retryAfterSeconds: number }
  | { readonly reason: "allow_list_unavailable"; readonly problem: string }
  | {
      readonly reason: "policy_not_found";
      readonly identity: string;
      /** `owner/repo/path`, as looked at. */
      readonly path: string;
      readonly nearMisses: readonly string[];
    }
  | {
      readonly reason: "policy_unreadable";
      readonly identity: string;
      readonly path: string;
      readonly problem: "directory" | "not_a_file" | "not_utf8" | "too_large";
    }
  | {
      readonly reason: "policy_invalid";
      readonly identity: string;
      readonly path: string;
      readonly diagnostics: readonly Diagnostic[];
    }
  | {
      readonly reason:
        | "issuer_mismatch"
        | "subject_mismatch"
        | "audience_mismatch"
        | "claim_mismatch"
        | "token_too_long_lived";
      readonly clause: ClauseResult;
      readonly at: ClausePlace;
      /** The subject is right but for what GitHub puts into it. */
      readonly miss?: SubjectMiss;
      /** Else what is easily overlooked. */
      readonly hint?: string;
    }
  | {
      readonly reason: "app_not_available";
      readonly pin: AppPin;
      readonly problem: "no_such_app" | "not_installed";
      /** The scope. */
      readonly on: string;
    }
  | { readonly reason: "narrowing_exceeds_policy"; readonly excess: readonly string[] }
  | {
      readonly reason: "permission_not_held" | "repository_not_in_installation";
      /** Which permissions (`contents:write`) or repositories; empty when GitHub's answer leaves it open. */
      readonly missing: readonly string[];
      readonly settingsUrl?: string;
    }
  | {
      readonly reason: "github_rate_limited";
      readonly retryAfterSeconds: number;
      readonly limit: "primary" | "secondary";
    }
  | { readonly reason: "github_forbidden"; readonly route: string }
  | { readonly reason: "github_unavailable"; readonly route: string; readonly problem: string }
  | { readonly reason: "github_invalid_answer"; readonly route: string; readonly problem: string }
  | { readonly reason: "app_credentials_rejected"; readonly appId: string }
  | { readonly reason: "grant_mismatch"; readonly problem: string }
  | { readonly reason: "audit_unavailable"; readonly retryAfterSeconds: number }
  | { readonly reason: "deadline_exceeded" | "internal" };

/** Where a policy says what decided. */
export interface ClausePlace {
  /** `owner/repo/path`. */
  readonly path: string;
  readonly line: number | undefined;
}

/** What a policy says of the App that may mint. */
export interface AppPin {
  readonly key: "app" | "app_pattern";
  readonly value: string;
}

/** Our own limits, whichever of them it was. */
export const CALLER_RATE_LIMITED: Denial = {
  reason: "caller_rate_limited",
  retryAfterSeconds: RETRY_AFTER_LIMIT_SECONDS,
};

export type Reason = Denial["reason"] | "not_found";

/** Who asks (worker/README.md, "Who may learn what"). `owner`: proven to belong to the owner, or the policy's repository is public. */
export type Viewer = "unverified" | "verified" | "owner";

/** OAuth error codes (RFC 6749 5.2, 6750 3.1, 7009 2.2.1, 8693 2.2.2), and those of RFC 6749 4.1.2.1 where these have none. */
export type OAuthError =
  | "invalid_request"
  | "unsupported_grant_type"
  | "unsupported_token_type"
  | "invalid_target"
  | "invalid_scope"
  | "invalid_token"
  | "access_denied"
  | "temporarily_unavailable"
  | "server_error";

export interface RefusalRow {
  /** HTTP status. */
  readonly status: number;
  /** gRPC code, as octo-sts answers it. */
  readonly code: number;
  readonly error: OAuthError;
  /** The least viewer to whom this reason is given; everyone else gets `not_found` in its place. */
  readonly seenBy: "all" | "verified" | "owner";
}

const row = (status: number, code: number, error: OAuthError, seenBy: RefusalRow["seenBy"] = "all"): RefusalRow => ({
  status,
  code,
  error,
  seenBy,
});

/** The catalogue of refusals; the wire, the audit event and the documentation read it. */
export const REFUSALS: Readonly<Record<Reason, RefusalRow>> = {
  invalid_request: row(400, 3, "invalid_request"),
  request_too_large: row(413, 3, "invalid_request"),
  scope_missing: row(400, 3, "invalid_request"),
  identity_missing: row(400, 3, "invalid_request"),
  scope_multiple: row(400, 3, "invalid_target"),
  scope_invalid: row(400, 3, "invalid_target"),
  identity_invalid: row(400, 3, "invalid_scope"),
  narrowing_invalid: row(400, 3, "invalid_scope"),
  authorization_missing: row(401, 16, "invalid_request"),
  token_malformed: row(400, 3, "invalid_request"),
  issuer_malformed: row(400, 3, "invalid_request"),
  subject_malformed: row(400, 3, "invalid_request"),
  audience_malformed: row(400, 3, "invalid_request"),
  token_unsupported: row(401, 16, "invalid_token"),
  token_expired: row(401, 16, "invalid_token"),
  token_not_yet_valid: row(401, 16, "invalid_token"),
  token_from_the_future: row(401, 16, "invalid_token"),
  caller_rate_limited: row(429, 8, "temporarily_unavailable"),
  misconfigured: row(503, 14, "server_error"),
  owner_not_served: row(404, 5, "invalid_target"),
  issuer_not_served: row(403, 7, "invalid_request"),
  issuer_unreachable: row(503, 14, "temporarily_unavailable", "verified"),
  issuer_invalid: row(400, 3, "invalid_request", "verified"),
  signature_invalid: row(401, 16, "invalid_token", "verified"),
  not_found: row(404, 5, "invalid_target"),
  app_not_installed: row(404, 5, "invalid_target", "owner"),
  repository_not_visible: row(404, 5, "invalid_target", "owner"),
  installation_suspended: row(403, 7, "invalid_target", "owner"),
  issuer_not_permitted: row(403, 7, "access_denied", "verified"),
  allow_list_invalid: row(400, 9, "server_error", "verified"),
  allow_list_rate_limited: row(429, 8, "temporarily_unavailable"),
  allow_list_unavailable: row(503, 14, "temporarily_unavailable"),
  policy_not_found: row(404, 5, "invalid_scope", "owner"),
  policy_unreadable: row(404, 5, "invalid_scope", "owner"),
  policy_invalid: row(404, 5, "invalid_scope", "owner"),
  issuer_mismatch: row(403, 7, "access_denied", "verified"),
  subject_mismatch: row(403, 7, "access_denied", "verified"),
  audience_mismatch: row(403, 7, "access_denied", "verified"),
  claim_mismatch: row(403, 7, "access_denied", "verified"),
  token_too_long_lived: row(403, 7, "access_denied", "verified"),
  app_not_available: row(400, 9, "invalid_request", "verified"),
  narrowing_exceeds_policy: row(403, 7, "invalid_scope", "verified"),
  permission_not_held: row(403, 7, "access_denied", "verified"),
  repository_not_in_installation: row(403, 7, "access_denied", "verified"),
  github_rate_limited: row(429, 8, "temporarily_unavailable"),
  github_forbidden: row(403, 7, "access_denied", "verified"),
  github_unavailable: row(503, 14, "temporarily_unavailable"),
  github_invalid_answer: row(502, 13, "server_error"),
  app_credentials_rejected: row(503, 14, "server_error"),
  grant_mismatch: row(502, 13, "server_error"),
  audit_unavailable: row(503, 14, "temporarily_unavailable", "verified"),
  deadline_exceeded: row(504, 4, "temporarily_unavailable"),
  internal: row(500, 13, "server_error"),
};

export const refuse = (denial: Denial): { readonly ok: false; readonly denial: Denial } => ({ ok: false, denial });
export const accept = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });
