import type { AuditSink } from "../audit.ts";
import { QUEUE_TIMEOUT_MS } from "../limits.ts";
import { withinTime } from "../store/within-time.ts";

/** The same event as a message; what reads the queue sees the type as it would in a CloudEvent. */
export function queueSink(queue: Queue): AuditSink {
  return async (event) => {
    await withinTime(queue.send(event), QUEUE_TIMEOUT_MS);
  };
}
