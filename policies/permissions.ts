/**
 * GitHub's permission names, their levels, and which reach beyond a repository. Pure; the table is generated.
 */

import { ownProperty } from "./objects.ts";
import { LOOK_ALIKES, PERMISSIONS, type PermissionRow } from "./permissions-table.ts";
import { nearest, plainSpelling } from "./suggest.ts";

export interface Permission extends PermissionRow {
  readonly name: string;
}

/** The permission of exactly this name. */
export function permissionNamed(name: string): Permission | undefined {
  const row = ownProperty(PERMISSIONS, name);
  return row === undefined ? undefined : { name, ...row };
}

/** All names, sorted. */
export function permissionNames(): readonly string[] {
  return Object.keys(PERMISSIONS);
}

/** GitHub's levels for a name, lowest first; none for an unknown name. */
export function levelsOf(name: string): readonly string[] {
  return permissionNamed(name)?.levels ?? [];
}

/** Whether a grant of it reaches beyond the repositories of the token: permissions of organizations and of enterprises. */
export function isOrganizationWide(name: string): boolean {
  const scope = permissionNamed(name)?.scope;
  return scope === "organization" || scope === "enterprise";
}

const RANKS: Readonly<Record<string, number>> = { read: 1, write: 2, admin: 3 };

/** 1 read, 2 write, 3 admin; 0 for anything else. */
export function rankOfLevel(level: string): number {
  return ownProperty(RANKS, level) ?? 0;
}

/** The name that was probably meant; null for a permission that workflows have and Apps do not; undefined if nothing is near. */
export function suggestPermission(name: string): string | null | undefined {
  for (const spelling of [name, plainSpelling(name)]) {
    if (Object.hasOwn(LOOK_ALIKES, spelling)) return LOOK_ALIKES[spelling];
  }
  return nearest(name, permissionNames());
}
