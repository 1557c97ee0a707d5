// The Worker by `wrangler dev`, as a child that cannot outlive this process. Its output is kept and shown only if it fails.

import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface RunningWorker {
  /** Resolves when it ends by itself, with its last words. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

export interface WorkerOptions {
  readonly port: number;
  readonly variables: Readonly<Record<string, string>>;
  /** Takes each whole line that the Worker or wrangler writes. */
  readonly onLine?: (line: string) => void;
  /** Aborted when the person leaves while it starts. */
  readonly signal: AbortSignal;
}

const ROOT = fileURLToPath(new URL("../../../", import.meta.url).href);
const GUARD = fileURLToPath(new URL("guard.ts", import.meta.url).href);
const START_TIMEOUT_MS = 120_000;
const KEPT_CHARACTERS = 8_000;

/** Nothing of the person's account or settings, nothing sent anywhere, nothing written outside the directory. */
function environment(directory: string): NodeJS.ProcessEnv {
  const own = { ...process.env };
  for (const name of Object.keys(own)) if (/^(?:CLOUDFLARE|CF|WRANGLER|MINIFLARE)_/.test(name)) delete own[name];
  return {
    ...own,
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_LOG_PATH: join(directory, "logs"),
    WRANGLER_REGISTRY_PATH: join(directory, "registry"),
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_SEND_METRICS: "false",
    FORCE_COLOR: "0",
    NO_COLOR: "1",
  };
}

function command(directory: string, port: number): string[] {
  const wrangler = createRequire(import.meta.url).resolve("wrangler/package.json");
  const script = join(wrangler, "..", "bin", "wrangler.js");
  const flags = ["--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0", "--local"];
  // A file that is named replaces .dev.vars, so that the person's own settings stay out of this world.
  const files = ["--config", "wrangler.toml", "--env-file", join(directory, "vars"), "--persist-to", directory];
  return [process.execPath, script, "dev", ...files, ...flags, "--show-interactive-dev-session=false"];
}

async function answers(port: number, signal: AbortSignal): Promise<boolean> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(2_000)]);
    return (await fetch(`http://127.0.0.1:${port}/healthz`, { signal: limit })).ok;
  } catch {
    return false;
  }
}

/** Resolves once it answers. Rejects with one line, and what wrangler said, if it does not come up. */
export async function startWorker({ port, variables, signal, onLine }: WorkerOptions): Promise<RunningWorker> {
  const directory = mkdtempSync(join(tmpdir(), "octo-sts-edge-"));
  const lines = Object.entries(variables).map(([name, value]) => `${name}="${value}"\n`);
  writeFileSync(join(directory, "vars"), lines.join(""), { mode: 0o600 });
  // Its own group: Ctrl-C in the terminal reaches this process alone, which then ends the rest in order.
  const child = spawn(process.execPath, [GUARD, directory, ...command(directory, port)], {
    cwd: ROOT,
    env: environment(directory),
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-KEPT_CHARACTERS);
  };
  child.stdout.on("data", keep);
  if (onLine) createInterface({ input: child.stdout }).on("line", onLine);
  child.stderr.on("data", keep);
  // The last output may arrive after the exit, so the end is when the pipes are closed.
  const ended = new Promise<string>((resolve) => {
    child.once("close", () => resolve(output.trim())).once("error", (error) => resolve(error.message));
  });
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await ended;
  };
  child.stdin.on("error", () => undefined);
  const up = await ready({ port, signal, ended });
  if (up.ok) return { ended, stop };
  await stop();
  throw new Error(`${up.problem}${output === "" ? "" : `; wrangler dev said:\n${output.trim()}`}`);
}

interface Waiting {
  readonly port: number;
  readonly signal: AbortSignal;
  readonly ended: Promise<string>;
}

async function ready({ port, signal, ended }: Waiting): Promise<{ ok: true } | { ok: false; problem: string }> {
  let dead = false;
  void ended.then(() => {
    dead = true;
  });
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (signal.aborted) return { ok: false, problem: "stopped while the Worker was starting" };
    if (dead) return { ok: false, problem: "the Worker did not start" };
    if (await answers(port, signal)) return { ok: true };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { ok: false, problem: `the Worker did not answer within ${START_TIMEOUT_MS / 1000} s` };
}
