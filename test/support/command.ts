// A command as a child of this process, whose servers go on answering meanwhile.

import { spawn } from "node:child_process";

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
}

/** Rejects when there is no such command. */
export function execute(command: string, args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  const { input = "", ...spawned } = options;
  const child = spawn(command, args, { ...spawned, stdio: ["pipe", "pipe", "pipe"] });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      said[name] += chunk;
    });
  }
  child.stdin.on("error", () => undefined).end(input);
  return new Promise((resolve, reject) => {
    child.once("close", (code) => resolve({ code, ...said })).once("error", reject);
  });
}
