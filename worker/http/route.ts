/** What every route is given, and how the two exchange routes run an exchange. */
import type { Result } from "../denial.ts";
import { exchange } from "../exchange/exchange.ts";
import type { ExchangeOutcome, ExchangeRequest, Granted, Incoming, Refused } from "../exchange/outcome.ts";
import { BODY_MAX_BYTES } from "../limits.ts";
import type { Services } from "../services.ts";
import { addressKey } from "../store/limiter.ts";
import type { RequestRules } from "./fields.ts";
import { messageOf } from "./messages.ts";
import type { AcquirePlace } from "./parameters.ts";
import { dryRunResponse, type Source } from "./respond.ts";
import { traceparentOf } from "./traceparent.ts";
import { MESSAGE } from "./words.ts";

export interface RouteContext {
  readonly request: Request;
  readonly requestId: string;
  readonly services: Services;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** Where a request comes from, as a key for limits. */
export const callerOf = (request: Request): string => addressKey(request.headers.get("CF-Connecting-IP"));

/** For a body that is slow to come. */
export const placeOf =
  ({ request, services }: RouteContext): AcquirePlace =>
  () =>
    services.slowBodies.acquire(callerOf(request), BODY_MAX_BYTES);

export const sourceOf = ({ requestId, services }: RouteContext): Source => ({
  requestId,
  domain: services.config.stsDomain,
});

export const deploymentOf = ({ webUrl, config: { extraPermissions } }: Services): RequestRules => ({
  webUrl,
  extraPermissions,
});

/** Where Cloudflare took it; undefined elsewhere, where `cf` is not looked at: it is parsed at the first look, which costs more than its use. */
function coloOf(request: Request): string | undefined {
  const colo = request.headers.has("CF-Ray") ? request.cf?.colo : undefined;
  return typeof colo === "string" && /^[A-Z]{3}$/.test(colo) ? colo : undefined;
}

/** One exchange in the words of a wire. */
export interface ExchangeWire {
  readonly route: Incoming["route"];
  /** Step 1 of the exchange. */
  read(): Promise<Result<ExchangeRequest>>;
  granted(outcome: Granted): Response;
  refused(outcome: Refused): Response;
}

function responseTo(outcome: ExchangeOutcome, wire: ExchangeWire, requestId: string): Response {
  switch (outcome.kind) {
    case "granted":
      return wire.granted(outcome);
    case "would_grant":
      return dryRunResponse(outcome, requestId);
    case "refused":
      return wire.refused(outcome);
  }
}

export async function answerExchange(context: RouteContext, wire: ExchangeWire): Promise<Response> {
  const { request, requestId, services, waitUntil } = context;
  const incoming: Incoming = {
    requestId,
    route: wire.route,
    colo: coloOf(request),
    traceparent: traceparentOf(request.headers),
    caller: callerOf(request),
    userAgent: request.headers.get("User-Agent") ?? undefined,
    hasLeft: () => request.signal.aborted,
    read: () => wire.read(),
    describe: (denial) => messageOf(denial, "owner", MESSAGE),
    waitUntil,
  };
  const outcome = await exchange(incoming, services);
  const response = responseTo(outcome, wire, requestId);
  if (outcome.kind !== "refused") {
    response.headers.set("X-STS-Policy", `${outcome.policy.path}@${outcome.policy.sha}`);
  }
  // `Server-Timing` (W3C), with DEBUG_TIMING only: how long each part took tells what was cached.
  if (outcome.stepsMs) {
    const metrics = Object.entries(outcome.stepsMs).map(([step, ms]) => `${step};dur=${ms}`);
    response.headers.set("Server-Timing", metrics.join(", "));
  }
  return response;
}
