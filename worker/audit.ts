/**
 * The audit event: one for every request that reached the exchange, filled step by step and sent from one place. It never
 * holds a token, an assertion or an upstream body; a minted token appears as SHA-256 only. Names are octo-sts's where it has
 * the field. A sink that fails is noted in the log and fails nothing.
 */

import type { ClauseResult } from "../policies/evaluate.ts";
import type { Denial, Reason } from "./denial.ts";
import { sha256, toHex } from "./store/digest.ts";

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

/** To every sink; a failure is logged under the request id and goes no further. */
export async function emit(event: AuditEvent, sinks: readonly AuditSink[], log: (line: string) => void): Promise<void> {
  const results = await Promise.allSettled(sinks.map((sink) => sink(event)));
  for (const result of results) {
    if (result.status === "rejected") log(JSON.stringify({ type: "audit_sink_failed", request_id: event.request_id }));
  }
}
