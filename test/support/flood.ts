// A stranger who sends a great many requests, each different in some way, and what that costs.

import type { Answer } from "./isolate.ts";
import { GITHUB, ISSUER_HOST, type IssuerWorld, type IssuerWorldOptions } from "./issuer-world.ts";
import { type Json, join } from "./signer.ts";

/** The i-th request of a flood. */
export interface Shot {
  readonly scope?: string;
  readonly identity?: string;
  readonly claims?: Json;
  readonly header?: Json;
  /** Default: the flood's one address. */
  readonly address?: string;
}

export interface Cost {
  readonly github: number;
  /** All hosts but GitHub's. */
  readonly issuers: number;
  readonly limited: number;
  readonly answers: readonly Answer[];
}

export const STRANGER = "192.0.2.66";
export const SHOTS = 300;

/** Well formed, of the right length, and signed by nobody: strangers need no key. */
export const forged = (world: IssuerWorld, claims: Json = {}, header: Json = {}): string =>
  join({ alg: "RS256", kid: "key-1", ...header }, world.payload(claims), new Uint8Array(256).fill(7));

export async function flood(world: IssuerWorld, shot: (i: number) => Shot, shots = SHOTS): Promise<Cost> {
  world.network.forgetCalls();
  const answers: Answer[] = [];
  for (let i = 0; i < shots; i++) {
    const { scope = `${world.owner}/app`, identity = "deploy", claims, header, address = STRANGER } = shot(i);
    answers.push(
      await world.send(forged(world, claims, header), { scope, identity, headers: { "CF-Connecting-IP": address } }),
    );
  }
  const github = world.network.countHost(GITHUB);
  return {
    github,
    issuers: world.calls.length - github,
    limited: answers.filter(({ status }) => status === 429).length,
    answers,
  };
}

/** Every issuer below the host is known. */
export const WILDCARD: IssuerWorldOptions = { variables: { KNOWN_ISSUERS: `https://${ISSUER_HOST}/*` } };

/** One that nobody named before. */
export const path = (i: number): string => `https://${ISSUER_HOST}/path-${i}`;
