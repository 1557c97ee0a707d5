// What is installed: the runtime that tests run in is the one that is served and deployed.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const text = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url).href), "utf8");

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly hasInstallScript?: boolean }>>;
}

// Files of this repository, in npm's documented form.
const lock = JSON.parse(text("package-lock.json")) as Lock;
const manifest = JSON.parse(text("package.json")) as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
const nameOf = (path: string): string => path.split("node_modules/").at(-1) ?? "";

it.each(["workerd", "miniflare", "wrangler", "esbuild"])("installs one %s", (name) => {
  expect(Object.keys(lock.packages).filter((path) => nameOf(path) === name)).toEqual([`node_modules/${name}`]);
});

it("locks exact versions of what it names", () => {
  const named = { ...manifest.dependencies, ...manifest.devDependencies };
  const locked = Object.keys(named).map((name) => [name, lock.packages[`node_modules/${name}`]?.version]);
  expect(Object.fromEntries(locked)).toEqual(named);
});

it("lets the install scripts of known packages run, and no others", () => {
  const withScripts = Object.entries(lock.packages).filter(([, { hasInstallScript }]) => hasInstallScript);
  const optional = ["fsevents"];
  const names = new Set(withScripts.map(([path]) => nameOf(path)).filter((name) => !optional.includes(name)));
  expect(Object.keys(manifest.allowScripts ?? {}).sort()).toEqual([...names].sort());
});
