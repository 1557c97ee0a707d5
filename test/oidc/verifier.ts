/** A verifier on a network of its own, with a clock that stands still until a test moves it. */
import { env } from "cloudflare:workers";
import { ISSUER_KEYS_CACHE, type IssuerKeys } from "../../worker/oidc/issuer-keys.ts";
import { readToken, type UnverifiedToken } from "../../worker/oidc/token.ts";
import { Verifier } from "../../worker/oidc/verify.ts";
import { TieredCache, type Writes } from "../../worker/store/cache.ts";
import { KvStore } from "../../worker/store/kv.ts";
import { Network } from "../support/network.ts";
import { NOW } from "../support/signer.ts";

export interface VerifierWorld {
  readonly network: Network;
  /** Ms since the epoch. */
  readonly clock: { now: number };
  readonly verifier: Verifier;
  readonly cache: TieredCache<IssuerKeys>;
}

interface VerifierOptions {
  /** Whether its cache reaches the namespace that all isolates share. */
  readonly kv?: boolean;
  /** What it shares with another isolate. */
  readonly beside?: Pick<VerifierWorld, "network" | "clock">;
  readonly allowLoopback?: boolean;
  readonly timeoutMs?: number;
}

export function createVerifierWorld(options: VerifierOptions = {}): VerifierWorld {
  const { network, clock } = options.beside ?? { network: new Network(), clock: { now: NOW } };
  const now = () => clock.now;
  const cache = new TieredCache<IssuerKeys>({
    ...ISSUER_KEYS_CACHE,
    apiHost: "api.github.com",
    kv: options.kv ? new KvStore({ kv: env.STS_CACHE }) : undefined,
    now,
  });
  const verifier = new Verifier({
    fetcher: network.fetch,
    now,
    random: () => 0,
    cache,
    rules: { allowLoopback: options.allowLoopback ?? false, stsDomain: "sts.example.test" },
    timeoutMs: options.timeoutMs ?? 1_000,
  });
  return { network, clock, verifier, cache };
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
export async function outcomeOf(world: VerifierWorld, compact: string, known = true): Promise<string> {
  const token = readToken(compact, world.clock.now);
  if (!token.ok) return token.denial.reason;
  const verified = await world.verifier.verify(token.value, { known });
  return verified.ok ? "accepted" : verified.denial.reason;
}

/** What became of the token, and which addresses were asked for it. */
export async function step(world: VerifierWorld, compact: string): Promise<readonly [string, readonly string[]]> {
  world.network.forgetCalls();
  const outcome = await outcomeOf(world, compact);
  return [outcome, world.network.urls()];
}

/** The same with what the log would say. */
export async function refusalOf(world: VerifierWorld, compact: string): Promise<string> {
  const verified = await world.verifier.verify(read(compact, world.clock.now), { known: true });
  if (verified.ok) return "accepted";
  const { denial } = verified;
  return "problem" in denial ? `${denial.reason}: ${denial.problem}` : denial.reason;
}
