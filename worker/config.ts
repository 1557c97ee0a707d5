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
  readonly eventIngress: EventIngress | undefined;
  /** The sink that takes the event of a grant before it is handed out. */
  readonly auditRequired: "queue" | "http" | undefined;
  readonly allowLoopback: boolean;
  /** Lower case; no port. */
  readonly privateHosts: readonly string[];
}

/** Where audit events are sent over HTTP. */
export interface EventIngress {
  readonly uri: string;
  /** `batched`: by the consumer of the audit queue; else by each exchange. */
  readonly mode: "binary" | "structured" | "batched";
  /** The header's whole value. */
  readonly authorization: string | undefined;
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
    ...readAudit(reader, allowLoopback),
    allowLoopback,
    privateHosts: reader.hosts("PRIVATE_HOSTS"),
  };
  reader.misspelt();
  Object.freeze(config);
  if (reader.problems.length === 0) return { ok: true, config };
  const { problems } = reader;
  return { ok: false, problems, apps: config.apps, ...(hasNoAppYet(reader) && { withoutApp: config }) };
}

function readAudit(reader: Reader, allowLoopback: boolean): Pick<Config, "eventIngress" | "auditRequired"> {
  // As it was typed: to many servers a final slash is another address.
  const uri = reader.url("EVENT_INGRESS_URI", allowLoopback) && reader.text("EVENT_INGRESS_URI");
  const mode = reader.choice("EVENT_INGRESS_MODE", ["binary", "structured", "batched"]);
  const authorization = reader.header("EVENT_INGRESS_AUTHORIZATION");
  const auditRequired = reader.gate("AUDIT_REQUIRED") && reader.choice("AUDIT_REQUIRED", ["queue", "http"]);
  if (auditRequired === "http" && uri === undefined)
    reader.problem("AUDIT_REQUIRED", "is http, which needs EVENT_INGRESS_URI");
  if (auditRequired === "http" && mode === "batched") {
    reader.problem(
      "AUDIT_REQUIRED",
      "is http, but with EVENT_INGRESS_MODE batched events go through the queue: write queue",
    );
  }
  return {
    eventIngress: uri === undefined ? undefined : { uri, mode, authorization },
    auditRequired: auditRequired || undefined,
  };
}

/** What is to go through the audit queue needs one. */
export function queueProblems(
  { auditRequired, eventIngress }: Pick<Config, "auditRequired" | "eventIngress">,
  hasQueue: boolean,
): readonly ConfigProblem[] {
  if (hasQueue) return [];
  const isBatched = eventIngress?.mode === "batched";
  return [
    ...(auditRequired === "queue" ? [{ variable: "AUDIT_REQUIRED", problem: `is queue, ${NO_QUEUE}` }] : []),
    ...(isBatched ? [{ variable: "EVENT_INGRESS_MODE", problem: `is batched, ${NO_QUEUE}` }] : []),
  ];
}

const NO_QUEUE = "but AUDIT_QUEUE is not bound";
