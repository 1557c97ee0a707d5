/**
 * The tiered cache: isolate memory over Workers KV. It stores settled values only (one request may not await another's I/O on
 * Workers) and judges no freshness: whoever reads an entry decides by its time. A failing KV is a miss, never an error.
 */

import { KV_MIN_TTL_SECONDS, MEMORY_HOLD_MS } from "../limits.ts";
import { sha256, toHex } from "./digest.ts";
import { BoundedMap } from "./memory.ts";

export interface Entry<T> {
  readonly value: T;
  /** When the outside world said so, in ms since the epoch. */
  readonly readAt: number;
}

/** What an entry is about: owner, repository, identity ...; case is the caller's to fold. */
export type CacheKey = readonly string[];

/** KV writes that an exchange wants; they are carried out only once its caller is verified (strangers cause no write). */
export interface Writes {
  add(write: () => Promise<void>): void;
}

export interface CacheOptions<T> {
  /** Separates kinds of entries that have the same key. */
  readonly kind: string;
  /** Separates deployments that share a namespace but talk to different GitHubs. */
  readonly apiHost: string;
  readonly kv: KVNamespace | undefined;
  readonly now: () => number;
  readonly maxEntries: number;
  /** Which values say "there is nothing": kept apart, so that a stranger's misses never push out what others use. */
  readonly isNegative?: (value: T) => boolean;
  /** How long KV keeps an entry at most, in ms. */
  readonly keepMs: number;
  readonly encode: (value: T) => unknown;
  /** Undefined when the stored value is not of this kind: the entry is then a miss. */
  readonly decode: (stored: unknown) => T | undefined;
  /** Told of each failed KV operation. */
  readonly onKvFailure?: (operation: "get" | "put") => void;
}

interface Held<T> {
  readonly entry: Entry<T>;
  readonly heldAt: number;
}

/** Raised when the shape of stored values changes: old values become misses. */
const FORMAT_VERSION = "v1";

export class TieredCache<T> {
  readonly #options: CacheOptions<T>;
  readonly #positive: BoundedMap<Held<T>>;
  readonly #negative: BoundedMap<Held<T>>;

  constructor(options: CacheOptions<T>) {
    this.#options = options;
    this.#positive = new BoundedMap(options.maxEntries);
    this.#negative = new BoundedMap(options.maxEntries);
  }

  /** From memory alone, if it was confirmed less than a minute ago. */
  peek(key: CacheKey): Entry<T> | undefined {
    const held = this.#held(this.#tuple(key));
    return held && this.#options.now() - held.heldAt < MEMORY_HOLD_MS ? held.entry : undefined;
  }

  /** From memory, else KV; the later reading of the two wins. */
  async get(key: CacheKey): Promise<Entry<T> | undefined> {
    const recent = this.peek(key);
    if (recent) return recent;
    const tuple = this.#tuple(key);
    const held = this.#held(tuple)?.entry;
    const stored = await this.#read(tuple);
    const entry = stored && (!held || stored.readAt >= held.readAt) ? stored : held;
    if (entry) this.#hold(tuple, entry);
    return entry;
  }

  /** Into memory now, into KV when (and if) the exchange carries out its writes. */
  put(key: CacheKey, entry: Entry<T>, writes: Writes | undefined): void {
    const tuple = this.#tuple(key);
    // A slow answer from before a webhook struck the entry out must not cover the tombstone.
    if ((this.#held(tuple)?.entry.readAt ?? 0) > entry.readAt) return;
    this.#hold(tuple, entry);
    writes?.add(() => this.#write(tuple, entry));
  }

  #held(tuple: string): Held<T> | undefined {
    return this.#positive.get(tuple) ?? this.#negative.get(tuple);
  }

  #hold(tuple: string, entry: Entry<T>): void {
    const negative = this.#options.isNegative?.(entry.value) ?? false;
    (negative ? this.#positive : this.#negative).delete(tuple);
    (negative ? this.#negative : this.#positive).set(tuple, { entry, heldAt: this.#options.now() });
  }

  #tuple(key: CacheKey): string {
    return JSON.stringify([this.#options.kind, this.#options.apiHost, ...key]);
  }

  async #read(tuple: string): Promise<Entry<T> | undefined> {
    if (!this.#options.kv) return undefined;
    try {
      const stored: unknown = await this.#options.kv.get(await kvKey(tuple), "json");
      // The value repeats its key, so that a value copied under another tenant's key is a miss.
      if (!isStored(stored) || stored.tuple !== tuple) return undefined;
      const value = this.#options.decode(stored.value);
      return value === undefined ? undefined : { value, readAt: stored.readAt };
    } catch {
      this.#options.onKvFailure?.("get");
      return undefined;
    }
  }

  async #write(tuple: string, entry: Entry<T>): Promise<void> {
    if (!this.#options.kv) return;
    try {
      const stored = JSON.stringify({ tuple, readAt: entry.readAt, value: this.#options.encode(entry.value) });
      const expirationTtl = Math.max(KV_MIN_TTL_SECONDS, Math.ceil(this.#options.keepMs / 1000));
      await this.#options.kv.put(await kvKey(tuple), stored, { expirationTtl });
    } catch {
      this.#options.onKvFailure?.("put");
    }
  }
}

interface Stored {
  readonly tuple: string;
  readonly readAt: number;
  readonly value: unknown;
}

function isStored(stored: unknown): stored is Stored {
  return (
    typeof stored === "object" &&
    stored !== null &&
    "tuple" in stored &&
    typeof stored.tuple === "string" &&
    "readAt" in stored &&
    typeof stored.readAt === "number" &&
    "value" in stored
  );
}

/** A format version and the SHA-256 of the tuple: fixed length, no foreign text in a key. */
async function kvKey(tuple: string): Promise<string> {
  return `${FORMAT_VERSION}:${toHex(await sha256(tuple))}`;
}
