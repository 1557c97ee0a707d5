// A story with an internet around it: issuers of any name that answer whatever a test wants, and a record of every host that was
// asked. GitHub and the Actions issuer are the story's emulators.

import { type Asking, claimsOf, POLICY, type Story, type StoryOptions, story } from "../../exchange/story.ts";
import type { Answer } from "../../exchange/worker.ts";
import { discoveryOf, keySetOf, type Route } from "../../oidc/support/outside.ts";
import { type Json, makeSigner, type Signer, sign } from "../../oidc/support/signer.ts";

export const ISSUER_HOST = "issuer.example";
export const GITHUB = "api.github.com";
const EMULATED: readonly string[] = [GITHUB, "token.actions.githubusercontent.com"];

/** Addresses and what they answer; whatever has no answer refuses the connection. */
export class Internet {
  readonly routes = new Map<string, Route>();
  /** Every request in order, as `host /path`. */
  asked: { readonly host: string; readonly url: string; readonly method: string }[] = [];

  readonly fetch = async (request: Request, pass: (request: Request) => Promise<Response>): Promise<Response> => {
    const { host } = new URL(request.url);
    this.asked.push({ host, url: request.url, method: request.method });
    const route = this.routes.get(request.url);
    if (route) return route(request);
    if (EMULATED.includes(host)) return pass(request);
    throw new TypeError("connection refused");
  };

  answer(url: string, route: Route | object): void {
    // A function is a route, anything else a JSON document; the union has no tag that says so.
    this.routes.set(url, typeof route === "function" ? (route as Route) : () => Response.json(route));
  }

  /** An issuer with its usual two addresses; `discovery` members over the usual ones. */
  issuer(issuer: string, keys: readonly unknown[], discovery: object = {}): void {
    const algs = ["RS256", "PS256", "ES256", "ES384", "EdDSA"];
    const jwks_uri = keySetOf(issuer);
    this.answer(discoveryOf(issuer), { issuer, jwks_uri, id_token_signing_alg_values_supported: algs, ...discovery });
    this.answer(keySetOf(issuer), { keys });
  }

  down(issuer: string): void {
    this.routes.delete(discoveryOf(issuer));
    this.routes.delete(keySetOf(issuer));
  }

  /** Every host that was asked, once, sorted. */
  hosts(): string[] {
    return [...new Set(this.asked.map(({ host }) => host))].sort();
  }

  /** Addresses in order, without GitHub's. */
  urlsAsked(): string[] {
    return this.asked.filter(({ host }) => host !== GITHUB).map(({ url }) => url);
  }

  count(host: string): number {
    return this.asked.filter((one) => one.host === host).length;
  }

  forget(): void {
    this.asked = [];
  }
}

export interface Stage extends Story {
  readonly internet: Internet;
  /** What the policy names: of this stage alone, as KV is shared by all. */
  readonly issuer: string;
  /** Signs for `issuer`, which publishes it. */
  readonly signer: Signer;
  /** The usual workload's payload under `issuer`; `claims` over it, undefined removes. */
  payload(claims?: Json): Json;
  token(claims?: Json, header?: Json, by?: Signer): Promise<string>;
  /** Asks with this very token. */
  send(token: string, asking?: Asking): Promise<Answer>;
}

const signers = new Map<string, Signer>();

/** One key per name for the whole file: RSA keys are slow to make. */
export async function signerNamed(name: string, alg = "RS256", kid = "key-1"): Promise<Signer> {
  const known = signers.get(name);
  if (known) return known;
  const made = await makeSigner(alg, kid);
  signers.set(name, made);
  return made;
}

let stages = 0;

export interface StageOptions extends StoryOptions {
  /** Whether KNOWN_ISSUERS names the issuer. */
  readonly known?: boolean;
}

export async function stage({ known = false, ...options }: StageOptions = {}): Promise<Stage> {
  const internet = new Internet();
  const issuer = `https://${ISSUER_HOST}/i-${++stages}`;
  const signer = await signerNamed("issuer");
  const variables = { ...(known && { KNOWN_ISSUERS: issuer }), ...options.variables };
  const told = await story({ ...options, internet: internet.fetch, variables });
  const { owner, outside, clock } = told;
  internet.issuer(issuer, [signer.publicJwk]);
  if (!("policy" in options)) {
    outside.github.putFile(`${owner}/app`, ".github/chainguard/deploy.sts.yaml", POLICY(owner, issuer));
  }
  const payload = (claims: Json = {}): Json => {
    const now = Math.floor(clock.now / 1000);
    return { iss: issuer, ...claimsOf(told), iat: now, exp: now + 600, ...claims };
  };
  return {
    ...told,
    internet,
    issuer,
    signer,
    payload,
    token: (claims, header = {}, by = signer) => sign(by, payload(claims), header),
    send: (token, asking = {}) => told.ask({ authorization: `Bearer ${token}`, ...asking }),
  };
}

export function putPolicy({ outside, owner }: Story, text: string, where = "app", name = "deploy"): void {
  outside.github.putFile(`${owner}/${where}`, `.github/chainguard/${name}.sts.yaml`, text);
}

export function putAllowList({ outside, owner }: Story, text: string): void {
  outside.github.putFile(`${owner}/.github`, ".github/chainguard/trusted-token-issuers.yaml", text);
}

/** The one answer that stands in for every case a caller may not tell apart (worker/README.md, "Who may learn what"). */
export const commonText = (owner: string, identity = "deploy"): string =>
  `no installation found for "${owner}", or unable to find trust policy for "${identity}" that trusts this token`;

/** What was the matter in the last exchange, whatever the caller was told. */
export function reallyOf({ worker }: Pick<Story, "worker">): unknown {
  return worker.audits().at(-1)?.reason;
}
