// What is built of re2js reads every recorded pattern as the package does.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as whole from "re2js";
import { expect, it } from "vitest";
import { withoutMatching, writeRe2js } from "./build-re2js.ts";

// A file of this repository, whose form test/vectors/README.md tells.
const VECTORS = JSON.parse(readFileSync(join(import.meta.dirname, "../vectors/regexp.json"), "utf8")) as readonly {
  readonly pattern: string;
}[];

function treeOf({ RE2Set, RE2JSException }: Pick<typeof whole, "RE2Set" | "RE2JSException">, pattern: string): unknown {
  try {
    const set = new RE2Set();
    set.add(pattern);
    return JSON.stringify(set.regexps);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return error.message;
  }
}

it("reads every recorded pattern as the package does", async () => {
  const folder = mkdtempSync(join(tmpdir(), "octo-sts-re2js-"));
  try {
    const file = join(folder, "re2js.mjs");
    await writeRe2js(file);
    const built: typeof whole = await import(/* @vite-ignore */ pathToFileURL(file).href);
    expect(Object.keys(built).sort()).toEqual(["RE2JSException", "RE2Set"]);
    const trees = VECTORS.map(({ pattern }) => treeOf(built, pattern));
    expect(trees).toEqual(VECTORS.map(({ pattern }) => treeOf(whole, pattern)));
    expect(new Set(trees).size).toBeGreaterThan(100);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("is not built of a release that is written in another way", () => {
  expect(() => withoutMatching("var RE2Set = class {};")).toThrow("written in another way");
});
