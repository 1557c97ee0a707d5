/** The one place where what GitHub answered becomes a reason for the caller. Pure; carries no upstream text. */
import type { Denial } from "../denial.ts";
import type { Meaning } from "./reply.ts";
import type { Installation } from "./shapes.ts";

export interface AskedOf {
  /** The route's template, e.g. `GET /app`. */
  readonly route: string;
  readonly appId: string;
}

/**
 * The denial for an answer that its route has no better use for: what a route means by 301, 404, 422 and by a success is the
 * route's own to say, and here they are answers that GitHub does not give.
 */
export function denialOf(meaning: Meaning, { route, appId }: AskedOf): Denial {
  switch (meaning.kind) {
    case "rate_limited":
      return {
        reason: "github_rate_limited",
        retryAfterSeconds: meaning.retryAfterSeconds,
        limit: meaning.limit,
      };
    case "unauthorized":
      return { reason: "app_credentials_rejected", appId };
    case "forbidden":
      return { reason: "github_forbidden", route };
    case "unavailable":
      return { reason: "github_unavailable", route, problem: meaning.problem };
    case "deadline":
      return { reason: "deadline_exceeded" };
    case "invalid":
      return { reason: "github_invalid_answer", route, problem: meaning.problem };
    case "moved":
      return { reason: "github_invalid_answer", route, problem: "unexpected redirect" };
    case "not_found":
      return { reason: "github_invalid_answer", route, problem: "unexpected status 404" };
    case "unprocessable":
      return { reason: "github_invalid_answer", route, problem: "unexpected status 422" };
    case "success":
      return { reason: "github_invalid_answer", route, problem: "fields are missing or of another type" };
  }
}

/** The owner's number goes along: it decides who may be told. */
export const suspended = ({ owner, accountId }: Installation): Denial => ({
  reason: "installation_suspended",
  owner,
  ownerId: accountId,
});
