/**
 * The GitHub App that a deployment needs, as the manifest of which GitHub makes it. Pure; for the page, and for `npm run setup`.
 * https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
 */
import { isLoopback } from "../../../policies/fetch-target.ts";
import { rankOfLevel } from "../../../policies/permissions.ts";
import { EVENTS, TO_HEAR } from "../../github/needs.ts";

/** Name to level. */
export type Permissions = ReadonlyMap<string, string>;

/** What the service needs for itself: policies are read, and pushes and pull requests get a check run. */
export const OWN_PERMISSIONS: Permissions = new Map(Object.entries(TO_HEAR));

/** GitHub takes no longer name. */
export const APP_NAME_MAX_CHARACTERS = 34;

export interface ManifestRequest {
  readonly name: string;
  /** Of the deployment. */
  readonly domain: string;
  /** Where GitHub sends the browser afterwards, with `code` and `state`. */
  readonly redirectUrl: string;
  /** What policies will grant, beside what the service needs. */
  readonly permissions: Permissions;
}

export interface Manifest {
  readonly name: string;
  readonly url: string;
  readonly public: false;
  readonly redirect_url: string;
  readonly hook_attributes?: { readonly url: string };
  readonly default_events?: readonly string[];
  readonly default_permissions: Readonly<Record<string, string>>;
}

export function manifestOf({ name, domain, redirectUrl, permissions }: ManifestRequest): Manifest {
  const url = `https://${domain}/`;
  // GitHub refuses a webhook that it cannot reach.
  const webhook = isLoopback(new URL(url).hostname)
    ? {}
    : { hook_attributes: { url: `${url}webhook` }, default_events: EVENTS };
  return {
    name,
    url,
    // Only its owner can install it.
    public: false,
    redirect_url: redirectUrl,
    ...webhook,
    default_permissions: Object.fromEntries(allPermissions(permissions)),
  };
}

/** With the service's own, each at the higher of two levels; sorted. */
export function allPermissions(granted: Permissions): [name: string, level: string][] {
  const all = new Map(OWN_PERMISSIONS);
  for (const [name, level] of granted) {
    if (rankOfLevel(level) > rankOfLevel(all.get(name) ?? "")) all.set(name, level);
  }
  return [...all].sort(([one], [other]) => (one < other ? -1 : 1));
}

/** GitHub's page for a new App; `webUrl` has no final slash, and without an organization it is the visitor's own App. */
export const newAppPage = (webUrl: string, organization: string | undefined): string =>
  `${webUrl}${organization === undefined ? "" : `/organizations/${organization}`}/settings/apps/new`;

/** The form's `action`: `state` comes back with the code, and proves that it was asked for here. */
export const manifestAction = (webUrl: string, organization: string | undefined, state: string): string =>
  `${newAppPage(webUrl, organization)}?state=${encodeURIComponent(state)}`;

/** By whom it is for, or the first part of the domain that says more than "sts". */
export function suggestedName(domain: string, organization: string | undefined): string {
  const said = organization ?? domain.split(/[.:]/).find((part) => !/^(?:octo-?)?sts$/.test(part)) ?? domain;
  return `octo-sts-${said}`.slice(0, APP_NAME_MAX_CHARACTERS);
}
