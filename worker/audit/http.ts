import { type AuditEvent, type AuditSink, EVENT_TYPE } from "../audit.ts";
import { AUDIT_ATTEMPTS, AUDIT_PAUSE_MAX_MS, AUDIT_PAUSE_MIN_MS, AUDIT_TIMEOUT_MS } from "../limits.ts";
import { boundedFetch, type Fetcher } from "../store/fetch.ts";

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
