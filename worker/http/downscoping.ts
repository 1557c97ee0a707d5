/**
 * What a caller asks for beyond the scope: `permissions=contents:read,issues:write` and `repositories=a,b`. Syntax only; that
 * it is no more than the policy grants is judged in the exchange.
 */
import { REPOSITORY_NAME } from "../../policies/names.ts";
import { levelsOf, permissionNamed } from "../../policies/permissions.ts";
import { accept, type Result, refuse } from "../denial.ts";
import type { Downscoping } from "../exchange/exchange.ts";
import { NARROWING_MAX_ENTRIES } from "../limits.ts";
import type { Scope } from "../trust-policy/target.ts";
import type { Parameters } from "./parameters.ts";

const invalid = (problem: string) => refuse({ reason: "narrowing_invalid", problem });

export function readDownscoping(parameters: Parameters, scope: Scope): Result<Downscoping> {
  const permissions = readPermissions(parameters.get("permissions"));
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
  if (entries.length === 0 || entries.includes("")) return invalid(`"${name}" has an empty entry`);
  return entries.length > NARROWING_MAX_ENTRIES
    ? invalid(`"${name}" has more than ${NARROWING_MAX_ENTRIES} entries`)
    : accept(entries);
}

function readPermissions(values: readonly string[] | undefined): Result<ReadonlyMap<string, string> | undefined> {
  const entries = readEntries(values, "permissions");
  if (!entries.ok || entries.value === undefined) return entries.ok ? accept(undefined) : entries;
  const asked = new Map<string, string>();
  for (const entry of entries.value) {
    const [name = "", level = "", ...rest] = entry.split(":");
    if (rest.length > 0 || level === "") return invalid('an entry of "permissions" is not of the form name:level');
    if (!permissionNamed(name)) return invalid(`no permission is named "${printable(name)}"`);
    if (!levelsOf(name).includes(level)) return invalid(`"${name}" has no level "${printable(level)}"`);
    if (asked.has(name) && asked.get(name) !== level) return invalid(`"${name}" is asked for with two levels`);
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
      return invalid(`"${printable(entry)}" is not the name of a repository of this owner`);
    }
    names.push(name);
  }
  return accept([...new Set(names)]);
}

/** Text of the caller's own, kept short and to visible ASCII. */
const printable = (text: string): string => text.replaceAll(/[^ -~]/g, "?").slice(0, 80);
