// A case of vectors/exchange.json as a world and a list of requests. Whoever runs it sends each step's request to the
// Worker after `before()`, with `outside.fetch` in place of fetch, and compares status, code and grant.

import type { Fault } from "../emulators/core/faults.ts";
import { appKeys } from "../emulators/core/keys.ts";
import { createOutside, type Outside } from "../emulators/outside.ts";
import { type Fill, filler, fillRecord, type Names, namesFor } from "./names.ts";
import { requestFor, tokenFor } from "./steps.ts";
import type { ExchangeCase, Grant, OctoAnswer, VectorFault, VectorStep } from "./vector.ts";
import { APP_ID, buildWorld, change, type Setting } from "./world.ts";

export type { ExchangeCase, Grant, OctoAnswer } from "./vector.ts";

export interface ReplayConfig {
  readonly appId: number;
  readonly privateKeyPem: string;
  readonly apiUrl: string;
  readonly domain: string;
  /** Base of all issuers, and what KNOWN_ISSUERS must hold for them to be known. */
  readonly issuerHost: string;
  readonly knownIssuers: readonly string[];
  /** The Worker's variables for the default deployment of the vectors, issuers known. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface ReplayStep {
  /** Changes the world as the step says, drops the faults of the step before, arms its own. */
  before(): void;
  readonly request: Request;
  /** The OIDC token that the request carries, unless the step writes its own Authorization. */
  readonly token: string;
  readonly octo: OctoAnswer;
}

export interface Replay {
  readonly outside: Outside;
  readonly names: Names;
  readonly config: ReplayConfig;
  readonly steps: readonly ReplayStep[];
}

export interface ReplayOptions {
  /** The deployment's domain. */
  readonly domain: string;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly apiUrl?: string;
  readonly latencyMs?: number;
}

function faultOf(fault: VectorFault, fill: Fill): Fault {
  const { route, kind } = fault;
  if (route === undefined || kind === undefined) throw new Error("a fault needs a route and a kind");
  return {
    ...fault,
    route,
    kind,
    ...(fault.match === undefined ? {} : { match: fill(fault.match) }),
    ...(fault.body === undefined ? {} : { body: fill(fault.body) }),
    ...(fault.location === undefined ? {} : { location: fill(fault.location) }),
  };
}

async function stepOf(setting: Setting, vector: ExchangeCase, step: VectorStep, octo: OctoAnswer): Promise<ReplayStep> {
  const token = await tokenFor(setting, { ...vector.token, ...step.token });
  return {
    token,
    octo,
    request: requestFor(setting.names, step, token),
    before() {
      setting.outside.clearFaults();
      for (const wanted of step.do ?? []) change(setting, wanted);
      setting.outside.fault(...(step.faults ?? []).map((fault) => faultOf(fault, setting.fill)));
    },
  };
}

/** Builds the case's own world and its requests. Nothing is sent. */
export async function prepareCase(vector: ExchangeCase, options: ReplayOptions): Promise<Replay> {
  const names = namesFor(vector.id, options.domain);
  const apiUrl = options.apiUrl ?? "https://api.github.com";
  const outside = createOutside({
    apiUrl,
    issuerBase: names.isshost,
    issuerAliases: names.aliases,
    issuersOnDemand: true,
    ...(options.now === undefined ? {} : { now: options.now }),
    ...(options.latencyMs === undefined ? {} : { latencyMs: options.latencyMs }),
  });
  const { privateKeyPem, publicKey } = await appKeys();
  outside.github.addApp({ id: APP_ID, publicKeys: [publicKey] });
  const setting: Setting = { outside, names, fill: filler(names) };
  outside.issuers.issuer(names.issname, fillRecord({ ...vector.issuer }, setting.fill));
  buildWorld(setting, vector.world ?? {});
  const steps: ReplayStep[] = [];
  for (const [i, step] of vector.steps.entries()) {
    const octo = vector.octo[i];
    if (octo === undefined) throw new Error(`${vector.id}: no answer for step ${i}`);
    steps.push(await stepOf(setting, vector, step, octo));
  }
  const variables = {
    STS_DOMAIN: options.domain,
    GITHUB_APP_ID: String(APP_ID),
    GITHUB_APP_PRIVATE_KEY: privateKeyPem,
    GITHUB_API_URL: apiUrl,
    KNOWN_ISSUERS: names.known.join(","),
    ALLOW_LOOPBACK: "true",
  };
  const { domain } = options;
  const config = { appId: APP_ID, privateKeyPem, apiUrl, domain, issuerHost: names.isshost, knownIssuers: names.known };
  return { outside, names, config: { ...config, variables }, steps };
}

function grantFrom(outside: Outside, token: Outside["github"]["tokens"][number]): Grant {
  const { world } = outside.github;
  const { installation } = token;
  const all = world.repositories.filter((one) => one.owner === installation.account);
  const { repositories: selected } = installation;
  const visible = selected === "all" ? all : all.filter((one) => selected.has(one.id));
  const permissions = Object.entries(token.permissions).map(([name, level]) => `${name}:${level}`);
  const repositories = (token.repositories ?? visible).map((one) => one.name);
  return {
    permissions: permissions.sort().join(","),
    repositories: repositories.sort().join(","),
    requested: token.requested,
  };
}

/** What the installation token of an answer carries; null for one that the emulated GitHub never minted. */
export function grantOf(outside: Outside, value: string): Grant | null {
  const token = outside.github.tokens.find((one) => one.value === value);
  return token === undefined ? null : grantFrom(outside, token);
}

/** The last token that was neither used nor revoked: what the caller got. null when nothing was handed out. */
export function mintedGrant(outside: Outside): Grant | null {
  const token = outside.github.tokens.findLast((one) => !one.revoked && one.uses.length === 0);
  return token === undefined ? null : grantFrom(outside, token);
}
