/**
 * The entry on a server of one's own: the very Worker of Cloudflare, which is told who calls, and what the script `run` asks of it
 * (worker/README.md, "On your own server"). `../index.ts` stays a module of its own when this is built.
 */
import { misspeltNames } from "../config/misspelt.ts";
import { SECRETS } from "../config/secrets.ts";
import { readConfig } from "../config.ts";
import worker from "../index.ts";
import { addressOfCaller, parseProxies } from "./caller.ts";
import { Pending } from "./pending.ts";

interface Env {
  readonly TRUSTED_PROXIES: string | null;
  /** Of all variables of the process, a line each; what is not bound here reaches nobody. */
  readonly ENVIRONMENT_NAMES: string | null;
  /** The control socket of the process that serves. */
  readonly CONTROL: Fetcher;
}

const pending = new Pending();
let proxies: ReturnType<typeof parseProxies> | undefined;

export default {
  fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    proxies ??= parseProxies(env.TRUSTED_PROXIES ?? "");
    const own = new Request(request, { signal: request.signal });
    own.headers.set("CF-Connecting-IP", addressOfCaller(request, proxies.ok ? proxies.value : []));
    const answer = Promise.resolve(worker.fetch(own, env, pending.around(context)));
    pending.add(answer);
    return answer;
  },
};

/** What the control socket answers; only who may write to the data folder reaches it. */
export const control = {
  fetch(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response> {
    if (new URL(request.url).pathname === "/drain") return new Response(pending.untilIdle());
    return Promise.resolve(worker.fetch(new Request("http://localhost/healthz"), env, context));
  },
};

/** `run` tries this before it listens. Nothing is reached from it, so that it judges the configuration alone. */
export const preflight = {
  async test(_controller: unknown, env: Env, context: ExecutionContext): Promise<void> {
    const list = parseProxies(env.TRUSTED_PROXIES ?? "");
    const names = (env.ENVIRONMENT_NAMES ?? "").split("\n").filter((name) => name !== "" && !(name in env));
    const all = { ...Object.fromEntries(names.map((name) => [name, null])), ...env };
    const reading = readConfig(all);
    const withoutApp = reading.ok ? undefined : reading.withoutApp;
    const problems = [
      ...(list.ok ? [] : [`TRUSTED_PROXIES ${list.problem}`]),
      ...problemsOfNames(names, env),
      ...(withoutApp ? [] : await problemsOf(all, context)),
    ];
    for (const problem of problems) console.log(problem);
    if (problems.length > 0) throw new Error("the configuration is wrong");
    // Not an error: the page at the service's own address registers one.
    if (withoutApp) console.log(`there is no GitHub App yet: https://${withoutApp.stsDomain}/ registers one`);
  },
};

async function problemsOf(env: Env, context: ExecutionContext): Promise<readonly string[]> {
  const readyToken = crypto.randomUUID();
  const headers = { Authorization: `Bearer ${readyToken}` };
  const request = new Request("http://localhost/readyz", { headers });
  // It has no way to GitHub here, and would say so in a log that is not that of the service.
  const { log } = console;
  console.log = () => undefined;
  const response = await worker.fetch(request, { ...env, READY_TOKEN: readyToken }, context);
  console.log = log;
  // Our own answer: without `problems` the configuration is right.
  const { problems = [] } = (await response.json()) as {
    readonly problems?: readonly { readonly variable: string; readonly problem: string }[];
  };
  return problems.map(({ variable, problem }) => `${variable} ${problem}`);
}

/** Of what `run` alone reads. The Worker judges what is nearly a name of its own. */
function problemsOfNames(names: readonly string[], env: Env): readonly string[] {
  const files = SECRETS.map((name) => `${name}_FILE`);
  const misspelt = misspeltNames(names, [...files, "TRUSTED_PROXIES"]);
  const unread = names.filter((name) => name.endsWith("_FILE") && !files.includes(name) && name.slice(0, -5) in env);
  return [
    ...misspelt.map(({ name, meant }) => `${name} must be ${meant}, if that is meant`),
    ...unread.map((name) => `${name} is not read: a file may hold a secret only`),
  ];
}

/** For a container's health check. */
export const health = {
  async test(_controller: unknown, env: Env): Promise<void> {
    const { ok } = await env.CONTROL.fetch("http://control/healthz", {
      signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS),
    });
    if (!ok) throw new Error("not healthy");
  },
};

const HEALTH_TIMEOUT_MS = 3_000;

/** Holds a request open at the process that serves, which ends when told to, but not before the last such request is answered. */
export const drain = {
  async test(_controller: unknown, env: Env): Promise<void> {
    const { body } = await env.CONTROL.fetch("http://control/drain");
    if (body === null) throw new Error("nothing was held");
    for await (const _ of body) console.log("held");
  },
};
