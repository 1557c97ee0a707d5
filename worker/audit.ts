/**
 * The audit event: one for every request that reached the exchange, filled step by step and sent from one place. It never
 * holds a token, an assertion or an upstream body; a minted token appears as SHA-256 only. Names are octo-sts's where it has
 * the field. A sink that fails is noted in the log and fails nothing.
 */

import type { ClauseResult } from "../policies/evaluate.ts";
import type { Denial, Reason } from "./denial.ts";
import {
  AUDIT_ATTEMPTS,
  AUDIT_PAUSE_MAX_MS,
  AUDIT_PAUSE_MIN_MS,
  AUDIT_TIMEOUT_MS,
  BUG_FRAMES_MAX,
  LIMIT_WINDOW_MS,
  LIMITED_EVENTS_PER_WINDOW,
  LIMITED_EVENTS_SAMPLE,
  QUEUE_TIMEOUT_MS,
} from "./limits.ts";
import { sha256, toHex } from "./store/digest.ts";
import { boundedFetch, type Fetcher } from "./store/fetch.ts";
import { withinTime } from "./store/within-time.ts";

export interface AuditEvent {
  readonly request_id: string;
  /** RFC 3339, when the request arrived. */
  readonly time: string;
  scope?: string;
  identity?: string;
  user_agent?: string;
  /** The token's own words as soon as they can be read; `verified` says whether they are proven. */
  actor?: { iss: string; sub: string; verified: boolean };
  app_id?: string;
  installation_id?: number;
  trust_policy?: { path: string; sha: string };
  issuer_allowlist?: { mode: "enforce" | "audit"; allowed: boolean };
  /** Each clause: what the policy wants, what the token has. */
  trace?: readonly ClauseResult[];
  permissions?: Readonly<Record<string, string>>;
  repositories?: readonly string[] | "all";
  expires_at?: string;
  /** Of the token that was handed out: hex as octo-sts writes it, base64 as GitHub's audit log does. */
  token_sha256?: string;
  token_sha256_base64?: string;
  /** Nothing was minted, nor would have been. */
  dry_run?: true;
  /** `would_grant`: of a dry run. */
  outcome: "granted" | "would_grant" | "refused";
  /** What was the matter; `reported_reason` is what the caller saw in its place. */
  reason?: Reason;
  reported_reason?: Reason;
  error?: Denial;
  /** What an operator counts: `github_calls`, `mint_unknown`, `revocation_failed`, `stale_served`, `caller_left` ... */
  counts: Record<string, number>;
  duration_ms?: number;
}

/** A change of the fields is a new version: who reads the events goes by it. */
export const EVENT_TYPE = "dev.octo-sts.exchange.v2";

export type AuditSink = (event: AuditEvent) => Promise<void>;

export function newAuditEvent(requestId: string, nowMs: number): AuditEvent {
  return { request_id: requestId, time: new Date(nowMs).toISOString(), outcome: "refused", counts: {} };
}

export function count(event: AuditEvent, what: string, times = 1): void {
  event.counts[what] = (event.counts[what] ?? 0) + times;
}

/** Both spellings of a token's SHA-256. */
export async function tokenDigest(token: string): Promise<{ readonly hex: string; readonly base64: string }> {
  const digest = await sha256(token);
  return { hex: toHex(digest), base64: btoa(String.fromCharCode(...digest)) };
}

/** One JSON line in the Worker's log. */
export function logSink(write: (line: string) => void): AuditSink {
  return async (event) => write(JSON.stringify({ type: EVENT_TYPE, ...event }));
}

export interface CloudEventsSinkDeps {
  readonly fetcher: Fetcher;
  /** Ms since the epoch. */
  readonly now: () => number;
  readonly uri: string;
  readonly domain: string;
}

/**
 * CloudEvents 1.0 over HTTP, binary mode (HTTP protocol binding section 3.1). A sink that took no event is left alone for a while:
 * events meanwhile are lost to it, and told to the log. While one event finds out whether it was a moment's failure, all others
 * are sent once: a sink that hangs is not asked four times by everybody who meets it.
 */
export class CloudEventsSink {
  readonly #deps: CloudEventsSinkDeps;
  #failures = 0;
  #pausedUntil = 0;
  #repeatingUntil = 0;

  constructor(deps: CloudEventsSinkDeps) {
    this.#deps = deps;
  }

  readonly sink: AuditSink = async (event) => {
    const { now } = this.#deps;
    if (now() < this.#pausedUntil) throw new Error("the event sink took no event lately");
    const isTaken = (await this.#send(event)) || (await this.#repeat(event));
    if (!isTaken) throw new Error("the event sink does not take the event");
    this.#failures = 0;
  };

  async #repeat(event: AuditEvent): Promise<boolean> {
    const { now } = this.#deps;
    if (now() < Math.max(this.#pausedUntil, this.#repeatingUntil)) return false;
    // A time, as the runtime may end the work before it is done.
    this.#repeatingUntil = now() + AUDIT_ATTEMPTS * AUDIT_TIMEOUT_MS;
    let isTaken = false;
    for (let attempt = 2; !isTaken && attempt <= AUDIT_ATTEMPTS; attempt++) isTaken = await this.#send(event);
    this.#repeatingUntil = 0;
    if (isTaken) return true;
    const pauseMs = Math.min(AUDIT_PAUSE_MIN_MS * 2 ** this.#failures, AUDIT_PAUSE_MAX_MS);
    this.#failures += 1;
    this.#pausedUntil = now() + pauseMs;
    return false;
  }

  async #send(event: AuditEvent): Promise<boolean> {
    const { fetcher, uri, domain } = this.#deps;
    const request = new Request(uri, {
      method: "POST",
      redirect: "manual",
      headers: { "Content-Type": "application/json", ...cloudEventHeaders(event, domain) },
      body: JSON.stringify(event),
    });
    const response = await boundedFetch(fetcher, request, { timeoutMs: AUDIT_TIMEOUT_MS, maxBytes: 65_536 });
    return response.kind === "response" && response.status < 300;
  }
}

/** Of the events of callers over a limit only some are sent: a flood must not become a flood of events. */
export class AuditSampler {
  readonly #now: () => number;
  #startedAt = 0;
  #seen = 0;
  #skipped = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many were left out since the last that was sent; undefined when this one is left out as well. */
  admit(): number | undefined {
    if (this.#now() - this.#startedAt >= LIMIT_WINDOW_MS) {
      this.#startedAt = this.#now();
      this.#seen = 0;
    }
    this.#seen += 1;
    const isSent = this.#seen <= LIMITED_EVENTS_PER_WINDOW || this.#seen % LIMITED_EVENTS_SAMPLE === 0;
    const skipped = this.#skipped;
    this.#skipped = isSent ? 0 : skipped + 1;
    return isSent ? skipped : undefined;
  }
}

function cloudEventHeaders(event: AuditEvent, domain: string): Readonly<Record<string, string>> {
  // What was asked may be missing or ill-formed; a header holds visible ASCII (binding section 3.1.3.2).
  const subject = encodeURI(`${event.scope ?? ""}/${event.identity ?? ""}`);
  return {
    "ce-specversion": "1.0",
    "ce-id": event.request_id,
    "ce-type": EVENT_TYPE,
    "ce-source": `https://${domain}`,
    "ce-subject": subject,
    "ce-time": event.time,
  };
}

/** The same event as a message; what reads the queue sees the type as it would in a CloudEvent. */
export function queueSink(queue: Queue): AuditSink {
  return async (event) => {
    await withinTime(queue.send({ type: EVENT_TYPE, ...event }), QUEUE_TIMEOUT_MS);
  };
}

/** One data point an exchange: outcome and reason, milliseconds, calls. No name of an owner or workload. */
export function metricsSink(dataset: AnalyticsEngineDataset): AuditSink {
  return async ({ outcome, reason, reported_reason, counts, duration_ms }) =>
    dataset.writeDataPoint({
      indexes: [reason ?? outcome],
      blobs: [outcome, reason ?? "", reported_reason ?? ""],
      doubles: [duration_ms ?? 0, counts.github_calls ?? 0, counts.stale_served ?? 0, counts.mint_unknown ?? 0],
    });
}

/** To every sink; a failure is logged under the request id and goes no further. */
export async function emit(event: AuditEvent, sinks: readonly AuditSink[], log: (line: string) => void): Promise<void> {
  const results = await Promise.allSettled(sinks.map((sink) => sink(event)));
  for (const result of results) {
    if (result.status === "rejected") log(JSON.stringify({ type: "audit_sink_failed", request_id: event.request_id }));
  }
}

/** What may be logged of a bug: its name and where it happened. Its message may quote what it choked on, such as a token. */
export function describeBug(thrown: unknown): { readonly name: string; readonly stack: readonly string[] } {
  if (!(thrown instanceof Error)) return { name: typeof thrown, stack: [] };
  const { name, message, stack = "" } = thrown;
  if (!/^\w{1,80}$/.test(name)) return { name: "Error", stack: [] };
  // The stack begins with the message, in as many lines as that has, and a line of it may look like a frame. Where the message
  // was changed afterwards, nobody can tell where the old one ends.
  const start = stack.indexOf(message);
  const frames =
    start < 0
      ? []
      : stack
          .slice(start + message.length)
          .split("\n")
          .slice(1);
  return { name, stack: frames.filter((line) => /^ {4}at /.test(line)).slice(0, BUG_FRAMES_MAX) };
}
