// What is wrong with a deployment before it is one, by the Worker's own reading of its configuration. Pure: reaches nothing.

import { SECRETS } from "../../../worker/config/secrets.ts";
import { queueProblems, readConfig } from "../../../worker/config.ts";
import { webUrlOf } from "../../../worker/github/web-url.ts";
import type { Settings } from "./settings.ts";

export interface Finding {
  /** A warning stops nothing. */
  readonly severity: "error" | "warning";
  readonly text: string;
}

/** TOML takes them for variables where they stand below `[vars]`. */
const OF_WRANGLER = ["name", "workers_dev", "preview_urls", "route", "routes"];
/** What is stored as a secret, so that it is not known here. */
const STORED = { GITHUB_APP_ID: "1", GITHUB_APP_PRIVATE_KEY: "stored" };

const error = (text: string): Finding => ({ severity: "error", text });

export function preflight(settings: Settings): readonly Finding[] {
  const { vars } = settings;
  const bindings = [
    ...[...settings.kv_namespaces, ...settings.queues.producers].map(({ binding }) => binding),
    ...[...settings.analytics_engine_datasets, ...settings.r2_buckets].map(({ binding }) => binding),
    ...settings.ratelimits.map(({ name }) => name),
  ];
  const reading = readConfig({ ...STORED, ...Object.fromEntries(bindings.map((name) => [name, {}])), ...vars });
  const hasQueue = settings.queues.producers.some(({ binding }) => binding === "AUDIT_QUEUE");
  const problems = reading.ok ? queueProblems(reading.config, hasQueue) : reading.problems;
  const exposed = SECRETS.filter((name) => name in vars);
  return [
    ...problems.map(({ variable, problem }) => error(`${variable} ${problem}${hintFor(variable, settings)}`)),
    ...Object.keys(vars)
      .filter((name) => OF_WRANGLER.includes(name))
      .map((name) => error(`${name} stands below [vars], which makes it a variable: move it above the first [table]`)),
    ...misplacedFindings(settings),
    ...exposed.map((name) =>
      error(`${name} is a secret: take it out of the settings, and store it with wrangler secret put`),
    ),
    ...cacheFindings(settings),
    // A domain that is wrong cannot be looked for.
    ...(problems.some(({ variable }) => variable === "STS_DOMAIN") ? [] : wayInFindings(settings)),
    ...(reading.ok ? gateFindings(reading.config) : []),
  ];
}

function hintFor(variable: string, { name, vars }: Settings): string {
  if (variable !== "STS_DOMAIN" || (vars.STS_DOMAIN ?? "") !== "") return "";
  return `. Without a domain of your own it is ${name}.SUBDOMAIN.workers.dev, whose SUBDOMAIN the dashboard shows under Workers & Pages`;
}

function cacheFindings({ kv_namespaces }: Settings): readonly Finding[] {
  const cache = kv_namespaces.find(({ binding }) => binding === "STS_CACHE");
  if (cache === undefined) return [error("STS_CACHE is not bound: kv_namespaces must have it")];
  // Without the key wrangler makes a namespace at the first deploy, and keeps to it afterwards.
  if (cache.id === undefined || /^[0-9a-f]{32}$/.test(cache.id)) return [];
  return [
    error("STS_CACHE has an id that is none (32 hexadecimal digits): write that of a namespace, or leave id away"),
  ];
}

/** By which names callers reach the Worker. */
function wayInFindings({ name, vars, workers_dev, route, routes }: Settings): readonly Finding[] {
  const domain = String(vars.STS_DOMAIN ?? "");
  const all = [...(route === undefined ? [] : [route]), ...routes];
  const hosts = all.map((entry) => (typeof entry === "string" ? entry : entry.pattern).split("/", 1)[0] ?? "");
  if (domain.endsWith(".workers.dev")) {
    if (!workers_dev) return [error(`workers_dev is off, so nothing answers at ${domain}`)];
    return domain.startsWith(`${name}.`) ? [] : [error(`STS_DOMAIN must begin with the Worker's name, ${name}.`)];
  }
  if (hosts.length === 0) {
    return [error(`routes has no ${domain}, so nothing answers there: write ${routeFor(domain)}`)];
  }
  const isServed = hosts.some((host) => host === domain || host.startsWith("*"));
  return [
    ...(isServed ? [] : [error(`routes has ${hosts.join(", ")}, but not STS_DOMAIN: write ${routeFor(domain)}`)]),
    ...(workers_dev
      ? [
          error(
            "workers_dev is on beside a domain: the Worker answers at a second name, past the rules of your zone: write workers_dev = false above the first [table]",
          ),
        ]
      : []),
  ];
}

const routeFor = (domain: string): string =>
  `routes = [{ pattern = "${domain}", custom_domain = true }] above the first [table]`;

/** Wrangler ignores them there: a gate that somebody wrote would stand open. */
const misplacedFindings = (settings: Settings): readonly Finding[] =>
  Object.entries(settings).flatMap(([key, value]) => {
    if (key === "vars") return [];
    if (VARIABLE.test(key)) return [error(`above the first [table] stands ${key}, which is not read there: ${BELOW}`)];
    return variablesIn(value).map((name) => error(`below [${key}] stands ${name}, which is not read there: ${BELOW}`));
  });

const VARIABLE = /^[A-Z]+(?:_[A-Z]+)+$/;
const BELOW = "move it below [vars]";

/** At any depth of a table or a list of tables. */
function variablesIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (VARIABLE.test(key) ? [key] : variablesIn(inner)));
}

function gateFindings(config: Extract<ReturnType<typeof readConfig>, { ok: true }>["config"]): readonly Finding[] {
  const { hostname, pathname } = new URL(config.apiUrl);
  const isCloud = hostname === "api.github.com" || /^api\.[a-z0-9-]+\.ghe\.com$/.test(hostname);
  const base = `${webUrlOf(config.apiUrl)}/api/v3`;
  const who = `every owner at ${webUrlOf(config.apiUrl)} that has the App installed is served`;
  return [
    ...(isCloud || pathname.endsWith("/api/v3") ? [] : [error(`GITHUB_API_URL must end with /api/v3: ${base}`)]),
    ...(isCloud && pathname !== "/" ? [error("GITHUB_API_URL must have no path at github.com and ghe.com")] : []),
    ...(config.allowLoopback ? [error("ALLOW_LOOPBACK is for development and tests: take it away")] : []),
    ...(config.allowedOwners === undefined
      ? [
          {
            severity: "warning",
            text: `ALLOWED_OWNERS is not set: ${who}. A public App can be installed by anybody`,
          } as const,
        ]
      : []),
  ];
}
