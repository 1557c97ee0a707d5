// For the tests of `npm start`: it as a child, what it says, and whether anything of it is left.

import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../../", import.meta.url).href);

export interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** The exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
}

export function run(command: string, ...args: readonly string[]): Run {
  const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  // Pipes close when the last process that holds them is gone.
  const ended = new Promise<number | string>((resolve, reject) => {
    child.once("close", (code, signal) => resolve(code ?? signal ?? "")).once("error", reject);
  });
  return { child, output: () => output, ended };
}

export const start = (...args: readonly string[]): Run => run(process.execPath, "test/tools/start.ts", ...args);

/** The commands to paste, as what curl would send. */
export function pastedRequests(output: string): { url: string; tokenUrl: string }[] {
  const commands = output.matchAll(/curl -s "(http:\S+)" \\\n\s+-H "Authorization: Bearer \$\(curl -s (http:\S+)\)"/g);
  return [...commands].map(([, url = "", tokenUrl = ""]) => ({ url, tokenUrl }));
}

/** Whether somebody else could listen there now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** Every port that the output names. */
export function portsIn(output: string): number[] {
  return [...new Set([...output.matchAll(/:(\d{4,5})\b/g)].map(([, port]) => Number(port)))];
}
