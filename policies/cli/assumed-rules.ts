/**
 * The rules of a deployment that is not at hand: one without settings, but for what is known of it. Pure.
 */

import { fetchTarget } from "../fetch-target.ts";
import { BUILT_IN_ISSUERS } from "../issuers.ts";
import type { DeploymentRules } from "../policy/deployment.ts";

type Settings = Omit<DeploymentRules, "isKnownIssuer" | "mayBeAsked">;

export interface KnownSettings extends Partial<Settings> {
  readonly domain: string | undefined;
  readonly allowLoopback?: boolean;
}

export function assumedRules({ domain, allowLoopback = false, ...known }: KnownSettings): DeploymentRules {
  return {
    organizationPermissions: "read",
    requireRepositories: false,
    inlineJwks: true,
    extraPermissions: [],
    apps: undefined,
    ...known,
    isKnownIssuer: (issuer) => BUILT_IN_ISSUERS.includes(issuer),
    mayBeAsked: (issuer) => fetchTarget(issuer, { allowLoopback, stsDomain: domain ?? "" }) !== undefined,
  };
}
