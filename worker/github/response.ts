/**
 * What a response of GitHub's means, before anybody looks into its body: one classification for every route, and the reason that
 * each class becomes. Pure: no I/O, `now` passed in; no upstream text leaves it.
 */
import { ownProperty } from "../../policies/objects.ts";
import type { Denial } from "../denial.ts";
import { RETRY_AFTER_LIMIT_SECONDS, RETRY_AFTER_MAX_SECONDS } from "../limits.ts";

/** What came back, settled. `json` is undefined when the body is none. */
export type ApiResponse =
  | (Received & {
      readonly kind: "response";
      readonly status: number;
      readonly headers: Headers;
      readonly json: unknown;
    })
  | (Received & {
      readonly kind: "failure";
      readonly failure: "timeout" | "network" | "cut" | "too_large" | "deadline";
    });

interface Received {
  /** What came of a body that is no JSON, or not whole: a token may stand in it that has to be revoked. */
  readonly text?: string;
}

export interface RateLimited {
  readonly kind: "rate_limited";
  readonly limit: "primary" | "secondary";
  readonly retryAfterSeconds: number;
}

export type ApiResult =
  | { readonly kind: "success"; readonly status: number; readonly json: unknown }
  | RateLimited
  | { readonly kind: "unauthorized" | "moved" | "deadline" }
  | { readonly kind: "forbidden" | "not_found" | "unprocessable"; readonly json: unknown }
  /** Down or out of reach: may work later. */
  | { readonly kind: "unavailable"; readonly problem: string }
  /** Something that GitHub does not say: no use asking again. */
  | { readonly kind: "invalid"; readonly problem: string };

/** The one outcome of looking something up. */
export type Lookup<T> =
  | { readonly kind: "found"; readonly value: T }
  /** GitHub has no such thing, or not any more. */
  | { readonly kind: "absent" }
  /** A limit, an outage, a refusal or a wrong response: nothing is known. */
  | { readonly kind: "denied"; readonly denial: Denial };

const FAILURES = {
  timeout: { kind: "unavailable", problem: "no answer in time" },
  network: { kind: "unavailable", problem: "no connection" },
  cut: { kind: "invalid", problem: "the answer was cut off" },
  too_large: { kind: "invalid", problem: "the answer is too large" },
  deadline: { kind: "deadline" },
} as const satisfies Record<string, ApiResult>;

export function resultOf(response: ApiResponse, nowMs: number): ApiResult {
  if (response.kind === "failure") return FAILURES[response.failure];
  const { status, json } = response;
  const limited = rateLimitOf(response, nowMs);
  if (limited) return limited;
  if (status >= 200 && status < 300) return { kind: "success", status, json };
  if (status >= 500) return { kind: "unavailable", problem: `status ${status}` };
  switch (status) {
    // Permanent redirects are how GitHub tells of a rename or a transfer; a temporary one is somebody else's.
    case 301:
    case 308:
      return { kind: "moved" };
    case 401:
      return { kind: "unauthorized" };
    case 403:
      return { kind: "forbidden", json };
    case 404:
    case 410:
      return { kind: "not_found", json };
    case 422:
      return { kind: "unprocessable", json };
    default:
      return { kind: "invalid", problem: `unexpected status ${status}` };
  }
}

/**
 * A limit needs a sign. A bare 403 is none: an IP allow list or SSO says that too. A 422 with a sign is a limit as well: taken
 * for "cannot see the repository" it would lift the allow-list.
 */
function rateLimitOf(response: ApiResponse & { kind: "response" }, nowMs: number): RateLimited | undefined {
  const { status, headers, json } = response;
  if (status !== 403 && status !== 429 && status !== 422) return undefined;
  if (headers.get("x-ratelimit-remaining")?.trim() === "0") {
    const reset = wholeNumber(headers.get("x-ratelimit-reset"));
    const wait = reset === undefined ? RETRY_AFTER_LIMIT_SECONDS : reset - Math.floor(nowMs / 1000);
    return { kind: "rate_limited", limit: "primary", retryAfterSeconds: clampWait(wait) };
  }
  const retryAfter = headers.get("retry-after");
  if (status !== 429 && retryAfter === null && !pointsAtSecondaryLimits(json)) return undefined;
  const wait = wholeNumber(retryAfter) ?? RETRY_AFTER_LIMIT_SECONDS;
  return { kind: "rate_limited", limit: "secondary", retryAfterSeconds: clampWait(wait) };
}

function pointsAtSecondaryLimits(json: unknown): boolean {
  const url = ownProperty(json, "documentation_url");
  return typeof url === "string" && (url.endsWith("secondary-rate-limits") || url.endsWith("#abuse-rate-limits"));
}

const clampWait = (seconds: number): number => Math.min(Math.max(seconds, 1), RETRY_AFTER_MAX_SECONDS);

/** The route's template, e.g. `GET /app`, and the App that asked, if it asked in its own name. */
export interface AskedOf {
  readonly route: string;
  readonly appId?: string;
}

/**
 * The denial for a result that its route has no better use for: what a route means by 301, 404, 422 and by a success is the
 * route's own to say, and here they are responses that GitHub does not give.
 */
export function denialOf(result: ApiResult, { route, appId = "" }: AskedOf): Denial {
  switch (result.kind) {
    case "rate_limited":
      return { reason: "github_rate_limited", retryAfterSeconds: result.retryAfterSeconds, limit: result.limit };
    case "unauthorized":
      return { reason: "app_credentials_rejected", appId };
    case "forbidden":
      return { reason: "github_forbidden", route };
    case "unavailable":
      return { reason: "github_unavailable", route, problem: result.problem };
    case "deadline":
      return { reason: "deadline_exceeded" };
    case "invalid":
      return { reason: "github_invalid_answer", route, problem: result.problem };
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

// What GitHub's own words for a 403, 404 or 422 tell apart where its status does not. They are only looked at: none of them goes
// anywhere, and with other words the refusal is told less exactly, never granted.

const MESSAGE_MAX_CHARACTERS = 1_000;

function messageOf(json: unknown): string {
  const message = ownProperty(json, "message");
  return typeof message === "string" ? message.slice(0, MESSAGE_MAX_CHARACTERS).toLowerCase() : "";
}

/** "This installation has been suspended". */
export const isSuspension = (json: unknown): boolean => messageOf(json).includes("suspended");

/** "Integration not found": the 404 is about the App that asks, not about what it asks for. */
export const isUnknownApp = (json: unknown): boolean => messageOf(json).includes("integration not found");

/** "The permissions requested are not granted to this installation." against "There is at least one repository that ...". */
export function unprocessableCause(json: unknown): "permissions" | "repositories" | "unclear" {
  const message = messageOf(json);
  const permissions = message.includes("permission");
  const repositories = message.includes("repositor");
  if (permissions === repositories) return "unclear";
  return permissions ? "permissions" : "repositories";
}

/** Contents above 100 MB: a 403 that is no lack of rights. */
export function isTooLarge(json: unknown): boolean {
  const errors = ownProperty(json, "errors");
  return Array.isArray(errors) && errors.some((error) => ownProperty(error, "code") === "too_large");
}

/** Digits only, and few enough to be exact. */
export function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}$/.test(text.trim()) ? Number(text) : undefined;
}
