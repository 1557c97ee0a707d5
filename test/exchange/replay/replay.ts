// A case of vectors/exchange.json as a world and a list of requests. Whoever runs it sends each step's request to the
// Worker after `before()`, with `network.fetch` in place of fetch, and compares status, code and grant.

import type { Fault } from "../../emulators/core/faults.ts";
import { appKeys } from "../../emulators/core/keys.ts";
import { Network } from "../../support/network.ts";
import { type Fill, filler, fillRecord, type Names, namesFor } from "./names.ts";
import { APP_ID, type CaseWorld, change, populate } from "./populate.ts";
import { requestFor, tokenFor } from "./steps.ts";
import type { ExchangeCase, Grant, OctoAnswer, VectorFault, VectorStep } from "./vector.ts";

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
  readonly network: Network;
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
  // octo-sts mints the caller's token by the repository's name, as it did the read token before; here it is minted by its id.
  const isOfFinalMint = route === "gh.mint" && fault.match === '"app"' && fault.skip === 1;
  if (isOfFinalMint) return faultOf({ ...fault, match: '"repository_ids"', skip: 0 }, fill);
  return {
    ...fault,
    route,
    kind,
    ...(fault.match === undefined ? {} : { match: fill(fault.match) }),
    ...(fault.body === undefined ? {} : { body: fill(fault.body) }),
    ...(fault.location === undefined ? {} : { location: fill(fault.location) }),
  };
}

async function stepOf(world: CaseWorld, vector: ExchangeCase, step: VectorStep, octo: OctoAnswer): Promise<ReplayStep> {
  const token = await tokenFor(world, { ...vector.token, ...step.token });
  return {
    token,
    octo,
    request: requestFor(world.names, step, token),
    before() {
      world.network.clearFaults();
      for (const wanted of step.do ?? []) change(world, wanted);
      world.network.fault(...(step.faults ?? []).map((fault) => faultOf(fault, world.fill)));
    },
  };
}

/** Builds the case's own world and its requests. Nothing is sent. */
export async function prepareCase(vector: ExchangeCase, options: ReplayOptions): Promise<Replay> {
  const names = namesFor(vector.id, options.domain);
  const apiUrl = options.apiUrl ?? "https://api.github.com";
  const network = new Network({
    apiUrl,
    issuerBase: names.isshost,
    issuerAliases: names.aliases,
    issuersOnDemand: true,
    ...(options.now === undefined ? {} : { now: options.now }),
    ...(options.latencyMs === undefined ? {} : { latencyMs: options.latencyMs }),
  });
  const { privateKeyPem, publicKey } = await appKeys();
  network.github.addApp({ id: APP_ID, publicKeys: [publicKey] });
  const world: CaseWorld = { network, names, fill: filler(names) };
  network.issuers.issuer(names.issname, fillRecord({ ...vector.issuer }, world.fill));
  populate(world, vector.world ?? {});
  const steps: ReplayStep[] = [];
  for (const [i, step] of vector.steps.entries()) {
    const octo = vector.octo[i];
    if (octo === undefined) throw new Error(`${vector.id}: no answer for step ${i}`);
    steps.push(await stepOf(world, vector, step, octo));
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
  return { network, names, config: { ...config, variables }, steps };
}

function grantFrom(network: Network, token: Network["github"]["tokens"][number]): Grant {
  const { state } = network.github;
  const { installation } = token;
  const all = state.repositories.filter((one) => one.owner === installation.account);
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
export function grantOf(network: Network, value: string): Grant | null {
  const token = network.github.tokens.find((one) => one.value === value);
  return token === undefined ? null : grantFrom(network, token);
}

/** The last token that was neither used nor revoked: what the caller got. null when nothing was handed out. */
export function mintedGrant(network: Network): Grant | null {
  const token = network.github.tokens.findLast((one) => !one.revoked && one.uses.length === 0);
  return token === undefined ? null : grantFrom(network, token);
}
