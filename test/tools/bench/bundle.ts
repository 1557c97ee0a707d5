// `npm run bundle`: builds what would be deployed and says how large it is, what of it is whose, and how long it takes to start.
// Deploys nothing.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

/** worker/README.md, "Bounds". Workers take 3 MiB; what is loaded is what has to be parsed before the first answer. */
export const BUNDLE_BUDGET_BYTES = 176 * 1024;
const STARTS = 9;
const ROOT = fileURLToPath(new URL("../../../", import.meta.url).href);

export interface Bundle {
  readonly bytes: number;
  readonly gzippedBytes: number;
  /** Minified bytes by package, `worker` and `policies`, largest first. */
  readonly parts: readonly (readonly [name: string, bytes: number])[];
  /** The module itself. */
  readonly script: string;
}

interface Metafile {
  readonly outputs: Readonly<Record<string, { readonly inputs: Readonly<Record<string, { bytesInOutput: number }>> }>>;
}

function partOf(path: string): string {
  // What build-re2js.ts takes of it.
  if (path === "dist/re2js.mjs") return "re2js";
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
    const script = await readFile(join(directory, "index.js"), "utf8");
    // The file is this build's own, in esbuild's documented form.
    const meta = JSON.parse(await readFile(metafile, "utf8")) as Metafile;
    return {
      bytes: Buffer.byteLength(script),
      gzippedBytes: gzipSync(script).byteLength,
      parts: partsOf(meta),
      script,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * CPU in ms until the module is parsed and evaluated, in a new process of Node, whose engine is that of Workers: the least of
 * several, because everything else that runs on the machine adds to it.
 */
export async function startUpMs(script: string, starts = STARTS): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), "octo-sts-start-"));
  try {
    const worker = join(directory, "worker.mjs");
    const clock = join(directory, "clock.mjs");
    await writeFile(worker, script);
    await writeFile(
      clock,
      `const before = process.cpuUsage();
      await import("./worker.mjs");
      const { user, system } = process.cpuUsage(before);
      console.log((user + system) / 1000);`,
    );
    const times: number[] = [];
    for (let i = 0; i < starts; i++) {
      const { stdout } = await promisify(execFile)(process.execPath, [clock]);
      times.push(Number(stdout));
    }
    return Math.min(...times);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

export function againstBudget(gzippedBytes: number): string {
  const over = (gzippedBytes - BUNDLE_BUDGET_BYTES) / 1024;
  const budget = `budget of ${BUNDLE_BUDGET_BYTES / 1024} KiB`;
  return over > 0 ? `${over.toFixed(1)} KiB OVER the ${budget}` : `within the ${budget}`;
}

const kib = (bytes: number): string => (bytes / 1024).toFixed(1).padStart(7);

if (import.meta.main) {
  const { bytes, gzippedBytes, parts, script } = await buildBundle();
  console.log(`${kib(gzippedBytes)} KiB gzipped: ${againstBudget(gzippedBytes)}`);
  console.log(
    `${(await startUpMs(script)).toFixed(1).padStart(7)} ms of CPU to start, on this machine (Workers allow 1,000)`,
  );
  console.log(`${kib(bytes)} KiB minified, of which`);
  for (const [name, size] of parts) console.log(`${kib(size)}   ${name}`);
  if (gzippedBytes > BUNDLE_BUDGET_BYTES) process.exitCode = 1;
}
