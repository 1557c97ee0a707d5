/**
 * GitHub's permission names, their levels, and which reach beyond a repository. Pure; the table is generated.
 */

import { type Problem, quoted } from "./diagnostics.ts";
import { ownProperty } from "./objects.ts";
import { LOOK_ALIKES, PERMISSIONS, type PermissionRow } from "./permissions-table.ts";
import { nearest, plainSpelling } from "./suggest.ts";

export interface Permission extends PermissionRow {
  readonly name: string;
}

/** The permission of exactly this name. */
export function permissionNamed(name: string): Permission | undefined {
  const row = PERMISSIONS.find(([, names]) => names.split(" ").includes(name))?.[0];
  return row === undefined ? undefined : { name, ...row };
}

/** All names, sorted. */
export function permissionNames(): readonly string[] {
  return PERMISSIONS.flatMap(([, names]) => names.split(" ")).toSorted();
}

/** GitHub's levels for a name, lowest first; none for an unknown name. */
export function levelsOf(name: string): readonly string[] {
  return permissionNamed(name)?.levels ?? [];
}

/** Whether a grant of it reaches beyond the repositories of the token: permissions of organizations and of enterprises, and any that is not known. */
export function isOrganizationWide(name: string): boolean {
  const permission = permissionNamed(name);
  return permission === undefined || permission.scope === "organization" || permission.scope === "enterprise";
}

/** Of a permission whose own levels nobody knows. */
export const LEVELS: readonly string[] = ["read", "write", "admin"];

const RANKS: Readonly<Record<string, number>> = { read: 1, write: 2, admin: 3 };

/** 1 read, 2 write, 3 admin; 0 for anything else. */
export function rankOfLevel(level: string): number {
  return ownProperty(RANKS, level) ?? 0;
}

/** Whether GitHub might have a permission of this name: it has the form of one, and is not what people write for another. */
export function isPermissionName(name: string): boolean {
  return /^[a-z][a-z_]{1,99}$/.test(name) && !Object.hasOwn(LOOK_ALIKES, name);
}

/** What is said of a name that is not in the table, which may be older than the name. */
export function unknownPermission(name: string, kind?: "repository" | "organization"): Problem {
  const near = suggestPermission(name);
  // Projects of an organization have a permission of their own, and in its policies they are meant.
  const meant = kind === "organization" && near === "repository_projects" ? "organization_projects" : near;
  const message = `unknown permission ${quoted(name)}`;
  if (meant === null) return { message, suggestion: "remove it: it is a permission of workflows, which no App has" };
  if (meant !== undefined) return { message, suggestion: `did you mean \`${meant}\`?` };
  return {
    message: `permission ${quoted(name)} is not known to this version`,
    suggestion:
      "compare it with GitHub's list of App permissions; if GitHub has it, the deployment can name it in EXTRA_PERMISSIONS",
  };
}

/** The name that was probably meant; null for a permission that workflows have and Apps do not; undefined if nothing is near. */
function suggestPermission(name: string): string | null | undefined {
  for (const spelling of [name, plainSpelling(name)]) {
    const known = ownProperty(LOOK_ALIKES, spelling);
    if (known !== undefined) return known;
  }
  return nearest(name, permissionNames());
}
