// One refusal for each reason of the catalogue, as a workload of the owner gets it: what the pages of the reasons show. What the policy
// language decides it decides here too; the rest is what the exchange would have found. Pure.

import { unverifiedClaims } from "../../../policies/cli/token.ts";
import { evaluate } from "../../../policies/evaluate.ts";
import { parseTrustedIssuers } from "../../../policies/issuers.ts";
import { type Parsed, parsePolicy } from "../../../policies/parse.ts";
import { CALLER_RATE_LIMITED, type Denial, type Reason, type Viewer } from "../../../worker/denial.ts";
import { unmatched } from "../../../worker/exchange/rules.ts";
import { BODY_MAX_BYTES, RETRY_AFTER_LIMIT_SECONDS, RETRY_AFTER_OUTAGE_SECONDS } from "../../../worker/limits.ts";
import { ALLOW_LIST_PATH, targetOf } from "../../../worker/trust-policy/target.ts";

export const DOMAIN = "sts.example.com";
const OWNER = "acme";
const REPOSITORY = `${OWNER}/app`;
const TARGET = targetOf({ owner: OWNER, repository: "app" }, "release", ".github");
const { identity: IDENTITY, fullPath: PATH } = TARGET;
const ISSUER = "https://token.actions.githubusercontent.com";
/** Seconds since the epoch. */
const NOW = Date.UTC(2026, 10, 25, 12) / 1000;
const LATER = { retryAfterSeconds: RETRY_AFTER_OUTAGE_SECONDS };

const POLICY = `issuer: ${ISSUER}
subject: repo:${REPOSITORY}:ref:refs/heads/main
claim_pattern:
  event_name: (schedule|workflow_dispatch)
max_token_lifetime: 600
permissions:
  contents: write
`;

const CLAIMS = {
  iss: ISSUER,
  sub: `repo:${REPOSITORY}:ref:refs/heads/main`,
  aud: DOMAIN,
  event_name: "schedule",
  iat: NOW,
  exp: NOW + 300,
};

/** What the policy says to a token that differs in this from the one that it lets in. */
function mismatch(different: Readonly<Record<string, unknown>>): Denial {
  const policy = parsePolicy(POLICY, { kind: "repository", owner: OWNER });
  const claims = unverifiedClaims({ ...CLAIMS, ...different });
  const failed = policy.ok ? evaluate(policy.value, claims, { domain: DOMAIN }).failed : undefined;
  if (!policy.ok || failed === undefined) throw new Error("the typical policy lets in what it should refuse");
  return unmatched(failed, policy.value, { target: TARGET, claims });
}

function faultsOf(parsed: Parsed<unknown>) {
  if (parsed.ok) throw new Error("the typical faulty file has no faults");
  return parsed.diagnostics;
}

const TIMES = { serverTime: NOW };

const TYPICAL: Readonly<Record<Exclude<Reason, "not_found">, Denial>> = {
  invalid_request: { reason: "invalid_request", problem: 'too many values for "identity"' },
  request_too_large: { reason: "request_too_large", what: "body", limitBytes: BODY_MAX_BYTES },
  scope_missing: { reason: "scope_missing", parameter: "scope" },
  identity_missing: { reason: "identity_missing", parameter: "identity" },
  scope_multiple: { reason: "scope_multiple", parameter: "scope" },
  scope_invalid: { reason: "scope_invalid", parameter: "scope" },
  identity_invalid: { reason: "identity_invalid", parameter: "identity" },
  narrowing_invalid: { reason: "narrowing_invalid", problem: 'no permission is named "pull-requests"' },
  authorization_missing: { reason: "authorization_missing", problem: "none" },
  token_malformed: { reason: "token_malformed", problem: "not three parts" },
  issuer_malformed: { reason: "issuer_malformed" },
  subject_malformed: {
    reason: "subject_malformed",
    problem: "character 30 of the subject is a tab (U+0009)",
  },
  audience_malformed: {
    reason: "audience_malformed",
    problem: "character 2 of the audience is `|` (U+007C)",
  },
  token_unsupported: { reason: "token_unsupported", problem: "algorithm is missing or not supported" },
  token_expired: { reason: "token_expired", seconds: 95, ...TIMES },
  token_not_yet_valid: { reason: "token_not_yet_valid", seconds: 400, ...TIMES },
  token_from_the_future: { reason: "token_from_the_future", seconds: 400, ...TIMES },
  caller_rate_limited: CALLER_RATE_LIMITED,
  misconfigured: { reason: "misconfigured", variables: ["GITHUB_APP_PRIVATE_KEY"] },
  owner_not_served: { reason: "owner_not_served", owner: OWNER },
  issuer_not_served: { reason: "issuer_not_served" },
  issuer_unreachable: { reason: "issuer_unreachable", known: true, problem: "discovery: status 503", ...LATER },
  issuer_invalid: { reason: "issuer_invalid", known: true, problem: "discovery: status 404" },
  signature_invalid: { reason: "signature_invalid", known: true, problem: "no key fits" },
  app_not_installed: {
    reason: "app_not_installed",
    owner: OWNER,
    installUrl: "https://github.com/apps/acme-sts/installations/new",
  },
  repository_not_visible: { reason: "repository_not_visible", repository: REPOSITORY, problem: "not_selected" },
  installation_suspended: { reason: "installation_suspended", owner: OWNER, ownerId: 1_234_567 },
  issuer_not_permitted: { reason: "issuer_not_permitted" },
  allow_list_invalid: {
    reason: "allow_list_invalid",
    path: `${OWNER}/.github/${ALLOW_LIST_PATH}`,
    diagnostics: faultsOf(parseTrustedIssuers(`mode: enforced\nissuers: [${ISSUER}]\n`)),
  },
  allow_list_rate_limited: { reason: "allow_list_rate_limited", retryAfterSeconds: RETRY_AFTER_LIMIT_SECONDS },
  allow_list_unavailable: { reason: "allow_list_unavailable", problem: "status 502" },
  policy_not_found: {
    reason: "policy_not_found",
    identity: "relaese",
    path: PATH.replace(IDENTITY, "relaese"),
    nearMisses: [IDENTITY],
  },
  policy_unreadable: { reason: "policy_unreadable", identity: IDENTITY, path: PATH, problem: "not_utf8" },
  policy_invalid: {
    reason: "policy_invalid",
    identity: IDENTITY,
    path: PATH,
    diagnostics: faultsOf(
      parsePolicy(POLICY.replace("contents:", "pull-requests:"), { kind: "repository", owner: OWNER }),
    ),
  },
  issuer_mismatch: mismatch({ iss: `${ISSUER}/acme` }),
  subject_mismatch: mismatch({ sub: `repo:${REPOSITORY}:ref:refs/heads/feature` }),
  audience_mismatch: mismatch({ aud: "https://github.com/acme" }),
  claim_mismatch: mismatch({ event_name: "push" }),
  token_too_long_lived: mismatch({ exp: NOW + 3600 }),
  app_not_available: {
    reason: "app_not_available",
    pin: { key: "app", value: "nightly" },
    problem: "no_such_app",
    on: OWNER,
  },
  narrowing_exceeds_policy: { reason: "narrowing_exceeds_policy", excess: ["issues:write", "docs"] },
  permission_not_held: {
    reason: "permission_not_held",
    missing: ["contents:write"],
    settingsUrl: "https://github.com/organizations/acme/settings/installations/98765",
  },
  repository_not_in_installation: {
    reason: "repository_not_in_installation",
    missing: ["docs"],
    settingsUrl: "https://github.com/organizations/acme/settings/installations/98765",
  },
  github_rate_limited: {
    reason: "github_rate_limited",
    retryAfterSeconds: RETRY_AFTER_LIMIT_SECONDS,
    limit: "secondary",
  },
  github_forbidden: { reason: "github_forbidden", route: "POST /app/installations/{id}/access_tokens" },
  github_unavailable: { reason: "github_unavailable", route: "GET /repos/{owner}/{repo}", problem: "status 502" },
  github_invalid_answer: { reason: "github_invalid_answer", route: "GET /app", problem: "not JSON" },
  app_credentials_rejected: { reason: "app_credentials_rejected", appId: "12345" },
  grant_mismatch: { reason: "grant_mismatch", problem: "more permissions than asked" },
  audit_unavailable: { reason: "audit_unavailable", retryAfterSeconds: 5 },
  deadline_exceeded: { reason: "deadline_exceeded" },
  internal: { reason: "internal" },
};

export interface Typical {
  readonly denial: Denial;
  readonly viewer: Viewer;
  readonly owner: string;
  readonly identity: string;
}

/** The common answer stands for another reason, to whoever may not see that. */
export function typicalOf(reason: Reason): Typical {
  const asked = { owner: OWNER, identity: IDENTITY };
  if (reason === "not_found") return { denial: TYPICAL.policy_not_found, viewer: "unverified", ...asked };
  return { denial: TYPICAL[reason], viewer: "owner", ...asked };
}
