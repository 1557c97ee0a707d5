// A limit that nothing reads is a rule that does not hold.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { type Module, readModule, readModules } from "./modules.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url).href);

/** Exported limits of a source that no other module names. */
function unused(source: string, others: readonly Module[]): string[] {
  const limits = [...source.matchAll(/^export const (\w+)/gm)].map(([, name = ""]) => name);
  return limits.filter((limit) => !others.some(({ names }) => names.has(limit)));
}

function sources(): Map<string, string> {
  const paths = ["policies", "worker"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((path) => `${folder}/${path}`),
  );
  const code = paths.filter((path) => path.endsWith(".ts"));
  return new Map(code.map((path) => [path, readFileSync(join(ROOT, path), "utf8")]));
}

const all = sources();
const modules = readModules(all);

it.each(["worker/limits.ts", "policies/limits.ts"])("every limit of %s is kept by somebody", (file) => {
  const source = all.get(file) ?? "";
  expect(source).toMatch(/^export const \w+/m);
  const others = modules.filter(({ path }) => path !== file);
  expect(unused(source, others)).toEqual([]);
});

it("finds one that is not, also where it is only spoken of", () => {
  const source = "export const A_MS = 1;\nexport const B_MS = 2;\n";
  const other = readModule("a.ts", 'import { A_MS } from "./limits.ts"; // B_MS\nconst b = "B_MS";');
  expect(unused(source, [other])).toEqual(["B_MS"]);
});
