// What every emulated service does around its answer: note the call, wait, let a fault act in its place, note the end.
// A service is a function from Request to Response; it opens no socket.

import type { Call, CallLog } from "./calls.ts";
import type { FaultBox } from "./faults.ts";
import { misbehave, pause } from "./misbehave.ts";

export interface ServiceOptions {
  readonly log: CallLog;
  readonly faults: FaultBox;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds before each answer; makes parallel calls overlap for sure. */
  readonly latencyMs: number;
}

export interface Served {
  readonly route: string;
  /** The status of the route's good answer, which garbage and empty answers borrow. */
  readonly okStatus: number;
  readonly answer: (call: Call, body: string) => Promise<Response>;
}

/** Serves one request. Rejects only as fetch does: the caller left, or a fault broke the connection. */
export async function serveCall(request: Request, served: Served, options: ServiceOptions): Promise<Response> {
  const call = options.log.open(served.route, request);
  try {
    if (request.signal?.aborted) throw request.signal.reason;
    call.body = request.body === null ? "" : await request.text();
    if (options.latencyMs > 0) await pause(options.latencyMs, request.signal);
    const act = () => served.answer(call, call.body);
    const fault = options.faults.take(call);
    call.fault = fault?.kind ?? null;
    const response =
      fault === null
        ? await act()
        : await misbehave(fault, {
            nowMs: options.now(),
            signal: request.signal,
            origin: new URL(request.url).origin,
            okStatus: served.okStatus,
            act,
          });
    // As every server says it (RFC 9110 section 6.6.1), unless a fault says another.
    if (!response.headers.has("Date")) response.headers.set("Date", new Date(options.now()).toUTCString());
    options.log.close(call, response.status);
    return response;
  } catch (reason) {
    options.log.close(call, null);
    throw reason;
  }
}
