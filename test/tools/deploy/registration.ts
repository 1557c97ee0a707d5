// The GitHub App that a deployment needs, as a link to GitHub's form, filled in. Pure.

import { parsePolicy } from "../../../policies/parse.ts";
import { rankOfLevel } from "../../../policies/permissions.ts";
import { EVENTS, TO_CHECK } from "../../../worker/github/needs.ts";
import { webUrlOf } from "../../../worker/github/web-url.ts";

/** Name to level. */
export type Permissions = ReadonlyMap<string, string>;

/** What the service needs for itself: policies are read, and checks are made on pull requests. */
export const OWN_PERMISSIONS: Permissions = new Map(Object.entries({ ...TO_CHECK, metadata: "read" }));

export interface PolicyFile {
  readonly path: string;
  readonly text: string;
}

/** What the App must have for these policies to be granted, and the files that are no valid policies. */
export function permissionsFor(files: readonly PolicyFile[], owner: string) {
  const permissions = new Map(OWN_PERMISSIONS);
  const unread: string[] = [];
  for (const { path, text } of files) {
    // An organization's policy has one key more, and is none of a repository.
    const readings = (["repository", "organization"] as const).map((kind) => parsePolicy(text, { kind, owner }));
    const policy = readings.find((reading) => reading.ok);
    if (policy?.ok !== true) unread.push(path);
    else
      for (const { name, level } of policy.value.document.permissions) {
        if (rankOfLevel(level) > rankOfLevel(permissions.get(name) ?? "")) permissions.set(name, level);
      }
  }
  return { permissions, unread };
}

export interface Registration {
  readonly apiUrl: string;
  /** Undefined: the account of whoever opens the link. */
  readonly organization: string | undefined;
  readonly domain: string;
  readonly permissions: Permissions;
}

/** The webhook's secret is no part of it: GitHub takes none from a URL, and browsers keep URLs. */
export function registrationLink({ apiUrl, organization, domain, permissions }: Registration): string {
  const account = organization === undefined ? "" : `/organizations/${organization}`;
  const query = new URLSearchParams([
    ["name", `octo-sts-${organization ?? domain.split(".", 1)[0]}`.slice(0, 34)],
    ["url", `https://${domain}/`],
    // Only its owner can install it.
    ["public", "false"],
    ["webhook_active", "true"],
    ["webhook_url", `https://${domain}/webhook`],
    ...EVENTS.map((event): [string, string] => ["events[]", event]),
    ...[...permissions]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, level]): [string, string] => [name, level]),
  ]);
  return `${webUrlOf(apiUrl)}${account}/settings/apps/new?${query}`;
}
