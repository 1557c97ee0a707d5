/**
 * The keys of issuers through their caches: fresh for an hour, stale while the issuer is down, failures remembered for a
 * minute, and a cooldown for what an unknown key id may make us fetch. Only settled values are shared between requests.
 */

import { ALGORITHMS } from "../../policies/algorithms.ts";
import { flatJwk } from "../../policies/jwk.ts";
import { isObject } from "../../policies/objects.ts";
import {
  ISSUER_KEYS_FRESH_MS,
  ISSUER_KEYS_STALE_MS,
  ISSUER_NEGATIVE_MS,
  ISSUER_REFETCH_COOLDOWN_MS,
  MEMORY_NEGATIVE_ENTRIES_MAX,
} from "../limits.ts";
import type { Entry, TieredCache, Writes } from "../store/cache.ts";
import { BoundedMap } from "../store/memory.ts";
import {
  type DocumentDeps,
  type DocumentResult,
  fetchIssuerKeys,
  type IssuerKeys,
  type KeysFailure,
} from "./discovery.ts";
import { usableKeys } from "./jwk.ts";

export type { IssuerKeys, KeysFailure };

export interface KeysDeps extends DocumentDeps {
  /** Ms since the epoch. */
  readonly now: () => number;
  /** Made with `encodeIssuerKeys` and `decodeIssuerKeys`; its key is the issuer alone. */
  readonly cache: TieredCache<IssuerKeys>;
}

export interface LoadOptions {
  readonly signal?: AbortSignal;
  /** Where writes to KV go; without it keys stay in memory. */
  readonly writes?: Writes;
}

export type Loaded =
  | { readonly kind: "keys"; readonly keys: IssuerKeys; readonly from: KeysOrigin }
  | { readonly kind: "failure"; readonly failure: KeysFailure };

/** `stale`: the issuer is down, so that asking it for newer keys is of no use. */
export type KeysOrigin = "cache" | "issuer" | "stale";

/** What a failure was, when, and whether an old copy may stand in for the issuer meanwhile. */
interface Failed {
  readonly failure: KeysFailure;
  readonly at: number;
  readonly hadCopy: boolean;
}

/** One per isolate. */
export class IssuerKeySource {
  readonly #deps: KeysDeps;
  // In memory only: whoever is refused causes no write to KV, and nobody else meets a failure.
  readonly #failures = new BoundedMap<Failed>(MEMORY_NEGATIVE_ENTRIES_MAX);
  readonly #refetchedAt = new BoundedMap<number>(MEMORY_NEGATIVE_ENTRIES_MAX);

  constructor(deps: KeysDeps) {
    this.#deps = deps;
  }

  /** A fresh copy from memory or KV. */
  async cached(issuer: string): Promise<IssuerKeys | undefined> {
    const copy = await this.#read(issuer);
    return this.#isFresh(copy) ? copy.value : undefined;
  }

  /** Whether the issuer failed so lately that `load` would not ask it again. */
  isNegativelyCached(issuer: string): boolean {
    return this.#recentFailure(issuer) !== undefined;
  }

  /** Whether `refetch` would ask nobody. */
  isInCooldown(issuer: string): boolean {
    const at = this.#refetchedAt.get(issuer);
    return at !== undefined && this.#age(at) < ISSUER_REFETCH_COOLDOWN_MS;
  }

  /** From the cache, else from the issuer, else (only if it is down) a stale copy. */
  async load(issuer: string, options: LoadOptions): Promise<Loaded> {
    const failed = this.#recentFailure(issuer);
    if (failed && !failed.hadCopy) return { kind: "failure", failure: failed.failure };
    const copy = await this.#read(issuer);
    if (this.#isFresh(copy)) return { kind: "keys", keys: copy.value, from: "cache" };
    if (failed) return standIn(failed.failure, copy);
    const outcome = await this.#fetch(issuer, options);
    if (outcome.ok) return { kind: "keys", keys: outcome.value, from: "issuer" };
    // Another request may have been luckier while this one waited.
    const meanwhile = this.#own(issuer, this.#deps.cache.peek([issuer]));
    if (this.#isFresh(meanwhile)) return { kind: "keys", keys: meanwhile.value, from: "cache" };
    // A caller who ran out of time says nothing about the issuer.
    if (!options.signal?.aborted) {
      this.#failures.set(issuer, { failure: outcome.failure, at: this.#deps.now(), hadCopy: copy !== undefined });
    }
    return standIn(outcome.failure, copy);
  }

  /** Asks again because cached keys did not do; undefined during the cooldown, or when nothing came of it. */
  async refetch(issuer: string, options: LoadOptions): Promise<IssuerKeys | undefined> {
    if (this.isInCooldown(issuer)) return undefined;
    // Before the first await: requests that arrive meanwhile find the cooldown.
    this.#refetchedAt.set(issuer, this.#deps.now());
    const outcome = await this.#fetch(issuer, options);
    return outcome.ok ? outcome.value : undefined;
  }

  async #fetch(issuer: string, { signal, writes }: LoadOptions): Promise<DocumentResult<IssuerKeys>> {
    const outcome = await fetchIssuerKeys(this.#deps, issuer, signal);
    if (outcome.ok) {
      this.#failures.delete(issuer);
      this.#deps.cache.put([issuer], { value: outcome.value, readAt: this.#deps.now() }, writes);
    }
    return outcome;
  }

  async #read(issuer: string): Promise<Entry<IssuerKeys> | undefined> {
    return this.#own(issuer, await this.#deps.cache.get([issuer]));
  }

  /** Keys of one issuer must never speak for another, whatever became of the store. */
  #own(issuer: string, entry: Entry<IssuerKeys> | undefined): Entry<IssuerKeys> | undefined {
    return entry?.value.issuer === issuer && this.#age(entry.readAt) < ISSUER_KEYS_STALE_MS ? entry : undefined;
  }

  #isFresh(entry: Entry<IssuerKeys> | undefined): entry is Entry<IssuerKeys> {
    return entry !== undefined && this.#age(entry.readAt) < ISSUER_KEYS_FRESH_MS;
  }

  #recentFailure(issuer: string): Failed | undefined {
    const failed = this.#failures.get(issuer);
    return failed && this.#age(failed.at) < ISSUER_NEGATIVE_MS ? failed : undefined;
  }

  #age(at: number): number {
    return this.#deps.now() - at;
  }
}

const standIn = (failure: KeysFailure, copy: Entry<IssuerKeys> | undefined): Loaded =>
  copy && failure.reason === "issuer_unreachable"
    ? { kind: "keys", keys: copy.value, from: "stale" }
    : { kind: "failure", failure };

export const encodeIssuerKeys = ({ issuer, algorithms, jwks }: IssuerKeys): unknown => ({
  issuer,
  algorithms,
  keys: jwks.map(flatJwk),
});

/** Undefined when the stored value is not of this kind; keys are judged as if they had just been fetched. */
export function decodeIssuerKeys(stored: unknown): IssuerKeys | undefined {
  if (!isObject(stored)) return undefined;
  const { issuer, algorithms, keys } = stored;
  if (typeof issuer !== "string" || !Array.isArray(algorithms) || !Array.isArray(keys)) return undefined;
  if (!algorithms.every((name) => typeof name === "string" && ALGORITHMS.has(name))) return undefined;
  const jwks = usableKeys(keys);
  return algorithms.length > 0 && jwks.length > 0 ? { issuer, algorithms, jwks } : undefined;
}
