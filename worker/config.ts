/**
 * Environment -> frozen Config. Pure: reads nothing but its argument, and never repeats a value in a problem, because the
 * value may be a secret pasted under the wrong name. The private keys themselves are judged in `github/app.ts`.
 */

import * as v from "valibot";
import { isIssuer } from "../policies/fields.ts";
import { OWNER_NAME, REPOSITORY_NAME } from "../policies/names.ts";
import { isPermissionName } from "../policies/permissions.ts";

/** What Cloudflare hands the Worker: nothing in it is trusted to be there or to have its type. */
export type Env = Readonly<Record<string, unknown>>;

export interface AppConfig {
  readonly id: string;
  /** For `app` and `app_pattern` in policies. */
  readonly name: string | undefined;
  /** GitHub's number of the App's bot, which its e-mail address has. */
  readonly botId: string | undefined;
  /** PEM or base64 text, as configured. */
  readonly privateKey: string;
  /** Lower case; empty: owners that no App names. */
  readonly owners: readonly string[];
  readonly webhookSecrets: readonly string[];
  /** The variable that this App came from, for messages. */
  readonly variable: string;
}

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

export interface ConfigProblem {
  readonly variable: string;
  /** What is wrong and what to write; never a value. */
  readonly problem: string;
}

export type ConfigReading =
  | { readonly ok: true; readonly config: Config }
  | {
      readonly ok: false;
      readonly problems: readonly ConfigProblem[];
      /** As far as they could be read, so that their keys can be judged with all else. */
      readonly apps: readonly AppConfig[];
    };

const HOST =
  /^(?=.{1,253}(?::|$))[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::\d{1,5})?$/;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Not digits alone: policies name an App by its id as well. */
const APP_NAME = /^(?!\d+$)[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

const NUMERIC_ID = /^[1-9]\d{0,15}$/;
const numericId = v.union([
  v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  v.pipe(v.string(), v.regex(NUMERIC_ID)),
]);

const AppsSchema = v.pipe(
  v.array(
    v.strictObject({
      id: numericId,
      name: v.optional(v.pipe(v.string(), v.regex(APP_NAME))),
      botId: v.optional(numericId),
      privateKey: v.pipe(v.string(), v.minLength(1)),
      owners: v.optional(v.array(v.pipe(v.string(), v.regex(OWNER_NAME)))),
      webhookSecret: v.optional(v.union([v.string(), v.array(v.string())])),
    }),
  ),
  v.minLength(1),
);

/** Reads every variable, so that all problems are told at once. */
export function readConfig(env: Env): ConfigReading {
  const reader = new Reader(env);
  const allowLoopback = reader.flag("ALLOW_LOOPBACK", false);
  const allowedIssuers = reader.issuers("ALLOWED_ISSUERS", false);
  const config: Config = {
    stsDomain: reader.host("STS_DOMAIN"),
    apps: reader.apps(),
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
  return reader.problems.length > 0
    ? { ok: false, problems: reader.problems, apps: config.apps }
    : { ok: true, config: Object.freeze(config) };
}

class Reader {
  readonly problems: ConfigProblem[] = [];
  readonly #env: Env;

  constructor(env: Env) {
    this.#env = env;
  }

  /** Empty and blank text is "not set": deployments template variables that way. */
  text(name: string): string | undefined {
    const value = this.#env[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value === "boolean" || typeof value === "number") return String(value);
    if (typeof value !== "string") return this.#problem(name, "is not text: set it as a plain variable or a secret");
    const trimmed = value.trim();
    return trimmed === "" ? undefined : trimmed;
  }

  list(name: string): readonly string[] | undefined {
    return this.text(name)
      ?.split(/[\s,]+/)
      .filter((entry) => entry !== "");
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.text(name);
    if (value === undefined) return fallback;
    if (value === "true" || value === "false") return value === "true";
    return this.#problem(name, "must be true or false") ?? fallback;
  }

  choice<const T extends string>(name: string, choices: readonly [T, ...T[]]): T {
    const value = this.text(name);
    if (value === undefined) return choices[0];
    const chosen = choices.find((choice) => choice === value);
    return chosen ?? this.#problem(name, `must be one of ${choices.join(", ")}`) ?? choices[0];
  }

  host(name: string): string {
    const value = this.text(name);
    if (value === undefined) return this.#problem(name, "is required: the host name of this deployment") ?? "";
    if (HOST.test(value)) return value;
    return this.#problem(name, "must be a bare host name such as sts.example.com, with no scheme and no path") ?? "";
  }

  repository(name: string, fallback: string): string {
    const value = this.#env[name];
    if (value === undefined || value === null) return fallback;
    const text = this.text(name);
    if (text !== undefined && REPOSITORY_NAME.test(text)) return text;
    return this.#problem(name, `must be the name of a repository, such as ${fallback}, without its owner`) ?? fallback;
  }

  /** A gate that is set but names nobody is a mistake; reading it as "any" would fail open. */
  gate(name: string): readonly string[] | undefined {
    const entries = this.list(name);
    if (entries || this.#env[name] === undefined || this.#env[name] === null) return entries;
    return this.#problem(name, "is set but empty: name at least one, or remove the variable");
  }

  owners(name: string): readonly string[] | undefined {
    const entries = this.gate(name);
    if (!entries?.every((entry) => OWNER_NAME.test(entry))) {
      return entries && this.#problem(name, "must be names of owners, separated by commas or spaces");
    }
    return entries.map((entry) => entry.toLowerCase());
  }

  hosts(name: string): readonly string[] {
    const entries = this.list(name) ?? [];
    // An IPv6 address stands in brackets, as in a URL.
    if (entries.every((entry) => (HOST.test(entry) && !entry.includes(":")) || /^\[[\da-f:.]+\]$/i.test(entry))) {
      return entries.map((entry) => entry.toLowerCase());
    }
    return this.#problem(name, "must be host names or addresses without ports, separated by commas or spaces") ?? [];
  }

  permissions(name: string): readonly string[] {
    const entries = this.list(name) ?? [];
    if (entries.every(isPermissionName)) return entries;
    const problem = "must be names of permissions as GitHub's API has them, separated by commas or spaces";
    return this.#problem(name, problem) ?? [];
  }

  issuers(name: string, wildcards: boolean): readonly string[] | undefined {
    const entries = wildcards ? this.list(name) : this.gate(name);
    const fits = (entry: string) => isIssuer(wildcards && entry.endsWith("/*") ? entry.slice(0, -2) : entry);
    if (entries && !entries.every(fits)) {
      const shape = wildcards ? "issuer URLs (https://host/path, or https://host/*)" : "exact issuer URLs";
      return this.#problem(name, `must be ${shape}, separated by commas or spaces`);
    }
    return entries;
  }

  url(name: string, allowLoopback: boolean): string | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const url = URL.canParse(value) ? new URL(value) : undefined;
    const bare = url && url.username === "" && url.password === "" && url.hash === "" && url.search === "";
    const loopback = url && allowLoopback && url.protocol === "http:" && LOOPBACK.test(url.hostname);
    if (url && bare && (url.protocol === "https:" || loopback)) return value.replace(/\/+$/, "");
    return this.#problem(name, "must be an https URL without user, query or fragment");
  }

  apps(): readonly AppConfig[] {
    const several = this.text("GITHUB_APPS");
    if (several !== undefined) return this.#severalApps(several);
    const id = this.text("GITHUB_APP_ID");
    const privateKey = this.text("GITHUB_APP_PRIVATE_KEY");
    if (id === undefined) this.#problem("GITHUB_APP_ID", "is required (or GITHUB_APPS): the App's numeric id");
    else if (!NUMERIC_ID.test(id)) this.#problem("GITHUB_APP_ID", "must be the App's numeric id");
    if (privateKey === undefined) {
      this.#problem("GITHUB_APP_PRIVATE_KEY", "is required (or GITHUB_APPS): the App's private key as PEM");
    }
    const name = this.text("GITHUB_APP_NAME");
    if (name !== undefined && !APP_NAME.test(name)) {
      this.#problem("GITHUB_APP_NAME", "must be letters, digits, '.', '_' or '-', and not digits alone");
    }
    const botId = this.text("GITHUB_APP_BOT_ID");
    if (botId !== undefined && !NUMERIC_ID.test(botId)) {
      this.#problem("GITHUB_APP_BOT_ID", "must be the numeric id of the App's bot");
    }
    const webhookSecrets = this.list("GITHUB_WEBHOOK_SECRET") ?? [];
    if (id === undefined || privateKey === undefined) return [];
    return [{ id, name, botId, privateKey, owners: [], webhookSecrets, variable: "GITHUB_APP_PRIVATE_KEY" }];
  }

  #severalApps(text: string): readonly AppConfig[] {
    const parsed = v.safeParse(AppsSchema, parseJson(text));
    const shape = '[{"id": 1, "name": "ci", "privateKey": "...", "owners": ["acme"], "webhookSecret": "..."}]';
    if (!parsed.success) return this.#problem("GITHUB_APPS", `must be JSON of the form ${shape}`) ?? [];
    const shared = this.list("GITHUB_WEBHOOK_SECRET") ?? [];
    const apps = parsed.output.map((app) => ({
      id: String(app.id),
      name: app.name,
      botId: app.botId === undefined ? undefined : String(app.botId),
      privateKey: app.privateKey,
      owners: (app.owners ?? []).map((owner) => owner.toLowerCase()),
      webhookSecrets: app.webhookSecret === undefined ? shared : [app.webhookSecret].flat().filter((s) => s !== ""),
      variable: "GITHUB_APPS",
    }));
    if (new Set(apps.map((app) => app.id)).size < apps.length) this.#problem("GITHUB_APPS", "names an id twice");
    if (apps.some((app, index) => apps.slice(0, index).some((other) => isMistakable(app, other)))) {
      this.#problem("GITHUB_APPS", "must not give one name to two Apps of the same owner");
    }
    return apps;
  }

  #problem(variable: string, problem: string): undefined {
    this.problems.push({ variable, problem });
    return undefined;
  }
}

/** A policy of an owner that pins the name would get either. */
function isMistakable(one: AppConfig, other: AppConfig): boolean {
  if (one.name === undefined || one.name !== other.name) return false;
  const isForAll = one.owners.length === 0 && other.owners.length === 0;
  return isForAll || one.owners.some((owner) => other.owners.includes(owner));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
