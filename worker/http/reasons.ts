/**
 * `GET /reasons/<reason>`: what a refusal means, who must act, and what they do. A refusal's `error_uri` leads here, so that it may
 * stay one line. Public and the same for everyone, as it is about the reason and no exchange.
 */
import { ownProperty } from "../../policies/objects.ts";
import { REFUSALS, type Reason } from "../denial.ts";
import { SCHEMA_FRESH_SECONDS } from "../limits.ts";
import { NOT_FOUND, plainRefusal } from "./respond.ts";

/** The part of Hono's request that is looked at. */
interface ReasonRequest {
  param(name: string): string | undefined;
  header(name: string): string | undefined;
}

export function reasonRoute(request: ReasonRequest, requestId: string): Response {
  const name = request.param("reason") ?? "";
  const explanation: Explanation | undefined = ownProperty(EXPLANATIONS, name);
  if (explanation === undefined) return plainRefusal(NOT_FOUND, requestId);
  const [means, who, remedy] = explanation;
  const { status, code, error } = REFUSALS[name as Reason];
  const isJson = request.header("Accept")?.includes("application/json") ?? false;
  const body = { reason: name, status, code, error, means, who: WHO[who], remedy };
  const text = `${name}: HTTP ${status}, code ${code}, ${error}\n\nIt means: ${means}.\nWho must act: ${WHO[who]}.\nWhat to do: ${remedy}.\n`;
  return new Response(isJson ? `${JSON.stringify(body)}\n` : text, {
    headers: {
      "Content-Type": `${isJson ? "application/json" : "text/plain"}; charset=utf-8`,
      "Cache-Control": `public, max-age=${SCHEMA_FRESH_SECONDS}`,
      Vary: "Accept",
      "X-Content-Type-Options": "nosniff",
    },
  });
}

const WHO = {
  caller: "whoever runs the workload",
  policy: "whoever maintains the trust policy",
  owner: "an owner of the organization or account",
  operator: "the operator of this service, who finds the request id in the log",
  nobody: "nobody at first, it passes by itself; if it lasts, the operator of this service",
};

/** What it means, in the words of worker/README.md, "Every refusal"; who must act; what they do. */
type Explanation = readonly [means: string, who: keyof typeof WHO, remedy: string];

const EXPLAIN =
  "copy the token's claims and ask `npm run policy -- explain` for the change of the policy, if the workload is to be let in";
const AGAIN = "come again, after the time that Retry-After tells";

export const EXPLANATIONS: Readonly<Record<Reason, Explanation>> = {
  invalid_request: [
    "the parameters cannot be read; 415 for a body of another type than form or JSON",
    "caller",
    "correct what the message names",
  ],
  request_too_large: ["a body over 64 KiB, or a query over 8 KiB", "caller", "send less"],
  scope_missing: ["no `scope`", "caller", "name the owner or `owner/repository` that the token is for"],
  identity_missing: ["no `identity`", "caller", "name the trust policy: its file name without `.sts.yaml`"],
  scope_multiple: ["two different scopes", "caller", "ask once for each scope"],
  scope_invalid: [
    "not `owner`, `owner/repository` or the repository's URL",
    "caller",
    "write `owner` or `owner/repository`",
  ],
  identity_invalid: [
    "characters that no file name of a policy has",
    "caller",
    "name the trust policy: its file name without `.sts.yaml`",
  ],
  narrowing_invalid: [
    "`permissions` or `repositories` that mean nothing",
    "caller",
    "write `permissions=contents:read,issues:write` and `repositories=one,two`, or leave them out",
  ],
  authorization_missing: [
    "not exactly one `Authorization: Bearer`",
    "caller",
    "send the OIDC token once, as `Authorization: Bearer ...`; a job of GitHub Actions gets one with `id-token: write`",
  ],
  token_malformed: [
    "not a JWT, or one with members of the wrong type",
    "caller",
    "send the issuer's OIDC token as it was issued; an access token or a secret is none",
  ],
  issuer_malformed: ["`iss` is not an https URL", "caller", "use the token of an OIDC issuer"],
  subject_malformed: [
    "`sub` has characters that are not allowed",
    "caller",
    "change what the issuer puts into `sub`; the message names the character",
  ],
  audience_malformed: [
    "`aud` has characters that are not allowed",
    "caller",
    "ask the issuer for a plain audience: this deployment's domain by default",
  ],
  token_unsupported: [
    "an algorithm that is not accepted (none, HS256, ...), `crit`, or an encrypted token",
    "caller",
    "use a token that its issuer signed with RS, PS or ES (256, 384, 512) or EdDSA",
  ],
  token_expired: ["by how many seconds is said", "caller", "ask the issuer for a token right before the exchange"],
  token_not_yet_valid: ["`nbf` is more than 5 minutes ahead", "caller", "have the issuer's clock set"],
  token_from_the_future: ["`iat` is more than 5 minutes ahead", "caller", "have the issuer's clock set"],
  caller_rate_limited: [
    "too many refused requests from your address, or for this owner",
    "caller",
    "mend what was refused before, and come again after the time that Retry-After tells",
  ],
  misconfigured: ["the operator has to look; names the variable", "operator", "`/readyz` says what is wrong"],
  owner_not_served: ["ALLOWED_OWNERS", "operator", "name the owner in ALLOWED_OWNERS, if it is to be served"],
  issuer_not_served: ["ALLOWED_ISSUERS", "operator", "name the issuer in ALLOWED_ISSUERS, if it is to be accepted"],
  issuer_unreachable: ["the issuer does not answer, and no copy of its keys is left", "nobody", AGAIN],
  issuer_invalid: [
    "the issuer's discovery is wrong, or may not be fetched",
    "caller",
    "have the issuer publish its discovery and keys at the address in `iss`, or put its public keys into the policy's `jwks`",
  ],
  signature_invalid: ["no key of the issuer made this signature", "caller", "send the token as its issuer made it"],
  not_found: [
    "one answer for whatever this caller may not know",
    "caller",
    "compare the scope with the App's installation, the identity with the policy's path and the token's claims with the policy (`npm run policy -- explain`); the operator finds the reason in the log under the request id",
  ],
  app_not_installed: ["the App is not installed on the owner", "owner", "install the GitHub App"],
  repository_not_visible: [
    "the App is installed, but not on this repository; or it moved, or is gone",
    "owner",
    "add the repository to the App's installation, or ask by its new name",
  ],
  installation_suspended: ["an owner can lift that in the settings", "owner", "lift the suspension"],
  issuer_not_permitted: [
    "the organization's list of issuers does not have this one",
    "owner",
    "add the issuer to `trusted-token-issuers.yaml` in the policy repository, if it is to be trusted",
  ],
  allow_list_invalid: [
    "that list cannot be used",
    "owner",
    "mend `trusted-token-issuers.yaml` in the policy repository; `npm run policy -- check` says what is wrong",
  ],
  allow_list_rate_limited: ["that list could not be read: GitHub's rate limit", "nobody", AGAIN],
  allow_list_unavailable: ["that list could not be read: GitHub fails", "nobody", AGAIN],
  policy_not_found: [
    "no such file on the default branch",
    "policy",
    "commit `.github/chainguard/<identity>.sts.yaml` to the default branch, or have the identity corrected",
  ],
  policy_unreadable: [
    "a directory, not UTF-8, or larger than 64 KiB",
    "policy",
    "make it a plain UTF-8 file of at most 64 KiB",
  ],
  policy_invalid: ["faults, with line and column", "policy", "mend it; `npm run policy -- check` says what is wrong"],
  issuer_mismatch: ["the policy wants another `iss`", "policy", EXPLAIN],
  subject_mismatch: ["the policy wants another `sub`", "policy", EXPLAIN],
  audience_mismatch: [
    "the policy wants another `aud`; by default the deployment's domain",
    "caller",
    "ask the issuer for a token with the audience that the policy wants",
  ],
  claim_mismatch: ["a claim is absent, or does not match", "policy", EXPLAIN],
  token_too_long_lived: [
    "more than the policy's `max_token_lifetime`",
    "caller",
    "ask the issuer for a token that lives shorter",
  ],
  app_not_available: [
    "the policy's `app` or `app_pattern` fits no App that serves the owner",
    "policy",
    "name an App of this deployment that is installed on the owner, or leave the key out",
  ],
  narrowing_exceeds_policy: [
    "asked for more than the policy grants",
    "caller",
    "ask for no more than the policy grants",
  ],
  permission_not_held: [
    "the policy grants what the App's installation does not have",
    "owner",
    "let the App have the permission, in its settings and in those of its installation; or take it out of the policy",
  ],
  repository_not_in_installation: [
    "the policy lists a repository that the App cannot see",
    "owner",
    "add the repository to the App's installation, or take it out of the policy",
  ],
  github_rate_limited: ["on every App that could serve", "nobody", AGAIN],
  github_forbidden: [
    "GitHub forbids the call: an IP allow list, single sign-on",
    "owner",
    "let the App through the IP allow list or single sign-on",
  ],
  github_unavailable: ["GitHub fails or does not answer in time", "nobody", AGAIN],
  github_invalid_answer: [
    "GitHub answers something else than it documents",
    "operator",
    "see in the log what GitHub answered",
  ],
  app_credentials_rejected: [
    "GitHub refuses the App's key; the operator has to look",
    "operator",
    "replace the App's private key; `/readyz` says which",
  ],
  grant_mismatch: [
    "GitHub granted something else than was asked; that token was revoked",
    "operator",
    "see in the log what GitHub granted",
  ],
  deadline_exceeded: ["ten seconds were not enough", "nobody", AGAIN],
  internal: ["a defect of ours: please report the `request_id`'s log line", "operator", "report the line of the log"],
};
