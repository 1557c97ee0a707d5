/**
 * What a policy grants on a scope: the permissions and the repositories, before any narrowing. Pure.
 */

import type { CompiledPolicy } from "./policy/compile.ts";

export interface Grant {
  /** Null prototype; never empty. */
  readonly permissions: Readonly<Record<string, string>>;
  /** `all`: every repository of the installation, by the policy's own word or the absence of one. */
  readonly repositories: readonly string[] | "all";
}

export interface GrantScope {
  readonly owner: string;
  /** As the scope names it; undefined for the scope of an owner. */
  readonly repository?: string;
  /** The repository that holds the owner's policies, `.github` by default. */
  readonly policyRepository: string;
}

export interface AppName {
  readonly id: string;
  /** As the deployment's configuration names it. */
  readonly name?: string | undefined;
}

/** Whether the policy lets this App mint: `app` or `app_pattern` is put to its name, and to its id. */
export function isAppAllowed({ app }: CompiledPolicy, { id, name }: AppName): boolean {
  return app === undefined || app.matches(id) || (name !== undefined && app.matches(name));
}

export function grantOf(policy: CompiledPolicy, scope: GrantScope): Grant {
  const permissions: Record<string, string> = Object.create(null);
  for (const { name, level } of policy.document.permissions) permissions[name] = level;
  return { permissions, repositories: grantedRepositories(policy, scope) };
}

/** In an organization policy `[]` is everything; an absent list is everything for the owner, and the policy repository for itself. */
function grantedRepositories({ document }: CompiledPolicy, scope: GrantScope): Grant["repositories"] {
  if (document.kind === "repository") {
    if (scope.repository === undefined) throw new Error("a repository's policy was put to the scope of an owner");
    return [scope.repository];
  }
  const { repositories } = document;
  if (repositories === undefined) return scope.repository === undefined ? "all" : [scope.policyRepository];
  return repositories.length === 0 ? "all" : [...new Set(repositories)];
}
