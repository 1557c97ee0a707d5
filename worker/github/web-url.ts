/** From the REST base to the pages that people open. Pure: no I/O, no clock. */

import type { Installation } from "./shapes.ts";

const GHE_COM_API = /^api\.([a-z0-9-]+\.ghe\.com)$/;

/**
 * The web origin of the GitHub behind this REST base: github.com for api.github.com, `x.ghe.com` for
 * `api.x.ghe.com`, else the API's own host (GHES). No final slash.
 */
export function webUrlOf(apiUrl: string): string {
  const { protocol, host } = new URL(apiUrl);
  if (host === "api.github.com") return "https://github.com";
  const tenant = GHE_COM_API.exec(host)?.[1];
  return `${protocol}//${tenant ?? host}`;
}

/** Where an owner installs the App. An Enterprise Server keeps its own Apps apart from those of its marketplace. */
export function installUrlOf(apiUrl: string, slug: string): string {
  const web = webUrlOf(apiUrl);
  const isServer = web !== "https://github.com" && !web.endsWith(".ghe.com");
  return `${web}/${isServer ? "github-apps" : "apps"}/${slug}/installations/new`;
}

/** Where an owner changes what the App may do and see. */
export function settingsUrlOf(apiUrl: string, { ownerType, owner, id }: Installation): string {
  const account = ownerType === "Organization" ? `/organizations/${owner}` : "";
  return `${webUrlOf(apiUrl)}${account}/settings/installations/${id}`;
}
