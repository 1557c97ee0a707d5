/**
 * Parameters and headers -> ExchangeRequest: all syntax, before any I/O (worker/README.md, "One exchange", step 1). Names are
 * compared and kept as typed; GitHub's own spelling comes later, from GitHub.
 */
import { OWNER_NAME, REPOSITORY_NAME } from "../../policies/names.ts";
import { accept, type Result, refuse } from "../denial.ts";
import type { ExchangeRequest } from "../exchange/exchange.ts";
import { IDENTITY_MAX_CHARACTERS } from "../limits.ts";
import type { Scope } from "../trust-policy/target.ts";
import { readDownscoping } from "./downscoping.ts";
import { type Parameters, readParameters } from "./parameters.ts";

const IDENTITY = /^(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*$/;

/** `GET|POST /sts/exchange`: octo-sts's parameters. */
export async function readExchangeRequest(request: Request, webUrl: string): Promise<Result<ExchangeRequest>> {
  const parameters = await readParameters(request);
  if (!parameters.ok) return parameters;
  const asked = readAsked(parameters.value, webUrl);
  if (!asked.ok) return asked;
  const bearer = readBearer(request.headers);
  return bearer.ok ? accept({ ...asked.value, bearer: bearer.value }) : bearer;
}

function readAsked(parameters: Parameters, webUrl: string): Result<Omit<ExchangeRequest, "bearer">> {
  const dotted = [...parameters.keys()].find((name) => /^(?:scopes?|identity)\./.test(name));
  if (dotted) return refuse({ reason: "invalid_request", problem: `"${dotted.split(".", 1)[0]}" has no fields` });
  const scope = readScope(
    [...(parameters.get("scope") ?? []), ...(parameters.get("scopes") ?? []).flatMap((value) => value.split(","))],
    webUrl,
  );
  if (!scope.ok) return scope;
  const identity = readIdentity(parameters.get("identity") ?? []);
  if (!identity.ok) return identity;
  const downscoping = readDownscoping(parameters, scope.value);
  if (!downscoping.ok) return downscoping;
  return accept({ scope: scope.value, identity: identity.value, downscoping: downscoping.value });
}

/** One scope, however often it is said: `owner`, `owner/repo`, or the repository's URL at this GitHub. */
export function readScope(values: readonly string[], webUrl: string): Result<Scope> {
  const distinct = [...new Set(values.filter((value) => value !== ""))];
  const [value] = distinct;
  if (value === undefined) return refuse({ reason: "scope_missing" });
  if (distinct.length > 1) return refuse({ reason: "scope_multiple" });
  const [owner = "", repository, ...rest] = pathOf(value, webUrl).split("/");
  if (!OWNER_NAME.test(owner) || rest.length > 0) return refuse({ reason: "scope_invalid" });
  if (repository === undefined) return accept({ owner });
  return REPOSITORY_NAME.test(repository) ? accept({ owner, repository }) : refuse({ reason: "scope_invalid" });
}

/** Exactly the configured web host: another host's URL stays as it is, and fails as a scope. */
function pathOf(value: string, webUrl: string): string {
  const base = `${webUrl}/`;
  if (!value.startsWith(base)) return value;
  const path = value.slice(base.length).replace(/\/$/, "");
  return path.includes("/") ? path.replace(/\.git$/, "") : path;
}

export function readIdentity(values: readonly string[]): Result<string> {
  const distinct = [...new Set(values.filter((value) => value !== ""))];
  const [identity] = distinct;
  if (identity === undefined) return refuse({ reason: "identity_missing" });
  if (distinct.length > 1) {
    return refuse({ reason: "invalid_request", problem: 'too many values for "identity"' });
  }
  const fits = identity.length <= IDENTITY_MAX_CHARACTERS && IDENTITY.test(identity);
  return fits ? accept(identity) : refuse({ reason: "identity_invalid" });
}

/** RFC 6750 section 2.1, the scheme in any case (RFC 9110 section 11.1). Repeated headers arrive joined by a comma. */
export function readBearer(headers: Headers): Result<string> {
  const header = headers.get("Authorization");
  if (header === null || header.includes(",")) return refuse({ reason: "authorization_missing", problem: "count" });
  const match = /^Bearer +(\S.*)$/i.exec(header.trim());
  const token = match?.[1];
  return token === undefined ? refuse({ reason: "authorization_missing", problem: "form" }) : accept(token);
}
