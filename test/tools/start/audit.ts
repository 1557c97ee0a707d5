// What the operator sees: the audit events among the lines that the Worker writes.

import { EVENT_TYPE } from "../../../worker/audit.ts";

export type Audit = Readonly<Record<string, unknown>>;

const WITHIN_MS = 10_000;

/** Undefined for any other line. */
function auditIn(line: string): Audit | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    // A line that begins so is an object, if it is JSON.
    const event = JSON.parse(line) as Audit;
    return event.type === EVENT_TYPE ? event : undefined;
  } catch {
    return undefined;
  }
}

export class AuditLog {
  readonly #events = new Map<unknown, Audit>();
  #onLine: (line: string) => void = () => undefined;

  readonly take = (line: string): void => {
    const event = auditIn(line);
    if (event === undefined) return;
    this.#events.set(event.request_id, event);
    this.#onLine(line);
  };

  /** From now on each event's line as it is. */
  follow(onLine: (line: string) => void): void {
    this.#onLine = onLine;
  }

  /** The event comes after the answer. Throws one line when it does not. */
  async of(requestId: string): Promise<Audit> {
    const deadline = Date.now() + WITHIN_MS;
    while (Date.now() < deadline) {
      const event = this.#events.get(requestId);
      if (event) return event;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`this went wrong: no audit event says what became of ${requestId}`);
  }
}
