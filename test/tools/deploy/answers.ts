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

  forget(name: string): void {
    this.#toml = withKey(this.#toml, "vars", name, undefined);
    this.#machine.write(this.#file, this.#toml);
  }

  /** Asks until the answer is right. `also` is what an answer means beyond its variable. */
  async ask(name: string, question: string, { fallback, none, also }: AskOptions = {}): Promise<string | undefined> {
    const current = this.variable(name) ?? fallback;
    const shown = current === undefined ? "" : ` [${current}]`;
    for (;;) {
      const answer = (await this.#machine.ask(`${question}${shown}: `)) || current || "";
      const value = answer === none ? undefined : answer;
      const written = withKey(this.#toml, "vars", name, value === undefined ? undefined : JSON.stringify(value));
      const judged = judge(name, () => also?.(written, answer) ?? written);
      if (judged.ok) {
        this.#toml = judged.toml;
        this.#machine.write(this.#file, this.#toml);
        return value;
      }
      this.#machine.tell(`  ${judged.problem}`);
    }
  }
}

type Judged = { readonly ok: true; readonly toml: string } | { readonly ok: false; readonly problem: string };

/** Nothing that cannot be read again is written: a person's file may have forms that no single line replaces. */
function judge(name: string, write: () => string): Judged {
  try {
    const toml = write();
    const found = preflight(parseOwn(toml));
    const problem = found.find(({ severity, text }) => severity === "error" && text.startsWith(`${name} `))?.text;
    return problem === undefined ? { ok: true, toml } : { ok: false, problem };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { ok: false, problem: `that cannot be written into your settings, so write it by hand: ${problem}` };
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
