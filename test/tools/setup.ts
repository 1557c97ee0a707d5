// `npm run setup`: asks for what a deployment needs, deploys, and looks whether it is well.
// Usage: node test/tools/setup.ts [--settings FILE]

import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { POLICY_SUFFIX } from "../../policies/file-names.ts";
import { serveLoopback } from "./deploy/loopback.ts";
import type { Machine } from "./deploy/machine.ts";
import { get } from "./deploy/ready.ts";
import { setUp } from "./deploy/set-up.ts";
import { OWN_FILE, ROOT, writeGenerated } from "./deploy/settings.ts";
import { wrangler } from "./deploy/wrangler.ts";

/** Lines come when they come: those that were typed ahead wait here. */
class Lines {
  readonly #interface = createInterface({ input: process.stdin, terminal: false });
  readonly #lines = this.#interface[Symbol.asyncIterator]();

  async next(question: string): Promise<string> {
    process.stdout.write(question);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error("\nIt ended before all was answered; what was answered is kept.");
    return String(value).trim();
  }

  close(): void {
    this.#interface.close();
  }
}

/** What is named is meant from where it was typed; npm runs this in the repository. */
const typed = (path: string): string => resolve(process.env.INIT_CWD ?? ".", path);

function realMachine(lines: Lines): Machine {
  return {
    ask: (question) => lines.next(question),
    tell: (text) => console.log(text),
    // The person's lines are read here alone: wrangler asks for nothing, and makes what is missing.
    wrangler: (args, options) => wrangler(args, { input: "", ...options }),
    get,
    fetch: (request) => fetch(request),
    serve: serveLoopback,
    wait: (ms) => wait(ms),
    read(path) {
      try {
        return readFileSync(typed(path), "utf8");
      } catch {
        return undefined;
      }
    },
    write(path, text) {
      mkdirSync(dirname(typed(path)), { recursive: true });
      writeFileSync(typed(path), text);
    },
    policiesBelow(folder) {
      const root = typed(folder);
      if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) return undefined;
      const names = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) =>
        name.endsWith(POLICY_SUFFIX),
      );
      return names.map((name) => join(root, name));
    },
    secret: () => randomBytes(32).toString("base64url"),
  };
}

const { values } = parseArgs({ options: { settings: { type: "string", default: OWN_FILE } } });
const lines = new Lines();
try {
  const isWell = await setUp({
    machine: realMachine(lines),
    file: resolve(ROOT, values.settings),
    generate: writeGenerated,
  });
  process.exitCode = isWell ? 0 : 1;
} catch (problem) {
  console.error(problem instanceof Error ? problem.message : String(problem));
  process.exitCode = 1;
} finally {
  lines.close();
}
