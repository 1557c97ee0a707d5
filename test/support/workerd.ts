// A world in bare workerd, for what only the real runtime shows: callers who leave, KV that hangs, processor time and memory. The
// emulators and KV are loopback servers of this process; the Worker is a child that is ended with the world. For instance:
//
//     const world = await openWorkerd();                       // acme/app with policy `deploy`, App 7 installed
//     world.kv.set("hang", "get");                              // KV never answers a read from now on
//     const client = await sendRaw(world.port, { target: world.target(), headers: await world.headers() });
//     client.reset();                                           // or client.halfClose(), or await client.answer
//     await until(() => world.audits().length === 1);           // then world.livingTokens(), world.network.calls, world.usage()

import { EVENT_TYPE } from "../../worker/audit.ts";
import { appKeys } from "../emulators/core/keys.ts";
import { type Served, type ServeOptions, serve } from "../emulators/serve.ts";
import { Network } from "./network.ts";
import { KvServer } from "./workerd/kv-server.ts";
import { PlatformServer } from "./workerd/platform-server.ts";
import { bundle, type Limits, type Process, startProcess, type Usage, usageOf } from "./workerd/process.ts";
import { claimsOf, DOMAIN, POLICY } from "./workload.ts";

export interface WorkerdOptions {
  readonly variables?: Readonly<Record<string, string>>;
  readonly policy?: string;
  /** The issuer is GitHub Actions' own, as on an Enterprise Server: its workloads may be the owner's own. */
  readonly isActions?: boolean;
  /** Rate limiters and the audit queue are bound. */
  readonly hasPlatform?: boolean;
  /** Events are sent over HTTP to `eventsUrl`, at which nothing answers until `network.answer` says what. */
  readonly hasEventSink?: boolean;
  /** `patient` unless what is measured hangs on them. */
  readonly limits?: Limits;
  /** What runs the Worker in place of workerd on its own. */
  readonly start?: (variables: Readonly<Record<string, string>>) => Promise<Process>;
  /** The emulators answer https at localhost then. */
  readonly tls?: ServeOptions["tls"];
}

type Line = Readonly<Record<string, unknown>>;

interface Deps {
  readonly network: Network;
  readonly kv: KvServer;
  readonly platform: PlatformServer;
  readonly process: Process;
  readonly servers: readonly Served[];
  readonly eventsUrl: string;
  start(more?: Readonly<Record<string, string>>): Promise<Process>;
}

const OWNER = "acme";
const OWNER_ID = 5001;
const APP_ID = 7;

export class WorkerdWorld {
  readonly owner = OWNER;
  readonly domain = DOMAIN;
  readonly network: Network;
  readonly kv: KvServer;
  /** Used with `hasPlatform` only. */
  readonly platform: PlatformServer;
  readonly eventsUrl: string;
  readonly port: number;
  readonly url: string;
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.network = deps.network;
    this.kv = deps.kv;
    this.platform = deps.platform;
    this.eventsUrl = deps.eventsUrl;
    this.port = deps.process.port;
    this.url = `http://127.0.0.1:${this.port}`;
  }

  /** Path and query of an exchange. */
  target(identity = "deploy", scope = `${OWNER}/app`): string {
    return `/sts/exchange?${new URLSearchParams({ scope, identity })}`;
  }

  /** The headers of the usual workload. */
  async headers(claims: Readonly<Record<string, unknown>> = {}): Promise<Readonly<Record<string, string>>> {
    const workload = claimsOf({ owner: OWNER, ownerId: OWNER_ID });
    const token = await this.network.issuers.issuer("").sign({ ...workload, ...claims });
    return { Authorization: `Bearer ${token}` };
  }

  async ask(target = this.target(), init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}${target}`, { headers: await this.headers(), ...init });
  }

  /** Every JSON line that the Worker logged. */
  logs(): readonly Line[] {
    return this.output()
      .split("\n")
      .flatMap((line): Line[] => {
        try {
          const value: unknown = JSON.parse(line);
          // A line of JSON that begins with a brace is an object.
          return line.startsWith("{") ? [value as Line] : [];
        } catch {
          return [];
        }
      });
  }

  audits(): readonly Line[] {
    return this.logs().filter(({ type }) => type === EVENT_TYPE);
  }

  /** The event in which the field has this value, once it is out: events come after answers, in an order of their own. */
  async auditOf(field: "request_id" | "user_agent", value: unknown): Promise<Line> {
    const found = () => this.audits().find((event) => event[field] === value);
    await until(() => found() !== undefined);
    return found() ?? {};
  }

  /** What workerd and the Worker printed. */
  output(): string {
    return this.#deps.process.output();
  }

  livingTokens(): readonly string[] {
    return this.network.github.tokens.filter(({ revoked }) => !revoked).map(({ value }) => value);
  }

  usage(): Promise<Usage> {
    return usageOf(this.#deps.process.pid);
  }

  /** Ends the Worker in the middle of whatever it does. */
  kill(): Promise<void> {
    return this.#deps.process.stop();
  }

  /** Another Worker in the same world, in place of one that was killed, or beside it; with other variables over those of the first. */
  async revive(more: Readonly<Record<string, string>> = {}): Promise<WorkerdWorld> {
    return new WorkerdWorld({ ...this.#deps, process: await this.#deps.start(more) });
  }

  async close(): Promise<void> {
    await this.#deps.process.stop();
    await Promise.all([...this.#deps.servers, this.kv, this.platform].map((server) => server.close()));
  }
}

export async function openWorkerd(options: WorkerdOptions = {}): Promise<WorkerdWorld> {
  let network: Network | undefined;
  const answer = async (request: Request): Promise<Response> => {
    if (network === undefined) throw new TypeError("not there yet");
    return network.fetch(request);
  };
  const { tls } = options;
  const common = { port: 0, fetch: answer, ...(tls && { tls, hostname: "localhost" }) };
  const [github, issuer, kv, platform] = await Promise.all([
    serve({ name: "the emulated GitHub", ...common }),
    serve({ name: "the emulated issuer", ...common }),
    KvServer.open(),
    PlatformServer.open(),
  ]);
  const issuerBase = options.isActions ? `${github.url}/_services/token` : issuer.url;
  network = new Network({ apiUrl: github.url, issuerBase });
  const eventsUrl = `${issuer.url}/events`;
  const sink: Readonly<Record<string, string>> = options.hasEventSink ? { EVENT_INGRESS_URI: eventsUrl } : {};
  const variables = { ...(await populate(network, options.policy)), ...sink, ...options.variables };
  const platformAddress = options.hasPlatform ? platform.address : undefined;
  const start: Deps["start"] = async (more = {}) => {
    const all = { ...variables, ...more };
    if (options.start) return options.start(all);
    const script = await bundle(options.limits ?? "patient");
    return startProcess({ variables: all, kvAddress: kv.address, platformAddress, script });
  };
  const servers = [github, issuer];
  return new WorkerdWorld({ network, kv, platform, process: await start(), servers, eventsUrl, start });
}

async function populate(network: Network, policy?: string): Promise<Readonly<Record<string, string>>> {
  const { github, issuers } = network;
  const { publicKey, privateKeyPem } = await appKeys();
  const issuer = issuers.issuer("").url;
  github.addOrganization(OWNER, { id: OWNER_ID });
  for (const name of ["app", "other", ".github"]) github.addRepository(`${OWNER}/${name}`);
  github.putFile(`${OWNER}/app`, ".github/chainguard/deploy.sts.yaml", policy ?? POLICY(OWNER, issuer));
  github.addApp({ id: APP_ID, publicKeys: [publicKey] });
  github.install({ app: APP_ID, owner: OWNER, permissions: { contents: "write", issues: "write", checks: "write" } });
  return {
    STS_DOMAIN: DOMAIN,
    GITHUB_API_URL: github.apiUrl,
    GITHUB_APP_ID: String(APP_ID),
    GITHUB_APP_PRIVATE_KEY: privateKeyPem,
    KNOWN_ISSUERS: issuer,
    ALLOW_LOOPBACK: "true",
  };
}

/** Waits until it holds; for what happens after an answer, or without one. Rejects when it takes too long. */
export async function until(holds: () => boolean, withinMs = 60_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error("what was waited for did not happen");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
