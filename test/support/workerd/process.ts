// Bare workerd: the runtime of Cloudflare without wrangler or a test runner around it, as a child that serves the bundled Worker on
// a free port. It reaches loopback only.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { PAGE_FOLDER } from "../../tools/build-page.ts";
import { Output } from "./output.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url).href);
const START_TIMEOUT_MS = 100_000;

export interface ProcessOptions {
  readonly variables: Readonly<Record<string, string>>;
  /** Where KV answers, as "127.0.0.1:8901". */
  readonly kvAddress: string;
  /** Where rate limiters and the audit queue answer; without it none is bound. */
  readonly platformAddress?: string | undefined;
  /** The module: the Worker, or another. */
  readonly script: string;
}

export interface Process {
  readonly port: number;
  readonly pid: number;
  /** What the Worker logged, and what workerd complained of. */
  output(): string;
  /** Resolves when it ends by itself. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** `deployed` as they are; `patient` with the outside world alone, as the emulators share the machine with whatever else runs on it. */
export type Limits = "deployed" | "patient";

const OF_THE_OUTSIDE = ["GITHUB_TIMEOUT_MS", "ISSUER_TIMEOUT_MS", "EXCHANGE_DEADLINE_MS"];
const PATIENT: Plugin = {
  name: "patient",
  setup: ({ onLoad }) =>
    onLoad({ filter: /worker[\\/]limits\.ts$/ }, async ({ path }) => {
      let contents = await readFile(path, "utf8");
      for (const name of OF_THE_OUTSIDE) {
        const impatient = contents;
        contents = contents.replace(
          new RegExp(`^export const ${name} = [\\d_]+;$`, "m"),
          `export const ${name} = 60_000;`,
        );
        if (contents === impatient) throw new Error(`${path} has no number ${name}`);
      }
      return { contents, loader: "ts" };
    }),
};

const bundles = new Map<Limits, Promise<string>>();

/** The Worker as one module; built once, however many are started. */
export function bundle(limits: Limits): Promise<string> {
  const built =
    bundles.get(limits) ??
    build({
      entryPoints: [join(ROOT, "worker/index.ts")],
      bundle: true,
      write: false,
      format: "esm",
      target: "esnext",
      conditions: ["workerd", "worker", "browser"],
      external: ["cloudflare:*", "node:*"],
      logLevel: "silent",
      plugins: limits === "patient" ? [PATIENT] : [],
    }).then(({ outputFiles }) => outputFiles[0]?.text ?? "");
  bundles.set(limits, built);
  return built;
}

/** What decides how the runtime behaves, as it is deployed. */
export async function compatibility(): Promise<{ readonly date: string; readonly flags: readonly string[] }> {
  const toml = await readFile(join(ROOT, "wrangler.toml"), "utf8");
  const date = /^compatibility_date = "([^"]+)"$/m.exec(toml)?.[1];
  const flags = /^compatibility_flags = (\[[^\]]*\])$/m.exec(toml)?.[1];
  if (date === undefined || flags === undefined) throw new Error("wrangler.toml has no compatibility date or flags");
  const read: unknown = JSON.parse(flags);
  return { date, flags: Array.isArray(read) ? read.map(String) : [] };
}

/** Cap'n Proto writes texts as JSON does. */
const quoted = (text: string): string => JSON.stringify(text);

const RATE_LIMITS = ["CALLER_RATE_LIMIT", "OWNER_RATE_LIMIT"];

/** A rate limiter is a module of the runtime around a service; the platform's own is not part of workerd. */
const RATE_LIMITER = `export default ({ service, name }) => ({
  limit: async (options) =>
    (await service.fetch("http://limiter/" + name, { method: "POST", body: JSON.stringify(options) })).json(),
});`;

const rateLimitOf = (name: string): string => `(name = ${quoted(name)}, wrapped = (
      moduleName = "platform:rate-limiter",
      innerBindings = [(name = "service", service = "platform"), (name = "name", text = ${quoted(name)})],
    )),`;

async function configOf({ variables, kvAddress, platformAddress }: ProcessOptions): Promise<string> {
  const { date, flags } = await compatibility();
  const isBound = platformAddress !== undefined;
  const texts = Object.entries(variables).map(([name, value]) => `(name = ${quoted(name)}, text = ${quoted(value)}),`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "kv", external = (address = ${quoted(kvAddress)}, http = ())),
    (name = "page", disk = ${quoted(PAGE_FOLDER)}),
    (name = "internet", network = (allow = ["local"])),
    ${isBound ? `(name = "platform", external = (address = ${quoted(platformAddress)}, http = ())),` : ""}
  ],
  extensions = [(modules = [(
    name = "platform:rate-limiter", internal = true, esModule = ${quoted(RATE_LIMITER)},
  )])],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.mjs", esModule = embed "worker.mjs")],
  compatibilityDate = ${quoted(date)},
  compatibilityFlags = [${flags.map(quoted).join(", ")}],
  bindings = [
    (name = "STS_CACHE", kvNamespace = "kv"),
    (name = "ASSETS", service = "page"),
    ${isBound ? `${RATE_LIMITS.map(rateLimitOf).join("\n    ")} (name = "AUDIT_QUEUE", queue = "platform"),` : ""}
    ${texts.join("\n    ")}
  ],
);
`;
}

/** Rejects with what workerd said if it does not come up. */
export async function startProcess(options: ProcessOptions): Promise<Process> {
  const directory = await mkdtemp(join(tmpdir(), "octo-sts-workerd-"));
  await writeFile(join(directory, "worker.mjs"), options.script);
  await writeFile(join(directory, "config.capnp"), await configOf(options), { mode: 0o600 });
  const bin = join(createRequire(import.meta.url).resolve("workerd/package.json"), "..", "bin", "workerd");
  const child = spawn(bin, ["serve", "--control-fd=3", join(directory, "config.capnp")], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const output = new Output();
  output.read(child.stdout, child.stderr);
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve()).once("error", (error) => resolve(output.add(error.message)));
  });
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  const port = await Promise.race([listening(child), ended.then(() => undefined)]);
  if (port !== undefined && child.pid !== undefined)
    return { port, pid: child.pid, output: () => output.text, ended, stop };
  await stop();
  throw new Error(`workerd did not start:\n${output.text}`);
}

/** The port of the event that workerd writes once it listens; undefined when none comes in time. */
function listening(child: ChildProcess): Promise<number | undefined> {
  // The fourth pipe is there: stdio asks for it.
  const control = child.stdio[3] as Readable;
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), START_TIMEOUT_MS);
    let text = "";
    control.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const port = /"event":"listen","socket":"http","port":(\d+)/.exec(text)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    });
  });
}

export interface Usage {
  /** User and system time of all threads since the start. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

const TICKS_PER_SECOND = 100;

/** From /proc (proc(5)), so on Linux only. */
export async function usageOf(pid: number): Promise<Usage> {
  const [stat, status] = await Promise.all([
    readFile(`/proc/${pid}/stat`, "utf8"),
    readFile(`/proc/${pid}/status`, "utf8"),
  ]);
  // The second field, the name, may hold spaces; utime and stime are the 12th and 13th after it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const cpuMs = ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
  const kilobytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  return { cpuMs, rssBytes: kilobytes * 1024 };
}
