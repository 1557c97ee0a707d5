/**
 * Which policies a repository has, by the names in its folders, as they are remembered: in memory only, since each isolate reads
 * what it needs of them once in five minutes.
 */
import { FOLDER_FRESH_MS, GITHUB_TIMEOUT_MS, MEMORY_ENTRIES_MAX, MEMORY_SHARES_BYTES } from "../limits.ts";
import { type CacheKey, type Entry, TieredCache, type VoidBefore } from "../store/cache.ts";
import { BoundedMap } from "../store/memory.ts";
import { type FolderValue, foldersOf, type KnownFolders } from "./identities.ts";
import type { Target } from "./target.ts";
import {
  namesSubject,
  ownerSubject,
  repositorySubject,
  type Subject,
  type TombstoneLookup,
  type Tombstones,
} from "./tombstones.ts";

export interface PolicyFoldersDeps {
  readonly apiHost: string;
  readonly tombstones: Tombstones;
  readonly now: () => number;
}

export class PolicyFolders {
  readonly #deps: PolicyFoldersDeps;
  readonly #cache: TieredCache<FolderValue>;
  /** Of the folders that an exchange is reading, since when; in ms. */
  readonly #readSince = new BoundedMap<number>(MEMORY_ENTRIES_MAX);

  constructor(deps: PolicyFoldersDeps) {
    this.#deps = deps;
    this.#cache = new TieredCache<FolderValue>({
      apiHost: deps.apiHost,
      kv: undefined,
      now: deps.now,
      kind: "folder",
      maxEntries: MEMORY_ENTRIES_MAX,
      maxBytes: MEMORY_SHARES_BYTES.folders,
      keepMs: FOLDER_FRESH_MS,
      encode: (value) => value,
      decode: () => undefined,
      isNegative: ({ files }) => files.length === 0,
    });
  }

  /** The fresh ones of the folders on the way to an identity. Asks KV for tombstones, where anything is remembered. */
  async recall(target: Target, lookup: TombstoneLookup): Promise<KnownFolders> {
    const voidBefore = lookup.of(subjectsOf(target));
    const folders = foldersOf(target.identity);
    const entries = await Promise.all(folders.map((folder) => this.#cache.get(keyOf(target, folder), voidBefore)));
    return this.#fresh(folders, entries);
  }

  /** The same, from memory alone. */
  peek(target: Target): KnownFolders {
    const folders = foldersOf(target.identity);
    const entries = folders.map((folder) => this.#cache.peek(keyOf(target, folder)));
    if (entries.every((entry) => entry === undefined)) return NONE;
    const voidBefore = this.#voidBefore(target).known();
    return this.#fresh(
      folders,
      entries.map((entry) => (entry && entry.readAt < voidBefore ? undefined : entry)),
    );
  }

  /** True for one exchange at a time: of a crowd that meets the same 404 each would read the same names. */
  mayRead(target: Target, folder: string): boolean {
    const key = JSON.stringify(keyOf(target, folder));
    const since = this.#readSince.get(key);
    const now = this.#deps.now();
    if (since !== undefined && now - since < GITHUB_TIMEOUT_MS) return false;
    this.#readSince.set(key, now);
    return true;
  }

  keep(target: Target, folder: string, entry: Entry<FolderValue>): void {
    const key = keyOf(target, folder);
    this.#readSince.delete(JSON.stringify(key));
    this.#cache.put(key, entry, undefined, { voidBefore: this.#voidBefore(target) });
  }

  #fresh(folders: readonly string[], entries: readonly (Entry<FolderValue> | undefined)[]): KnownFolders {
    const now = this.#deps.now();
    return new Map(
      folders.flatMap((folder, index) => {
        const entry = entries[index];
        return entry && now - entry.readAt < FOLDER_FRESH_MS ? [[folder, entry]] : [];
      }),
    );
  }

  #voidBefore(target: Target): VoidBefore {
    return this.#deps.tombstones.lookUp().of(subjectsOf(target));
  }
}

const NONE: KnownFolders = new Map();

const subjectsOf = ({ scope: { owner }, repository }: Target): readonly Subject[] => [
  namesSubject({ owner, repository }),
  repositorySubject({ owner, repository }),
  ownerSubject(owner),
];

const keyOf = ({ scope, repository }: Target, folder: string): CacheKey => [
  scope.owner.toLowerCase(),
  repository.toLowerCase(),
  folder,
];
