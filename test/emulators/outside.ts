// The whole outside world behind one `fetch`: an emulated GitHub, emulated issuers, and nothing else. A host that is
// neither fails like a network does, and is remembered. It opens no socket.

import { type Call, countCalls, createCallLog, hostsContacted, sequentialHops } from "./core/calls.ts";
import { createGitHub, type GitHub } from "./github.ts";
import { createIssuers, type Issuers } from "./oidc.ts";

export { type Call, callsByRoute, countCalls, hostsContacted, routeMatches, sequentialHops } from "./core/calls.ts";
export type { Fault, FaultKind } from "./core/faults.ts";

export interface OutsideOptions {
  /** Default https://api.github.com. */
  readonly apiUrl?: string;
  /** Default https://issuers.example. */
  readonly issuerBase?: string;
  readonly issuerAliases?: readonly string[];
  readonly issuersOnDemand?: boolean;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly rateLimit?: number;
  /** Milliseconds before every answer. Set it (20, say) where sequential hops are counted. */
  readonly latencyMs?: number;
}

export interface Outside {
  readonly github: GitHub;
  readonly issuers: Issuers;
  /** Every call in the order in which it began, also to hosts that do not exist (route "unknown"). */
  readonly calls: readonly Call[];
  /** What `fetch` is to the Worker: follows redirects unless told not to, and honours the signal. */
  fetch(input: Request | string | URL, init?: RequestInit): Promise<Response>;
  /** Routes `gh.*` and `oidc.*` alike. */
  fault(...faults: Parameters<GitHub["fault"]>): void;
  clearFaults(): void;
  /** Forgets the calls so far, not the world. */
  forgetCalls(): void;
  count(pattern: string): number;
  hops(calls?: readonly Call[]): number;
  hosts(): string[];
}

const REDIRECTS_MAX = 20;

/** The next request of a redirect as the fetch standard has it: credentials do not leave the origin. */
function redirected(request: Request, response: Response, location: string): Request {
  const to = new URL(location, request.url);
  const headers = new Headers(request.headers);
  if (to.origin !== new URL(request.url).origin) headers.delete("authorization");
  const turns = response.status === 303 || (response.status < 303 && request.method === "POST");
  const method = turns ? "GET" : request.method;
  return new Request(to.href, { method, headers, redirect: request.redirect, signal: request.signal });
}

export function createOutside(options: OutsideOptions = {}): Outside {
  const log = createCallLog();
  const now = options.now ?? Date.now;
  const latencyMs = options.latencyMs ?? 0;
  const rateLimit = options.rateLimit ?? 5000;
  const apiUrl = options.apiUrl ?? "https://api.github.com";
  const github = createGitHub({ apiUrl, now, log, latencyMs, rateLimit });
  const base = options.issuerBase ?? "https://issuers.example";
  const aliases = options.issuerAliases ?? [];
  const issuers = createIssuers({ base, aliases, onDemand: options.issuersOnDemand ?? false, now, log, latencyMs });

  async function once(request: Request): Promise<Response> {
    const { origin, host } = new URL(request.url);
    if (origin === new URL(github.apiUrl).origin) return github.fetch(request);
    if (issuers.origins.includes(origin)) return issuers.fetch(request);
    log.close(log.open("unknown", request), null);
    throw new TypeError(`fetch failed: nothing answers at ${host}`);
  }

  async function fetch(input: Request | string | URL, init?: RequestInit): Promise<Response> {
    let request = new Request(input instanceof URL ? input.href : input, init);
    for (let i = 0; i <= REDIRECTS_MAX; i++) {
      const response = await once(request);
      const location = response.headers.get("location");
      const redirect = [301, 302, 303, 307, 308].includes(response.status) && location !== null;
      if (!redirect || request.redirect === "manual") return response;
      if (request.redirect === "error") throw new TypeError("fetch failed: redirected");
      request = redirected(request, response, location);
    }
    throw new TypeError("fetch failed: redirected too often");
  }

  return {
    github,
    issuers,
    calls: log.calls,
    fetch,
    fault(...faults) {
      for (const fault of faults) (fault.route.startsWith("oidc.") ? issuers : github).fault(fault);
    },
    clearFaults() {
      github.clearFaults();
      issuers.clearFaults();
    },
    forgetCalls: () => {
      log.calls.length = 0;
    },
    count: (pattern) => countCalls(log.calls, pattern),
    hops: (calls = log.calls) => sequentialHops(calls),
    hosts: () => hostsContacted(log.calls),
  };
}
