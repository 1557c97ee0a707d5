// `npm run bundle`: builds what would be deployed and says how large it is, and what of it is whose. Deploys nothing.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

/** What the design wants. It is exceeded since check runs came in: see the README, "Limits". */
export const BUNDLE_BUDGET_BYTES = 150 * 1024;
/** What may not be exceeded further without somebody deciding so. */
export const BUNDLE_CEILING_BYTES = 168 * 1024;
const ROOT = fileURLToPath(new URL("../../../", import.meta.url).href);

export interface Bundle {
  readonly bytes: number;
  readonly gzippedBytes: number;
  /** Minified bytes by package, `worker` and `policies`, largest first. */
  readonly parts: readonly (readonly [name: string, bytes: number])[];
}

interface Metafile {
  readonly outputs: Readonly<Record<string, { readonly inputs: Readonly<Record<string, { bytesInOutput: number }>> }>>;
}

function partOf(path: string): string {
  const inPackage = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(path)?.[1];
  return inPackage ?? /(?:^|\/)(worker|policies)\//.exec(path)?.[1] ?? "other";
}

function partsOf(metafile: Metafile): Bundle["parts"] {
  const sums = new Map<string, number>();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      sums.set(partOf(path), (sums.get(partOf(path)) ?? 0) + bytesInOutput);
    }
  }
  return [...sums].sort(([, one], [, other]) => other - one);
}

/** Rejects with what wrangler said if the Worker cannot be built. */
export async function buildBundle(): Promise<Bundle> {
  const directory = await mkdtemp(join(tmpdir(), "octo-sts-bundle-"));
  try {
    const wrangler = join(createRequire(import.meta.url).resolve("wrangler/package.json"), "..", "bin", "wrangler.js");
    const metafile = join(directory, "meta.json");
    const args = [wrangler, "deploy", "--dry-run", "--outdir", directory, "--metafile", metafile];
    const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true", NO_COLOR: "1" };
    await promisify(execFile)(process.execPath, args, { cwd: ROOT, env });
    const script = await readFile(join(directory, "index.js"));
    // The file is this build's own, in esbuild's documented form.
    const meta = JSON.parse(await readFile(metafile, "utf8")) as Metafile;
    return { bytes: script.byteLength, gzippedBytes: gzipSync(script).byteLength, parts: partsOf(meta) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

export function againstBudget(gzippedBytes: number): string {
  const over = (gzippedBytes - BUNDLE_BUDGET_BYTES) / 1024;
  return over > 0 ? `${over.toFixed(1)} KiB OVER the budget of 150 KiB` : "within the budget of 150 KiB";
}

const kib = (bytes: number): string => (bytes / 1024).toFixed(1).padStart(7);

if (import.meta.main) {
  const { bytes, gzippedBytes, parts } = await buildBundle();
  console.log(`${kib(gzippedBytes)} KiB gzipped: ${againstBudget(gzippedBytes)}`);
  console.log(`${kib(bytes)} KiB minified, of which`);
  for (const [name, size] of parts) console.log(`${kib(size)}   ${name}`);
  if (gzippedBytes > BUNDLE_CEILING_BYTES) process.exitCode = 1;
}
