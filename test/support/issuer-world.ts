// A world whose policy names an issuer of the test's own making: it answers whatever a test wants, and its tokens are whatever a
// test signs. `createIssuerWorld({ known: true })` names it in KNOWN_ISSUERS.

import type { Answer } from "./isolate.ts";
import { nextNumber } from "./numbers.ts";
import { type Json, makeSigner, type Signer, sign } from "./signer.ts";
import { type Asking, claimsOf, POLICY } from "./workload.ts";
import { World, type WorldOptions, worldDeps } from "./world.ts";

export const ISSUER_HOST = "issuer.example";
export const GITHUB = "api.github.com";

const signers = new Map<string, Signer>();

/** One key per name for the whole file: RSA keys are slow to make. */
export async function signerNamed(name: string, alg = "RS256", kid = "key-1"): Promise<Signer> {
  const known = signers.get(name);
  if (known) return known;
  const made = await makeSigner(alg, kid);
  signers.set(name, made);
  return made;
}

export interface IssuerWorldOptions extends WorldOptions {
  /** Whether KNOWN_ISSUERS names the issuer. */
  readonly known?: boolean;
}

export class IssuerWorld extends World {
  /** What the policy names: of this world alone, as KV is shared by all. */
  readonly issuer: string;
  /** Signs for `issuer`, which publishes it. */
  readonly signer: Signer;

  constructor(deps: ConstructorParameters<typeof World>[0], issuer: string, signer: Signer) {
    super(deps);
    this.issuer = issuer;
    this.signer = signer;
  }

  /** The usual workload's payload under `issuer`; `claims` over it, undefined removes. */
  payload(claims: Json = {}): Json {
    const now = Math.floor(this.clock.now / 1000);
    return { iss: this.issuer, ...claimsOf(this), iat: now, exp: now + 600, ...claims };
  }

  token(claims: Json = {}, header: Json = {}, by = this.signer): Promise<string> {
    return sign(by, this.payload(claims), header);
  }

  /** Asks with this very token. */
  send(token: string, asking: Asking = {}): Promise<Answer> {
    return this.ask({ authorization: `Bearer ${token}`, ...asking });
  }
}

export async function createIssuerWorld({ known = false, ...options }: IssuerWorldOptions = {}): Promise<IssuerWorld> {
  const issuer = `https://${ISSUER_HOST}/i-${nextNumber("issuer")}`;
  const signer = await signerNamed("issuer");
  const variables = { ...(known && { KNOWN_ISSUERS: issuer }), ...options.variables };
  const world = new IssuerWorld(await worldDeps({ ...options, variables }), issuer, signer);
  world.network.publish(issuer, [signer.publicJwk]);
  if (!("policy" in options)) world.putPolicy(POLICY(world.owner, issuer));
  return world;
}

/** The one answer that stands in for every case a caller may not tell apart. */
export const commonText = (owner: string, identity = "deploy"): string =>
  `no installation found for "${owner}", or unable to find trust policy for "${identity}" that trusts this token`;
