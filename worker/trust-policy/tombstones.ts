/**
 * What a webhook or a 404 makes void: the time before which everything that was read of an owner, a repository or a file counts no
 * more, under a key of its own (worker/README.md, "Caches"). An entry that a slower isolate writes later cannot cover it.
 */
import { POLICY_DIRECTORY, POLICY_SUFFIX } from "../../policies/file-names.ts";
import {
  INVALIDATED_PATHS_MAX,
  INVALIDATION_MARGIN_MS,
  MEMORY_SHARES_BYTES,
  TOMBSTONE_KEEP_MS,
  TOMBSTONE_RETRY_WAITS_MS,
  TOMBSTONES_MEMORY_MAX,
} from "../limits.ts";
import type { VoidBefore } from "../store/cache.ts";
import type { KvStore } from "../store/kv.ts";
import { BoundedMap } from "../store/memory.ts";
import { ALLOW_LIST_PATH } from "./target.ts";

export interface RepositoryName {
  readonly owner: string;
  readonly repository: string;
}

/** An owner, a repository, or a path in it; names in lower case, paths as they are. */
export type Subject = readonly [owner: string, repository?: string, path?: string];

export const ownerSubject = (owner: string): Subject => [owner.toLowerCase()];
export const repositorySubject = ({ owner, repository }: RepositoryName): Subject => [
  owner.toLowerCase(),
  repository.toLowerCase(),
];
export const fileSubject = ({ owner, repository }: RepositoryName, path: string): Subject => [
  owner.toLowerCase(),
  repository.toLowerCase(),
  path,
];
/** Which policies there are in a repository. */
export const namesSubject = (name: RepositoryName): Subject => fileSubject(name, POLICY_DIRECTORY);

export interface TombstonesDeps {
  readonly kv: KvStore;
  readonly apiHost: string;
  readonly orgPolicyRepo: string;
  readonly now: () => number;
  /** In ms. */
  readonly wait: (milliseconds: number) => Promise<void>;
}

/**
 * Each `invalidate...` counts in this isolate at once, before it first waits. Its promise says whether KV took all of it: false
 * when KV refused for so long that it was given up.
 */
export class Tombstones {
  readonly #deps: TombstonesDeps;
  readonly #known = new BoundedMap<number>(TOMBSTONES_MEMORY_MAX, {
    maxBytes: MEMORY_SHARES_BYTES.tombstones,
    of: (_, key) => key.length * 2 + 100,
  });
  /** What this isolate wrote to KV for callers who may write nothing else. */
  readonly #written = new BoundedMap<number>(TOMBSTONES_MEMORY_MAX);
  /** The latest that had to leave memory: what is older than that is void for want of knowledge. */
  #floor = 0;

  constructor(deps: TombstonesDeps) {
    this.#deps = deps;
  }

  /** Files of a default branch that changed. Paths that hold no policy and no allow-list cost nothing. */
  invalidatePaths(name: RepositoryName, paths: Iterable<string>): Promise<boolean> {
    const changed = [...new Set(paths)].filter(isKept);
    if (changed.length > INVALIDATED_PATHS_MAX) return this.invalidateRepository(name);
    const names = changed.some((path) => path.endsWith(POLICY_SUFFIX)) ? [namesSubject(name)] : [];
    return this.#invalidate([...names, ...changed.map((path) => fileSubject(name, path))]);
  }

  invalidateAllowList(owner: string): Promise<boolean> {
    return this.#invalidate([fileSubject({ owner, repository: this.#deps.orgPolicyRepo }, ALLOW_LIST_PATH)]);
  }

  /** All that was read of the repository that has, or had, this name. */
  invalidateRepository(name: RepositoryName): Promise<boolean> {
    return this.#invalidate([repositorySubject(name)]);
  }

  invalidateOwner(owner: string): Promise<boolean> {
    return this.#invalidate([ownerSubject(owner)]);
  }

  /** GitHub said at this time that something else was there before, or that nothing is any more. In this isolate only. */
  replaced(subject: Subject, at: number): void {
    this.#learn(this.#tuple(subject), at);
  }

  /** The same for KV. With `entryReadAt` only if KV says so far that an entry of that time is good. */
  async writeReplaced(subject: Subject, at: number, entryReadAt?: number): Promise<void> {
    const tuple = this.#tuple(subject);
    if (entryReadAt !== undefined) {
      if ((this.#written.get(tuple) ?? 0) > entryReadAt) return;
      // Before the first await: of many callers who meet the same deletion one writes.
      this.#written.set(tuple, at);
      if (((await this.#read(tuple)) ?? 0) > entryReadAt) return;
    }
    await this.#write(tuple, at);
  }

  /** For one exchange: each tombstone is read from KV at most once in it. */
  lookUp(): TombstoneLookup {
    const reads = new Map<string, Promise<number | undefined>>();
    const read = (tuple: string) => {
      const reading = reads.get(tuple) ?? this.#read(tuple);
      reads.set(tuple, reading);
      return reading;
    };
    return {
      of: (subjects) => {
        const tuples = subjects.map((subject) => this.#tuple(subject));
        const known = () => Math.max(this.#floor, ...tuples.map((tuple) => this.#known.get(tuple) ?? 0));
        return {
          known,
          latest: async () => {
            const times = await Promise.all(tuples.map(read));
            // `known` has what KV said, and what came meanwhile.
            return times.includes(undefined) ? undefined : known();
          },
        };
      },
    };
  }

  async #invalidate(subjects: readonly Subject[]): Promise<boolean> {
    const at = this.#deps.now() + INVALIDATION_MARGIN_MS;
    const tuples = subjects.map((subject) => this.#tuple(subject));
    for (const tuple of tuples) this.#learn(tuple, at);
    const taken = await Promise.all(tuples.map((tuple) => this.#write(tuple, at)));
    return taken.every(Boolean);
  }

  #learn(tuple: string, at: number): void {
    if ((this.#known.get(tuple) ?? 0) >= at) return;
    this.#known.dropExpired((time) => this.#deps.now() - time >= TOMBSTONE_KEEP_MS);
    this.#floor = Math.max(this.#floor, ...this.#known.set(tuple, at));
  }

  async #read(tuple: string): Promise<number | undefined> {
    const stored = await this.#deps.kv.get(tuple);
    if (stored === "failed") return undefined;
    if (stored === "none") return 0;
    this.#learn(tuple, stored.readAt);
    return stored.readAt;
  }

  /** KV takes one write per second and key, and may be out of writes for a while: a refused one is repeated. */
  async #write(tuple: string, at: number): Promise<boolean> {
    const { kv, wait } = this.#deps;
    let time = Math.max(at, this.#known.get(tuple) ?? 0);
    for (const pause of TOMBSTONE_RETRY_WAITS_MS) {
      if (await kv.put(tuple, { value: null, readAt: time }, TOMBSTONE_KEEP_MS)) return true;
      await wait(pause);
      // KV keeps the last write, so a repeated one must not put an older time in the place of a later one.
      const stored = (await this.#read(tuple)) ?? 0;
      if (stored >= at) return true;
      time = Math.max(at, this.#known.get(tuple) ?? 0);
    }
    return kv.put(tuple, { value: null, readAt: time }, TOMBSTONE_KEEP_MS);
  }

  #tuple(subject: Subject): string {
    return JSON.stringify(["tombstone", this.#deps.apiHost, ...subject]);
  }
}

export interface TombstoneLookup {
  /** What is void by any of these. */
  of(subjects: readonly Subject[]): VoidBefore;
}

const isKept = (path: string): boolean =>
  path === ALLOW_LIST_PATH || (path.startsWith(POLICY_DIRECTORY) && path.endsWith(POLICY_SUFFIX));
