/**
 * Responses: compact JSON on one line that ends as a line of text does, never stored, with the request id in header and body.
 * octo-sts's clients cut at `"token":"`, so there is no white space within.
 */
import type { Granted, Refused, WouldGrant } from "../exchange/outcome.ts";
import { type WireRefusal, wireRefusal } from "./refusal.ts";

export function jsonResponse(body: unknown, status: number, headers: Readonly<Record<string, string>> = {}): Response {
  const response = new Response(`${JSON.stringify(body)}\n`, { status, headers: OF_JSON });
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

/** A grant, for what reads lines. */
export function textResponse(lines: readonly string[]): Response {
  const text = lines.map((line) => `${line}\n`).join("");
  return new Response(text, { headers: OF_TEXT });
}

const NEVER_KEPT = { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" };
// The runtime copies these as a whole, which costs less than the names and values of a record each time.
const OF_JSON = new Headers({ "Content-Type": "application/json; charset=utf-8", ...NEVER_KEPT });
const OF_TEXT = new Headers({ "Content-Type": "text/plain; charset=utf-8", ...NEVER_KEPT });

/** What an answer says of where it comes from. */
export interface Source {
  readonly requestId: string;
  /** Of the deployment; undefined while it is not known. */
  readonly domain: string | undefined;
}

/** octo-sts's error JSON, with the reason, the OAuth error and the request id added. */
export function refusalResponse(refused: Omit<Refused, "kind">, source: Source): Response {
  return wireRefusalResponse(wireRefusal(refused.denial, refused.viewer, refused), source);
}

export function wireRefusalResponse(refusal: WireRefusal, { requestId, domain }: Source): Response {
  const { status, code, error, reason, message, description, retryAfterSeconds } = refusal;
  const body = {
    code,
    message,
    details: [],
    reason,
    error,
    error_description: description,
    // RFC 6749 section 5.2: a page about the error, for people.
    ...(domain !== undefined && { error_uri: `https://${domain}/reasons/${reason}` }),
    request_id: requestId,
  };
  const response = jsonResponse(body, status);
  const { headers } = response;
  // For what sees no body, as `curl --fail`.
  headers.set("X-STS-Refusal", `${reason}: ${description}`.slice(0, REFUSAL_HEADER_MAX_CHARACTERS));
  if (status === 401) headers.set("WWW-Authenticate", challenge(error, description));
  if (retryAfterSeconds !== undefined) headers.set("Retry-After", String(retryAfterSeconds));
  return response;
}

const REFUSAL_HEADER_MAX_CHARACTERS = 1_000;

/** RFC 6750 section 3. */
function challenge(error: string, description: string): string {
  return `Bearer error="${error}", error_description="${description}"`;
}

/** RFC 8693 section 2.2.1, and what was granted by which policy. */
export function tokenBody(
  { token, expiresAt, permissions, repositories, policy, app }: Granted,
  { requestId, nowMs, webUrl }: { readonly requestId: string; readonly nowMs: number; readonly webUrl: string },
): Readonly<Record<string, unknown>> {
  return {
    access_token: token,
    issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
    token_type: "Bearer",
    expires_in: Math.max(0, Math.floor((Date.parse(expiresAt) - nowMs) / 1000)),
    permissions,
    repositories,
    policy,
    ...identityOf(app, webUrl),
    request_id: requestId,
  };
}

/** Whom commits made with the token are by: GitHub knows a bot by the number in its address. */
function identityOf({ slug, botId }: Granted["app"], webUrl: string): Readonly<Record<string, unknown>> {
  if (slug === undefined) return {};
  const name = `${slug}[bot]`;
  const email = botId === undefined ? {} : { email: `${botId}+${name}@users.noreply.${new URL(webUrl).hostname}` };
  return { app_slug: slug, bot: { name, ...email } };
}

export const NOT_FOUND = { status: 404, code: 5, message: "Not Found" };

/** Nothing in it can be taken for a token. */
export function dryRunResponse({ permissions, repositories, policy }: WouldGrant, requestId: string): Response {
  return jsonResponse(
    { granted: false, would_grant: { permissions, repositories, policy }, request_id: requestId },
    200,
  );
}

/** What is no exchange: unknown paths, wrong methods, refresh tokens. */
export function plainRefusal(
  { status, code, message }: { readonly status: number; readonly code: number; readonly message: string },
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return jsonResponse({ code, message, details: [], request_id: requestId }, status, headers);
}
