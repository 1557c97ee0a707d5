/** EVENT_INGRESS_URI: one request at a time, and what its answer means. The secret goes nowhere else: no redirect is followed. */
import type { Fetcher } from "../store/fetch.ts";
import { raceAbort } from "../store/race-abort.ts";

export interface EndpointDeps {
  readonly fetcher: Fetcher;
  readonly uri: string;
  /** The whole value of the header. */
  readonly authorization: string | undefined;
}

/** `again`: it may be taken later. `refused`: as it is, it will not be; `event` where it is this event that the endpoint does not want. */
export type Posted =
  | { readonly kind: "taken" }
  | { readonly kind: "again"; readonly retryAfterMs: number; readonly problem: string }
  | { readonly kind: "refused"; readonly because: "event" | "endpoint"; readonly problem: string };

const AGAIN: ReadonlySet<number> = new Set([408, 425, 429]);
/** 403 is also what a firewall says to a text in it that it does not like. */
const OF_THE_EVENT: ReadonlySet<number> = new Set([400, 403, 413, 415, 422, 431]);

export class Endpoint {
  readonly #deps: EndpointDeps;

  constructor(deps: EndpointDeps) {
    this.#deps = deps;
  }

  /** Never throws. Of the answer only the status and Retry-After are looked at. */
  async post(headers: Readonly<Record<string, string>>, body: string, signal: AbortSignal): Promise<Posted> {
    const { fetcher, uri, authorization } = this.#deps;
    try {
      const own = authorization === undefined ? headers : { ...headers, Authorization: authorization };
      const request = new Request(uri, { method: "POST", redirect: "manual", headers: own, body, signal });
      const response = await raceAbort(fetcher(request), signal);
      // The body is nobody's: closing it is a courtesy that may fail.
      response.body?.cancel().catch(() => undefined);
      return meaningOf(response);
    } catch {
      return { kind: "again", retryAfterMs: 0, problem: signal.aborted ? "timeout" : "network" };
    }
  }
}

function meaningOf({ status, headers }: Response): Posted {
  if (status >= 200 && status < 300) return { kind: "taken" };
  const problem = `status ${status}`;
  if (status >= 500 || AGAIN.has(status)) return { kind: "again", retryAfterMs: retryAfterMs(headers), problem };
  return { kind: "refused", because: OF_THE_EVENT.has(status) ? "event" : "endpoint", problem };
}

/** In seconds (RFC 9110 section 10.2.3). A date would need the endpoint's clock, so it counts as none. */
function retryAfterMs(headers: Headers): number {
  const value = headers.get("Retry-After") ?? "";
  return /^\d{1,6}$/.test(value) ? Number(value) * 1_000 : 0;
}
