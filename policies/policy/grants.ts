/**
 * What a raw policy grants: permissions and repositories. Pure; diagnostics are collected.
 */

import { type Problem, quoted } from "../diagnostics.ts";
import { MAX_PERMISSIONS, MAX_REPOSITORIES } from "../limits.ts";
import { REPOSITORY_NAME } from "../names.ts";
import { isPermissionName, LEVELS, permissionNamed, unknownPermission } from "../permissions.ts";
import { nearest } from "../suggest.ts";
import { type Reading, START } from "./clauses.ts";
import type { PolicyKind } from "./document.ts";

/** GitHub grants an App's every permission when none is named: an omission must not widen a grant, so there must be one. */
export function readGrantedPermissions(
  reading: Reading,
  kind: PolicyKind,
): readonly { readonly name: string; readonly level: string }[] {
  const { raw, broken, locate, diagnostics } = reading;
  const entries = [...(raw.permissions ?? [])];
  const isGiven = entries.some(([, level]) => level !== null);
  if (!isGiven && !broken.has("permissions")) {
    const at = locate("permissions", "key") ?? START;
    diagnostics.add(
      "permissions",
      at,
      "no permission is given",
      "name what the token may do, as `permissions: {contents: read}`",
    );
  }
  if (entries.length > MAX_PERMISSIONS) {
    const at = locate("permissions", "key") ?? START;
    diagnostics.add("permissions", at, `more than ${MAX_PERMISSIONS} permissions`, "name those that the workload uses");
    return [];
  }
  return entries.flatMap(([name, level]) => {
    const path = `permissions.${name}`;
    const nameProblem = permissionNameProblem(name, kind);
    if (nameProblem !== undefined)
      diagnostics.add(path, locate(path, "key"), nameProblem.message, nameProblem.suggestion);
    // Null is "not set" everywhere in the language; octo-sts drops such a permission too.
    if (level === null || nameProblem !== undefined) return [];
    const levelProblem = permissionLevelProblem(name, level);
    if (levelProblem !== undefined) diagnostics.add(path, locate(path), levelProblem.message, levelProblem.suggestion);
    return levelProblem === undefined ? [{ name, level }] : [];
  });
}

/** Names that this version does not know may be known to the deployment (EXTRA_PERMISSIONS): see deployment.ts. */
function permissionNameProblem(name: string, kind: PolicyKind): Problem | undefined {
  const permission = permissionNamed(name);
  if (permission === undefined) return isPermissionName(name) ? undefined : unknownPermission(name, kind);
  if (permission.scope !== "account") return undefined;
  return {
    message: `${name} is a permission of a user's own account`,
    suggestion: "remove it: no installation token can carry it",
  };
}

/** Where GitHub's schema lacks a name its levels are a guess: any of GitHub's three passes there, and lint tells. */
function permissionLevelProblem(name: string, level: string): Problem | undefined {
  const permission = permissionNamed(name);
  const levels = permission?.levels ?? LEVELS;
  if (levels.includes(level) || (permission?.assumed && LEVELS.includes(level))) return undefined;
  const near = nearest(level, levels);
  const suggestion =
    near === undefined ? `write ${levels.map((known) => `\`${known}\``).join(" or ")}` : `did you mean \`${near}\`?`;
  return { message: `${name} has no level ${quoted(level)}`, suggestion };
}

/** Bare names as they are listed, a name that is listed twice too: lint tells of it. Absent and empty differ, as grant.ts says. */
export function readGrantedRepositories(
  { raw, locate, diagnostics }: Reading,
  owner: string,
): readonly string[] | undefined {
  if (!raw.repositories) return undefined;
  if (raw.repositories.length > MAX_REPOSITORIES) {
    const suggestion = "write `[]` for every repository of the installation, or several policies";
    diagnostics.add("repositories", locate("repositories"), `more than ${MAX_REPOSITORIES} repositories`, suggestion);
    return [];
  }
  const names = raw.repositories.flatMap((entry, index) => {
    const path = `repositories[${index}]`;
    const problem = repositoryProblem(entry ?? "", owner);
    if (problem !== undefined) diagnostics.add(path, locate(path), problem.message, problem.suggestion);
    return problem === undefined && entry !== null ? [entry.slice(entry.indexOf("/") + 1)] : [];
  });
  return names;
}

function repositoryProblem(entry: string, owner: string): Problem | undefined {
  const [name = "", ...behind] = entry.split("/").reverse();
  if (entry.includes("*")) {
    const suggestion = "write `[]` for every repository of the installation, or each name";
    return { message: `${quoted(entry)} is a wildcard, which GitHub does not know`, suggestion };
  }
  if (!REPOSITORY_NAME.test(name) || behind.length > 1) {
    return { message: `${quoted(entry)} is no repository name`, suggestion: "write `name`, or `owner/name`" };
  }
  const [prefix] = behind;
  if (prefix === undefined || prefix.toLowerCase() === owner.toLowerCase()) return undefined;
  return {
    message: `${quoted(entry)} is not of ${owner}`,
    suggestion: `name repositories of ${owner} only; a token reaches no other`,
  };
}
