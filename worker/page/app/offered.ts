/** The permissions that an App may be given beyond what the service needs for itself. Pure. */
import { permissionNamed, permissionNames, rankOfLevel } from "../../../policies/permissions.ts";
import { OWN_PERMISSIONS } from "./manifest.ts";

export interface OfferedPermission {
  readonly name: string;
  /** Those above what the service has anyway, lowest first. */
  readonly levels: readonly [string, ...string[]];
  readonly isOrganizationWide: boolean;
}

/** GitHub refuses a manifest with a name that it does not know, or one of enterprises: only what its own description has is offered. */
export const OFFERED_PERMISSIONS: readonly OfferedPermission[] = permissionNames().flatMap(
  (name): OfferedPermission[] => {
    const permission = permissionNamed(name);
    // Of the metadata nothing can be written, whatever GitHub's description says.
    if (permission === undefined || permission.assumed || name === "metadata") return [];
    if (!["repository", "organization"].includes(permission.scope)) return [];
    const own = rankOfLevel(OWN_PERMISSIONS.get(name) ?? "");
    const [first, ...rest] = permission.levels.filter((level) => rankOfLevel(level) > own);
    if (first === undefined) return [];
    return [{ name, levels: [first, ...rest], isOrganizationWide: permission.scope === "organization" }];
  },
);
