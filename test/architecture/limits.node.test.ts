// A limit that nothing reads is a rule that does not hold.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { readModule } from "./modules.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url).href);

/** Exported limits of a file that no other module of the product names. */
function unused(file: string, source: string, others: readonly string[]): string[] {
  const limits = [...source.matchAll(/^export const (\w+)/gm)].map(([, name = ""]) => name);
  const names = new Set(others.flatMap((text) => [...readModule(file, text).names]));
  return limits.filter((name) => !names.has(name));
}

function sources(): Map<string, string> {
  const paths = ["policies", "worker"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((path) => `${folder}/${path}`),
  );
  const code = paths.filter((path) => path.endsWith(".ts"));
  return new Map(code.map((path) => [path, readFileSync(join(ROOT, path), "utf8")]));
}

it.each(["worker/limits.ts", "policies/limits.ts"])("every limit of %s is kept by somebody", (file) => {
  const all = sources();
  const source = all.get(file) ?? "";
  expect(source).toMatch(/^export const \w+/m);
  expect(
    unused(
      file,
      source,
      [...all].filter(([path]) => path !== file).map(([, text]) => text),
    ),
  ).toEqual([]);
});

it("finds one that is not, also where it is only spoken of", () => {
  const source = "export const A_MS = 1;\nexport const B_MS = 2;\n";
  expect(unused("limits.ts", source, ['import { A_MS } from "./limits.ts"; // B_MS\nconst b = "B_MS";'])).toEqual([
    "B_MS",
  ]);
});
