/**
 * Workers KV as this service uses it: JSON values under hashed keys, each operation with a time of its own. A namespace that
 * refuses or hangs is an outcome, never an error.
 */
import { KV_GET_TIMEOUT_MS, KV_KEYS_MEMORY_MAX, KV_MIN_TTL_SECONDS, KV_PUT_TIMEOUT_MS } from "../limits.ts";
import { sha256, toHex } from "./digest.ts";
import { BoundedMap } from "./memory.ts";
import { withinTime } from "./within-time.ts";

export interface StoredEntry {
  readonly value: unknown;
  /** In ms since the epoch. */
  readonly readAt: number;
}

/** What is to be stored, as JSON. */
export interface Storable extends Pick<StoredEntry, "readAt"> {
  readonly json: string;
}

export interface KvStoreDeps {
  readonly kv: Pick<KVNamespace, "get" | "put">;
  /** Called for each operation that failed or took too long. */
  readonly onFailure?: ((operation: "get" | "put") => void) | undefined;
}

/** What KV said of one key: `none` also stands for a value that is not of this form, or of another key. */
export type KvRead = StoredEntry | "none" | "failed";

/** Raised when the shape of stored values changes: old values become misses. */
const FORMAT_VERSION = "v2";

export class KvStore {
  readonly #deps: KvStoreDeps;
  /** By tuple. */
  readonly #keys = new BoundedMap<string>(KV_KEYS_MEMORY_MAX);
  /** Cloudflare's own namespaces do; what others put in their place may know single keys alone. */
  #readsInBulk = true;

  constructor(deps: KvStoreDeps) {
    this.#deps = deps;
  }

  async get(tuple: string): Promise<KvRead> {
    const [read = "failed"] = await this.getAll([tuple]);
    return read;
  }

  /** At most 100, in one operation of KV's; what is read comes in their order. Where one cannot be read, none is. */
  async getAll(tuples: readonly string[]): Promise<readonly KvRead[]> {
    try {
      const stored = await withinTime(this.#values(tuples), KV_GET_TIMEOUT_MS);
      return tuples.map((tuple, index) => entryIn(stored[index], tuple));
    } catch {
      this.#deps.onFailure?.("get");
      return tuples.map(() => "failed");
    }
  }

  async #values(tuples: readonly string[]): Promise<readonly unknown[]> {
    const { kv } = this.#deps;
    const keys = await Promise.all(tuples.map((tuple) => this.#key(tuple)));
    const [only, ...others] = keys;
    if (only !== undefined && others.length === 0) return [await kv.get(only, "json")];
    if (this.#readsInBulk) {
      try {
        const values = await kv.get(keys, "json");
        return keys.map((key) => values.get(key));
      } catch (error) {
        if (!isUnknownOperation(error)) throw error;
        this.#readsInBulk = false;
      }
    }
    return Promise.all(keys.map((key) => kv.get(key, "json")));
  }

  /** False when KV did not take the value in time. */
  async put(tuple: string, { json, readAt }: Storable, keepMs: number): Promise<boolean> {
    try {
      const expirationTtl = Math.max(KV_MIN_TTL_SECONDS, Math.ceil(keepMs / 1000));
      const stored = `{"tuple":${JSON.stringify(tuple)},"readAt":${readAt},"value":${json}}`;
      const writing = async () => this.#deps.kv.put(await this.#key(tuple), stored, { expirationTtl });
      await withinTime(writing(), KV_PUT_TIMEOUT_MS);
      return true;
    } catch {
      this.#deps.onFailure?.("put");
      return false;
    }
  }

  /** A format version and the SHA-256 of the tuple: fixed length, no foreign text in a key. */
  async #key(tuple: string): Promise<string> {
    const known = this.#keys.get(tuple);
    if (known !== undefined) return known;
    const key = `${FORMAT_VERSION}:${toHex(await sha256(tuple))}`;
    this.#keys.set(tuple, key);
    return key;
  }
}

/** Not an outage, which would be the same for single keys. What is no list of values, or no JSON, was not meant as an answer to this. */
const isUnknownOperation = (error: unknown): boolean =>
  error instanceof TypeError || error instanceof SyntaxError || /: (?:400|404|405|501)\b/.test(String(error));

interface Stored extends StoredEntry {
  readonly tuple: string;
}

/** The value repeats its key, so that a value copied under another tenant's key is a miss. */
function entryIn(stored: unknown, tuple: string): KvRead {
  return isStored(stored) && stored.tuple === tuple ? { value: stored.value, readAt: stored.readAt } : "none";
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
