/**
 * Denial -> what the caller reads: status, code, one short line, and no more than this caller may know (worker/README.md, "Who
 * may learn what"). The one exhaustive switch over reasons lives here.
 */
import { quoted } from "../../policies/diagnostics.ts";
import type { ClauseResult } from "../../policies/evaluate.ts";
import type { Diagnostic } from "../../policies/parse.ts";
import type { SubjectMiss } from "../../policies/repository-subject.ts";
import { type Denial, REFUSALS, type Reason, type RefusalRow, type Viewer } from "../denial.ts";
import { disclosed } from "../exchange/disclosure.ts";
import { RETRY_AFTER_OUTAGE_SECONDS } from "../limits.ts";

export interface Asked {
  readonly owner?: string | undefined;
  readonly identity?: string | undefined;
}

export interface WireRefusal extends RefusalRow {
  readonly reason: Reason;
  readonly message: string;
  readonly retryAfterSeconds: number | undefined;
}

export function wireRefusal(denial: Denial, viewer: Viewer, asked: Asked): WireRefusal {
  if (disclosed(denial, viewer) === "not_found") {
    const message = commonMessage(asked);
    return { ...REFUSALS.not_found, reason: "not_found", message, retryAfterSeconds: undefined };
  }
  const { reason } = denial;
  const message = messageOf(denial, viewer);
  const { status, error } = REFUSALS[reason];
  const exact = reason === "invalid_request" ? { status: denial.status ?? status, error: denial.error ?? error } : {};
  return { ...REFUSALS[reason], ...exact, reason, message, retryAfterSeconds: retryAfter(denial) };
}

/** It holds both phrases that octo-sts's clients look for. */
function commonMessage({ owner = "", identity = "" }: Asked): string {
  return `no installation found for ${shown(owner)}, or unable to find trust policy for ${shown(identity)} that trusts this token`;
}

function retryAfter(denial: Denial): number | undefined {
  if ("retryAfterSeconds" in denial) return denial.retryAfterSeconds;
  return REFUSALS[denial.reason].error === "temporarily_unavailable" ? RETRY_AFTER_OUTAGE_SECONDS : undefined;
}

function messageOf(denial: Denial, viewer: Viewer): string {
  const isOwner = viewer === "owner";
  switch (denial.reason) {
    case "invalid_request":
      return `invalid request: ${denial.problem}`;
    case "request_too_large":
      return `the ${denial.what} is larger than ${denial.limitBytes} bytes`;
    case "scope_missing":
      return "scope must be provided";
    case "identity_missing":
      return "identity must be provided";
    case "scope_multiple":
      return "multiple scopes not supported";
    case "scope_invalid":
      return "invalid scope: expected owner or owner/repo";
    case "identity_invalid":
      return "invalid identity: expected segments of letters, digits, '.', '_' or '-', separated by '/', at most 200 characters";
    case "narrowing_invalid":
      return denial.problem;
    case "authorization_missing":
      return denial.problem === "count"
        ? "expected exactly one authorization header"
        : "expected an authorization header of the form Bearer <OIDC token>";
    case "token_malformed":
      return `invalid bearer token: ${denial.problem}`;
    case "issuer_malformed":
      return "invalid issuer format";
    case "subject_malformed":
      return `invalid subject in token: ${denial.problem}`;
    case "audience_malformed":
      return `invalid audience in token: ${denial.problem}`;
    case "token_unsupported":
      return `unable to verify bearer token: ${denial.problem}`;
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
      return `no GitHub App configured for org ${shown(denial.owner)}`;
    case "issuer_not_served":
      return "this deployment does not accept tokens of this issuer";
    case "issuer_unreachable":
      return "unable to reach the token's issuer for its keys";
    case "issuer_invalid":
      return "unable to fetch or create the provider";
    case "signature_invalid":
      return `unable to verify bearer token: ${denial.problem}`;
    case "app_not_installed":
      return `no installation found for ${shown(denial.owner)}: install the GitHub App on it${link(denial.installUrl)}`;
    case "repository_not_visible":
      return `no installation found for ${shown(denial.repository)}: ${HIDDEN[denial.problem]}`;
    case "installation_suspended":
      return `the GitHub App's installation on ${shown(denial.owner)} is suspended: an owner of it can lift that in its settings`;
    case "issuer_not_permitted":
      return "issuer not permitted by organization policy";
    case "allow_list_invalid":
      return `organization trusted-issuer configuration is invalid${isOwner ? faultText(denial.path, denial.diagnostics) : ""}`;
    case "allow_list_rate_limited":
      return "organization trusted-issuer lookup rate limited";
    case "allow_list_unavailable":
      return "organization trusted-issuer lookup unavailable";
    case "policy_not_found":
      return `unable to find trust policy for ${shown(denial.identity)}: no file ${denial.path}${hint(denial)}`;
    case "policy_unreadable":
      return `unable to read trust policy found for ${shown(denial.identity)}: ${denial.path} ${UNREADABLE[denial.problem]}`;
    case "policy_invalid":
      return `unable to parse or compile trust policy found for ${shown(denial.identity)}${faultText(denial.path, denial.diagnostics)}`;
    case "subject_mismatch":
      return `trust policy: ${clauseText(denial.clause, isOwner)}${isOwner ? missText(denial.miss) : ""}`;
    case "issuer_mismatch":
    case "audience_mismatch":
    case "claim_mismatch":
      return `trust policy: ${clauseText(denial.clause, isOwner)}`;
    case "token_too_long_lived":
      return isOwner
        ? `trust policy: the token lives ${String(denial.clause.actual)} seconds, more than max_token_lifetime ${denial.clause.expected.value}`
        : "trust policy: the token lives longer than the policy allows";
    case "app_not_available":
      return `trust policy: no GitHub App that it lets make the token is available${isOwner ? `: ${unavailable(denial)}` : ""}`;
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
    case "deadline_exceeded":
      return "the exchange took too long";
    case "internal":
      return "internal error";
    default:
      return denial satisfies never;
  }
}

const HIDDEN = {
  not_selected: "the GitHub App is installed on its owner, but not on this repository",
  moved: "the repository or its owner was renamed; use the new name",
  gone: "the owner has no repository of this name that the GitHub App can see",
};

function unavailable({ pin: { key, value }, problem, on }: Extract<Denial, { reason: "app_not_available" }>): string {
  const app = `${key} ${shown(value)}`;
  return problem === "no_such_app"
    ? `${app} fits no App of this deployment that serves ${shown(on)}`
    : `${app} fits no App that is installed on ${shown(on)}`;
}

const UNREADABLE = {
  directory: "is a directory",
  not_a_file: "is not a regular file",
  not_utf8: "is not UTF-8 text",
  too_large: "is larger than 64 KiB",
};

function timing({ seconds, serverTime }: { readonly seconds: number; readonly serverTime: number }, ago = ""): string {
  return `${Math.ceil(seconds)} seconds${ago} (server time ${new Date(serverTime * 1000).toISOString()})`;
}

function hint({ identity, nearMisses }: { readonly identity: string; readonly nearMisses: readonly string[] }): string {
  if (identity.endsWith(".sts.yaml")) return "; leave .sts.yaml out of the identity";
  return nearMisses.length > 0 ? `; did you mean ${nearMisses.map(shown).join(" or ")}?` : "";
}

/** The first faults with their places; a message stays one line. */
function faultText(path: string, diagnostics: readonly Diagnostic[]): string {
  const first = diagnostics.slice(0, 3).map((fault) => `${path}${place(fault)}: ${withRemedy(fault)}`);
  const rest = diagnostics.length > first.length ? [`and ${diagnostics.length - first.length} more`] : [];
  return first.length === 0 ? "" : `: ${[...first, ...rest].join("; ")}`;
}

/** A policy that comes from a cache has lost its lines. */
const place = ({ line, column }: Diagnostic): string => (line > 0 ? `:${line}:${column}` : "");

const withRemedy = ({ message, suggestion }: Diagnostic): string =>
  suggestion === undefined ? message : `${message} (${suggestion})`;

/** The clause and the token's own value for whoever holds the token; the policy's value for its owner. */
function clauseText(result: ClauseResult, isOwner: boolean): string {
  const label = result.clause === "claim" ? `claim ${shown(result.name)}` : result.clause;
  const { actual } = result;
  const found =
    actual === undefined
      ? result.why === "not_string"
        ? `${label} has no value that can be compared`
        : `expected ${label} not found in token`
      : `${label} ${typeof actual === "string" ? shown(actual) : `[${shownList(actual)}]`} ${mismatch(result)}`;
  if (!isOwner) return found;
  const { kind, value } = result.expected;
  if (kind === "any_of") return `${found} (${value.split(" ").map(shown).join(" or ")})`;
  return kind === "pattern" ? `${found} (pattern ${shown(value)})` : `${found} (${shown(value)})`;
}

/** A subject that looks right to its reader: why it is not, and what to write. */
function missText(miss: SubjectMiss | undefined): string {
  if (miss === undefined) return "";
  const { ids, environment, written } = miss;
  const causes = [
    ...(ids === "missing" ? ["the policy lacks the ids that this repository's subjects have now"] : []),
    ...(ids === "needless" ? ["the policy has ids, and this repository's subjects have none yet"] : []),
    ...(environment === undefined ? [] : [`the job's environment ${shown(environment)} stands in place of its branch`]),
  ];
  const key = written.kind === "pattern" ? "subject_pattern" : "subject";
  // An environment need not be bound to a branch.
  const branch = environment === undefined ? "" : ", and the branch as claim_pattern ref";
  return `: ${causes.join(", and ")}; write ${key} ${shown(written.value)}${branch}`;
}

const mismatch = ({ why }: ClauseResult): string =>
  why === "too_costly" ? "takes more steps to compare than one token may" : "did not match";

function missing(
  denial: { readonly missing: readonly string[]; readonly settingsUrl?: string },
  isOwner: boolean,
): string {
  if (!isOwner || denial.missing.length === 0) return "";
  return `: ${denial.missing.join(", ")}${link(denial.settingsUrl)}`;
}

/** A token's values are longer than what a policy's errors quote. */
const SHOWN_CHARACTERS = 300;
const SHOWN_VALUES = 10;

const shown = (text: string): string => quoted(text, SHOWN_CHARACTERS);

function shownList(values: readonly string[]): string {
  const first = values.slice(0, SHOWN_VALUES).map(shown);
  return [...first, ...(values.length > first.length ? [`and ${values.length - first.length} more`] : [])].join(" ");
}

const link = (url: string | undefined): string => (url === undefined ? "" : ` (${url})`);
