/**
 * The composition root: the one place that picks the real fetch, clock, KV and sinks, and puts the parts together. It runs once
 * per isolate, from the entry, and never at import.
 */
import { fetchTarget } from "../policies/fetch-target.ts";
import type { DeploymentRules } from "../policies/parse.ts";
import { type AuditBindings, composeAudit } from "./audit/compose.ts";
import type { AuditConsumer } from "./audit/consumer.ts";
import type { AuditDelivery } from "./audit/delivery.ts";
import { hearsWebhooks } from "./config/apps.ts";
import type { ConfigProblem, Env } from "./config/reader.ts";
import { type Config, queueProblems, readConfig } from "./config.ts";
import { ACCOUNTS_CACHE, type AccountsValue } from "./github/accounts.ts";
import { readAppKeys } from "./github/app.ts";
import { AppSlugs } from "./github/app-slugs.ts";
import { Api } from "./github/call.ts";
import { type App, GitHub } from "./github/github.ts";
import { INSTALLATION_CACHE, type InstallationValue } from "./github/installations.ts";
import { appsOf } from "./github/pool.ts";
import { Readiness } from "./github/readiness.ts";
import { webUrlOf } from "./github/web-url.ts";
import {
  CALLER_REFUSALS_PER_WINDOW,
  CHECK_TOKENS_MAX,
  DEAD_TOKENS_MAX,
  MEMORY_ENTRIES_MAX,
  SLOW_BODIES_ROOM,
  WEBHOOK_ROOM,
} from "./limits.ts";
import { ISSUER_KEYS_CACHE, type IssuerKeys } from "./oidc/issuer-keys.ts";
import { isKnownIssuer } from "./oidc/issuer-rules.ts";
import { Verifier } from "./oidc/verify.ts";
import { Budgets } from "./store/budgets.ts";
import { TieredCache } from "./store/cache.ts";
import type { Fetcher } from "./store/fetch.ts";
import { HintPatterns } from "./store/hint-patterns.ts";
import { KvStore } from "./store/kv.ts";
import { Limiter } from "./store/limiter.ts";
import { BoundedMap } from "./store/memory.ts";
import { pause } from "./store/pause.ts";
import { Room } from "./store/room.ts";
import { SourceCaches } from "./trust-policy/caches.ts";
import { PolicySource } from "./trust-policy/source.ts";
import { Tombstones } from "./trust-policy/tombstones.ts";

/** What differs between the real world and a test. */
export interface Outside {
  readonly fetcher: Fetcher;
  /** Ms since the epoch. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: (line: string) => void;
}

export interface Services extends Omit<Outside, "fetcher"> {
  readonly config: Config;
  /** What the configuration allows policies to say. */
  readonly deploymentRules: DeploymentRules;
  readonly apps: readonly App[];
  /** Where people see the configured GitHub; no final slash. */
  readonly webUrl: string;
  readonly appSlugs: AppSlugs;
  readonly hintPatterns: HintPatterns;
  readonly verifier: Verifier;
  readonly github: GitHub;
  readonly policySource: PolicySource;
  /** What webhooks make void. */
  readonly tombstones: Tombstones;
  readonly webhooks: Webhooks;
  readonly budgets: Budgets;
  /** For requests' bodies that are slow to come. */
  readonly slowBodies: Room;
  /** By their digest, when GitHub called tokens that callers brought back dead; in ms. */
  readonly deadTokens: BoundedMap<number>;
  readonly readiness: Readiness;
  readonly audit: AuditDelivery;
  readonly auditConsumer: AuditConsumer;
  /** For `/readyz`: what is on that should not be in production, and which optional bindings are missing. */
  readonly warnings: readonly string[];
}

/** What webhooks need in this isolate, from one delivery to the next. */
export interface Webhooks {
  /** For bodies until it is proven who sent them. */
  readonly room: Room;
  /** Commits that are being checked. */
  readonly inProgress: Set<string>;
  /** Tokens of checks, by App and repository. */
  readonly tokens: BoundedMap<CheckToken>;
}

export interface CheckToken {
  readonly token: string;
  /** Ms since the epoch. */
  readonly expiresAt: number;
}

export type Setup =
  | { readonly ok: true; readonly services: Services }
  | {
      readonly ok: false;
      readonly problems: readonly ConfigProblem[];
      readonly readyToken: string | undefined;
      /** Where nothing is wrong but that there is no App yet. */
      readonly registering?: Registering | undefined;
    };

/** What it takes to register the App of a deployment that has none. */
export interface Registering extends Pick<Outside, "now"> {
  readonly config: Config;
  readonly api: Api;
  /** By address: a code is tried at GitHub, whoever brings it. */
  readonly callers: Limiter;
}

export const realOutside = (): Outside => ({
  fetcher: (request) => fetch(request),
  now: () => Date.now(),
  random: () => Math.random(),
  log: (line) => console.log(line),
});

/** A wrong configuration is a value: every route but `/` and `/healthz` answers 503 until it is right. */
export function setUp(env: Env, outside: Outside = realOutside()): Setup {
  const reading = readConfig(env);
  const kv = bindingOf<KVNamespace>(env, "STS_CACHE", "get");
  const hasQueue = auditBindingsOf(env).queue !== undefined;
  const problems: ConfigProblem[] = [...(reading.ok ? queueProblems(reading.config, hasQueue) : reading.problems)];
  if (!kv) problems.push({ variable: "STS_CACHE", problem: "is required: bind a Workers KV namespace" });
  const readyToken = typeof env.READY_TOKEN === "string" && env.READY_TOKEN !== "" ? env.READY_TOKEN : undefined;
  const apps = (reading.ok ? reading.config : reading).apps.flatMap((app): App[] => {
    const { id, name, botId, owners, privateKey, variable } = app;
    const keys = readAppKeys(privateKey);
    if (keys.ok) return [{ id, name, botId, owners, keys: keys.pkcs8 }];
    problems.push({ variable, problem: `the private key of App ${id}: ${keys.message}` });
    return [];
  });
  if (!reading.ok || !kv || problems.length > 0) {
    outside.log(JSON.stringify({ type: "misconfigured", problems }));
    const withoutApp = !reading.ok && kv ? reading.withoutApp : undefined;
    return { ok: false, problems, readyToken, registering: withoutApp && registeringOf(withoutApp, env, outside) };
  }
  return { ok: true, services: compose({ config: reading.config, apps, kv, env }, outside) };
}

function registeringOf(config: Config, env: Env, outside: Outside): Registering {
  const { now, log } = outside;
  const api = new Api({ ...outside, apiUrl: config.apiUrl, log: (event) => log(JSON.stringify(event)) });
  const binding = bindingOf<RateLimit>(env, "CALLER_RATE_LIMIT", "limit");
  return { now, config, api, callers: new Limiter({ binding, perWindow: CALLER_REFUSALS_PER_WINDOW, now }) };
}

interface Parts {
  readonly config: Config;
  readonly apps: readonly App[];
  readonly kv: KVNamespace;
  readonly env: Env;
}

function compose(parts: Parts, outside: Outside): Services {
  const { config, apps, env } = parts;
  const { fetcher, now, random, log } = outside;
  const caches = createCaches(parts, outside);
  const github = new GitHub({
    fetcher,
    now,
    random,
    apiUrl: config.apiUrl,
    apps,
    installationCache: caches.installations,
    accountsCache: caches.accounts,
    log: (event) => log(JSON.stringify(event)),
  });
  const appSlugs = new AppSlugs({ kv: caches.kv, apiUrl: config.apiUrl, now });
  const bindings = auditBindingsOf(env);
  const quotaOf = (appId: string, owner: string) => github.quotaOf(appId, owner);
  const { audit, consumer: auditConsumer } = composeAudit({ ...outside, config, bindings, quotaOf });
  const callerLimit = bindingOf<RateLimit>(env, "CALLER_RATE_LIMIT", "limit");
  const ownerLimit = bindingOf<RateLimit>(env, "OWNER_RATE_LIMIT", "limit");
  return {
    config,
    deploymentRules: deploymentRulesOf(config),
    apps,
    now,
    random,
    log,
    webUrl: webUrlOf(config.apiUrl),
    appSlugs,
    hintPatterns: new HintPatterns(),
    verifier: new Verifier({ fetcher, now, random, rules: config, cache: caches.issuerKeys }),
    github,
    tombstones: caches.tombstones,
    webhooks: { room: new Room(WEBHOOK_ROOM), inProgress: new Set(), tokens: new BoundedMap(CHECK_TOKENS_MAX) },
    slowBodies: new Room(SLOW_BODIES_ROOM),
    policySource: new PolicySource({ caches: caches.sources, github, orgPolicyRepo: config.orgPolicyRepo, now }),
    deadTokens: new BoundedMap(DEAD_TOKENS_MAX),
    readiness: new Readiness({
      github,
      apps,
      hearsWebhooks: ({ id }) => hearsWebhooks(config.apps, id),
      kv: caches.kv,
      appSlugs,
      now,
    }),
    budgets: new Budgets({ callers: callerLimit, owners: ownerLimit, now }),
    audit,
    auditConsumer,
    warnings: [
      ...(config.allowLoopback ? ["ALLOW_LOOPBACK is on: for development and tests only"] : []),
      ...(callerLimit ? [] : ["CALLER_RATE_LIMIT is not bound: callers are limited per isolate only"]),
      ...(ownerLimit ? [] : ["OWNER_RATE_LIMIT is not bound: owners are limited per isolate only"]),
      ...(env.AUDIT_QUEUE ? [] : ["AUDIT_QUEUE is not bound: audit events go to the log and EVENT_INGRESS_URI only"]),
      ...(env.METRICS ? [] : ["METRICS is not bound: no metrics are written"]),
    ],
  };
}

const deploymentRulesOf = (config: Config): DeploymentRules => ({
  organizationPermissions: config.organizationPermissions,
  requireRepositories: config.requireRepositories,
  inlineJwks: config.inlineJwks,
  extraPermissions: config.extraPermissions,
  // Which Apps serve depends on the owner; the exchange and the webhook's check know it.
  apps: undefined,
  isKnownIssuer: (issuer) => isKnownIssuer(issuer, config.knownIssuers),
  mayBeAsked: (issuer) => fetchTarget(issuer, config) !== undefined,
});

const auditBindingsOf = (env: Env): AuditBindings => ({
  queue: bindingOf<Queue>(env, "AUDIT_QUEUE", "send"),
  bucket: bindingOf<R2Bucket>(env, "AUDIT_BUCKET", "put"),
  metrics: bindingOf<AnalyticsEngineDataset>(env, "METRICS", "writeDataPoint"),
});

function createCaches({ config, apps, kv: namespace }: Parts, { now, log }: Outside) {
  const apiHost = new URL(config.apiUrl).host;
  const { orgPolicyRepo } = config;
  const onFailure = (operation: string) => log(JSON.stringify({ type: "kv_failed", operation }));
  const kv = new KvStore({ kv: namespace, onFailure });
  const common = { apiHost, kv, now, maxEntries: MEMORY_ENTRIES_MAX };
  const tombstones = new Tombstones({ kv, apiHost, orgPolicyRepo, now, wait: pause });
  const appIdsFor = (owner: string) => appsOf(apps, owner).map(({ id }) => id);
  return {
    kv,
    tombstones,
    sources: new SourceCaches({ kv, apiHost, orgPolicyRepo, appIdsFor, tombstones, now }),
    installations: new TieredCache<InstallationValue>({ ...common, ...INSTALLATION_CACHE }),
    accounts: new TieredCache<AccountsValue>({ ...common, ...ACCOUNTS_CACHE }),
    issuerKeys: new TieredCache<IssuerKeys>({ ...common, ...ISSUER_KEYS_CACHE }),
  };
}

/** A binding is what the platform put there, known by the one method that is used of it. */
export function bindingOf<T>(env: Env, name: string, method: string): T | undefined {
  const bound = env[name];
  const isBound = typeof bound === "object" && bound !== null && method in bound;
  return isBound ? (bound as T) : undefined;
}
