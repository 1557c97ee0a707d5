/**
 * What a refusal tells the owner's own workloads beyond its reason: which identity lies near, and where the App is installed. Each
 * costs one call and is remembered, as clients repeat a refusal three times. It changes no decision.
 */
import type { Denial, Viewer } from "../denial.ts";
import { appsOf } from "../github/pool.ts";
import { installUrlOf } from "../github/web-url.ts";
import type { Services } from "../services.ts";
import type { PolicyAccess } from "../trust-policy/apps.ts";
import type { AccessCall } from "../trust-policy/read-access.ts";

interface Circumstances {
  readonly services: Services;
  readonly opened: PolicyAccess | undefined;
  readonly call: AccessCall;
}

export async function hinted(denial: Denial, viewer: Viewer, at: Circumstances): Promise<Denial> {
  if (viewer !== "owner") return denial;
  switch (denial.reason) {
    case "policy_not_found":
      if (!at.opened) return denial;
      return { ...denial, nearMisses: await at.services.policySource.nearMisses(at.opened, at.call) };
    case "app_not_installed": {
      const installUrl = await linkFor(denial.owner, at);
      return installUrl === undefined ? denial : { ...denial, installUrl };
    }
    default:
      return denial;
  }
}

/** Of the first App that serves the owner. Without an answer there is no link: the refusal is as good as without. */
async function linkFor(owner: string, { services, call }: Circumstances): Promise<string | undefined> {
  const { apps, config, github, appSlugs } = services;
  const [app] = appsOf(apps, owner);
  if (app === undefined) return undefined;
  if (!appSlugs.has(app.id)) {
    const info = await github.getApp(app, call);
    if (info.ok && info.value.slug !== undefined) appSlugs.set(app.id, info.value.slug);
  }
  const slug = appSlugs.get(app.id);
  return slug === undefined ? undefined : installUrlOf(config.apiUrl, slug);
}
