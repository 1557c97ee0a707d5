/**
 * policies/ stands on its own: it bundles for a browser, holds nothing of Node or Workers, and its reference tells its limits.
 */

import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";
import * as limits from "../../policies/limits.ts";
import { RULES } from "../../policies/lint/lint.ts";

const POLICIES = join(import.meta.dirname, "../../policies");

const SOURCES = readdirSync(POLICIES, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));

/** Far above what is measured, so that only a mistake (a second library, a data file) reaches it. */
const MAX_GZIPPED_BYTES = 184_320;

async function bundleFor(files: readonly string[]) {
  const contents = files.map((file, index) => `export * as m${index} from "./${file}";`).join("\n");
  const result = await build({
    stdin: { contents, resolveDir: POLICIES, loader: "ts" },
    bundle: true,
    write: false,
    minify: true,
    platform: "browser",
    format: "esm",
    metafile: true,
    logLevel: "silent",
  });
  const [output] = result.outputFiles;
  return {
    code: output?.contents ?? new Uint8Array(),
    inputs: Object.keys(result.metafile.inputs),
    output: Object.values(result.metafile.outputs)[0],
  };
}

test("every file but cli.ts goes into one bundle for the browser", async () => {
  const files = SOURCES.filter((name) => name !== "cli.ts");
  expect(files).toEqual(expect.arrayContaining(["parse.ts", "yaml/read.ts", "lint/lint.ts", "cli/check.ts"]));
  const { code, inputs, output } = await bundleFor(files);
  const gzipped = gzipSync(code, { level: 9 }).length;
  console.log(`policies/ for the browser: ${code.length} bytes, ${gzipped} gzipped (${files.length} files)`);
  expect(output?.imports).toEqual([]);
  expect(inputs.filter((input) => /(^|\/)(worker|test)\//.test(input) && !input.includes("node_modules"))).toEqual([]);
  expect(inputs.filter((input) => /cli\.ts$/.test(input))).toEqual([]);
  expect([gzipped > 10_000, gzipped < MAX_GZIPPED_BYTES]).toEqual([true, true]);
});

test("what explains a refusal and writes a policy needs no disk, and goes into a bundle for the browser too", async () => {
  const files = [
    "explain",
    "explanation",
    "evidence",
    "refused-clause",
    "draft",
    "usage",
    "workload-fields",
    "kinds/kinds",
  ];
  const { output, inputs } = await bundleFor(files.map((name) => `cli/${name}.ts`));
  expect(output?.imports).toEqual([]);
  expect(inputs.filter((input) => /cli\/(?:disk|options|place|[a-z]+-command)\.ts$/.test(input))).toEqual([]);
});

test("no file but cli.ts imports anything of Node, and none anything of the Worker", () => {
  const imports = SOURCES.flatMap((name) => {
    const text = readFileSync(join(POLICIES, name), "utf8");
    return [...text.matchAll(/(?:from|import\()\s*"([^"]+)"/g)].map(([, from = ""]) => ({ name, from }));
  });
  const isOfNode = (from: string) => from.startsWith("node:") || builtinModules.includes(from);
  expect(new Set(imports.filter(({ from }) => isOfNode(from)).map(({ name }) => name))).toEqual(new Set(["cli.ts"]));
  expect(imports.filter(({ from }) => /worker\/|^cloudflare:/.test(from))).toEqual([]);
  expect(imports.length).toBeGreaterThan(50);
});

test("the reference tells every limit, key and rule as the code has it", () => {
  const readme = readFileSync(join(POLICIES, "README.md"), "utf8");
  const numbers = Object.entries(limits).flatMap(([name, value]) =>
    typeof value === "number" ? [[name, value] as const] : [],
  );
  const section = readme.slice(readme.indexOf("## Limits"), readme.indexOf("## On the command line"));
  const missing = numbers.filter(
    ([, value]) => !new RegExp(`(^|[^0-9,])${value.toLocaleString("en-US")}([^0-9]|$)`).test(section),
  );
  expect(missing).toEqual([]);
  const schema: { readonly properties: object } = JSON.parse(
    readFileSync(join(POLICIES, "policy.schema.json"), "utf8"),
  );
  expect(Object.keys(schema.properties).filter((key) => !readme.includes(`\`${key}\``))).toEqual([]);
  const named = [...readme.matchAll(/(?:lint|warning|notice)s?:? `([a-z-]+)`(?:, `([a-z-]+)`)?/g)].flatMap(([, a, b]) =>
    [a, b].filter((id) => id !== undefined),
  );
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter((id) => !Object.hasOwn(RULES, id))).toEqual([]);
});

test("the reference tells every label by which the recorded answers of octo-sts differ", () => {
  const readme = readFileSync(join(POLICIES, "README.md"), "utf8");
  const told = readme.slice(readme.indexOf("## Where this differs from octo-sts"));
  const labels = ["policy", "allowlist", "regexp"].flatMap((name) => {
    const path = join(import.meta.dirname, `../vectors/${name}.json`);
    const cases: readonly { readonly differs?: string }[] = JSON.parse(readFileSync(path, "utf8"));
    return cases.flatMap(({ differs }) => differs?.split("+") ?? []);
  });
  const distinct = [...new Set(labels)];
  expect(distinct.length).toBeGreaterThan(15);
  expect(distinct.filter((label) => !told.includes(label))).toEqual([]);
});
