// The operator's own settings, one question after the other. Each answer is judged as the deployment will be, and written down at
// once, so that whoever leaves goes on where he left.

import { withKey } from "./lines.ts";
import type { Machine } from "./machine.ts";
import { preflight } from "./preflight.ts";
import { parseOwn, type Settings } from "./settings.ts";

export class Answers {
  readonly #machine: Machine;
  readonly #file: string;
  #toml: string;

  constructor(machine: Machine, file: string) {
    this.#machine = machine;
    this.#file = file;
    this.#toml = machine.read(file) ?? "";
  }

  get settings(): Settings {
    return parseOwn(this.#toml);
  }

  variable(name: string): string | undefined {
    const value = this.settings.vars[name];
    return value === undefined || value === "" ? undefined : String(value);
  }

  /** Asks until the answer is right. `also` is what an answer means beyond its variable. */
  async ask(name: string, question: string, { fallback, none, also }: AskOptions = {}): Promise<string | undefined> {
    const current = this.variable(name) ?? fallback;
    const shown = current === undefined ? "" : ` [${current}]`;
    for (;;) {
      const answer = (await this.#machine.ask(`${question}${shown}: `)) || current || "";
      const value = answer === none ? undefined : answer;
      const written = withKey(this.#toml, "vars", name, value === undefined ? undefined : JSON.stringify(value));
      const problem = problemOf(written, name);
      if (problem === undefined) {
        this.#toml = also?.(written, answer) ?? written;
        this.#machine.write(this.#file, this.#toml);
        return value;
      }
      this.#machine.tell(`  ${problem}`);
    }
  }
}

function problemOf(toml: string, name: string): string | undefined {
  try {
    const found = preflight(parseOwn(toml));
    return found.find(({ severity, text }) => severity === "error" && text.startsWith(`${name} `))?.text;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export interface AskOptions {
  readonly fallback?: string;
  /** The word for no value at all. */
  readonly none?: string;
  readonly also?: (toml: string, answer: string) => string;
}

/** By which name callers come in follows from the domain; routes that have it already stay as they are. */
export function routed(toml: string, domain: string): string {
  const isOfWorkers = domain.endsWith(".workers.dev");
  const on = withKey(toml, undefined, "workers_dev", String(isOfWorkers));
  if (isOfWorkers) return withKey(on, undefined, "routes", undefined);
  const patterns = parseOwn(on).routes.map((route) => (typeof route === "string" ? route : route.pattern));
  if (patterns.some((pattern) => pattern.split("/", 1)[0] === domain)) return on;
  return withKey(on, undefined, "routes", `[{ pattern = ${JSON.stringify(domain)}, custom_domain = true }]`);
}
