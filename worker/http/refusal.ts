/**
 * Denial -> what the caller reads: status, code, one short line, and no more than this caller may know (worker/README.md, "Who
 * may learn what").
 */
import { type Denial, REFUSALS, type Reason, type RefusalRow, type Viewer } from "../denial.ts";
import { disclosed } from "../exchange/disclosure.ts";
import { RETRY_AFTER_OUTAGE_SECONDS } from "../limits.ts";
import { commonMessage, messageOf } from "./messages.ts";
import { DESCRIPTION, MESSAGE, type Words } from "./words.ts";

export interface Asked {
  readonly owner?: string | undefined;
  readonly identity?: string | undefined;
}

export interface WireRefusal extends RefusalRow {
  readonly reason: Reason;
  readonly message: string;
  /** The same in the characters that OAuth has for it. */
  readonly description: string;
  readonly retryAfterSeconds: number | undefined;
}

export function wireRefusal(denial: Denial, viewer: Viewer, asked: Asked): WireRefusal {
  if (disclosed(denial, viewer) === "not_found") {
    const { owner = "", identity = "" } = asked;
    const lines = inBoth((words) => commonMessage(owner, identity, words));
    return { ...REFUSALS.not_found, reason: "not_found", ...lines, retryAfterSeconds: undefined };
  }
  const { reason } = denial;
  const { status, error } = REFUSALS[reason];
  const exact = reason === "invalid_request" ? { status: denial.status ?? status, error: denial.error ?? error } : {};
  const lines = inBoth((words) => messageOf(denial, viewer, words));
  return { ...REFUSALS[reason], ...exact, reason, ...lines, retryAfterSeconds: retryAfter(denial) };
}

const inBoth = (line: (words: Words) => string): Pick<WireRefusal, "message" | "description"> => ({
  message: line(MESSAGE),
  description: line(DESCRIPTION),
});

function retryAfter(denial: Denial): number | undefined {
  if ("retryAfterSeconds" in denial) return denial.retryAfterSeconds;
  return REFUSALS[denial.reason].error === "temporarily_unavailable" ? RETRY_AFTER_OUTAGE_SECONDS : undefined;
}
