/** `GET|POST /sts/exchange`: one HTTP request around one exchange. */

import type { Result } from "../denial.ts";
import { type ExchangeRequest, exchange, type Granted, type Incoming, type Outcome } from "../exchange/exchange.ts";
import type { Services } from "../services.ts";
import { addressKey } from "../store/limiter.ts";
import { readExchangeRequest } from "./fields.ts";
import { bodyKind } from "./parameters.ts";
import { jsonResponse, refusalResponse } from "./respond.ts";

/** What a route knows of the request it answers. */
export interface RouteContext {
  readonly request: Request;
  readonly requestId: string;
  readonly services: Services;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export async function exchangeRoute(context: RouteContext): Promise<Response> {
  const { request, requestId, services, waitUntil } = context;
  const work = exchange(
    incomingOf(context, () => readExchangeRequest(request, services.webUrl)),
    services,
  );
  // Registered at its start: a caller who leaves cancels nothing half done.
  waitUntil(work);
  const outcome = await work;
  if (outcome.kind === "refused") return timed(refusalResponse(outcome, requestId), outcome);
  const isForm = request.method === "POST" && bodyKind(request) === "form";
  return timed(grantedResponse(outcome, isForm ? octoStsBody(outcome) : fullBody(outcome, context)), outcome);
}

/** `Server-Timing` (W3C), with DEBUG_TIMING only: how long each part took tells what was cached. */
export function timed(response: Response, { timings }: Outcome): Response {
  const metrics = timings?.map(({ part, milliseconds }) => `${part};dur=${milliseconds}`);
  if (metrics) response.headers.set("Server-Timing", metrics.join(", "));
  return response;
}

/** The exchange's view of a request, with step 1 in the words of the wire it came by. */
export function incomingOf(
  { request, requestId, waitUntil }: RouteContext,
  read: () => Promise<Result<ExchangeRequest>>,
): Incoming {
  return {
    requestId,
    caller: addressKey(request.headers.get("CF-Connecting-IP")),
    userAgent: request.headers.get("User-Agent") ?? undefined,
    signal: request.signal,
    read,
    waitUntil,
  };
}

export function grantedResponse(granted: Granted, body: unknown): Response {
  return jsonResponse(body, 200, { "X-STS-Policy": `${granted.policy.path}@${granted.policy.sha}` });
}

/** The Chainguard SDK's HTTP client sends forms and refuses unknown keys. */
const octoStsBody = ({ token, expiresAt }: Granted) => ({ token, refreshToken: "", expiry: expiresAt });

/** octo-sts's keys, then RFC 8693's, then ours. */
function fullBody(granted: Granted, context: RouteContext): Readonly<Record<string, unknown>> {
  const { token, expiresAt } = granted;
  return { token, refreshToken: "", expiry: expiresAt, ...tokenBody(granted, context) };
}

/** RFC 8693 section 2.2.1, and what was granted by which policy. */
export function tokenBody(granted: Granted, { requestId, services }: RouteContext): Readonly<Record<string, unknown>> {
  const { token, expiresAt, permissions, repositories, policy } = granted;
  return {
    access_token: token,
    issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
    token_type: "Bearer",
    expires_in: Math.max(0, Math.floor((Date.parse(expiresAt) - services.now()) / 1000)),
    permissions,
    repositories,
    policy,
    request_id: requestId,
  };
}
