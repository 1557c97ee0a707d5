// What the GitHub App of a deployment has to ask for, and GitHub's form for it, filled in. Pure.

import { parsePolicy } from "../../../policies/parse.ts";
import { rankOfLevel } from "../../../policies/permissions.ts";
import { webUrlOf } from "../../../worker/github/web-url.ts";
import { type ManifestRequest, manifestOf, newAppPage, type Permissions } from "../../../worker/page/app/manifest.ts";

export interface PolicyFile {
  readonly path: string;
  readonly text: string;
}

/** What these policies grant, and the files that are no valid policies. */
export function permissionsFor(files: readonly PolicyFile[], owner: string) {
  const permissions = new Map<string, string>();
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
  return { permissions: permissions as Permissions, unread };
}

export interface Registration extends Omit<ManifestRequest, "redirectUrl"> {
  readonly apiUrl: string;
  /** Undefined: the account of whoever opens the link. */
  readonly organization: string | undefined;
}

/** The webhook's secret is no part of it: GitHub takes none from a URL, and browsers keep URLs. */
export function registrationLink({ apiUrl, organization, ...request }: Registration): string {
  const manifest = manifestOf({ ...request, redirectUrl: "" });
  const { name, url, hook_attributes: hook, default_events: events = [], default_permissions } = manifest;
  const query = new URLSearchParams([
    ["name", name],
    ["url", url],
    ["public", String(manifest.public)],
    ["webhook_active", String(hook !== undefined)],
    ...(hook === undefined ? [] : [["webhook_url", hook.url] as [string, string]]),
    ...events.map((event): [string, string] => ["events[]", event]),
    ...Object.entries(default_permissions),
  ]);
  return `${newAppPage(webUrlOf(apiUrl), organization)}?${query}`;
}
