/**
 * Parameters and headers -> ExchangeRequest: all syntax, before any I/O (worker/README.md, "One exchange", step 1). Names are
 * compared and kept as typed; GitHub's own spelling comes later, from GitHub.
 */
import { identityProblem, OWNER_NAME, REPOSITORY_NAME } from "../../policies/names.ts";
import { accept, type Result, refuse } from "../denial.ts";
import type { ExchangeRequest } from "../exchange/outcome.ts";
import type { Scope } from "../trust-policy/target.ts";
import { misspelling, type Output, readDownscoping, readOutput } from "./extensions.ts";
import { type AcquirePlace, isSame, PARAMETER_NAMES, type Parameters, readParameters } from "./parameters.ts";

/** What of the deployment decides how a request is read. */
export interface RequestRules {
  /** Where people see the configured GitHub; no final slash. */
  readonly webUrl: string;
  /** Names of permissions beyond those of the table. */
  readonly extraPermissions: readonly string[];
}

/** `GET|POST /sts/exchange`: octo-sts's parameters, and ours. */
export async function readExchangeRequest(
  request: Request,
  deployment: RequestRules,
  acquire: AcquirePlace,
): Promise<Result<ExchangeRequest & Output>> {
  const parameters = await readParameters(request, acquire);
  if (!parameters.ok) return parameters;
  const asked = readAsked(parameters.value, deployment);
  if (!asked.ok) return asked;
  const bearer = readBearer(request.headers);
  return bearer.ok ? accept({ ...asked.value, bearer: bearer.value }) : bearer;
}

function readAsked(
  parameters: Parameters,
  { webUrl, extraPermissions }: RequestRules,
): Result<Omit<ExchangeRequest, "bearer"> & Output> {
  const others = [...parameters.keys()].filter((name) => !PARAMETER_NAMES.has(name));
  const misspelt = misspelling(others);
  if (misspelt) return misspelt;
  const dotted = others.find((name) => /^(?:scopes?|identity)\./.test(name));
  if (dotted) return refuse({ reason: "invalid_request", problem: `"${dotted.split(".", 1)[0]}" has no fields` });
  const scopes = (parameters.get("scopes") ?? []).flatMap((value) => value.split(","));
  const given = [...givenAs("scope", parameters.get("scope")), ...givenAs("scopes", scopes)];
  const scope = readScope(given, { webUrl, parameter: "scope" });
  if (!scope.ok) return scope;
  const identity = readIdentity(parameters.get("identity") ?? [], "identity");
  if (!identity.ok) return identity;
  const downscoping = readDownscoping(parameters, scope.value, extraPermissions);
  if (!downscoping.ok) return downscoping;
  const output = readOutput(parameters);
  if (!output.ok) return output;
  return accept({ scope: scope.value, identity: identity.value, downscoping: downscoping.value, ...output.value });
}

interface ScopeWire {
  readonly webUrl: string;
  /** That should have come. */
  readonly parameter: string;
}

/** A value, and the parameter that it came in. */
export interface Given {
  readonly value: string;
  readonly parameter: string;
}

export const givenAs = (parameter: string, values: readonly string[] = []): readonly Given[] =>
  values.filter((value) => value !== "").map((value) => ({ value, parameter }));

/** One scope, however often it is said: `owner`, `owner/repo`, or the repository's URL at this GitHub. */
export function readScope(given: readonly Given[], { webUrl, parameter }: ScopeWire): Result<Scope> {
  const [first] = given;
  if (first === undefined) return refuse({ reason: "scope_missing", parameter });
  if (!isSame(given.map(({ value }) => value))) return refuse({ reason: "scope_multiple", parameter });
  const scope = scopeIn(first.value, webUrl);
  return scope ? accept(scope) : refuse({ reason: "scope_invalid", parameter: first.parameter });
}

export function scopeIn(value: string, webUrl: string): Scope | undefined {
  const [owner = "", repository, more] = pathOf(value, webUrl).split("/", 3);
  if (!OWNER_NAME.test(owner) || more !== undefined) return undefined;
  if (repository === undefined) return { owner };
  return REPOSITORY_NAME.test(repository) ? { owner, repository } : undefined;
}

/** Exactly the configured web host: another host's URL stays as it is, and fails as a scope. */
function pathOf(value: string, webUrl: string): string {
  const base = `${webUrl}/`;
  if (!value.startsWith(base)) return value;
  const path = value.slice(base.length).replace(/\/$/, "");
  return path.includes("/") ? path.replace(/\.git$/, "") : path;
}

export function readIdentity(values: readonly string[], parameter: string): Result<string> {
  const given = values.filter((value) => value !== "");
  const [identity] = given;
  if (identity === undefined) return refuse({ reason: "identity_missing", parameter });
  if (!isSame(given)) {
    return refuse({ reason: "invalid_request", problem: `too many values for "${parameter}"` });
  }
  return identityProblem(identity) === undefined ? accept(identity) : refuse({ reason: "identity_invalid", parameter });
}

/** RFC 6750 section 2.1, the scheme in any case (RFC 9110 section 11.1). Repeated headers arrive joined by a comma. */
export function readBearer(headers: Headers): Result<string> {
  const header = headers.get("Authorization");
  if (header === null) return refuse({ reason: "authorization_missing", problem: "none" });
  if (header.includes(",")) return refuse({ reason: "authorization_missing", problem: "several" });
  const match = /^Bearer +(\S.*)$/i.exec(header.trim());
  const token = match?.[1];
  return token === undefined ? refuse({ reason: "authorization_missing", problem: "form" }) : accept(token);
}
