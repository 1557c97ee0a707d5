/**
 * `POST /oauth2/token`: RFC 8693 token exchange, and its metadata (RFC 8414). The same exchange in the words of OAuth: parameters
 * from the form body alone, no client authentication, and errors that client libraries can read.
 */
import { accept, type Result, refuse } from "../denial.ts";
import type { ExchangeRequest } from "../exchange/outcome.ts";
import type { Services } from "../services.ts";
import { scopeText } from "../trust-policy/target.ts";
import { isDryRun, misspelling, readDownscoping } from "./extensions.ts";
import { givenAs, type RequestRules, readIdentity, readScope, scopeIn } from "./fields.ts";
import { type AcquirePlace, bodyKind, type Parameters, readBody, readQuery } from "./parameters.ts";
import { type WireRefusal, wireRefusal } from "./refusal.ts";
import { jsonResponse, tokenBody, wireRefusalResponse } from "./respond.ts";
import { answerExchange, deploymentOf, placeOf, type RouteContext, sourceOf } from "./route.ts";

const GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
const SUBJECT_TOKEN_TYPES: readonly string[] = [
  "urn:ietf:params:oauth:token-type:jwt",
  "urn:ietf:params:oauth:token-type:id_token",
];

const invalid = (problem: string) => refuse({ reason: "invalid_request", problem });

export function tokenRoute(context: RouteContext): Promise<Response> {
  const { request, requestId, services } = context;
  return answerExchange(context, {
    route: "/oauth2/token",
    read: () => readTokenRequest(request, deploymentOf(services), placeOf(context)),
    granted: (outcome) =>
      jsonResponse(tokenBody(outcome, { requestId, nowMs: services.now(), webUrl: services.webUrl }), 200),
    refused(outcome) {
      const refusal = asOAuth(wireRefusal(outcome.denial, outcome.viewer, outcome));
      return wireRefusalResponse(refusal, sourceOf(context));
    },
  });
}

/** RFC 6749 section 5.2: errors of a token endpoint are 400; libraries hide an error behind a challenge or a 403. */
function asOAuth(refusal: WireRefusal): WireRefusal {
  const status = [401, 403, 404].includes(refusal.status) ? 400 : refusal.status;
  // RFC 8693 section 2.2.2: a subject token that does not do is an invalid request.
  return { ...refusal, status, error: refusal.error === "invalid_token" ? "invalid_request" : refusal.error };
}

async function readTokenRequest(
  request: Request,
  { webUrl, extraPermissions }: RequestRules,
  acquire: AcquirePlace,
): Promise<Result<ExchangeRequest>> {
  if (request.headers.has("Authorization")) return invalid("clients do not authenticate here: no Authorization header");
  if (bodyKind(request) !== "form") return invalid("the body must be application/x-www-form-urlencoded");
  const ignored = downscopingInQuery(request.url);
  if (ignored) return ignored;
  const body = await readBody(request, acquire);
  if (!body.ok) return body;
  const unserved = unservedIn([...body.value.keys()]);
  if (unserved) return unserved;
  const parameters = withoutEmpty(body.value);
  const repeated = SINGLE.find((name) => (parameters.get(name)?.length ?? 0) > 1);
  if (repeated) return invalid(`"${repeated}" is given more than once`);
  const one = (name: string) => parameters.get(name)?.[0];
  const problem = typeProblem(one);
  if (problem) return problem;
  const targets = ["resource", "audience"].flatMap((name) => givenAs(name, parameters.get(name)));
  const sent = [...new Set(targets.map(({ parameter }) => parameter))].join(" and ");
  const scope = readScope(
    targets.map(({ value, parameter }) => ({ value: normalized(value, webUrl), parameter })),
    { webUrl, parameter: sent || "resource" },
  );
  if (!scope.ok) return scope;
  const identity = readIdentity([one("scope") ?? ""], "scope");
  if (!identity.ok) return identity;
  const downscoping = readDownscoping(body.value, scope.value, extraPermissions);
  if (!downscoping.ok) return downscoping;
  return accept({
    scope: scope.value,
    identity: identity.value,
    downscoping: downscoping.value,
    bearer: one("subject_token") ?? "",
    dryRun: false,
  });
}

/** Nothing is taken from the query; but a restriction that stands there must not be lost. */
function downscopingInQuery(url: string): ReturnType<typeof refuse> | undefined {
  const query = readQuery(url);
  if (!query.ok) return query;
  const names = [...query.value.keys()];
  const lost = names.find((name) => name === "permissions" || name === "repositories");
  return lost ? invalid(`"${lost}" must be in the form body`) : unservedIn(names);
}

/** An answer without a token would be no answer of a token endpoint. */
function unservedIn(names: readonly string[]): ReturnType<typeof refuse> | undefined {
  return names.some(isDryRun) ? invalid("a dry run is for /sts/exchange alone") : misspelling(names);
}

/** RFC 6749 section 3.2: none may be repeated, and one without a value is as good as omitted. Several targets: see `readScope`. */
const SINGLE = ["grant_type", "subject_token", "subject_token_type", "requested_token_type", "scope"];

function withoutEmpty(parameters: Parameters): Parameters {
  return new Map([...parameters].map(([name, values]) => [name, values.filter((value) => value !== "")]));
}

function typeProblem(one: (name: string) => string | undefined): ReturnType<typeof refuse> | undefined {
  const grantType = one("grant_type");
  if (grantType === undefined) return invalid("grant_type is missing");
  if (grantType !== GRANT_TYPE) {
    const problem = `grant_type must be ${GRANT_TYPE}`;
    return refuse({ reason: "invalid_request", problem, error: "unsupported_grant_type" });
  }
  if (one("actor_token") ?? one("actor_token_type")) return invalid("actor_token is not supported");
  if (one("subject_token") === undefined) return invalid("subject_token is missing");
  if (!SUBJECT_TOKEN_TYPES.includes(one("subject_token_type") ?? "")) {
    return invalid(`subject_token_type must be one of ${SUBJECT_TOKEN_TYPES.join(", ")}`);
  }
  const requested = one("requested_token_type");
  if (requested !== undefined && requested !== ACCESS_TOKEN) {
    return invalid(`requested_token_type must be ${ACCESS_TOKEN}`);
  }
  return undefined;
}

/** `resource` and `audience` may say the same target in two ways; both as `owner` or `owner/repo`, they must agree. */
function normalized(target: string, webUrl: string): string {
  const scope = scopeIn(target, webUrl);
  return scope ? scopeText(scope) : target;
}

/** RFC 8414. The issuer comes from configuration, never from the request's Host. */
export async function metadataRoute({ services }: { readonly services: Services }): Promise<Response> {
  const issuer = `https://${services.config.stsDomain}`;
  return jsonResponse(
    {
      issuer,
      token_endpoint: `${issuer}/oauth2/token`,
      revocation_endpoint: `${issuer}/sts/revoke`,
      response_types_supported: [],
      grant_types_supported: [GRANT_TYPE],
      token_endpoint_auth_methods_supported: ["none"],
      revocation_endpoint_auth_methods_supported: ["none"],
    },
    200,
  );
}
