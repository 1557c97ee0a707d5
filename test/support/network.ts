// The whole outside world behind one `fetch`: an emulated GitHub, emulated issuers, and whatever address a test gives an answer.
// Any other address refuses the connection and is remembered. It opens no socket.

import { type Call, countCalls, createCallLog, hostsContacted, sequentialHops } from "../emulators/core/calls.ts";
import type { Fault } from "../emulators/core/faults.ts";
import { isWebPath } from "../emulators/github/registration.ts";
import { createGitHub, type GitHub } from "../emulators/github.ts";
import { createIssuers, type Issuers } from "../emulators/oidc.ts";

export {
  type Call,
  callsByRoute,
  countCalls,
  hostsContacted,
  routeMatches,
  sequentialHops,
} from "../emulators/core/calls.ts";
export type { Fault, FaultKind } from "../emulators/core/faults.ts";

/** What an address answers. */
export type Route = (request: Request) => Response | Promise<Response>;

export interface NetworkOptions {
  /** Default https://api.github.com. */
  readonly apiUrl?: string;
  /** Default https://issuers.example. */
  readonly issuerBase?: string;
  readonly issuerAliases?: readonly string[];
  readonly issuersOnDemand?: boolean;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly rateLimit?: number;
  /** Milliseconds before every answer of an emulator. Set it (20, say) where sequential hops are counted. */
  readonly latencyMs?: number;
}

const REDIRECTS_MAX = 20;
const ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA"];

export const discoveryOf = (issuer: string): string => `${issuer}/.well-known/openid-configuration`;
export const keySetOf = (issuer: string): string => `${issuer}/keys`;

export class Network {
  readonly github: GitHub;
  readonly issuers: Issuers;
  readonly #log = createCallLog();
  readonly #answers = new Map<string, Route>();

  constructor(options: NetworkOptions = {}) {
    const { apiUrl = "https://api.github.com", issuerBase: base = "https://issuers.example" } = options;
    const { issuerAliases: aliases = [], issuersOnDemand: onDemand = false, rateLimit = 5000 } = options;
    const common = { now: options.now ?? Date.now, log: this.#log, latencyMs: options.latencyMs ?? 0 };
    this.github = createGitHub({ ...common, apiUrl, rateLimit });
    this.issuers = createIssuers({ ...common, base, aliases, onDemand });
  }

  /** Every call in the order in which it began, also to addresses that do not exist (route "unknown"). */
  get calls(): readonly Call[] {
    return this.#log.calls;
  }

  /** What `fetch` is to the Worker: follows redirects unless told not to, and honours the signal. */
  readonly fetch = async (input: Request | string | URL, init?: RequestInit): Promise<Response> => {
    let request = new Request(input instanceof URL ? input.href : input, init);
    for (let i = 0; i <= REDIRECTS_MAX; i++) {
      const response = await this.#once(request);
      const location = response.headers.get("location");
      const redirect = [301, 302, 303, 307, 308].includes(response.status) && location !== null;
      if (!redirect || request.redirect === "manual") return response;
      if (request.redirect === "error") throw new TypeError("fetch failed: redirected");
      request = redirected(request, response, location);
    }
    throw new TypeError("fetch failed: redirected too often");
  };

  async #once(request: Request): Promise<Response> {
    const { url } = request;
    const answer = this.#answers.get(url);
    if (answer) return this.#answered(request, answer);
    const { origin, host, pathname } = new URL(url);
    // An Enterprise Server's Actions issuer lies on the host of its API.
    const issuersOwn = url.startsWith(`${this.issuers.base}/`);
    const isWeb = origin === this.github.webUrl && isWebPath(pathname);
    if ((origin === new URL(this.github.apiUrl).origin || isWeb) && !issuersOwn) return this.github.fetch(request);
    if (this.issuers.origins.includes(origin)) return this.issuers.fetch(request);
    this.#log.close(this.#log.open("unknown", request), null);
    throw new TypeError(`fetch failed: nothing answers at ${host}`);
  }

  async #answered(request: Request, answer: Route): Promise<Response> {
    const call = this.#log.open("answered", request);
    try {
      const response = await answer(request);
      this.#log.close(call, response.status);
      return response;
    } catch (reason) {
      this.#log.close(call, null);
      throw reason;
    }
  }

  /** What this very address answers from now on: a JSON document, or whatever the function makes of the request. */
  answer(url: string, route: Route | object): void {
    // A function is a route, anything else a JSON document; the union has no tag that says so.
    this.#answers.set(url, typeof route === "function" ? (route as Route) : () => Response.json(route));
  }

  /** What was last put at this address. */
  answerAt(url: string): Route | undefined {
    return this.#answers.get(url);
  }

  /** An issuer at its usual two addresses; `discovery` members over the usual ones. */
  publish(issuer: string, keys: readonly unknown[], discovery: object = {}): void {
    const jwks_uri = keySetOf(issuer);
    const usual = { issuer, jwks_uri, id_token_signing_alg_values_supported: ALGORITHMS };
    this.answer(discoveryOf(issuer), { ...usual, ...discovery });
    this.answer(jwks_uri, { keys });
  }

  /** Nothing answers at the issuer's addresses any more. */
  down(issuer: string): void {
    this.#answers.delete(discoveryOf(issuer));
    this.#answers.delete(keySetOf(issuer));
  }

  /** Routes `gh.*` and `oidc.*` alike. */
  fault(...faults: readonly Fault[]): void {
    for (const fault of faults) (fault.route.startsWith("oidc.") ? this.issuers : this.github).fault(fault);
  }

  clearFaults(): void {
    this.github.clearFaults();
    this.issuers.clearFaults();
  }

  /** Forgets the calls so far, not the world. */
  forgetCalls(): void {
    this.#log.calls.length = 0;
  }

  /** Once so many calls of these routes have begun, in that very moment: a fault's delay is over before anybody looks again. */
  begun(pattern: string, count = 1): Promise<void> {
    return this.#log.begun(pattern, count);
  }

  count(pattern: string): number {
    return countCalls(this.calls, pattern);
  }

  countHost(host: string): number {
    return this.calls.filter((call) => call.host === host).length;
  }

  hops(calls: readonly Call[] = this.calls): number {
    return sequentialHops(calls);
  }

  hosts(): string[] {
    return hostsContacted(this.calls);
  }

  /** Addresses in the order in which they were asked. */
  urls(): string[] {
    return this.calls.map(({ url }) => url);
  }

  /** The same without GitHub's. */
  urlsOfIssuers(): string[] {
    return this.calls.filter(({ route }) => !route.startsWith("gh.")).map(({ url }) => url);
  }
}

/** The next request of a redirect as the fetch standard has it: credentials do not leave the origin. */
function redirected(request: Request, response: Response, location: string): Request {
  const to = new URL(location, request.url);
  const headers = new Headers(request.headers);
  if (to.origin !== new URL(request.url).origin) headers.delete("authorization");
  const turns = response.status === 303 || (response.status < 303 && request.method === "POST");
  const method = turns ? "GET" : request.method;
  return new Request(to.href, { method, headers, redirect: request.redirect, signal: request.signal });
}
