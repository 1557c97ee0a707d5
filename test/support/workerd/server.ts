// The built folder for a server of one's own, started outside the repository as a person starts it: by `run`, with no environment
// but the configuration.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildServer } from "../../tools/build-server.ts";
import { type HeldPort, holdPort } from "../../tools/start/ports.ts";
import { Output } from "./output.ts";
import type { Process } from "./process.ts";

const START_TIMEOUT_MS = 100_000;
/** No npm, no Node and nothing of the repository on it. */
const PATH = "/usr/bin:/bin";

export interface Exit {
  readonly code: number | null;
  readonly output: string;
}

export class ServerFolder {
  readonly path: string;
  readonly dataPath: string;
  readonly #root: string;
  /** Nobody else answers at the port of a server that was killed. */
  readonly #ports: HeldPort[] = [];

  constructor(root: string) {
    this.#root = root;
    this.path = join(root, "octo-sts");
    this.dataPath = join(root, "data");
  }

  static async build(): Promise<ServerFolder> {
    const folder = new ServerFolder(await mkdtemp(join(tmpdir(), "octo-sts-server-")));
    await buildServer(folder.path);
    await mkdir(folder.dataPath);
    return folder;
  }

  /** State that is not that of another. */
  async newData(): Promise<string> {
    return mkdtemp(join(this.#root, "data-"));
  }

  /** Resolves once it answers; rejects with what it said if it does not. `before` is said by the shell that starts it. */
  async start(variables: Readonly<Record<string, string>>, before?: string): Promise<RunningServer> {
    const held = await holdPort();
    this.#ports.push(held);
    const { port } = held;
    const child = this.#spawn([], { ...variables, PORT: String(port) }, before);
    const server = new RunningServer(child, port);
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await answers(port))) {
      if (server.hasEnded || Date.now() > deadline) throw new Error(`it did not start:\n${server.output()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return server;
  }

  /** One that ends by itself: a wrong configuration, `run check`, `run health`. */
  async run(args: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<Exit> {
    const server = new RunningServer(this.#spawn(args, variables), 0);
    await server.ended;
    return { code: server.code, output: server.output() };
  }

  remove(): Promise<void> {
    for (const held of this.#ports.splice(0)) held.release();
    return rm(this.#root, { recursive: true, force: true });
  }

  #spawn(args: readonly string[], variables: Readonly<Record<string, string>>, before = ":"): ChildProcess {
    const env = { PATH, DATA_DIR: this.dataPath, ...variables } as unknown as NodeJS.ProcessEnv;
    // A group of its own, so that whatever it started can be ended with it.
    const command = ["-c", `${before}; exec "$0" "$@"`, join(this.path, "run"), ...args];
    return spawn("/bin/sh", command, { cwd: "/", env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  }
}

export class RunningServer implements Process {
  readonly port: number;
  readonly pid: number;
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #output = new Output();

  constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
    this.pid = child.pid ?? 0;
    this.#output.read(child.stdout, child.stderr);
    this.ended = new Promise((resolve) => child.once("close", () => resolve()));
  }

  get code(): number | null {
    return this.#child.exitCode;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  output(): string {
    return this.#output.text;
  }

  /** SIGTERM, as systemd and containers send it; resolves when it has ended. */
  async end(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.ended;
  }

  /** SIGKILL to it and all that it started. */
  async stop(): Promise<void> {
    if (!this.hasEnded) process.kill(-this.pid, "SIGKILL");
    await this.ended;
  }
}

async function answers(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}
