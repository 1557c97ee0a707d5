// The layout of the repository as it is, and the proof that each rule can be broken.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type Module, readModules } from "./modules.ts";
import { computedImports, cycles, excuses, layerBreaches, policyBreaches, testBreaches } from "./rules.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url).href);
const FOLDERS = ["policies", "test", "worker"];

function sources(): Map<string, string> {
  const paths = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((path) => `${folder}/${path}`),
  );
  const code = paths.filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"));
  return new Map(code.map((path) => [path, readFileSync(join(ROOT, path), "utf8")]));
}

const tree = readModules(sources());
const made = (files: Readonly<Record<string, string>>): Module[] => readModules(new Map(Object.entries(files)));

describe("the repository", () => {
  it("is all read", () => {
    const paths = new Set(tree.map(({ path }) => path));
    for (const path of [
      "worker/index.ts",
      "worker/exchange/exchange.ts",
      "policies/evaluate.ts",
      "test/tools/start.ts",
    ]) {
      expect(paths).toContain(path);
    }
    const exchange = tree.find(({ path }) => path === "worker/exchange/exchange.ts");
    expect(exchange?.imports).toContain("worker/denial.ts");
    expect(exchange?.imports).toContain("policies/evaluate.ts");
  });

  it("has exactly the top level that was agreed", () => {
    const ignored = readFileSync(join(ROOT, ".gitignore"), "utf8").split("\n");
    const seen = readdirSync(ROOT, { withFileTypes: true })
      .filter((entry) => !entry.name.startsWith(".") && !ignored.includes(`${entry.name}/`))
      .map((entry) => entry.name + (entry.isDirectory() ? "/" : ""));
    expect(seen.filter((name) => !name.endsWith(".log")).sort()).toEqual([
      "LICENSE",
      "README.md",
      "package-lock.json",
      "package.json",
      "policies/",
      "test/",
      "tsconfig.json",
      "worker/",
      "wrangler.toml",
    ]);
  });

  it("imports down the list of layers only", () => expect(layerBreaches(tree)).toEqual([]));
  it("keeps the policy language pure", () => expect(policyBreaches(tree)).toEqual([]));
  it("lets nobody import tests", () => expect(testBreaches(tree)).toEqual([]));
  it("has no cycle", () => expect(cycles(tree)).toEqual([]));
  it("computes no import that these rules could not see", () => {
    expect(computedImports(tree.filter(({ path }) => !path.startsWith("test/")))).toEqual([]);
  });
  it("makes no exception from its types and tests", () => expect(excuses(tree)).toEqual([]));
});

describe("the rules can be broken", () => {
  it("by an import that points up, as a type, a re-export or in a function", () => {
    const modules = made({
      "worker/denial.ts": 'import type { Config } from "./config.ts";',
      "worker/store/cache.ts": 'export * from "../github/github.ts";',
      "worker/oidc/keys.ts": 'export const later = () => import("../app.ts");',
      "worker/limits.ts": 'export type A = import("./audit.ts").A;',
      "worker/github/github.ts": 'import { a } from "./call.ts";\nimport { b } from "../denial.ts";',
      "worker/helpers.ts": "",
    });
    expect(layerBreaches(modules)).toEqual([
      "worker/denial.ts imports worker/config.ts, which lies above it",
      "worker/store/cache.ts imports worker/github/github.ts, which lies above it",
      "worker/oidc/keys.ts imports worker/app.ts, which lies above it",
      "worker/limits.ts imports worker/audit.ts, which lies above it",
      "worker/helpers.ts has no place in the list of layers",
    ]);
  });

  it("by an impure policy language", () => {
    const modules = made({
      "policies/parse.ts": 'import { limits } from "../worker/limits.ts";\nimport "node:fs";\nimport "./cli/disk.ts";',
      "policies/claims.ts": "export const now = () => Date.now();",
      "policies/grant.ts": "export const a = { fetch: 1 }.fetch;",
      "policies/schema.ts": "export const kv = (kv: KVNamespace) => kv;",
      "policies/cli.ts": 'import "node:fs";\nimport "../worker/app.ts";\nprocess.exit();',
    });
    expect(policyBreaches(modules)).toEqual([
      "policies/parse.ts imports worker/limits.ts",
      "policies/parse.ts imports node:fs",
      "policies/parse.ts imports policies/cli/disk.ts",
      "policies/claims.ts uses Date",
      "policies/schema.ts uses KVNamespace",
      "policies/cli.ts imports worker/app.ts",
    ]);
  });

  it("by a product that imports its tests", () => {
    const modules = made({
      "worker/app.ts": 'import { serve } from "../test/emulators/serve.ts";',
      "test/a.ts": 'import "./b.ts";',
    });
    expect(testBreaches(modules)).toEqual(["worker/app.ts imports test/emulators/serve.ts"]);
  });

  it("by a cycle, however long, also of types", () => {
    const modules = made({
      "worker/oidc/c.ts": 'import "./a.ts";',
      "worker/oidc/a.ts": 'import type { B } from "./b.ts";',
      "worker/oidc/b.ts": 'export { c } from "./c.ts";\nimport "./d.ts";',
      "worker/oidc/d.ts": 'import "./d.ts";',
    });
    expect(cycles(modules)).toEqual([
      "worker/oidc/a.ts -> worker/oidc/b.ts -> worker/oidc/c.ts -> worker/oidc/a.ts",
      "worker/oidc/d.ts -> worker/oidc/d.ts",
    ]);
  });

  it("by a computed import", () => {
    const modules = made({ "worker/app.ts": "export const load = (name: string) => import(name);" });
    expect(computedImports(modules)).toEqual(["worker/app.ts imports a computed name"]);
  });

  it("by exceptions from types and tests, but not by text that looks like one", () => {
    const modules = made({
      "test/a.test.ts": 'it.skip("a", () => {});\ndescribe.only.each([])("b", () => {});\nit("c", () => {});',
      "worker/a.ts": `const a: any = 1;\nexport const b = a!;\n${"//"} @ts-ignore\n`,
      "worker/b.ts": 'export const text = "any x! it.skip(";\n// Present: it was just put there.\nexport const c = d!;',
    });
    expect(excuses(modules)).toEqual([
      "test/a.test.ts:1: a test that is left out, or leaves out others",
      "test/a.test.ts:2: a test that is left out, or leaves out others",
      "worker/a.ts:1: any",
      "worker/a.ts:2: ! without a reason",
      "worker/a.ts:3: @ts-ignore",
    ]);
  });
});
