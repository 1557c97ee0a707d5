/**
 * Environment -> frozen Config. Pure: reads nothing but its argument, and never repeats a value in a problem, because the
 * value may be a secret pasted under the wrong name. The private keys themselves are judged in `github/app.ts`.
 */

import { type AppConfig, hasNoAppYet, readApps } from "./config/apps.ts";
import { type ConfigProblem, type Env, Reader } from "./config/reader.ts";

export interface Config {
  readonly stsDomain: string;
  readonly apps: readonly AppConfig[];
  /** REST base without a final slash. */
  readonly apiUrl: string;
  readonly orgPolicyRepo: string;
  /** Lower case; undefined: any. */
  readonly allowedOwners: readonly string[] | undefined;
  readonly allowedIssuers: readonly string[] | undefined;
  /** Beyond the built-in ones; ALLOWED_ISSUERS included. */
  readonly knownIssuers: readonly string[];
  readonly inlineJwks: boolean;
  /** Names of permissions that GitHub has and the table of `policies/` lacks. */
  readonly extraPermissions: readonly string[];
  readonly readyToken: string | undefined;
  readonly debugTiming: boolean;
  readonly requireRepositories: boolean;
  readonly organizationPermissions: "none" | "read" | "any";
  readonly eventIngressUri: string | undefined;
  readonly allowLoopback: boolean;
  /** Lower case; no port. */
  readonly privateHosts: readonly string[];
}

export type ConfigReading =
  | { readonly ok: true; readonly config: Config }
  | {
      readonly ok: false;
      readonly problems: readonly ConfigProblem[];
      /** As far as they could be read, so that their keys can be judged with all else. */
      readonly apps: readonly AppConfig[];
      /** All else, where nothing is wrong but that there is no App yet. */
      readonly withoutApp?: Config;
    };

/** Reads every variable, so that all problems are told at once. */
export function readConfig(env: Env): ConfigReading {
  const reader = new Reader(env);
  const allowLoopback = reader.flag("ALLOW_LOOPBACK", false);
  const allowedIssuers = reader.issuers("ALLOWED_ISSUERS", false);
  const config: Config = {
    stsDomain: reader.host("STS_DOMAIN"),
    apps: readApps(reader),
    apiUrl: reader.url("GITHUB_API_URL", allowLoopback) ?? "https://api.github.com",
    orgPolicyRepo: reader.repository("ORG_POLICY_REPO", ".github"),
    allowedOwners: reader.owners("ALLOWED_OWNERS"),
    allowedIssuers,
    knownIssuers: [...(reader.issuers("KNOWN_ISSUERS", true) ?? []), ...(allowedIssuers ?? [])],
    inlineJwks: reader.flag("INLINE_JWKS", allowedIssuers === undefined),
    extraPermissions: reader.permissions("EXTRA_PERMISSIONS"),
    readyToken: reader.text("READY_TOKEN"),
    debugTiming: reader.flag("DEBUG_TIMING", false),
    requireRepositories: reader.flag("REQUIRE_REPOSITORIES", false),
    organizationPermissions: reader.choice("ORG_PERMISSIONS_IN_REPO_POLICIES", ["read", "none", "any"]),
    eventIngressUri: reader.url("EVENT_INGRESS_URI", allowLoopback),
    allowLoopback,
    privateHosts: reader.hosts("PRIVATE_HOSTS"),
  };
  reader.misspelt();
  Object.freeze(config);
  if (reader.problems.length === 0) return { ok: true, config };
  const { problems } = reader;
  return { ok: false, problems, apps: config.apps, ...(hasNoAppYet(reader) && { withoutApp: config }) };
}
