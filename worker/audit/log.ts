import type { AuditSink } from "../audit.ts";

/** One JSON line in the Worker's log. */
export function logSink(write: (line: string) => void): AuditSink {
  return async (event) => write(JSON.stringify(event));
}
