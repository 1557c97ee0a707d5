// What a server of one's own is started with, beside what Cloudflare is told.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { SECRETS } from "../../worker/config/secrets.ts";
import { readConfig } from "../../worker/config.ts";

const text = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url).href), "utf8");
const config = text("worker/server/config.capnp");
const wrangler = text("wrangler.toml");

it("runs the Worker as Cloudflare runs it", () => {
  const date = /^compatibility_date = (".*")$/m.exec(wrangler)?.[1];
  const flags = /^compatibility_flags = (.*)$/m.exec(wrangler)?.[1];
  expect(/const compatibilityDate :Text = (".*");/.exec(config)?.[1]).toBe(date);
  expect(/const compatibilityFlags :List\(Text\) = (.*);/.exec(config)?.[1]).toBe(flags);
});

it("hands it every variable of the environment that it reads", () => {
  const read = new Set<string>();
  readConfig(new Proxy({}, { get: (_, name) => void read.add(String(name)) }));
  const onMain = config.slice(config.indexOf("const bindings"));
  const handed = [...onMain.matchAll(/\(name = "(\w+)", fromEnvironment = "\1"\)/g)].map(([, name]) => name);
  expect(handed.sort()).toEqual([...read, "TRUSTED_PROXIES", "ENVIRONMENT_NAMES"].sort());
});

it("takes every secret from a file", () => {
  const [, names = ""] = /^for name in (.*); do$/m.exec(text("worker/server/run")) ?? [];
  const secrets = [...text("README.md").matchAll(/^\| (\w+) \(secret\)/gm)].map(([, name]) => name);
  expect(names.split(" ").sort()).toEqual(secrets.sort());
  expect(SECRETS).toEqual(names.split(" "));
});
