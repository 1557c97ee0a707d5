/**
 * Builds what the Worker has of the package re2js, which is its parser of patterns: `dist/re2js.mjs`, as wrangler.toml names it. The
 * package is one module, of which esbuild keeps all classes, used or not, as reading a constant for a static field might do something.
 * Usage: node test/tools/build-re2js.ts
 */

import { join } from "node:path";
import { rolldown } from "rolldown";

const ROOT = join(import.meta.dirname, "../..");
/** All that policies/pattern/ imports; anything else does not build. */
const USED = 'export { RE2JSException, RE2Set } from "re2js";';
const ENTRY = "used-of-re2js";

export async function writeRe2js(file = join(ROOT, "dist/re2js.mjs")): Promise<void> {
  const bundle = await rolldown({
    cwd: ROOT,
    input: ENTRY,
    treeshake: { propertyReadSideEffects: false },
    plugins: [
      {
        name: ENTRY,
        resolveId: (id) => (id === ENTRY ? join(ROOT, ENTRY) : undefined),
        load: (id) => (id === join(ROOT, ENTRY) ? USED : undefined),
      },
    ],
  });
  await bundle.write({ file, format: "esm" });
}

if (import.meta.main) await writeRe2js();
