// What setting up needs of the machine and of the person at it; `../setup.ts` has the one that is real.

import type { Serve } from "./loopback.ts";
import type { Run, RunOptions } from "./wrangler.ts";

export interface Machine {
  /** One line of the person's, without white space around it. Throws when there is none any more. */
  ask(question: string): Promise<string>;
  tell(text: string): void;
  wrangler(args: readonly string[], options?: RunOptions): Promise<Run>;
  /** GET; undefined when nothing answers. */
  get(url: string, bearer: string | undefined): Promise<{ readonly status: number; readonly text: string } | undefined>;
  /** GitHub's API. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** For a browser on this machine. */
  readonly serve: Serve;
  wait(ms: number): Promise<void>;
  /** Of a file, or undefined if it cannot be read. */
  read(path: string): string | undefined;
  write(path: string, text: string): void;
  /** Paths of all policies below a folder, or undefined if there is no such folder. */
  policiesBelow(folder: string): readonly string[] | undefined;
  /** 256 bits that nobody can guess, as text. */
  secret(): string;
}
