// The page's patterns are parsed by a part of the library: by it, a pattern is the same as by the whole.

import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { RE2JSException, RE2Set } from "re2js";
import { expect, it } from "vitest";
import { withoutMatching } from "./patterns.ts";

interface Library {
  readonly RE2Set: new () => { add(pattern: string): number; readonly regexps: readonly unknown[] };
  readonly RE2JSException: abstract new (message: string) => Error;
}

interface Vector {
  readonly pattern: string;
}

const ENTRY = join(createRequire(import.meta.url).resolve("re2js"), "../index.js");

it("parses every recorded pattern to the same tree, or refuses it in the same words", async () => {
  const folder = await mkdtemp(join(tmpdir(), "patterns-"));
  const file = join(folder, "re2.mjs");
  await writeFile(file, withoutMatching(readFileSync(ENTRY, "utf8")));
  // The very library, less some of its text.
  const part = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Library;
  await rm(folder, { recursive: true });
  const read = ({ RE2Set: Patterns, RE2JSException: Refused }: Library, pattern: string) => {
    try {
      const set = new Patterns();
      set.add(pattern);
      return JSON.stringify(set.regexps[0]);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return error.message;
    }
  };
  const vectors = JSON.parse(
    readFileSync(join(import.meta.dirname, "../../vectors/regexp.json"), "utf8"),
  ) as readonly Vector[];
  const whole: Library = { RE2Set, RE2JSException };
  for (const { pattern } of vectors) expect([pattern, read(part, pattern)]).toEqual([pattern, read(whole, pattern)]);
  expect(vectors.length).toBeGreaterThan(100);
  expect("compile" in part.RE2Set.prototype).toBe(false);
});

it("is not taken from a release that is written in another way", () => {
  expect(() => withoutMatching("var RE2Set = class {};")).toThrow("written in another way");
});
