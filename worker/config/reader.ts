/** One variable of the environment at a time -> its value, or a problem that never repeats the value: it may be a secret. Pure. */

import { isLoopback } from "../../policies/fetch-target.ts";
import { isIssuer } from "../../policies/fields.ts";
import { OWNER_NAME, REPOSITORY_NAME } from "../../policies/names.ts";
import { isPermissionName } from "../../policies/permissions.ts";
import { misspeltNames } from "./misspelt.ts";

/** What Cloudflare hands the Worker: nothing in it is trusted to be there or to have its type. */
export type Env = Readonly<Record<string, unknown>>;

export interface ConfigProblem {
  readonly variable: string;
  /** What is wrong and what to write; never a value. */
  readonly problem: string;
}

/** What the Worker looks for beside variables. */
export const BINDINGS = [
  "STS_CACHE",
  "CALLER_RATE_LIMIT",
  "OWNER_RATE_LIMIT",
  "AUDIT_QUEUE",
  "AUDIT_BUCKET",
  "METRICS",
  "ASSETS",
] as const;

const HOST =
  /^(?=.{1,253}(?::|$))[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::\d{1,5})?$/;

/** Reads one variable after the other, and keeps what is wrong with any of them. */
export class Reader {
  readonly problems: ConfigProblem[] = [];
  readonly #env: Env;
  readonly #read = new Set<string>();

  constructor(env: Env) {
    this.#env = env;
  }

  /** Empty and blank text is "not set": deployments template variables that way. */
  text(name: string): string | undefined {
    const value = this.#value(name);
    if (value === undefined || value === null) return undefined;
    if (typeof value === "boolean" || typeof value === "number") return String(value);
    if (typeof value !== "string") return this.problem(name, "is not text: set it as a plain variable or a secret");
    const trimmed = value.trim();
    return trimmed === "" ? undefined : trimmed;
  }

  /** Whether the deployment says anything of it, be it right or wrong. */
  isSet(name: string): boolean {
    const value = this.#value(name) ?? "";
    return typeof value !== "string" || value.trim() !== "";
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
    return this.problem(name, "must be true or false") ?? fallback;
  }

  choice<const T extends string>(name: string, choices: readonly [T, ...T[]]): T {
    const value = this.text(name);
    if (value === undefined) return choices[0];
    const chosen = choices.find((choice) => choice === value);
    return chosen ?? this.problem(name, `must be one of ${choices.join(", ")}`) ?? choices[0];
  }

  /** The value of an HTTP header. */
  header(name: string): string | undefined {
    const value = this.text(name);
    if (value === undefined || /^[\x20-\x7e]+$/.test(value)) return value;
    return this.problem(name, "must be one line of ASCII, such as Bearer and a token");
  }

  host(name: string): string {
    const value = this.text(name);
    if (value === undefined) return this.problem(name, "is required: the host name of this deployment") ?? "";
    if (HOST.test(value)) return value;
    return this.problem(name, "must be a bare host name such as sts.example.com, with no scheme and no path") ?? "";
  }

  repository(name: string, fallback: string): string {
    const value = this.#value(name);
    if (value === undefined || value === null) return fallback;
    const text = this.text(name);
    if (text !== undefined && REPOSITORY_NAME.test(text)) return text;
    return this.problem(name, `must be the name of a repository, such as ${fallback}, without its owner`) ?? fallback;
  }

  /** A gate that is set but names nobody is a mistake; reading it as "any" would fail open. */
  gate(name: string): readonly string[] | undefined {
    const entries = this.list(name);
    const value = this.#value(name);
    if (entries || value === undefined || value === null) return entries;
    return this.problem(name, "is set but empty: name at least one, or remove the variable");
  }

  owners(name: string): readonly string[] | undefined {
    const entries = this.gate(name);
    if (!entries?.every((entry) => OWNER_NAME.test(entry))) {
      return entries && this.problem(name, "must be names of owners, separated by commas or spaces");
    }
    return entries.map((entry) => entry.toLowerCase());
  }

  hosts(name: string): readonly string[] {
    const entries = this.list(name) ?? [];
    // An IPv6 address stands in brackets, as in a URL.
    if (entries.every((entry) => (HOST.test(entry) && !entry.includes(":")) || /^\[[\da-f:.]+\]$/i.test(entry))) {
      return entries.map((entry) => entry.toLowerCase());
    }
    return this.problem(name, "must be host names or addresses without ports, separated by commas or spaces") ?? [];
  }

  permissions(name: string): readonly string[] {
    const entries = this.list(name) ?? [];
    if (entries.every(isPermissionName)) return entries;
    const problem = "must be names of permissions as GitHub's API has them, separated by commas or spaces";
    return this.problem(name, problem) ?? [];
  }

  issuers(name: string, wildcards: boolean): readonly string[] | undefined {
    const entries = wildcards ? this.list(name) : this.gate(name);
    const fits = (entry: string) => isIssuer(wildcards && entry.endsWith("/*") ? entry.slice(0, -2) : entry);
    if (entries && !entries.every(fits)) {
      const shape = wildcards ? "issuer URLs (https://host/path, or https://host/*)" : "exact issuer URLs";
      return this.problem(name, `must be ${shape}, separated by commas or spaces`);
    }
    return entries;
  }

  url(name: string, allowLoopback: boolean): string | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const url = URL.canParse(value) ? new URL(value) : undefined;
    const bare = url && url.username === "" && url.password === "" && url.hash === "" && url.search === "";
    const loopback = url && allowLoopback && url.protocol === "http:" && isLoopback(url.hostname);
    if (url && bare && (url.protocol === "https:" || loopback)) return value.replace(/\/+$/, "");
    return this.problem(name, "must be an https URL without user, query or fragment");
  }

  /** Names of the environment that are nearly one that was read: ignored, they would leave a gate open. */
  misspelt(): void {
    const known = [...this.#read, ...BINDINGS];
    for (const { name, meant } of misspeltNames(Object.keys(this.#env), known)) {
      this.problem(name, `must be ${meant}, if that is meant, or else have a name that is less like it`);
    }
  }

  #value(name: string): unknown {
    this.#read.add(name);
    return this.#env[name];
  }

  problem(variable: string, problem: string): undefined {
    this.problems.push({ variable, problem });
    return undefined;
  }
}
