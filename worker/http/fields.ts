/**
 * Parameters and headers -> ExchangeRequest: all syntax, before any I/O (worker/README.md, "One exchange", step 1). Names are
 * compared and kept as typed; GitHub's own spelling comes later, from GitHub.
 */
import { identityProblem, OWNER_NAME, REPOSITORY_NAME } from "../../policies/names.ts";
import { LEVELS, levelsOf } from "../../policies/permissions.ts";
import { nearest, plainSpelling } from "../../policies/suggest.ts";
import { accept, type Result, refuse } from "../denial.ts";
import type { Downscoping, ExchangeRequest } from "../exchange/outcome.ts";
import { NARROWING_MAX_ENTRIES } from "../limits.ts";
import type { Scope } from "../trust-policy/target.ts";
import { type AcquirePlace, type Parameters, readParameters } from "./parameters.ts";

/** What of the deployment decides how a request is read. */
export interface Deployment {
  /** Where people see the configured GitHub; no final slash. */
  readonly webUrl: string;
  /** Names of permissions beyond those of the table. */
  readonly extraPermissions: readonly string[];
}

/** `GET|POST /sts/exchange`: octo-sts's parameters. */
export async function readExchangeRequest(
  request: Request,
  deployment: Deployment,
  acquire: AcquirePlace,
): Promise<Result<ExchangeRequest>> {
  const parameters = await readParameters(request, acquire);
  if (!parameters.ok) return parameters;
  const asked = readAsked(parameters.value, deployment);
  if (!asked.ok) return asked;
  const bearer = readBearer(request.headers);
  return bearer.ok ? accept({ ...asked.value, bearer: bearer.value }) : bearer;
}

function readAsked(
  parameters: Parameters,
  { webUrl, extraPermissions }: Deployment,
): Result<Omit<ExchangeRequest, "bearer">> {
  const misspelt = misspelling(parameters.keys());
  if (misspelt) return misspelt;
  const dotted = [...parameters.keys()].find((name) => /^(?:scopes?|identity)\./.test(name));
  if (dotted) return refuse({ reason: "invalid_request", problem: `"${dotted.split(".", 1)[0]}" has no fields` });
  const scopes = (parameters.get("scopes") ?? []).flatMap((value) => value.split(","));
  const given = [...givenAs("scope", parameters.get("scope")), ...givenAs("scopes", scopes)];
  const scope = readScope(given, { webUrl, parameter: "scope" });
  if (!scope.ok) return scope;
  const identity = readIdentity(parameters.get("identity") ?? [], "identity");
  if (!identity.ok) return identity;
  const downscoping = readDownscoping(parameters, scope.value, extraPermissions);
  if (!downscoping.ok) return downscoping;
  return accept({ scope: scope.value, identity: identity.value, downscoping: downscoping.value });
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
  if (new Set(given.map(({ value }) => value)).size > 1) return refuse({ reason: "scope_multiple", parameter });
  const scope = scopeIn(first.value, webUrl);
  return scope ? accept(scope) : refuse({ reason: "scope_invalid", parameter: first.parameter });
}

export function scopeIn(value: string, webUrl: string): Scope | undefined {
  const [owner = "", repository, ...rest] = pathOf(value, webUrl).split("/");
  if (!OWNER_NAME.test(owner) || rest.length > 0) return undefined;
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
  const distinct = [...new Set(values.filter((value) => value !== ""))];
  const [identity] = distinct;
  if (identity === undefined) return refuse({ reason: "identity_missing", parameter });
  if (distinct.length > 1) {
    return refuse({ reason: "invalid_request", problem: `too many values for "${parameter}"` });
  }
  return identityProblem(identity) === undefined ? accept(identity) : refuse({ reason: "identity_invalid", parameter });
}

/**
 * What a caller asks for beyond the scope: `permissions=contents:read,issues:write` and `repositories=a,b`. Syntax only; that
 * it is no more than the policy grants is judged in the exchange.
 */
export function readDownscoping(
  parameters: Parameters,
  scope: Scope,
  extraPermissions: readonly string[],
): Result<Downscoping> {
  const permissions = readPermissions(parameters.get("permissions"), extraPermissions);
  if (!permissions.ok) return permissions;
  const repositories = readRepositories(parameters.get("repositories"), scope);
  if (!repositories.ok) return repositories;
  return accept({
    ...(permissions.value && { permissions: permissions.value }),
    ...(repositories.value && { repositories: repositories.value }),
  });
}

/** Absent is "all that the policy grants"; present and empty is a mistake, and never the same as absent. */
function readEntries(values: readonly string[] | undefined, name: string): Result<readonly string[] | undefined> {
  if (values === undefined) return accept(undefined);
  const entries = values.flatMap((value) => value.split(",")).map((entry) => entry.trim());
  if (entries.length === 0 || entries.includes("")) return invalidDownscoping(`"${name}" has an empty entry`);
  return entries.length > NARROWING_MAX_ENTRIES
    ? invalidDownscoping(`"${name}" has more than ${NARROWING_MAX_ENTRIES} entries`)
    : accept(entries);
}

function readPermissions(
  values: readonly string[] | undefined,
  extraPermissions: readonly string[],
): Result<ReadonlyMap<string, string> | undefined> {
  const entries = readEntries(values, "permissions");
  if (!entries.ok || entries.value === undefined) return entries.ok ? accept(undefined) : entries;
  const asked = new Map<string, string>();
  for (const entry of entries.value) {
    const [name = "", level = "", ...rest] = entry.split(":");
    if (rest.length > 0 || level === "")
      return invalidDownscoping('an entry of "permissions" is not of the form name:level');
    const levels = extraPermissions.includes(name) ? LEVELS : levelsOf(name);
    if (levels.length === 0) return invalidDownscoping(`no permission is named "${printable(name)}"`);
    if (!levels.includes(level)) return invalidDownscoping(`"${name}" has no level "${printable(level)}"`);
    if (asked.has(name) && asked.get(name) !== level)
      return invalidDownscoping(`"${name}" is asked for with two levels`);
    asked.set(name, level);
  }
  return accept(asked);
}

function readRepositories(values: readonly string[] | undefined, scope: Scope): Result<readonly string[] | undefined> {
  const entries = readEntries(values, "repositories");
  if (!entries.ok || entries.value === undefined) return entries;
  const names: string[] = [];
  for (const entry of entries.value) {
    const [first = "", second, ...rest] = entry.split("/");
    const owned = second === undefined || first.toLowerCase() === scope.owner.toLowerCase();
    const name = second ?? first;
    if (rest.length > 0 || !owned || !REPOSITORY_NAME.test(name)) {
      return invalidDownscoping(`"${printable(entry)}" is not the name of a repository of this owner`);
    }
    names.push(name);
  }
  return accept([...new Set(names)]);
}

/** Text of the caller's own, kept short and to visible ASCII. */
const printable = (text: string): string => text.slice(0, PRINTABLE_MAX_CHARACTERS).replaceAll(/[^ -~]/g, "?");

const PRINTABLE_MAX_CHARACTERS = 80;

const invalidDownscoping = (problem: string) => refuse({ reason: "narrowing_invalid", problem });

/** Whoever wants to try only must not be given a token. */
const DRY_RUN = /^dry[_-]?run$/i;
const DOWNSCOPING_NAMES = ["permissions", "repositories"];

/**
 * Unknown parameters are ignored, as clients of octo-sts send some. But downscoping under a wrong name would be lost, and the caller
 * be given all that the policy grants.
 */
export function misspelling(names: Iterable<string>): ReturnType<typeof refuse> | undefined {
  for (const name of names) {
    if (DRY_RUN.test(name)) return refuse({ reason: "invalid_request", problem: "dry runs are not supported" });
    const meant = DOWNSCOPING_NAMES.includes(name) ? undefined : downscopingMeant(name);
    if (!meant) continue;
    const problem = `there is no parameter "${printable(name)}": did you mean "${meant}"?`;
    return refuse({ reason: "invalid_request", problem });
  }
  return undefined;
}

function downscopingMeant(name: string): string | undefined {
  const plain = plainSpelling(name.slice(0, PRINTABLE_MAX_CHARACTERS));
  if (/^(?:permission|perms?(?:_|$))/.test(plain)) return "permissions";
  if (/^(?:repositor|repos?(?:_|$))/.test(plain)) return "repositories";
  return nearest(plain, DOWNSCOPING_NAMES);
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
