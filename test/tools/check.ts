// `npm run check`: linter and formatter, the types of the bindings, and the compiler (once more for the page,
// which knows browsers), side by side. Says what any of them found, and
// fails if one of them does.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url).href);
const CHECKS = ["npm run --silent lint", "npm run --silent types -- --check", "tsc", "tsc -p worker/page"];

interface Checked {
  readonly command: string;
  readonly code: number;
  readonly output: string;
}

function run(command: string): Promise<Checked> {
  const child = spawn(command, { cwd: ROOT, shell: true, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  return new Promise((resolve) => {
    child.once("close", (code) => resolve({ command, code: code ?? 1, output }));
    child.once("error", (error) => resolve({ command, code: 1, output: error.message }));
  });
}

for (const { command, code, output } of await Promise.all(CHECKS.map(run))) {
  if (code === 0) continue;
  console.error(`${command}\n${output.trimEnd()}\n`);
  process.exitCode = 1;
}
