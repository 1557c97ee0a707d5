/** Of what GitHub answers, of the service's own failures, and of time. */
import { AGAIN, type ReasonExplanation } from "./explanation.ts";

const STATUS_PAGE = "GitHub's own status page (`https://www.githubstatus.com`).";

export const OF_GITHUB = {
  permission_not_held: {
    means: "the policy grants what the App's installation does not have",
    who: "owner",
    remedy:
      "let the App have the permission, in its settings and in those of its installation; or take it out of the policy",
    look: [
      "The App's own settings, Permissions & events: it has to ask for the permission first.",
      "The installation then waits for an owner of the organization to accept what is new.",
    ],
    near: ["repository_not_in_installation", "narrowing_exceeds_policy", "github_forbidden"],
  },
  repository_not_in_installation: {
    means: "the policy lists a repository that the App cannot see",
    who: "owner",
    remedy: "add the repository to the App's installation, or take it out of the policy",
    look: [
      "Each name below `repositories`: was one renamed or deleted, or is it not among the installation's selected ones?",
    ],
    near: ["repository_not_visible", "permission_not_held"],
  },
  github_rate_limited: {
    means: "GitHub's rate limit, on every App that could serve",
    who: "nobody",
    remedy: AGAIN,
    look: [
      "GitHub counts all that an App does on an organization together: what else uses it?",
      "An operator can share the load among several Apps (GITHUB_APPS).",
    ],
    near: ["caller_rate_limited", "allow_list_rate_limited"],
  },
  github_forbidden: {
    means: "GitHub forbids the call: an IP allow list, single sign-on",
    who: "owner",
    remedy: "let the App through the IP allow list or single sign-on",
    look: [
      "The organization's settings, Authentication security: is there an IP allow list that leaves the App's requests out?",
    ],
    near: ["permission_not_held", "app_credentials_rejected"],
  },
  github_unavailable: {
    means: "GitHub fails or does not answer in time",
    who: "nobody",
    remedy: AGAIN,
    look: [STATUS_PAGE],
    near: ["github_invalid_answer", "deadline_exceeded", "github_rate_limited"],
  },
  github_invalid_answer: {
    means: "GitHub answers something else than it documents",
    who: "operator",
    remedy: "see in the log what GitHub answered",
    look: [
      "GITHUB_API_URL: is it the REST base of that GitHub? Does a proxy stand before it that answers in its place?",
    ],
    near: ["github_unavailable", "grant_mismatch"],
  },
  app_credentials_rejected: {
    means: "GitHub refuses the App's key; the operator has to look",
    who: "operator",
    remedy: "replace the App's private key; `/readyz` says which",
    look: ["The key belongs to the App of GITHUB_APP_ID, and is still listed in that App's settings."],
    near: ["misconfigured", "github_forbidden"],
  },
  grant_mismatch: {
    means: "GitHub granted something else than was asked; that token was revoked",
    who: "operator",
    remedy: "see in the log what GitHub granted",
    look: ["The log's line of this request id: `error` says what differs."],
    near: ["github_invalid_answer", "permission_not_held"],
  },
  audit_unavailable: {
    means: "the grant's event could not be recorded, which AUDIT_REQUIRED wants; a token that was made is revoked",
    who: "nobody",
    remedy: AGAIN,
    look: [
      "The log's lines `audit_sink_failed`: they name the sink, and `/readyz` has the counts for whoever shows READY_TOKEN.",
      "Does the queue, or what answers at EVENT_INGRESS_URI, take events? It has two seconds.",
    ],
    near: ["deadline_exceeded", "misconfigured"],
  },
  deadline_exceeded: {
    means: "ten seconds were not enough",
    who: "nobody",
    remedy: AGAIN,
    look: ["How fast do the issuer and GitHub answer? DEBUG_TIMING shows how long each part takes.", STATUS_PAGE],
    near: ["github_unavailable", "issuer_unreachable"],
  },
  internal: {
    means: "a defect of ours: please report the `request_id`'s log line",
    who: "operator",
    remedy: "report the line of the log",
    look: ["The log has a line with `bug` and this request id."],
    near: ["deadline_exceeded"],
  },
} as const satisfies Readonly<Record<string, ReasonExplanation>>;
