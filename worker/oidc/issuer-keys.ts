/**
 * The keys of issuers through their caches: fresh for an hour, stale while the issuer is down. Only settled values are shared
 * between requests.
 */

import { ALGORITHMS } from "../../policies/algorithms.ts";
import { flatJwk } from "../../policies/jwk.ts";
import { isObject } from "../../policies/objects.ts";
import type { CacheName, CacheResult, Call } from "../event.ts";
import {
  ISSUER_FETCHES_IN_FLIGHT_MAX,
  ISSUER_KEYS_FRESH_MS,
  ISSUER_KEYS_MEMORY_MAX,
  ISSUER_KEYS_MISS_HOLD_MS,
  ISSUER_KEYS_STALE_MS,
  ISSUER_WAITS_MS,
  MEMORY_SHARES_BYTES,
  RETRY_AFTER_OUTAGE_SECONDS,
} from "../limits.ts";
import type { Entry, TieredCache, Writes } from "../store/cache.ts";
import type { TimeLeft } from "../store/deadline.ts";
import { Limiter } from "../store/limiter.ts";
import { BoundedMap } from "../store/memory.ts";
import { soon } from "../store/soon.ts";
import {
  type DocumentDeps,
  type DocumentResult,
  fetchIssuerKeys,
  type IssuerKeys,
  type KeysFailure,
} from "./discovery.ts";
import { IssuerBackoff } from "./issuer-backoff.ts";
import { usableKeys } from "./jwk.ts";

export type { IssuerKeys, KeysFailure };

export interface KeysDeps extends DocumentDeps {
  /** Made with `ISSUER_KEYS_CACHE`; its key is the issuer alone. */
  readonly cache: TieredCache<IssuerKeys>;
}

export interface LoadOptions {
  readonly deadline?: TimeLeft | undefined;
  /** Where writes to KV go; without it keys stay in memory. */
  readonly writes?: Writes | undefined;
  /** Called for each call to the issuer. */
  readonly called?: ((call: Call) => void) | undefined;
  /** Called for each look at what is remembered. */
  readonly cached?: ((cache: CacheName, result: CacheResult) => void) | undefined;
}

interface Copy extends Entry<IssuerKeys> {
  readonly from: "memory" | "kv";
}

export type Loaded =
  | { readonly kind: "keys"; readonly keys: IssuerKeys; readonly from: "cache" | "issuer" }
  /** The issuer is down, and an old copy stands in for it. */
  | { readonly kind: "keys"; readonly keys: IssuerKeys; readonly from: "stale"; readonly failure: DatedFailure }
  | { readonly kind: "failure"; readonly failure: DatedFailure };

/** A failure, and when it is worth asking again. */
export interface DatedFailure extends KeysFailure {
  readonly retryAfterSeconds: number;
  /** Nobody was asked: the issuer was asked too often. */
  readonly inCooldown?: true;
}

export type Refetched =
  | { readonly kind: "keys"; readonly keys: IssuerKeys }
  | { readonly kind: "failure"; readonly failure: DatedFailure };

/** One per isolate. */
export class IssuerKeySource {
  readonly #deps: KeysDeps;
  readonly #backoff: IssuerBackoff;
  /** By issuer, when KV was last asked and had nothing. */
  readonly #missedAt = new BoundedMap<number>(ISSUER_KEYS_MEMORY_MAX);
  /** Places in flight, by issuer. */
  readonly #asking: Limiter;

  constructor(deps: KeysDeps) {
    this.#deps = deps;
    this.#asking = new Limiter({ perWindow: ISSUER_FETCHES_IN_FLIGHT_MAX, now: deps.now });
    this.#backoff = new IssuerBackoff(deps.now);
  }

  /** A fresh copy from memory or KV. */
  async cached(issuer: string, cached?: LoadOptions["cached"]): Promise<IssuerKeys | undefined> {
    const copy = await this.#read(issuer);
    if (!this.#isFresh(copy)) return undefined;
    // Memory holds it from now on.
    cached?.(CACHE, copy.from);
    return copy.value;
  }

  /** Whether the issuer failed so lately that `load` would not ask it again. */
  isNegativelyCached(issuer: string): boolean {
    return this.#backoff.current(issuer) !== undefined;
  }

  /** Whether `refetch` would ask nobody. */
  isInCooldown(issuer: string): boolean {
    return this.#backoff.refetchWait(issuer) > 0;
  }

  /**
   * From the cache, else from the issuer, else (only if it is down) a stale copy. Of a crowd that comes at once a few ask, and the rest
   * wait for what they hear.
   */
  async load(issuer: string, options: LoadOptions): Promise<Loaded> {
    const loaded = await soon(() => this.#tryToLoad(issuer, options), ISSUER_WAITS_MS);
    return loaded ?? { kind: "failure", failure: CROWDED };
  }

  /** Undefined where there is no place to ask from. */
  async #tryToLoad(issuer: string, options: LoadOptions): Promise<Loaded | undefined> {
    const { cached } = options;
    const failed = this.#backoff.current(issuer);
    if (failed && !failed.hadCopy) {
      cached?.(CACHE, "negative");
      return { kind: "failure", failure: this.#dated(issuer, failed.failure) };
    }
    const copy = await this.#read(issuer);
    if (this.#isFresh(copy)) {
      cached?.(CACHE, copy.from);
      return { kind: "keys", keys: copy.value, from: "cache" };
    }
    if (failed) return standIn(this.#dated(issuer, failed.failure), copy, cached);
    const release = this.#asking.acquire(issuer);
    if (release === undefined) return undefined;
    const askedAt = this.#deps.now();
    const outcome = await this.#fetch(issuer, options).finally(release);
    if (outcome.ok) return { kind: "keys", keys: outcome.value, from: "issuer" };
    // Another request may have been luckier while this one waited.
    const meanwhile = this.#own(issuer, this.#deps.cache.peek([issuer]));
    if (this.#isFresh(meanwhile)) return { kind: "keys", keys: meanwhile.value, from: "cache" };
    // A caller who ran out of time says nothing about the issuer.
    const { failure } = outcome;
    if (options.deadline?.leftMs !== 0) this.#backoff.failed(issuer, { failure, hadCopy: copy !== undefined }, askedAt);
    return standIn(this.#dated(issuer, failure), copy, cached);
  }

  /** Asks again because cached keys did not do, so often in a window at most: beyond that it is a failure, and nobody is asked. */
  async refetch(issuer: string, max: number, options: LoadOptions): Promise<Refetched> {
    const wait = this.#backoff.refetchWait(issuer, max);
    if (wait > 0) {
      const problem = "the issuer was asked for new keys too often";
      const retryAfterSeconds = seconds(wait);
      const reason = "issuer_unreachable";
      return { kind: "failure", failure: { reason, problem, retryAfterSeconds, inCooldown: true } };
    }
    this.#backoff.refetching(issuer);
    const outcome = await this.#fetch(issuer, options);
    if (outcome.ok) return { kind: "keys", keys: outcome.value };
    return { kind: "failure", failure: { ...outcome.failure, retryAfterSeconds: RETRY_AFTER_OUTAGE_SECONDS } };
  }

  async #fetch(issuer: string, options: LoadOptions): Promise<DocumentResult<IssuerKeys>> {
    const { writes, cached } = options;
    cached?.(CACHE, "miss");
    const outcome = await fetchIssuerKeys(this.#deps, issuer, options);
    if (outcome.ok) {
      this.#backoff.succeeded(issuer);
      this.#deps.cache.put([issuer], { value: outcome.value, readAt: this.#deps.now() }, writes);
    }
    return outcome;
  }

  #dated(issuer: string, failure: KeysFailure): DatedFailure {
    const left = this.#backoff.left(issuer);
    return { ...failure, retryAfterSeconds: left > 0 ? seconds(left) : RETRY_AFTER_OUTAGE_SECONDS };
  }

  async #read(issuer: string): Promise<Copy | undefined> {
    const { cache, now } = this.#deps;
    const inMemory = this.#own(issuer, cache.peek([issuer]));
    if (inMemory) return { ...inMemory, from: "memory" };
    if (now() - (this.#missedAt.get(issuer) ?? 0) < ISSUER_KEYS_MISS_HOLD_MS) return undefined;
    const entry = await cache.get([issuer]);
    if (entry === undefined) this.#missedAt.set(issuer, now());
    const own = this.#own(issuer, entry);
    return own && { ...own, from: "kv" };
  }

  /** Keys of one issuer must never speak for another, whatever became of the store. */
  #own(issuer: string, entry: Entry<IssuerKeys> | undefined): Entry<IssuerKeys> | undefined {
    return entry?.value.issuer === issuer && this.#age(entry.readAt) < ISSUER_KEYS_STALE_MS ? entry : undefined;
  }

  #isFresh<E extends Entry<IssuerKeys>>(entry: E | undefined): entry is E {
    return entry !== undefined && this.#age(entry.readAt) < ISSUER_KEYS_FRESH_MS;
  }

  #age(at: number): number {
    return this.#deps.now() - at;
  }
}

/** The name in the audit event. */
const CACHE = "issuer_keys";

function standIn(failure: DatedFailure, copy: Entry<IssuerKeys> | undefined, cached: LoadOptions["cached"]): Loaded {
  if (!copy || failure.reason !== "issuer_unreachable") return { kind: "failure", failure };
  cached?.(CACHE, "stale");
  return { kind: "keys", keys: copy.value, from: "stale", failure };
}

const CROWDED: DatedFailure = {
  reason: "issuer_unreachable",
  problem: "too many requests wait for its keys",
  retryAfterSeconds: RETRY_AFTER_OUTAGE_SECONDS,
};

const seconds = (ms: number): number => Math.ceil(ms / 1000);

const encodeIssuerKeys = ({ issuer, algorithms, jwks }: IssuerKeys): unknown => ({
  issuer,
  algorithms,
  keys: jwks.map(flatJwk),
});

/** Undefined when the stored value is not of this kind; keys are judged as if they had just been fetched. */
function decodeIssuerKeys(stored: unknown): IssuerKeys | undefined {
  if (!isObject(stored)) return undefined;
  const { issuer, algorithms, keys } = stored;
  if (typeof issuer !== "string" || !Array.isArray(algorithms) || !Array.isArray(keys)) return undefined;
  if (!algorithms.every((name) => typeof name === "string" && ALGORITHMS.has(name))) return undefined;
  const jwks = usableKeys(keys);
  return algorithms.length > 0 && jwks.length > 0 ? { issuer, algorithms, jwks } : undefined;
}

/** What a cache of these values is made with. */
export const ISSUER_KEYS_CACHE = {
  kind: "issuer",
  maxEntries: ISSUER_KEYS_MEMORY_MAX,
  maxBytes: MEMORY_SHARES_BYTES.issuerKeys,
  keepMs: ISSUER_KEYS_STALE_MS,
  encode: encodeIssuerKeys,
  decode: decodeIssuerKeys,
} as const;
