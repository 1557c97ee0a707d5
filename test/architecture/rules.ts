// The rules that the layout must keep (.github/CONTRIBUTING.md, "Where things are"), each a function from modules to one line per breach. Pure.

import type { Module } from "./modules.ts";

/** Imports in `worker/` point down this list only. A name with a slash is a folder. */
export const LAYERS = [
  "server/",
  "index",
  "app",
  "queue",
  "http/",
  "webhook/",
  "exchange/",
  "services",
  "trust-policy/",
  "github/",
  "oidc/",
  "audit/",
  "audit",
  "event",
  "store/",
  "config",
  "config/",
  "bug",
  "denial",
  "limits",
] as const;

function layerOf(path: string): number {
  const name = path.slice("worker/".length).replace(/\.ts$/, "");
  const [, folder] = /^(.*?\/)/.exec(name) ?? [];
  return LAYERS.findIndex((layer) => layer === (folder ?? name));
}

const isIn = (folder: string, path: string): boolean => path.startsWith(`${folder}/`);
/** Runs in browsers, and is no part of the Worker. */
const isPage = (path: string): boolean => isIn("worker/page", path);

export function layerBreaches(modules: readonly Module[]): string[] {
  return modules
    .filter(({ path }) => isIn("worker", path) && !isPage(path))
    .flatMap(({ path, imports }) => {
      const own = layerOf(path);
      if (own < 0) return [`${path} has no place in the list of layers`];
      const up = imports.filter((to) => isIn("worker", to) && layerOf(to) < own);
      return up.map((to) => `${path} imports ${to}, which lies above it`);
    });
}

const isCommandLine = (path: string): boolean => path === "policies/cli.ts" || isIn("policies/cli", path);
const isOfNode = (name: string): boolean => name.startsWith("node:") || ["fs", "path", "process"].includes(name);
/** The clock, the outside world, and what only one of the three places has in which the policy engine runs. */
const IMPURE = ["Buffer", "Date", "KVNamespace", "console", "crypto", "fetch", "process", "setTimeout"];

export function policyBreaches(modules: readonly Module[]): string[] {
  return modules
    .filter(({ path }) => isIn("policies", path))
    .flatMap(({ path, imports, names }) => {
      const network = imports.filter((to) => isIn("worker", to) || to.startsWith("cloudflare:"));
      const breaches = network.map((to) => `${path} imports ${to}`);
      if (isCommandLine(path)) return breaches;
      const impure = imports.filter((to) => isOfNode(to) || isCommandLine(to)).map((to) => `${path} imports ${to}`);
      return [
        ...breaches,
        ...impure,
        ...IMPURE.filter((name) => names.has(name)).map((name) => `${path} uses ${name}`),
      ];
    });
}

/** What the browser is sent: the page itself, the policy language, and the packages that it is built with. */
const OF_THE_PAGE = /^(?:worker\/page\/|policies\/(?!cli\.ts)|preact(?:\/|$)|@codemirror\/)/;
/** Types and plain data alone: what the Worker tells the page, what it needs of an App, and the catalogue of refusals. */
const TOLD = ["worker/http/facts.ts", "worker/github/needs.ts", "worker/denial.ts"];

export function pageBreaches(modules: readonly Module[]): string[] {
  return modules.flatMap(({ path, imports }) => {
    const wrong = isPage(path)
      ? imports.filter((to) => !TOLD.includes(to) && !OF_THE_PAGE.test(to))
      : imports.filter((to) => isPage(to) && !isIn("test", path));
    return wrong.map((to) => `${path} imports ${to}`);
  });
}

export function testBreaches(modules: readonly Module[]): string[] {
  return modules
    .filter(({ path }) => !isIn("test", path))
    .flatMap(({ path, imports }) => imports.filter((to) => isIn("test", to)).map((to) => `${path} imports ${to}`));
}

export function computedImports(modules: readonly Module[]): string[] {
  return modules.filter(({ imports }) => imports.includes("?")).map(({ path }) => `${path} imports a computed name`);
}

/** Each cycle once, beginning with its first path in the alphabet; types count. */
export function cycles(modules: readonly Module[]): string[] {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const done = new Set<string>();
  const found = new Set<string>();
  function visit(path: string, trail: readonly string[]): void {
    const at = trail.indexOf(path);
    if (at >= 0) {
      const cycle = trail.slice(at);
      const first = cycle.indexOf([...cycle].sort()[0] ?? path);
      const turned = [...cycle.slice(first), ...cycle.slice(0, first)];
      found.add([...turned, turned[0]].join(" -> "));
      return;
    }
    if (done.has(path)) return;
    for (const to of byPath.get(path)?.imports ?? []) visit(to, [...trail, path]);
    done.add(path);
  }
  for (const { path } of modules) visit(path, []);
  return [...found].sort();
}

export function excuses(modules: readonly Module[]): string[] {
  return modules.flatMap(({ path, excuses: own }) => own.map((excuse) => `${path}:${excuse}`));
}

const EMPTYING = "test/support/storage.ts";

/** The test runner's own `reset` leaves what sleeps, so that a test would find what the file before has stored. */
export function halfResets(modules: readonly Module[]): string[] {
  return modules
    .filter(({ names, imports }) => names.has("reset") && imports.includes("cloudflare:test"))
    .filter(({ path, imports }) => path !== EMPTYING && !imports.includes(EMPTYING))
    .map(({ path }) => `${path} takes reset from cloudflare:test and not from ${EMPTYING}`);
}

const isProduct = ({ path }: Module): boolean => isIn("worker", path) || isIn("policies", path);

/** A limit that nothing reads is a promise that nothing keeps. */
export function unusedLimits(modules: readonly Module[]): string[] {
  const product = modules.filter(isProduct);
  return product
    .filter(({ path }) => path === "policies/limits.ts" || path === "worker/limits.ts")
    .flatMap(({ path, exports }) => {
      const isUsed = (name: string) => product.some((other) => other.path !== path && other.names.has(name));
      return exports.filter((name) => !isUsed(name)).map((name) => `${path} exports ${name}, which nothing uses`);
    });
}

/** One name for two things makes a reader look up each use. */
export function sharedNames(modules: readonly Module[]): string[] {
  const places = new Map<string, string[]>();
  for (const { path, exports } of modules.filter(isProduct)) {
    for (const name of exports) places.set(name, [...(places.get(name) ?? []), path]);
  }
  return [...places]
    .filter(([, paths]) => paths.length > 1)
    .map(([name, paths]) => `${name} is exported by ${paths.join(" and ")}`);
}

export const FUNCTION_MAX_LINES = 60;

export function longFunctions(modules: readonly Module[]): string[] {
  return modules.filter(isProduct).flatMap(({ path, functions }) => {
    const long = functions.filter(({ lines }) => lines > FUNCTION_MAX_LINES);
    return long.map(({ line, lines }) => `${path}:${line} is a function of ${lines} lines`);
  });
}

/** What has still to be mended, by the folder whose it is; nothing may be added here. */
export const KNOWN_LONG_FUNCTIONS: readonly string[] = ["worker/exchange/exchange.ts", "worker/http/messages.ts"];
