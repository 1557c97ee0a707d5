/**
 * `POST /sts/revoke`: gives an installation token back before its hour is over (RFC 7009 form, or the token as bearer). Only
 * what looks like an installation token is ever sent on, and only to the configured GitHub.
 */
import { accept, CALLER_RATE_LIMITED, type Result, refuse } from "../denial.ts";
import { DEAD_TOKEN_KEEP_MS, REVOCATION_ANSWER_MAX_MS } from "../limits.ts";
import type { Budgets } from "../store/budgets.ts";
import { sha256, toHex } from "../store/digest.ts";
import type { Release } from "../store/room.ts";
import { readBearer } from "./fields.ts";
import { type AcquirePlace, readBody } from "./parameters.ts";
import { wireRefusal } from "./refusal.ts";
import { jsonResponse, refusalResponse, wireRefusalResponse } from "./respond.ts";
import { callerOf, placeOf, type RouteContext, sourceOf } from "./route.ts";

/** GitHub promises the prefix, and no length. What goes into a header must be visible ASCII. */
const INSTALLATION_TOKEN = /^ghs_[\x21-\x7e]+$/;

export async function revokeRoute(context: RouteContext): Promise<Response> {
  const { request, requestId, services } = context;
  const token = await readInstallationToken(request, placeOf(context));
  if (!token.ok) {
    // RFC 7009 section 2.2.1 has errors as RFC 6749 section 5.2 has them: 400, and no challenge.
    const refusal = wireRefusal(token.denial, "unverified", {});
    return wireRefusalResponse(
      { ...refusal, status: refusal.status === 401 ? 400 : refusal.status },
      sourceOf(context),
    );
  }
  const digest = toHex(await sha256(token.value));
  if (services.now() - (services.deadTokens.get(digest) ?? 0) < DEAD_TOKEN_KEEP_MS)
    return jsonResponse({ request_id: requestId }, 200);
  const release = acquirePlaces(services.budgets, callerOf(request));
  if (!release) return refusalResponse({ denial: CALLER_RATE_LIMITED, viewer: "unverified" }, sourceOf(context));
  const revocation = await services.github
    .revoke(token.value, { timeoutMs: REVOCATION_ANSWER_MAX_MS })
    .finally(release);
  if (revocation === "failed") {
    const denial = {
      reason: "github_unavailable",
      route: "DELETE /installation/token",
      problem: "not revoked",
    } as const;
    return refusalResponse({ denial, viewer: "unverified" }, sourceOf(context));
  }
  if (revocation === "already_invalid") services.deadTokens.set(digest, services.now());
  return jsonResponse({ request_id: requestId }, 200);
}

/** A token that is brought back is always tried; only how many at once is bounded, of one caller and of all. */
function acquirePlaces({ revocations }: Budgets, caller: string): Release | undefined {
  const ofCaller = revocations.ofCaller.acquire(caller);
  const ofAll = ofCaller && revocations.ofAll.acquire("");
  if (ofAll) {
    return () => {
      ofAll();
      ofCaller();
    };
  }
  ofCaller?.();
  return undefined;
}

async function readInstallationToken(request: Request, acquire: AcquirePlace): Promise<Result<string>> {
  const body = await readBody(request, acquire);
  if (!body.ok) return body;
  const fromBody = body.value.get("token") ?? [];
  const bearer = request.headers.has("Authorization") ? readBearer(request.headers) : undefined;
  if (bearer && !bearer.ok) return bearer;
  const tokens = new Set([...fromBody, ...(bearer ? [bearer.value] : [])].filter((token) => token !== ""));
  const [token] = tokens;
  if (token === undefined) return refuse({ reason: "invalid_request", problem: "token is missing" });
  if (tokens.size > 1) return refuse({ reason: "invalid_request", problem: "more than one token is given" });
  if (INSTALLATION_TOKEN.test(token)) return accept(token);
  const problem = "only GitHub App installation tokens (ghs_...) are revoked here";
  return refuse({ reason: "invalid_request", problem, error: "unsupported_token_type" });
}
