// The record of every call that reached the outside world, and the arithmetic over it: how often, in what chain, to
// which hosts. No I/O, no clock; order is a counter, so that nothing here depends on time.

/** One call. `started` and `ended` are places in one order shared by all calls; a call never answered has no end. */
export interface Call {
  readonly route: string;
  readonly method: string;
  readonly url: string;
  readonly host: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly started: number;
  body: string;
  /** The kind of the fault that met it, if one did. */
  fault: string | null;
  /** null while it runs, and when the connection failed or the caller left. */
  status: number | null;
  ended: number | null;
}

export interface CallLog {
  readonly calls: Call[];
  open(route: string, request: Request): Call;
  close(call: Call, status: number | null): void;
  /** Once so many calls of these routes have begun, in that very moment: a timer that is skipped leaves no time to look. */
  begun(pattern: string, count?: number): Promise<void>;
}

export function createCallLog(): CallLog {
  const calls: Call[] = [];
  const waiting = new Set<() => void>();
  let clock = 0;
  return {
    calls,
    open(route, request) {
      const url = new URL(request.url);
      const headers: Record<string, string> = Object.fromEntries(request.headers);
      const call: Call = {
        route,
        method: request.method,
        url: request.url,
        host: url.host,
        path: url.pathname + url.search,
        headers,
        started: ++clock,
        body: "",
        fault: null,
        status: null,
        ended: null,
      };
      calls.push(call);
      for (const look of waiting) look();
      return call;
    },
    close(call, status) {
      call.status = status;
      call.ended = ++clock;
    },
    begun(pattern, count = 1) {
      return new Promise((resolve) => {
        const look = () => {
          if (countCalls(calls, pattern) < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      });
    },
  };
}

const LOOKUPS = new Set([
  "gh.installations",
  "gh.installation",
  "gh.repo_installation",
  "gh.org_installation",
  "gh.user_installation",
]);

/** `gh.*` is every route of GitHub; `gh.installations` every look-up of an installation, as in the vectors. */
export function routeMatches(pattern: string, route: string): boolean {
  if (pattern.endsWith("*")) return route.startsWith(pattern.slice(0, -1));
  if (pattern === "gh.installations") return LOOKUPS.has(route);
  return pattern === route;
}

export function countCalls(calls: readonly Call[], pattern: string): number {
  return calls.filter((call) => routeMatches(pattern, call.route)).length;
}

/** Calls by route id, in the order in which the routes first occurred. */
export function callsByRoute(calls: readonly Call[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const call of calls) counts.set(call.route, (counts.get(call.route) ?? 0) + 1);
  return Object.fromEntries(counts);
}

export function hostsContacted(calls: readonly Call[]): string[] {
  return [...new Set(calls.map((call) => call.host))].sort();
}

/**
 * The longest chain of calls of which each began after the one before had been answered. Intervals that do not
 * overlap are always in sequence, so the longest chain is the greatest set of disjoint intervals: take the earliest
 * end each time. Give the emulators a latency when calls meant to be parallel do other work before they start.
 */
export function sequentialHops(calls: readonly Call[]): number {
  const ended = calls.map((call) => ({ started: call.started, ended: call.ended ?? Number.POSITIVE_INFINITY }));
  ended.sort((a, b) => a.ended - b.ended);
  let hops = 0;
  let last = 0;
  for (const call of ended) {
    if (call.started <= last) continue;
    hops += 1;
    last = call.ended;
  }
  return hops;
}
