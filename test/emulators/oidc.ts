// Emulated OIDC issuers, as many as there are paths below one base: a function from Request to Response. An issuer
// comes into being when it is first named. It opens no socket.

import { type Call, type CallLog, createCallLog } from "./core/calls.ts";
import { createFaultBox, type Fault } from "./core/faults.ts";
import { type ServiceOptions, serveCall } from "./core/service.ts";
import { createIssuer, type Issuer, type IssuerSettings } from "./oidc/issuer.ts";

export type { Issuer, IssuerSettings, SignOptions } from "./oidc/issuer.ts";

export interface IssuersOptions {
  /** Origin, perhaps with a path, below which all issuers lie: "https://issuers.test". */
  readonly base: string;
  /** Other origins at which the same issuers answer with the very same documents. */
  readonly aliases?: readonly string[];
  /** Every path is an issuer, also one that no test has named. */
  readonly onDemand?: boolean;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly latencyMs?: number;
  readonly log?: CallLog;
}

export interface Issuers {
  readonly base: string;
  /** Every origin that answers. */
  readonly origins: readonly string[];
  /** The issuer of this path; "" is the base itself. Settings are laid over those it has. */
  issuer(name: string, settings?: IssuerSettings): Issuer;
  readonly calls: readonly Call[];
  fetch(input: Request | string | URL, init?: RequestInit): Promise<Response>;
  fault(...faults: Fault[]): void;
  clearFaults(): void;
}

const WELL_KNOWN = "/.well-known/openid-configuration";
const JWKS = "/jwks";

/** Which document of which issuer the path names, if any. */
function read(path: string): { route: string; name: string } {
  for (const [ending, route] of [
    [WELL_KNOWN, "oidc.discovery"],
    [JWKS, "oidc.jwks"],
  ] as const) {
    if (path.endsWith(ending)) return { route, name: path.slice(0, -ending.length).replace(/^\//, "") };
  }
  return { route: "oidc.other", name: "" };
}

function json(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

export function createIssuers(options: IssuersOptions): Issuers {
  const base = options.base.replace(/\/+$/, "");
  const now = options.now ?? Date.now;
  const log = options.log ?? createCallLog();
  const faults = createFaultBox();
  const issuers = new Map<string, Issuer>();
  let slot = 0;

  function issuer(name: string, settings: IssuerSettings = {}): Issuer {
    const known = issuers.get(name);
    if (known !== undefined) {
      Object.assign(known.settings, settings);
      return known;
    }
    const url = name === "" ? base : `${base}/${name}`;
    const nextSlot = (): number => slot++;
    const made = createIssuer({ name: name === "" ? "root" : name, url, now, settings: { ...settings }, nextSlot });
    issuers.set(name, made);
    return made;
  }

  async function answer(request: Request, route: string, name: string): Promise<Response> {
    const known = issuers.get(name) ?? (options.onDemand === true ? issuer(name) : undefined);
    if (request.method !== "GET" || known === undefined) return json(404, { error: "not_found" });
    if (route === "oidc.discovery") return json(200, known.discovery());
    return route === "oidc.jwks" ? json(200, await known.jwks()) : json(404, { error: "not_found" });
  }

  const basePath = new URL(base).pathname.replace(/\/+$/, "");
  const service: ServiceOptions = { log, faults, now, latencyMs: options.latencyMs ?? 0 };
  return {
    base,
    origins: [new URL(base).origin, ...(options.aliases ?? [])],
    issuer,
    get calls() {
      return log.calls.filter((call) => call.route.startsWith("oidc."));
    },
    fetch(input, init) {
      const request = new Request(input instanceof URL ? input.href : input, init);
      const { route, name } = read(new URL(request.url).pathname.slice(basePath.length));
      return serveCall(request, { route, okStatus: 200, answer: () => answer(request, route, name) }, service);
    },
    fault: (...added) => faults.add(...added),
    clearFaults: () => faults.clear(),
  };
}
