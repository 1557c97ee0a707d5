// Wrangler as a child of this process, with Node 24.

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";

export interface Run {
  readonly code: number;
  /** Empty where it is shown to the person instead. */
  readonly stdout: string;
}

export interface RunOptions {
  /** Standard input, for what may be in no argument and in no file. Without it the terminal's. */
  readonly input?: string;
  /** What it says is kept instead of shown. */
  readonly isQuiet?: boolean;
}

export function wrangler(args: readonly string[], { input, isQuiet = false }: RunOptions = {}): Promise<Run> {
  const script = join(createRequire(import.meta.url).resolve("wrangler/package.json"), "..", "bin", "wrangler.js");
  const child = spawn(process.execPath, [script, ...args], {
    stdio: [input === undefined ? "inherit" : "pipe", isQuiet ? "pipe" : "inherit", isQuiet ? "ignore" : "inherit"],
  });
  let stdout = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  child.stdin?.on("error", () => undefined).end(input);
  return new Promise((resolve, reject) => {
    child.once("close", (code) => resolve({ code: code ?? 1, stdout })).once("error", reject);
  });
}
