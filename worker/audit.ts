/**
 * The audit event: one for every request that reached the exchange, filled step by step and sent from one place. It never
 * holds a token, an assertion or an upstream body; a minted token appears as SHA-256 only. A sink that fails is reported to
 * the log and fails nothing.
 */
import type { ClauseResult } from "../policies/evaluate.ts";
import type { Denial, Reason } from "./denial.ts";

export interface AuditEvent {
  readonly requestId: string;
  /** RFC 3339, when the request arrived. */
  readonly time: string;
  scope?: string;
  identity?: string;
  userAgent?: string;
  /** Filled from the token's own words as soon as they can be read; `verified` says whether they are proven. */
  actor?: { iss: string; sub: string; verified: boolean; jti?: string };
  appId?: string;
  installationId?: number;
  policy?: { path: string; sha: string };
  issuerAllowList?: { mode: "enforce" | "audit"; allowed: boolean };
  trace?: readonly ClauseResult[];
  grant?: { permissions: Readonly<Record<string, string>>; repositories: readonly string[] | "all" };
  expiresAt?: string;
  /** SHA-256 of the token that was handed out: hex, and base64 as GitHub's own audit log writes it. */
  tokenSha256?: { hex: string; base64: string };
  outcome: "granted" | "refused";
  /** The reason for the log; `told` is what the caller saw in its place. */
  reason?: Reason;
  told?: Reason;
  denial?: Denial;
  /** Events that an operator counts: `mint_unknown`, `revocation_failed`, `kv_failed`, `stale_policy` ... */
  counts: Record<string, number>;
  durationMs?: number;
}

export type AuditSink = (event: AuditEvent) => Promise<void>;

export function newAuditEvent(requestId: string, nowMs: number): AuditEvent {
  return { requestId, time: new Date(nowMs).toISOString(), outcome: "refused", counts: {} };
}

export function count(event: AuditEvent, what: string): void {
  event.counts[what] = (event.counts[what] ?? 0) + 1;
}

/** Both spellings of a token's SHA-256. */
export async function tokenDigest(token: string): Promise<{ hex: string; base64: string }> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)));
  return {
    hex: Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    base64: btoa(String.fromCharCode(...digest)),
  };
}

/** One JSON line in the Worker's log. */
export function logSink(write: (line: string) => void): AuditSink {
  return async (event) => write(JSON.stringify({ type: "dev.octo-sts.exchange", ...event }));
}

/** Sends to every sink; a failure is logged under the request id and goes no further. */
export async function emit(event: AuditEvent, sinks: readonly AuditSink[], log: (line: string) => void): Promise<void> {
  const results = await Promise.allSettled(sinks.map((sink) => sink(event)));
  for (const result of results) {
    if (result.status === "rejected") {
      log(JSON.stringify({ type: "audit_sink_failed", requestId: event.requestId }));
    }
  }
}
