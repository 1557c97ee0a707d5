/** A map bounded by count and, where sizes are given, by bytes; the least recently used entry leaves first. No clock of its own. */
export interface Sizes<V> {
  readonly maxBytes: number;
  /** An estimate, in bytes; asked once for each entry. */
  readonly of: (value: V, key: string) => number;
}

interface Slot<V> {
  readonly value: V;
  readonly bytes: number;
}

const NOTHING: readonly never[] = [];

export class BoundedMap<V> {
  readonly #slots = new Map<string, Slot<V>>();
  readonly #maxEntries: number;
  readonly #sizes: Sizes<V> | undefined;
  #bytes = 0;

  constructor(maxEntries: number, sizes?: Sizes<V>) {
    this.#maxEntries = maxEntries;
    this.#sizes = sizes;
  }

  get(key: string): V | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    // Map keeps insertion order: reinserting makes it the newest.
    this.#slots.delete(key);
    this.#slots.set(key, slot);
    return slot.value;
  }

  /** What had to leave for it, oldest first. An entry that is larger than all of the map is not kept. */
  set(key: string, value: V): readonly V[] {
    this.delete(key);
    const bytes = this.#sizes?.of(value, key) ?? 0;
    if (bytes > (this.#sizes?.maxBytes ?? 0)) return [value];
    this.#slots.set(key, { value, bytes });
    this.#bytes += bytes;
    return this.#isFull ? this.#dropWhile(() => this.#isFull) : NOTHING;
  }

  delete(key: string): void {
    this.#bytes -= this.#slots.get(key)?.bytes ?? 0;
    this.#slots.delete(key);
  }

  /** Drops the least recently used entries as long as they are expired. */
  dropExpired(isExpired: (value: V) => boolean): void {
    this.#dropWhile(isExpired);
  }

  get #isFull(): boolean {
    return this.#slots.size > this.#maxEntries || this.#bytes > (this.#sizes?.maxBytes ?? 0);
  }

  get size(): number {
    return this.#slots.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  #dropWhile(isToDrop: (oldest: V) => boolean): V[] {
    const dropped: V[] = [];
    for (const [key, { value }] of this.#slots) {
      if (!isToDrop(value)) break;
      this.delete(key);
      dropped.push(value);
    }
    return dropped;
  }
}
