/** What a policy grants, in words. Pure. */
import type { CompiledPolicy } from "../../../policies/policy/compile.ts";

export interface GrantView {
  readonly permissions: readonly string[];
  readonly repositories: string;
  readonly app: string | undefined;
}

export function grantView({ document }: CompiledPolicy, repository: string | undefined): GrantView {
  const { kind, repositories = [], permissions, app } = document;
  const own = repository ?? "the repository that holds the policy";
  return {
    permissions: permissions.map(({ name, level }) => `${name}: ${level}`),
    repositories: kind === "repository" ? own : repositories.join(", ") || "every repository of the installation",
    app: app && `the App whose name or id ${app.kind === "exact" ? "is" : "matches the pattern"} ${app.value}`,
  };
}
