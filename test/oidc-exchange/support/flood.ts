// A stranger who sends a great many requests, each different in some way, and what that costs.

import type { Answer } from "../../exchange/worker.ts";
import { type Json, join } from "../../oidc/support/signer.ts";
import { GITHUB, ISSUER_HOST, type Stage, type StageOptions } from "./stage.ts";

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
export const forged = (at: Stage, claims: Json = {}, header: Json = {}): string =>
  join({ alg: "RS256", kid: "key-1", ...header }, at.payload(claims), new Uint8Array(256).fill(7));

export async function flood(at: Stage, shot: (i: number) => Shot, shots = SHOTS): Promise<Cost> {
  at.internet.forget();
  const answers: Answer[] = [];
  for (let i = 0; i < shots; i++) {
    const { scope = `${at.owner}/app`, identity = "deploy", claims, header, address = STRANGER } = shot(i);
    answers.push(
      await at.send(forged(at, claims, header), { scope, identity, headers: { "CF-Connecting-IP": address } }),
    );
  }
  const github = at.internet.count(GITHUB);
  return {
    github,
    issuers: at.internet.asked.length - github,
    limited: answers.filter(({ status }) => status === 429).length,
    answers,
  };
}

/** Every issuer below the host is known. */
export const WILDCARD: StageOptions = { variables: { KNOWN_ISSUERS: `https://${ISSUER_HOST}/*` } };

/** One that nobody named before. */
export const path = (i: number): string => `https://${ISSUER_HOST}/path-${i}`;
