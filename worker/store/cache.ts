/**
 * The tiered cache: isolate memory over Workers KV. It stores settled values only (one request may not await another's I/O on
 * Workers) and judges no freshness: whoever reads an entry decides by its time. A failing KV is a miss, never an error.
 */

import { MEMORY_HOLD_MS } from "../limits.ts";
import type { KvStore } from "./kv.ts";
import { KvBatch, type KvReader } from "./kv-batch.ts";
import { BoundedMap } from "./memory.ts";

export interface Entry<T> {
  readonly value: T;
  /** When the outside world said so, in ms since the epoch. */
  readonly readAt: number;
}

/** What an entry is about: owner, repository, identity ...; case is the caller's to fold. */
export type CacheKey = readonly string[];

/** Who may cause a write: anyone, a verified caller, or one that is proven to belong to the owner. */
export type WriteOrigin = "anyone" | "verified" | "owner";

/** KV writes that wait until the answer is out. They are carried out as far as the caller may cause them. */
export interface Writes {
  /** The least caller who may cause it, "verified" by default; `by` is who it was in the end. */
  add(write: (by: WriteOrigin) => Promise<void>, origin?: WriteOrigin): void;
}

/** The time before which all that was read of something is void, in ms; 0 when nothing is. */
export interface VoidBefore {
  /** As far as this isolate knows. Looked at again after every await. */
  known(): number;
  /** Asks KV as well; undefined when KV does not answer: then nothing that is kept may be served. */
  latest(): Promise<number | undefined>;
}

export interface CacheOptions<T> {
  /** Separates kinds of entries that have the same key. */
  readonly kind: string;
  /** Separates deployments that share a namespace but talk to different GitHubs. */
  readonly apiHost: string;
  /** Without it entries are kept in memory only. */
  readonly kv: KvStore | undefined;
  readonly now: () => number;
  /** Each for what is there and for what is not: a flood of misses never pushes out what others use. */
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** Which values say "there is nothing". */
  readonly isNegative?: (value: T) => boolean;
  /** How long an entry is kept at most, in ms. */
  readonly keepMs: number;
  readonly encode: (value: T) => unknown;
  /** Undefined when the stored value is not of this kind: the entry is then a miss. */
  readonly decode: (stored: unknown) => T | undefined;
  /** In memory, in bytes, beyond what the length of the encoded value tells. */
  readonly moreBytesOf?: (value: T) => number;
}

interface Held<T> {
  readonly entry: Entry<T>;
  readonly heldAt: number;
  readonly bytes: number;
}

/** Of an entry's key, times and place in a map. */
const ENTRY_OVERHEAD_BYTES = 200;
/** A parsed value, and where its parts stood, against its text. Measured: 3 to 8, the more the smaller it is. */
const BYTES_PER_CHARACTER = 6;

const NOTHING_VOID: VoidBefore = { known: () => 0, latest: async () => 0 };

export class TieredCache<T> {
  readonly #options: CacheOptions<T>;
  readonly #positive: BoundedMap<Held<T>>;
  readonly #negative: BoundedMap<Held<T>>;

  constructor(options: CacheOptions<T>) {
    this.#options = options;
    const sizes = { maxBytes: options.maxBytes / 2, of: ({ bytes }: Held<T>) => bytes };
    this.#positive = new BoundedMap(options.maxEntries, sizes);
    this.#negative = new BoundedMap(options.maxEntries, sizes);
  }

  /** From memory alone, if it was confirmed less than a minute ago. */
  peek(key: CacheKey, voidBefore = NOTHING_VOID): Entry<T> | undefined {
    return this.#peek(this.#tuple(key), voidBefore);
  }

  #peek(tuple: string, voidBefore: VoidBefore): Entry<T> | undefined {
    const held = this.#held(tuple);
    if (!held || this.#options.now() - held.heldAt >= MEMORY_HOLD_MS) return undefined;
    return held.entry.readAt < voidBefore.known() ? undefined : held.entry;
  }

  /** From memory, else KV, which `reader` asks for it; the later reading of the two wins. */
  async get(
    key: CacheKey,
    voidBefore = NOTHING_VOID,
    reader: KvReader | undefined = this.#options.kv,
  ): Promise<Entry<T> | undefined> {
    const tuple = this.#tuple(key);
    const recent = this.#peek(tuple, voidBefore);
    if (recent) return recent;
    if (!reader && !this.#held(tuple)) return undefined;
    const [stored, latest] = await Promise.all([this.#read(tuple, reader), voidBefore.latest()]);
    if (latest === undefined) return undefined;
    // Looked at only now: while KV was asked, another exchange or a webhook may have left something newer.
    const held = this.#held(tuple)?.entry;
    const entry = stored && (!held || stored.readAt >= held.readAt) ? stored : held;
    if (!entry || entry.readAt < Math.max(latest, voidBefore.known())) return undefined;
    this.#hold(tuple, entry, this.#encoded(entry));
    return entry;
  }

  /** Several, in their order, by one operation of KV's. */
  getAll(keys: readonly CacheKey[]): Promise<readonly (Entry<T> | undefined)[]> {
    const { kv } = this.#options;
    const reader = kv && new KvBatch(kv);
    return Promise.all(keys.map((key) => this.get(key, NOTHING_VOID, reader)));
  }

  /** Into memory now; into KV when (and if) the writes are carried out. What is void already goes nowhere. */
  put(key: CacheKey, entry: Entry<T>, writes: Writes | undefined, more: PutOptions = {}): void {
    const { voidBefore = NOTHING_VOID, origin } = more;
    const tuple = this.#tuple(key);
    const isVoid = () => entry.readAt < voidBefore.known();
    if (isVoid() || (this.#held(tuple)?.entry.readAt ?? 0) > entry.readAt) return;
    const json = this.#encoded(entry);
    this.#hold(tuple, entry, json);
    const { kv, keepMs } = this.#options;
    if (!kv) return;
    writes?.add(async () => {
      if (!isVoid()) await kv.put(tuple, { json, readAt: entry.readAt }, keepMs);
    }, origin);
  }

  /** What KV holds now, whatever memory knows. */
  async stored(key: CacheKey): Promise<Entry<T> | undefined> {
    return this.#read(this.#tuple(key), this.#options.kv);
  }

  #held(tuple: string): Held<T> | undefined {
    return this.#positive.get(tuple) ?? this.#negative.get(tuple);
  }

  #hold(tuple: string, entry: Entry<T>, json: string): void {
    const { now, keepMs, isNegative } = this.#options;
    const negative = isNegative?.(entry.value) ?? false;
    (negative ? this.#positive : this.#negative).delete(tuple);
    const map = negative ? this.#negative : this.#positive;
    map.dropExpired((held) => now() - held.entry.readAt >= keepMs);
    const more = this.#options.moreBytesOf?.(entry.value) ?? 0;
    const bytes = json.length * BYTES_PER_CHARACTER + more + tuple.length * 2 + ENTRY_OVERHEAD_BYTES;
    map.set(tuple, { entry, heldAt: now(), bytes });
  }

  #encoded({ value }: Entry<T>): string {
    return JSON.stringify(this.#options.encode(value));
  }

  #tuple(key: CacheKey): string {
    return JSON.stringify([this.#options.kind, this.#options.apiHost, ...key]);
  }

  async #read(tuple: string, reader: KvReader | undefined): Promise<Entry<T> | undefined> {
    const stored = await reader?.get(tuple);
    if (stored === undefined || typeof stored === "string") return undefined;
    const value = this.#options.decode(stored.value);
    return value === undefined ? undefined : { value, readAt: stored.readAt };
  }
}

export interface PutOptions {
  readonly voidBefore?: VoidBefore | undefined;
  readonly origin?: WriteOrigin;
}
