// Faults carried out: a wrong status, no answer, half an answer, far too much of one. Timers are the only I/O.

import type { Fault } from "./faults.ts";

/** Waits; rejects with the signal's reason as a real fetch does. `ms` null waits for ever. */
export function pause(ms: number | null, signal: AbortSignal | null | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = ms === null ? null : setTimeout(done, ms);
    function done(): void {
      signal?.removeEventListener("abort", leave);
      resolve();
    }
    function leave(): void {
      if (timer !== null) clearTimeout(timer);
      reject(signal?.reason);
    }
    signal?.addEventListener("abort", leave, { once: true });
  });
}

const MESSAGES: Record<number, string> = {
  401: "Bad credentials",
  403: "Forbidden",
  404: "Not Found",
  422: "Validation Failed",
  429: "Too Many Requests",
  500: "Server Error",
  502: "Server Error",
  503: "Service Unavailable",
};
const DOCS = "https://docs.github.com/rest";
const LIMITS = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api";

function json(status: number, message: string, docs: string, headers: Record<string, string> = {}): Response {
  const body = JSON.stringify({ message, documentation_url: docs, status: String(status) });
  return new Response(body, { status, headers: { "content-type": "application/json; charset=utf-8", ...headers } });
}

function limits(remaining: number, nowMs: number): Record<string, string> {
  return {
    "x-ratelimit-limit": "5000",
    "x-ratelimit-remaining": String(remaining),
    "x-ratelimit-used": String(5000 - remaining),
    "x-ratelimit-reset": String(Math.floor(nowMs / 1000) + 1800),
    "x-ratelimit-resource": "core",
  };
}

/** The primary limit's answer. `who` as GitHub words it: "installation ID 1". */
export function primaryLimit(nowMs: number, status = 403, who = "installation ID 1"): Response {
  return json(status, `API rate limit exceeded for ${who}.`, LIMITS, limits(0, nowMs));
}

export function secondaryLimit(nowMs: number, status = 403): Response {
  const message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
  return json(status, message, `${LIMITS}#about-secondary-rate-limits`, {
    ...limits(4321, nowMs),
    "retry-after": "60",
  });
}

function statusAnswer(fault: Fault): Response {
  const status = fault.status ?? 500;
  if (fault.body === undefined && ![204, 304].includes(status)) {
    const plain = json(status, MESSAGES[status] ?? "Error", DOCS);
    for (const [name, value] of Object.entries(fault.headers ?? {})) plain.headers.set(name, value);
    return plain;
  }
  const headers = { "content-type": "application/json; charset=utf-8", ...fault.headers };
  return new Response([204, 304].includes(status) ? null : (fault.body ?? ""), { status, headers });
}

function stream(response: Response, source: Omit<UnderlyingByteSource, "type">): Response {
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  return new Response(new ReadableStream({ ...source, type: "bytes" }), { status: response.status, headers });
}

/** The first bytes, and then the connection is closed (cut) or nothing more comes (stall). */
async function part(response: Response, { kind, bytes }: Fault): Promise<Response> {
  const whole = new Uint8Array(await response.arrayBuffer());
  let sent = false;
  return stream(response, {
    async pull(controller) {
      if (sent && kind === "stall") await pause(null, null);
      if (sent) return controller.error(new TypeError("the connection was closed before the body was complete"));
      sent = true;
      controller.enqueue(whole.slice(0, bytes ?? Math.floor(whole.length / 2)));
    },
  });
}

async function slow(response: Response, delayMs: number): Promise<Response> {
  const whole = new Uint8Array(await response.arrayBuffer());
  let at = 0;
  return stream(response, {
    async pull(controller) {
      if (at >= whole.length) return controller.close();
      await pause(delayMs, null);
      controller.enqueue(whole.slice(at, ++at));
    },
  });
}

function huge(status: number, bytes: number): Response {
  const chunk = new TextEncoder().encode("a".repeat(65_536));
  let left = bytes;
  return stream(new Response(null, { status, headers: { "content-type": "application/json" } }), {
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"x":"')),
    pull(controller) {
      if (left <= 0) {
        controller.enqueue(new TextEncoder().encode('"}'));
        return controller.close();
      }
      controller.enqueue(left >= chunk.length ? chunk.slice() : chunk.slice(0, left));
      left -= chunk.length;
    },
  });
}

export interface Circumstances {
  readonly nowMs: number;
  readonly signal: AbortSignal | null | undefined;
  readonly origin: string;
  /** The status of this route's good answer. */
  readonly okStatus: number;
  /** Does what the request asks and gives the good answer. */
  readonly act: () => Promise<Response>;
}

/** Carries the fault out. Rejects as fetch would for hang (when the caller leaves) and network. */
export async function misbehave(fault: Fault, at: Circumstances): Promise<Response> {
  const acts = fault.acted === true || ["delay", "cut", "stall", "slow"].includes(fault.kind);
  const good = acts ? await at.act() : new Response(null);
  // A 204 can have no body, and these faults are all about the body.
  const status = fault.status ?? (at.okStatus === 204 ? 200 : at.okStatus);
  switch (fault.kind) {
    case "status":
      return statusAnswer(fault);
    case "primary":
      return primaryLimit(at.nowMs, fault.status);
    case "secondary":
      return secondaryLimit(at.nowMs, fault.status);
    case "bare403":
      return json(403, "Although you appear to have the correct authorization credentials, access is refused.", DOCS, {
        ...limits(4321, at.nowMs),
      });
    case "delay":
      if (fault.until) await Promise.race([fault.until, pause(null, at.signal)]);
      else await pause(fault.delayMs ?? 100, at.signal);
      return good;
    case "hang":
      await pause(null, at.signal);
      throw new TypeError("the connection was closed");
    case "network":
      throw new TypeError("the network connection was lost");
    case "cut":
    case "stall":
      return part(good, fault);
    case "slow":
      return slow(good, fault.delayMs ?? 50);
    case "garbage":
      return new Response("<!doctype html><p>{not json", { status, headers: { "content-type": "application/json" } });
    case "empty":
      return new Response("", { status, headers: { "content-type": "application/json" } });
    case "redirect": {
      const location = fault.location ?? `${at.origin}/elsewhere`;
      return new Response(null, { status: fault.status ?? 302, headers: { location } });
    }
    case "huge":
      return huge(status, fault.bytes ?? 20 * 1024 * 1024);
  }
}
