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

export interface KvStoreDeps {
  readonly kv: Pick<KVNamespace, "get" | "put">;
  /** Called for each operation that failed or took too long. */
  readonly onFailure?: ((operation: "get" | "put") => void) | undefined;
}

/** Raised when the shape of stored values changes: old values become misses. */
const FORMAT_VERSION = "v2";

export class KvStore {
  readonly #deps: KvStoreDeps;
  /** By tuple. */
  readonly #keys = new BoundedMap<string>(KV_KEYS_MEMORY_MAX);

  constructor(deps: KvStoreDeps) {
    this.#deps = deps;
  }

  /** `none` also stands for a value that is not of this form, or of another key. */
  async get(tuple: string): Promise<StoredEntry | "none" | "failed"> {
    try {
      const reading = async (): Promise<unknown> => this.#deps.kv.get(await this.#key(tuple), "json");
      const stored = await withinTime(reading(), KV_GET_TIMEOUT_MS);
      // The value repeats its key, so that a value copied under another tenant's key is a miss.
      return isStored(stored) && stored.tuple === tuple ? { value: stored.value, readAt: stored.readAt } : "none";
    } catch {
      this.#deps.onFailure?.("get");
      return "failed";
    }
  }

  /** False when KV did not take the value in time. */
  async put(tuple: string, { value, readAt }: StoredEntry, keepMs: number): Promise<boolean> {
    try {
      const expirationTtl = Math.max(KV_MIN_TTL_SECONDS, Math.ceil(keepMs / 1000));
      const stored = JSON.stringify({ tuple, readAt, value });
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
    const key = this.#keys.get(tuple) ?? `${FORMAT_VERSION}:${toHex(await sha256(tuple))}`;
    this.#keys.set(tuple, key);
    return key;
  }
}

interface Stored extends StoredEntry {
  readonly tuple: string;
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
