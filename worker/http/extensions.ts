/**
 * The parameters that octo-sts does not have: downscoping, dry runs, and how a grant is written. Syntax only, before any I/O.
 */
import { REPOSITORY_NAME } from "../../policies/names.ts";
import { LEVELS, levelsOf } from "../../policies/permissions.ts";
import { nearest, plainSpelling } from "../../policies/suggest.ts";
import { accept, type Result, refuse } from "../denial.ts";
import type { Downscoping } from "../exchange/outcome.ts";
import { NARROWING_MAX_ENTRIES } from "../limits.ts";
import type { Scope } from "../trust-policy/target.ts";
import { isSame, PARAMETER_NAMES, type Parameters } from "./parameters.ts";

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

/** What comes of it, and how it is written. */
export interface Output {
  readonly dryRun: boolean;
  readonly format: Format;
}

export function readOutput(parameters: Parameters): Result<Output> {
  const dryRun = readDryRun(parameters.get("dry_run"));
  if (!dryRun.ok) return dryRun;
  const format = readFormat(parameters.get("format"), dryRun.value);
  return format.ok ? accept({ dryRun: dryRun.value, format: format.value }) : format;
}

/** Absent is no; whoever wants to try only must not be given a token, so that what is no answer is refused. */
function readDryRun(values: readonly string[] = []): Result<boolean> {
  const [value] = values;
  if (value === undefined) return accept(false);
  if (isSame(values) && (value === "true" || value === "false")) return accept(value === "true");
  return refuse({ reason: "invalid_request", problem: '"dry_run" must be true or false' });
}

/** How a grant is written. */
export type Format = (typeof FORMATS)[number];

const FORMATS = ["json", "token", "git-credential"] as const;

function readFormat(values: readonly string[] = [], dryRun: boolean): Result<Format> {
  const [value] = values;
  const format = value === undefined ? "json" : FORMATS.find((one) => one === value);
  if (format === undefined || !isSame(values)) {
    return refuse({ reason: "invalid_request", problem: `"format" must be one of ${FORMATS.join(", ")}` });
  }
  if (!dryRun || format === "json") return accept(format);
  // Whoever reads a token would take the answer for one.
  return refuse({ reason: "invalid_request", problem: 'a dry run has no token: leave "format" out' });
}

/** Also by a name that is only nearly that. */
export const isDryRun = (name: string): boolean =>
  plainSpelling(name).startsWith("dry") || nearest(name, ["dry_run"]) !== undefined;
const DOWNSCOPING_NAMES = ["permissions", "repositories"];

/**
 * Unknown parameters are ignored, as clients of octo-sts send some. But downscoping under a wrong name would be lost, and the caller
 * be given all that the policy grants; and a dry run would be none.
 */
export function misspelling(names: Iterable<string>): ReturnType<typeof refuse> | undefined {
  for (const name of names) {
    const meant = PARAMETER_NAMES.has(name) ? undefined : nameMeant(name);
    if (!meant) continue;
    const problem = `there is no parameter "${printable(name)}": did you mean "${meant}"?`;
    return refuse({ reason: "invalid_request", problem });
  }
  return undefined;
}

function nameMeant(name: string): string | undefined {
  if (isDryRun(name)) return "dry_run";
  const plain = plainSpelling(name.slice(0, PRINTABLE_MAX_CHARACTERS));
  if (/^(?:permission|perms?(?:_|$))/.test(plain)) return "permissions";
  if (/^(?:repositor|repos?(?:_|$))/.test(plain)) return "repositories";
  return nearest(plain, DOWNSCOPING_NAMES);
}
