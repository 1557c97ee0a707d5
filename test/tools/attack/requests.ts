// How the attackers send: many at a time, each with a time of its own, from whatever address and account.

import type { WorkerdWorld } from "../../support/workerd.ts";
import { POLICY } from "../../support/workload.ts";
import { ANSWER_TOO_LONG, NOT_ANSWERED, type Statuses } from "./attack.ts";

const AT_ONCE = 10;
const PATIENCE_MS = 25_000;
const ANSWER_MAX_BYTES = 8 * 1024;

/** The i-th of so many. */
export async function many(count: number, send: (i: number) => Promise<number>, atOnce = AT_ONCE): Promise<Statuses> {
  const statuses: number[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) statuses.push(await send(i).catch(() => NOT_ANSWERED));
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
  return statuses;
}

export async function send(world: WorkerdWorld, target: string, init: RequestInit = {}): Promise<number> {
  const answer = await fetch(`${world.url}${target}`, { ...init, signal: AbortSignal.timeout(PATIENCE_MS) });
  const { byteLength } = await answer.arrayBuffer();
  return byteLength > ANSWER_MAX_BYTES ? ANSWER_TOO_LONG : answer.status;
}

/** An address out of an IPv6 /64 of its own. */
export const address = (i: number): Readonly<Record<string, string>> => ({
  "CF-Connecting-IP": `2001:db8:${i.toString(16)}::1`,
});

/** A workflow of a repository of somebody else's. */
export const foreign = (account: number): Readonly<Record<string, unknown>> => ({
  sub: `repo:else-${account}/x:ref:refs/heads/main`,
  repository: `else-${account}/x`,
  repository_owner: `else-${account}`,
  repository_owner_id: String(1_000_000 + account),
});

export interface Asked {
  readonly identity?: string;
  readonly scope?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One exchange with a good token. */
export async function ask(world: WorkerdWorld, { identity, scope, claims, headers }: Asked = {}): Promise<number> {
  return send(world, world.target(identity, scope), { headers: { ...(await world.headers(claims)), ...headers } });
}

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

export interface Forgery {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly signatureBytes?: number;
}

/** Well formed, and signed by nobody. */
export function forged(
  world: WorkerdWorld,
  { header, claims, signatureBytes = 256 }: Forgery = {},
): Readonly<Record<string, string>> {
  const exp = Math.floor(Date.now() / 1000) + 600;
  const payload = { iss: `${issuerOf(world)}/nobody`, sub: "repo:x/y", aud: "sts.example.com", exp, ...claims };
  const parts = [
    encoded({ alg: "RS256", kid: "k", ...header }),
    encoded(payload),
    Buffer.alloc(signatureBytes, 7).toString("base64url"),
  ];
  return { Authorization: `Bearer ${parts.join(".")}` };
}

export const issuerOf = ({ network }: WorkerdWorld): string => network.issuers.issuer("").url;

export function putPolicy(world: WorkerdWorld, identity: string, text = POLICY(world.owner, issuerOf(world))): void {
  world.network.github.putFile(`${world.owner}/app`, `.github/chainguard/${identity}.sts.yaml`, text);
}
