// What a deployment is made of: `wrangler.toml`, which is the repository's, and over it the operator's own file, which git does not
// see. Wrangler is handed both as one generated file.

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { experimental_readRawConfig } from "wrangler";

export const ROOT = fileURLToPath(new URL("../../../", import.meta.url).href);
export const OWN_FILE = ".octo-sts/production.toml";
/** What the code is built for: another value would run the Worker as it was never tested. */
const OF_THE_REPOSITORY = ["main", "alias", "build", "assets", "compatibility_date", "compatibility_flags"];

const Name = v.looseObject({ name: v.string() });
const Bound = v.looseObject({ binding: v.string() });
const SettingsSchema = v.looseObject({
  name: v.string(),
  main: v.string(),
  alias: v.optional(v.record(v.string(), v.string()), {}),
  assets: v.looseObject({ directory: v.string() }),
  build: v.looseObject({}),
  workers_dev: v.optional(v.boolean(), true),
  route: v.optional(v.union([v.string(), v.looseObject({ pattern: v.string() })])),
  routes: v.optional(v.array(v.union([v.string(), v.looseObject({ pattern: v.string() })])), []),
  vars: v.optional(v.record(v.string(), v.unknown()), {}),
  kv_namespaces: v.optional(v.array(v.looseObject({ binding: v.string(), id: v.optional(v.string()) })), []),
  ratelimits: v.optional(v.array(Name), []),
  analytics_engine_datasets: v.optional(v.array(Bound), []),
  r2_buckets: v.optional(v.array(Bound), []),
  queues: v.optional(v.looseObject({ producers: v.optional(v.array(Bound), []) }), {}),
});
export type Settings = v.InferOutput<typeof SettingsSchema>;

type Raw = Readonly<Record<string, unknown>>;

/** The operator's keys win; variables are joined by name, and bindings by theirs. Throws what a person can read. */
export function mergeSettings(template: Raw, own: Raw): Settings {
  for (const key of OF_THE_REPOSITORY) {
    if (key in own) throw new Error(`${key} is the repository's: take it out of your own settings`);
  }
  if ("env" in own) throw new Error("[env] is not read: give each deployment a file of its own");
  const keys = new Set([...Object.keys(template), ...Object.keys(own)]);
  const merged = Object.fromEntries([...keys].map((key) => [key, mergeValue(template[key], own[key])]));
  const parsed = v.safeParse(SettingsSchema, merged);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new Error(`${v.getDotPath(issue) ?? "the settings"}: ${issue.message}`);
}

function mergeValue(one: unknown, other: unknown): unknown {
  if (other === undefined) return one;
  if (isTable(one) && isTable(other)) return { ...one, ...other };
  if (!Array.isArray(one) || !Array.isArray(other)) return other;
  const names = new Set(other.map(nameOf));
  return [...one.filter((entry) => nameOf(entry) === undefined || !names.has(nameOf(entry))), ...other];
}

const isTable = (value: unknown): value is Raw => typeof value === "object" && value !== null && !Array.isArray(value);

const nameOf = (entry: unknown): unknown => (isTable(entry) ? (entry.binding ?? entry.name) : undefined);

/** Of `file`, relative to the repository, or of the template alone where there is none. Throws what a person can read. */
export function readSettings(file: string, root = ROOT): Settings {
  const template = rawConfig(join(root, "wrangler.toml"));
  const path = resolve(root, file);
  return mergeSettings(template, existsSync(path) ? rawConfig(path) : {});
}

/** As `readSettings`, of text that is in no file yet. */
export function parseOwn(toml: string): Settings {
  const directory = mkdtempSync(join(tmpdir(), "octo-sts-settings-"));
  try {
    const path = join(directory, "own.toml");
    writeFileSync(path, toml);
    return mergeSettings(rawConfig(join(ROOT, "wrangler.toml")), rawConfig(path, "your settings"));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const Unparsed = v.object({ text: v.string(), location: v.object({ line: v.number(), column: v.number() }) });

/** `name`: what the person calls that file. */
function rawConfig(config: string, name = config): Raw {
  try {
    const { rawConfig: read } = experimental_readRawConfig({ config });
    return { ...read };
  } catch (problem) {
    const parsed = v.safeParse(Unparsed, problem);
    if (!parsed.success) throw problem;
    const { text, location } = parsed.output;
    throw new Error(`${name}:${location.line}:${location.column}: ${text}`);
  }
}

/** Answers the path of what wrangler takes as `--config`; it lies beside the operator's own, and is made anew each time. */
export function writeGenerated(file: string, settings: Settings, root = ROOT): string {
  const path = resolve(root, dirname(file), `${basename(file, ".toml")}.wrangler.json`);
  const alias = Object.fromEntries(Object.entries(settings.alias).map(([name, to]) => [name, join(ROOT, to)]));
  const assets = { ...settings.assets, directory: join(ROOT, settings.assets.directory) };
  const build = { ...settings.build, cwd: ROOT };
  const generated = { ...settings, main: join(ROOT, settings.main), alias, assets, build };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(generated, undefined, 2)}\n`);
  return path;
}
