/**
 * Builds policies/cli.ts to one JavaScript file for the package's `bin`.
 * Usage: node test/tools/build-policy.ts [file, default dist/policy.js]
 */

import { chmodSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

/** Resolves to the size of the file in bytes. */
export async function buildPolicy(outfile: string): Promise<number> {
  const result = await build({
    entryPoints: [join(import.meta.dirname, "../../policies/cli.ts")],
    outfile,
    bundle: true,
    // Not "node": the yaml package has a CommonJS build for Node, which no ES module can hold, and a portable one for all others.
    platform: "neutral",
    external: ["node:*"],
    format: "esm",
    target: "node20",
    legalComments: "eof",
    metafile: true,
    logLevel: "warning",
    // A bundle is only ever run, and older Nodes do not know import.meta.main.
    define: { "import.meta.main": "true" },
  });
  chmodSync(outfile, 0o755);
  return Object.values(result.metafile.outputs).reduce((size, { bytes }) => Math.max(size, bytes), 0);
}

if (import.meta.main) {
  const outfile = process.argv[2] ?? join(import.meta.dirname, "../../dist/policy.js");
  process.stdout.write(`${outfile}: ${await buildPolicy(outfile)} bytes\n`);
}
