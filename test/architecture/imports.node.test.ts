// The layout of the repository as it is, and the proof that each rule can be broken.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type Module, readModules } from "./modules.ts";
import {
  computedImports,
  cycles,
  excuses,
  FUNCTION_MAX_LINES,
  halfResets,
  KNOWN_LONG_FUNCTIONS,
  layerBreaches,
  longFunctions,
  pageBreaches,
  policyBreaches,
  sharedNames,
  testBreaches,
  unusedLimits,
} from "./rules.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url).href);
const FOLDERS = ["policies", "test", "worker"];

function sources(): Map<string, string> {
  const paths = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((path) => `${folder}/${path}`),
  );
  const code = paths.filter((path) => /\.tsx?$/.test(path) && !path.endsWith(".d.ts"));
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
      "worker/page/main.tsx",
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
    expect(seen.filter((name) => !/\.(log|tgz)$/.test(name)).sort()).toEqual([
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
  it("keeps the page and the Worker apart", () => expect(pageBreaches(tree)).toEqual([]));
  it("lets nobody import tests", () => expect(testBreaches(tree)).toEqual([]));
  it("empties in tests all that is stored", () => expect(halfResets(tree)).toEqual([]));
  it("has no cycle", () => expect(cycles(tree)).toEqual([]));
  it("computes no import that these rules could not see", () => {
    expect(computedImports(tree.filter(({ path }) => !path.startsWith("test/")))).toEqual([]);
  });
  it("has no limit that nothing uses", () => expect(unusedLimits(tree)).toEqual([]));
  it("exports no name for two things", () => expect(sharedNames(tree)).toEqual([]));
  it("has no function that nobody can take in", () => {
    const long = longFunctions(tree);
    expect(long.filter((breach) => !KNOWN_LONG_FUNCTIONS.includes(breach.split(":")[0] ?? ""))).toEqual([]);
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

  it("by a page that brings the Worker along, or what runs in Node, and by a Worker that brings the page", () => {
    const modules = made({
      "worker/page/main.tsx":
        'import "../config.ts";\nimport type { F } from "../http/facts.ts";\nimport "preact/hooks";',
      "worker/page/playground/run.ts":
        'import "../../../policies/cli.ts";\nimport "../../../policies/cli/new.ts";\nimport "hono";',
      "worker/app.ts": 'export const later = () => import("./page/view.ts");',
      "test/page/view.test.ts": 'import "../../worker/page/view.ts";',
    });
    expect(pageBreaches(modules)).toEqual([
      "worker/page/main.tsx imports worker/config.ts",
      "worker/page/playground/run.ts imports hono",
      "worker/page/playground/run.ts imports policies/cli.ts",
      "worker/app.ts imports worker/page/view.ts",
    ]);
  });

  it("by a product that imports its tests", () => {
    const modules = made({
      "worker/app.ts": 'import { serve } from "../test/emulators/serve.ts";',
      "test/a.ts": 'import "./b.ts";',
    });
    expect(testBreaches(modules)).toEqual(["worker/app.ts imports test/emulators/serve.ts"]);
  });

  it("by a reset of half of what is stored", () => {
    const modules = made({
      "test/a.test.ts": 'import { reset } from "cloudflare:test";\nbeforeEach(() => reset());',
      "test/b.test.ts":
        'import { createExecutionContext } from "cloudflare:test";\nimport { reset } from "./support/storage.ts";\nreset();',
      "test/support/storage.ts":
        'import { reset as resetAwake } from "cloudflare:test";\nexport async function reset() {\n  await resetAwake();\n}',
    });
    expect(halfResets(modules)).toEqual([
      "test/a.test.ts takes reset from cloudflare:test and not from test/support/storage.ts",
    ]);
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

  it("by a limit that nothing but its own file or a test reads", () => {
    const modules = made({
      "policies/limits.ts": "export const A_MAX = 1;\nexport const B_MAX = A_MAX;\nexport function bytes() {}",
      "worker/limits.ts": "export const A_MS = 1;",
      "worker/app.ts": 'import { B_MAX } from "../policies/limits.ts";\nimport * as limits from "./limits.ts";',
      "test/a.test.ts": 'import { A_MAX, bytes } from "../policies/limits.ts";',
    });
    expect(unusedLimits(modules)).toEqual([
      "policies/limits.ts exports A_MAX, which nothing uses",
      "policies/limits.ts exports bytes, which nothing uses",
      "worker/limits.ts exports A_MS, which nothing uses",
    ]);
  });

  it("by a name that two files give away, however it is exported, but not by passing one on", () => {
    const modules = made({
      "worker/a.ts": "export interface Found { a: 1 }\nexport const [x, y] = [1, 2];\nexport class Reader {}",
      "worker/b.ts": "type Found = 1;\nexport type { Found };\nexport function read() {}",
      "policies/c.ts": "const got = 1;\nexport { got as read };\nexport enum Reader { A }",
      "policies/d.ts": 'export { read } from "./c.ts";\nimport { Reader } from "./c.ts";\nexport { Reader };',
      "policies/e.ts": "export type Both = 1;\nexport const Both: Found = 1;\nexport const e: read = 1;",
      "test/a.ts": "export const Both = 1;",
    });
    expect(sharedNames(modules)).toEqual([
      "Found is exported by worker/a.ts and worker/b.ts",
      "Reader is exported by worker/a.ts and policies/c.ts",
      "read is exported by worker/b.ts and policies/c.ts",
    ]);
  });

  it("by a function that is too long, wherever it stands", () => {
    const body = "\n".repeat(FUNCTION_MAX_LINES - 1);
    const modules = made({
      "worker/a.ts": `export function a() {${body}}\nexport function b() {${body}\n}`,
      "policies/b.ts": `class A {\n  run() {${body}\n}\n}\nconst c = () => {${body}\n};`,
    });
    expect(longFunctions(modules)).toEqual([
      "worker/a.ts:61 is a function of 61 lines",
      "policies/b.ts:2 is a function of 61 lines",
      "policies/b.ts:64 is a function of 61 lines",
    ]);
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
