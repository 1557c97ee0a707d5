// The runner of GitHub Actions as far as an action sees it: a process of Node with the inputs of action.yml in its environment,
// files for what it says, and an endpoint that signs the job's OIDC token.
//
//     const runner = await openRunner({ sign: (audience) => issuer.sign({ ...claims, aud: audience }) });
//     const main = await runner.main({ domain, scope: "acme/app", identity: "release" });
//     const post = await runner.post(main);                        // with the state that main saved
//     expect([main.code, main.outputs.token, post.code]).toEqual([0, "ghs_...", 0]);

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { type Served, serve } from "../emulators/serve.ts";
import { execute } from "../support/command.ts";
import { type Command, readLog, readValues } from "./log.ts";

export const ACTION = fileURLToPath(new URL("../../.github/actions/token/", import.meta.url).href);
const REQUEST_TOKEN = "runner-token";

export interface ActionFile {
  readonly inputs: Readonly<Record<string, { readonly required?: boolean; readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly runs: { readonly using: string; readonly main: string; readonly post: string };
}

/** Our own file, in the form that GitHub documents. */
export const actionFile = (): ActionFile => parse(readFileSync(join(ACTION, "action.yml"), "utf8")) as ActionFile;

export interface Step {
  readonly code: number | null;
  readonly outputs: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly commands: readonly Command[];
  readonly lines: readonly string[];
  readonly masks: readonly string[];
  /** As it was written, nothing masked. */
  readonly output: string;
}

export interface RunnerOptions {
  /** The job's OIDC token; what is no text is answered as the status. */
  readonly sign: (audience: string) => Promise<string | number>;
  /** Over the variables of the job; undefined leaves one out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

type Variables = Record<string, string | undefined>;

export class Runner {
  readonly workspace = mkdtempSync(join(tmpdir(), "octo-sts-workspace-"));
  readonly temp = mkdtempSync(join(tmpdir(), "octo-sts-runner-"));
  readonly #options: RunnerOptions;
  readonly #oidc: Served;

  constructor(options: RunnerOptions, oidc: Served) {
    this.#options = options;
    this.#oidc = oidc;
  }

  async close(): Promise<void> {
    await this.#oidc.close();
    for (const directory of [this.workspace, this.temp]) rmSync(directory, { recursive: true, force: true });
  }

  /** Refuses inputs that the action does not have, and fills in those with a default. */
  main(inputs: Readonly<Record<string, string>>): Promise<Step> {
    const declared = actionFile().inputs;
    const unknown = Object.keys(inputs).find((name) => !(name in declared));
    if (unknown !== undefined) throw new Error(`the action has no input ${unknown}`);
    const env: Variables = {};
    for (const [name, { default: fallback = "" }] of Object.entries(declared)) {
      const value =
        inputs[name] ?? fallback.replace(/\$\{\{ github\.repository \}\}/, this.#job().GITHUB_REPOSITORY ?? "");
      env[`INPUT_${name.toUpperCase()}`] = value;
    }
    return this.#step(actionFile().runs.main, env);
  }

  post({ state }: Pick<Step, "state">): Promise<Step> {
    const env = Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]));
    return this.#step(actionFile().runs.post, env);
  }

  #job(): Variables {
    return {
      GITHUB_ACTIONS: "true",
      GITHUB_REPOSITORY: "acme/app",
      GITHUB_SERVER_URL: "https://github.com",
      GITHUB_WORKSPACE: this.workspace,
      RUNNER_TEMP: this.temp,
      ACTIONS_ID_TOKEN_REQUEST_URL: `${this.#oidc.url}/token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: REQUEST_TOKEN,
      ...this.#options.env,
    };
  }

  async #step(script: string, more: Variables): Promise<Step> {
    const files = ["OUTPUT", "STATE", "STEP_SUMMARY", "ENV"].map((name) => [`GITHUB_${name}`, join(this.temp, name)]);
    for (const [, path = ""] of files) writeFileSync(path, "");
    const given = { PATH: process.env.PATH, HOME: this.temp, ...this.#job(), ...Object.fromEntries(files), ...more };
    // Its type has the Worker's variables, which a job does not have.
    const env = Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined),
    ) as NodeJS.ProcessEnv;
    const ended = await execute(process.execPath, [join(ACTION, script)], { cwd: this.workspace, env });
    const output = ended.stdout + ended.stderr;
    const [outputs = "", state = "", summary = "", environment = ""] = files.map(([, path = ""]) =>
      readFileSync(path, "utf8"),
    );
    if (environment !== "") throw new Error("the action sets variables for every later step");
    return {
      code: ended.code,
      outputs: readValues(outputs),
      state: readValues(state),
      summary,
      output,
      ...readLog(output),
    };
  }
}

export async function openRunner(options: RunnerOptions): Promise<Runner> {
  const answer = async (request: Request): Promise<Response> => {
    if (request.headers.get("Authorization") !== `Bearer ${REQUEST_TOKEN}`) return new Response("", { status: 401 });
    const value = await options.sign(new URL(request.url).searchParams.get("audience") ?? "");
    return typeof value === "number" ? new Response("", { status: value }) : Response.json({ count: 1, value });
  };
  return new Runner(options, await serve({ name: "the runner's OIDC endpoint", port: 0, fetch: answer }));
}
