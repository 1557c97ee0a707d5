/** GitHub's permissions as the form offers them. Pure. */

import { PERMISSION_DESCRIPTIONS } from "../../../policies/permission-descriptions.ts";
import {
  isOrganizationWide,
  type Permission,
  permissionNamed,
  permissionNames,
} from "../../../policies/permissions.ts";

export interface Grantable {
  readonly name: string;
  readonly levels: readonly string[];
  /** What GitHub says that it is for. */
  readonly about: string;
  readonly marks: readonly string[];
}

const aboutOf = ({ name, scope }: Permission): string =>
  PERMISSION_DESCRIPTIONS[name] ?? `GitHub's description of its API does not have it; it is one of ${PLACES[scope]}.`;

const PLACES = {
  repository: "repositories",
  organization: "organizations",
  enterprise: "enterprises",
  account: "accounts",
} as const;

function marksOf({ name, scope, assumed, extension }: Permission): readonly string[] {
  return [
    ...(isOrganizationWide(name) ? [scope === "enterprise" ? "whole enterprise" : "whole organization"] : []),
    ...(assumed ? ["levels assumed"] : []),
    ...(extension ? ["not in octo-sts"] : []),
  ];
}

/** All but those of a user's own account, which no installation token can carry. */
export const GRANTABLE: readonly Grantable[] = permissionNames().flatMap((name) => {
  const permission = permissionNamed(name);
  if (permission === undefined || permission.scope === "account" || name === "metadata") return [];
  return [{ name, levels: permission.levels, about: aboutOf(permission), marks: marksOf(permission) }];
});

/** Those that have all the words, in their names or in what is said of them. */
export function matching(words: string): readonly Grantable[] {
  const wanted = words
    .toLowerCase()
    .split(/[\s_-]+/)
    .filter((word) => word !== "");
  return GRANTABLE.filter(({ name, about, marks }) => {
    const text = `${name} ${about} ${marks.join(" ")}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

/** None for what the form does not offer. */
export const levelsOffered = (name: string): readonly string[] =>
  GRANTABLE.find((permission) => permission.name === name)?.levels ?? [];
