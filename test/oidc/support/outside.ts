/** A small outside world: what each address answers, which addresses were asked, and a clock that stands still until told. */
import { env } from "cloudflare:workers";
import { decodeIssuerKeys, encodeIssuerKeys, type IssuerKeys } from "../../../worker/oidc/issuer-keys.ts";
import { readToken, type UnverifiedToken } from "../../../worker/oidc/token.ts";
import { Verifier } from "../../../worker/oidc/verify.ts";
import { TieredCache, type Writes } from "../../../worker/store/cache.ts";
import { KvStore } from "../../../worker/store/kv.ts";
import { NOW } from "./signer.ts";

export type Route = (request: Request) => Response | Promise<Response>;

export class Outside {
  readonly routes = new Map<string, Route>();
  /** Addresses in the order in which they were asked, since the last `forget`. */
  asked: string[] = [];
  now = NOW;

  readonly fetcher = async (request: Request): Promise<Response> => {
    this.asked.push(request.url);
    const route = this.routes.get(request.url);
    if (!route) throw new TypeError("connection refused");
    return route(request);
  };

  answer(url: string, route: Route | object): void {
    this.routes.set(url, typeof route === "function" ? (route as Route) : () => Response.json(route));
  }

  /** An issuer with its usual two addresses; `discovery` members over the usual ones. */
  issuer(issuer: string, keys: readonly unknown[], discovery: object = {}): void {
    this.answer(discoveryOf(issuer), {
      issuer,
      jwks_uri: keySetOf(issuer),
      id_token_signing_alg_values_supported: ["RS256", "ES256", "EdDSA"],
      ...discovery,
    });
    this.answer(keySetOf(issuer), { keys });
  }

  down(issuer: string): void {
    this.routes.delete(discoveryOf(issuer));
    this.routes.delete(keySetOf(issuer));
  }

  wait(ms: number): void {
    this.now += ms;
  }

  forget(): void {
    this.asked = [];
  }
}

export const discoveryOf = (issuer: string): string => `${issuer}/.well-known/openid-configuration`;
export const keySetOf = (issuer: string): string => `${issuer}/keys`;

export interface World {
  readonly outside: Outside;
  readonly verifier: Verifier;
  readonly cache: TieredCache<IssuerKeys>;
}

/** A verifier in a world of its own; with `kv` its cache reaches the namespace that all isolates share. */
export function makeWorld(
  options: { kv?: boolean; outside?: Outside; allowLoopback?: boolean; timeoutMs?: number } = {},
): World {
  const outside = options.outside ?? new Outside();
  const now = () => outside.now;
  const cache = new TieredCache<IssuerKeys>({
    kind: "issuer-keys",
    apiHost: "api.github.com",
    kv: options.kv ? new KvStore({ kv: env.STS_CACHE }) : undefined,
    now,
    maxEntries: 100,
    maxBytes: 5_000_000,
    keepMs: 24 * 60 * 60_000,
    encode: encodeIssuerKeys,
    decode: decodeIssuerKeys,
  });
  const verifier = new Verifier({
    fetcher: outside.fetcher,
    now,
    random: () => 0,
    cache,
    rules: { allowLoopback: options.allowLoopback ?? false, stsDomain: "sts.example.test" },
    timeoutMs: options.timeoutMs ?? 1_000,
  });
  return { outside, verifier, cache };
}

/** Writes that wait, as those of an exchange do, until somebody carries them out. */
export class PendingWrites implements Writes {
  readonly #pending: Parameters<Writes["add"]>[0][] = [];

  add(write: Parameters<Writes["add"]>[0]): void {
    this.#pending.push(write);
  }

  get count(): number {
    return this.#pending.length;
  }

  async carryOut(): Promise<void> {
    for (const write of this.#pending.splice(0)) await write("verified");
  }
}

export function read(compact: string, nowMs = NOW): UnverifiedToken {
  const token = readToken(compact, nowMs);
  if (!token.ok) throw new Error(`the test's own token is ${token.denial.reason}`);
  return token.value;
}

/** `accepted`, or the reason of the refusal, whether it is refused when read or when verified. */
export async function outcomeOf(world: World, compact: string, known = true): Promise<string> {
  const token = readToken(compact, world.outside.now);
  if (!token.ok) return token.denial.reason;
  const verified = await world.verifier.verify(token.value, { known });
  return verified.ok ? "accepted" : verified.denial.reason;
}

/** What became of the token, and which addresses were asked for it. */
export async function step(world: World, compact: string): Promise<readonly [string, readonly string[]]> {
  world.outside.forget();
  const outcome = await outcomeOf(world, compact);
  return [outcome, world.outside.asked];
}

/** The same with what the log would say. */
export async function refusalOf(world: World, compact: string): Promise<string> {
  const verified = await world.verifier.verify(read(compact, world.outside.now), { known: true });
  if (verified.ok) return "accepted";
  const { denial } = verified;
  return "problem" in denial ? `${denial.reason}: ${denial.problem}` : denial.reason;
}
