/**
 * Builds the service for a server of one's own: a folder that needs nothing else but the C library.
 * Usage: node test/tools/build-server.ts [folder, default dist/server]
 */

import { chmod, copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build } from "esbuild";
import { buildBundle } from "./bench/bundle.ts";
import { writePage } from "./build-page.ts";

const ROOT = join(import.meta.dirname, "../..");
const SERVER = join(ROOT, "worker/server");
/** Taken as they are. */
const FILES = ["config.capnp", "authorities.capnp", "run", "octo-sts.service", "Containerfile"];

export async function buildServer(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const { script } = await buildBundle();
  await Promise.all([
    writeFile(join(folder, "worker.mjs"), script),
    writePage(join(folder, "page")),
    ...["entry", "namespace", "outbound"].map((name) => buildModule(name, folder)),
    ...FILES.map((name) => copyFile(join(SERVER, name), join(folder, name))),
    copyFile(workerdBinary(), join(folder, "workerd")),
  ]);
  await Promise.all(["run", "workerd"].map((name) => chmod(join(folder, name), 0o755)));
}

/** The very Worker of Cloudflare stays a module of its own. */
const WORKER = { name: "worker", path: "./worker.mjs" };

async function buildModule(name: string, folder: string): Promise<void> {
  await build({
    entryPoints: [join(SERVER, `${name}.ts`)],
    outfile: join(folder, `${name}.mjs`),
    bundle: true,
    format: "esm",
    target: "esnext",
    platform: "neutral",
    mainFields: ["module", "main"],
    external: ["cloudflare:*"],
    legalComments: "none",
    logLevel: "warning",
    plugins: [
      {
        name: WORKER.name,
        setup: ({ onResolve }) =>
          onResolve({ filter: /^\.\.\/index\.ts$/ }, () => ({ path: WORKER.path, external: true })),
      },
    ],
  });
}

/** That of the installed package for this machine, and not the script that looks for it. */
function workerdBinary(): string {
  const packages = createRequire(createRequire(import.meta.url).resolve("workerd/package.json"));
  const platform = `@cloudflare/workerd-${process.platform}-${process.arch === "x64" ? "64" : process.arch}`;
  return packages.resolve(`${platform}/bin/workerd`);
}

if (import.meta.main) {
  const folder = process.argv[2] ?? join(ROOT, "dist/server");
  await buildServer(folder);
  process.stdout.write(`${folder}: start ${join(folder, "run")}\n`);
}
