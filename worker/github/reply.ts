/**
 * What an answer of GitHub's means, before anybody looks into its body: one classification for every route. Pure: no I/O, `now`
 * passed in; no upstream text leaves it.
 */
import { RETRY_AFTER_LIMIT_SECONDS, RETRY_AFTER_MAX_SECONDS } from "../limits.ts";

/** What came back, settled. `json` is undefined when the body is none. */
export type Reply =
  | { readonly kind: "answer"; readonly status: number; readonly headers: Headers; readonly json: unknown }
  | { readonly kind: "failure"; readonly failure: "timeout" | "network" | "cut" | "too_large" | "deadline" };

export interface RateLimited {
  readonly kind: "rate_limited";
  readonly limit: "primary" | "secondary";
  readonly retryAfterSeconds: number;
}

export type Meaning =
  | { readonly kind: "success"; readonly status: number; readonly json: unknown }
  | RateLimited
  | { readonly kind: "unauthorized" | "moved" | "deadline" }
  | { readonly kind: "forbidden" | "not_found" | "unprocessable"; readonly json: unknown }
  /** Down or out of reach: may work later. */
  | { readonly kind: "unavailable"; readonly problem: string }
  /** Something that GitHub does not say: no use asking again. */
  | { readonly kind: "invalid"; readonly problem: string };

const FAILURES = {
  timeout: { kind: "unavailable", problem: "no answer in time" },
  network: { kind: "unavailable", problem: "no connection" },
  cut: { kind: "invalid", problem: "the answer was cut off" },
  too_large: { kind: "invalid", problem: "the answer is too large" },
  deadline: { kind: "deadline" },
} as const satisfies Record<string, Meaning>;

export function meaningOf(reply: Reply, nowMs: number): Meaning {
  if (reply.kind === "failure") return FAILURES[reply.failure];
  const { status, json } = reply;
  const limited = rateLimitOf(reply, nowMs);
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
function rateLimitOf(reply: Reply & { kind: "answer" }, nowMs: number): RateLimited | undefined {
  const { status, headers, json } = reply;
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
  const url = ownField(json, "documentation_url");
  return typeof url === "string" && (url.endsWith("secondary-rate-limits") || url.endsWith("#abuse-rate-limits"));
}

const clampWait = (seconds: number): number => Math.min(Math.max(seconds, 1), RETRY_AFTER_MAX_SECONDS);

/** Digits only, and few enough to be exact. */
export function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}$/.test(text.trim()) ? Number(text) : undefined;
}

/** A field of a foreign object, never one of its prototype's. */
export function ownField(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}
