/**
 * Builds what the Worker and the page have of the package re2js, which is its parser of patterns: `dist/re2js.mjs`, as wrangler.toml names it. The
 * package is one module, of which esbuild keeps all classes, used or not, as reading a constant for a static field might do something.
 * Usage: node test/tools/build-re2js.ts
 */

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { rolldown } from "rolldown";

const ROOT = join(import.meta.dirname, "../..");
/** All that policies/pattern/ imports; anything else does not build. */
const USED = 'export { RE2JSException, RE2Set } from "re2js";';
const ENTRY = "used-of-re2js";

const LIBRARY = /[\\/]re2js[\\/]build[\\/]index\.js$/;

/** A set of patterns could match as well, with three engines that it makes; only what it parses is asked of it. */
const MATCHING = /(^var RE2Set = [\s\S]*?)^\tcompile\(\) \{$[\s\S]*?^\};$/m;

/** Throws for a release that is written in another way: then this is to be looked at again. */
export function withoutMatching(source: string): string {
  if (!MATCHING.test(source)) throw new Error("re2js is written in another way than its parser is taken from");
  return source.replace(MATCHING, (_, parsing: string) => `${parsing}};`);
}

/** What is used, as one module. */
export async function re2jsParser(): Promise<string> {
  const bundle = await rolldown({
    cwd: ROOT,
    input: ENTRY,
    treeshake: { propertyReadSideEffects: false },
    plugins: [
      {
        name: ENTRY,
        resolveId: (id) => (id === ENTRY ? join(ROOT, ENTRY) : undefined),
        load: (id) => (id === join(ROOT, ENTRY) ? USED : undefined),
        transform: (code, id) => (LIBRARY.test(id) ? withoutMatching(code) : undefined),
      },
    ],
  });
  const { output } = await bundle.generate({ format: "esm" });
  return output[0].code;
}

export async function writeRe2js(file = join(ROOT, "dist/re2js.mjs")): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, await re2jsParser());
}

if (import.meta.main) await writeRe2js();
