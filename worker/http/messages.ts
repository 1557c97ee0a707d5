/**
 * What each refusal says, in one short line, and to its owner's workloads more: the one exhaustive switch over reasons. Each is
 * said in two ways, as the message, and as OAuth's description, which has fewer characters.
 */
import type { Diagnostic } from "../../policies/parse.ts";
import type { Denial, Viewer } from "../denial.ts";
import { clauseText, ownersClauseText, placeText } from "./clause-text.ts";
import type { Words } from "./words.ts";

/** It holds both phrases that octo-sts's clients look for. */
export function commonMessage(owner: string, identity: string, { quote }: Words): string {
  return `no installation found for ${quote(owner)}, or unable to find trust policy for ${quote(identity)} that trusts this token`;
}

export function messageOf(denial: Denial, viewer: Viewer, words: Words): string {
  const isOwner = viewer === "owner";
  const { quote, plain } = words;
  switch (denial.reason) {
    case "invalid_request":
      return `invalid request: ${plain(denial.problem)}`;
    case "request_too_large":
      return `the ${denial.what} is larger than ${denial.limitBytes} bytes`;
    case "scope_missing":
      return `${denial.parameter} must be provided`;
    case "identity_missing":
      return `${denial.parameter} must be provided${denial.parameter === "identity" ? "" : IDENTITY}`;
    case "scope_multiple":
      return denial.parameter === "scope"
        ? "multiple scopes not supported"
        : `multiple targets in ${denial.parameter} not supported`;
    case "scope_invalid":
      return `invalid ${denial.parameter}: expected owner or owner/repo`;
    case "identity_invalid":
      return `invalid ${denial.parameter}: expected segments of letters, digits, '.', '_' or '-', separated by '/', at most 200 characters`;
    case "narrowing_invalid":
      return plain(denial.problem);
    case "authorization_missing":
      return AUTHORIZATION[denial.problem];
    case "token_malformed":
      return `invalid bearer token: ${plain(denial.problem)}`;
    case "issuer_malformed":
      return "invalid issuer format";
    case "subject_malformed":
      return `invalid subject in token: ${plain(denial.problem)}`;
    case "audience_malformed":
      return `invalid audience in token: ${plain(denial.problem)}`;
    case "token_unsupported":
      return `unable to verify bearer token: ${plain(denial.problem)}`;
    case "token_expired":
      return `unable to verify bearer token: it expired ${timing(denial, " ago")}`;
    case "token_not_yet_valid":
      return `unable to verify bearer token: it is not valid for another ${timing(denial)}`;
    case "token_from_the_future":
      return `unable to verify bearer token: it was issued in the future, by ${timing(denial)}`;
    case "caller_rate_limited":
      return "too many refused requests from this address or for this owner";
    case "misconfigured":
      return `this deployment is misconfigured: ${denial.variables.join(", ")}`;
    case "owner_not_served":
      return `no GitHub App configured for org ${quote(denial.owner)}`;
    case "issuer_not_served":
      return "this deployment does not accept tokens of this issuer";
    case "issuer_unreachable":
      return "unable to reach the token's issuer for its keys";
    case "issuer_invalid":
      return "unable to fetch or create the provider";
    case "signature_invalid":
      return `unable to verify bearer token: ${plain(denial.problem)}`;
    case "app_not_installed":
      return `no installation found for ${quote(denial.owner)}: install the GitHub App on it${link(denial.installUrl)}`;
    case "repository_not_visible":
      return `no installation found for ${quote(denial.repository)}: ${HIDDEN[denial.problem]}`;
    case "installation_suspended":
      return `the GitHub App's installation on ${quote(denial.owner)} is suspended: an owner of it can lift that in its settings`;
    case "issuer_not_permitted":
      return "issuer not permitted by organization policy";
    case "allow_list_invalid":
      return `organization trusted-issuer configuration is invalid${isOwner ? faultText(denial, words) : ""}`;
    case "allow_list_rate_limited":
      return "organization trusted-issuer lookup rate limited";
    case "allow_list_unavailable":
      return "organization trusted-issuer lookup unavailable";
    case "policy_not_found":
      return `unable to find trust policy for ${quote(denial.identity)}: no file ${denial.path}${hint(denial, words)}`;
    case "policy_unreadable":
      return `unable to read trust policy found for ${quote(denial.identity)}: ${denial.path} ${UNREADABLE[denial.problem]}`;
    case "policy_invalid":
      return `unable to parse or compile trust policy found for ${quote(denial.identity)}${faultText(denial, words)}`;
    case "issuer_mismatch":
    case "subject_mismatch":
    case "audience_mismatch":
    case "claim_mismatch":
      // Joined, not concatenated, as is what else stands in the JSON of most refusals.
      return ["trust policy:", isOwner ? ownersClauseText(denial, words) : clauseText(denial.clause, words)].join(" ");
    case "token_too_long_lived":
      return isOwner
        ? `trust policy: the token lives ${String(denial.clause.actual)} seconds, more than the policy's max_token_lifetime ${denial.clause.expected.value} (${placeText(denial.at)})`
        : "trust policy: the token lives longer than the policy allows";
    case "app_not_available":
      return `trust policy: no GitHub App that it lets make the token is available${isOwner ? unavailable(denial, words) : ""}`;
    case "narrowing_exceeds_policy":
      return `asked for more than the trust policy grants: ${denial.excess.join(", ")}`;
    case "permission_not_held":
      return `token exchange failure: the installation lacks a permission that the policy grants${missing(denial, isOwner)}`;
    case "repository_not_in_installation":
      return `token exchange failure: the installation does not see a repository that the policy names${missing(denial, isOwner)}`;
    case "github_rate_limited":
      return "GitHub API rate limit exceeded";
    case "github_forbidden":
      return `GitHub forbids this App the call${isOwner ? ` ${denial.route}: an IP allow list or single sign-on may be in the way` : ""}`;
    case "github_unavailable":
      return "GitHub is unavailable";
    case "github_invalid_answer":
      return "GitHub answered something unexpected";
    case "app_credentials_rejected":
      return "GitHub refuses this deployment's App credentials";
    case "grant_mismatch":
      return "GitHub granted something else than was asked; the token was revoked";
    case "audit_unavailable":
      return "this deployment hands out no token that it cannot record, and its audit events are not taken now";
    case "deadline_exceeded":
      return "the exchange took too long";
    case "internal":
      return "internal error";
    default:
      return denial satisfies never;
  }
}

const IDENTITY = ": the identity, which is the trust policy's name";

const AUTHORIZATION = {
  none: "expected exactly one authorization header, got none",
  several: "expected exactly one authorization header, got several",
  form: "expected an authorization header of the form Bearer <OIDC token>",
};

const HIDDEN = {
  not_selected: "the GitHub App is installed on its owner, but not on this repository",
  moved: "the repository or its owner was renamed; use the new name",
  gone: "the owner has no repository of this name that the GitHub App can see",
};

const UNREADABLE = {
  directory: "is a directory",
  not_a_file: "is not a regular file",
  not_utf8: "is not UTF-8 text",
  too_large: "is larger than 64 KiB",
};

function timing({ seconds, serverTime }: { readonly seconds: number; readonly serverTime: number }, ago = ""): string {
  return `${Math.ceil(seconds)} seconds${ago} (server time ${new Date(serverTime * 1000).toISOString()})`;
}

type OfPolicy = { readonly identity: string; readonly nearMisses: readonly string[] };

function hint({ identity, nearMisses }: OfPolicy, { quote }: Words): string {
  if (identity.endsWith(".sts.yaml")) return "; leave .sts.yaml out of the identity";
  return nearMisses.length > 0 ? `; did you mean ${nearMisses.map(quote).join(" or ")}?` : "";
}

type Faulty = { readonly path: string; readonly diagnostics: readonly Diagnostic[] };

/** The first faults with their places; a message stays one line. */
function faultText({ path, diagnostics }: Faulty, { plain }: Words): string {
  const first = diagnostics.slice(0, 3).map((fault) => `${path}${positionText(fault)}: ${plain(withRemedy(fault))}`);
  const rest = diagnostics.length > first.length ? [`and ${diagnostics.length - first.length} more`] : [];
  return first.length === 0 ? "" : `: ${[...first, ...rest].join("; ")}`;
}

const positionText = ({ line, column }: Diagnostic): string => (line > 0 ? `:${line}:${column}` : "");

const withRemedy = ({ message, suggestion }: Diagnostic): string =>
  suggestion === undefined ? message : `${message} (${suggestion})`;

type Unavailable = Extract<Denial, { reason: "app_not_available" }>;

function unavailable({ pin: { key, value }, problem, on }: Unavailable, { quote, showsPatterns }: Words): string {
  const app = key === "app" || showsPatterns ? `${key} ${quote(value)}` : key;
  const lacks = problem === "no_such_app" ? "of this deployment that serves" : "that is installed on";
  return `: ${app} fits no App ${lacks} ${quote(on)}`;
}

type Missing = { readonly missing: readonly string[]; readonly settingsUrl?: string };

function missing(denial: Missing, isOwner: boolean): string {
  if (!isOwner || denial.missing.length === 0) return "";
  return `: ${denial.missing.join(", ")}${link(denial.settingsUrl)}`;
}

const link = (url: string | undefined): string => (url === undefined ? "" : ` (${url})`);
