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
import { KvBatch, type KvReader } from "../store/kv-batch.ts";
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

interface Known {
  readonly subject: Subject;
  readonly at: number;
}

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
  readonly #known = new BoundedMap<Known>(TOMBSTONES_MEMORY_MAX, {
    maxBytes: MEMORY_SHARES_BYTES.tombstones,
    of: (_, key) => key.length * 4 + 200,
  });
  /** What this isolate wrote to KV for callers who may write nothing else. */
  readonly #written = new BoundedMap<number>(TOMBSTONES_MEMORY_MAX);
  /** The latest of an owner's that had to leave memory: what is older than that is void for want of knowledge. */
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
    this.#learn(subject, at);
  }

  /** The same for KV. With `entryReadAt` only if KV says so far that an entry of that time is good. */
  async writeReplaced(subject: Subject, at: number, entryReadAt?: number): Promise<void> {
    const tuple = this.#tuple(subject);
    if (entryReadAt !== undefined) {
      if ((this.#written.get(tuple) ?? 0) > entryReadAt) return;
      // Before the first await: of many callers who meet the same deletion one writes.
      this.#written.set(tuple, at);
      if (((await this.#read(subject)) ?? 0) > entryReadAt) return;
    }
    if (!(await this.#write(subject, at))) this.#written.delete(tuple);
  }

  /** For one exchange: each tombstone is read from KV at most once in it, and what is asked for together is read together. */
  lookUp(): TombstoneLookup {
    const kv = new KvBatch(this.#deps.kv);
    const reads = new Map<string, Promise<number | undefined>>();
    const read = (subject: Subject) => {
      const tuple = this.#tuple(subject);
      const reading = reads.get(tuple) ?? this.#read(subject, kv);
      reads.set(tuple, reading);
      return reading;
    };
    return {
      kv,
      of: (subjects) => {
        const tuples = subjects.map((subject) => this.#tuple(subject));
        const known = () => Math.max(this.#floor, ...tuples.map((tuple) => this.#known.get(tuple)?.at ?? 0));
        return {
          known,
          latest: async () => {
            const times = await Promise.all(subjects.map(read));
            // `known` has what KV said, and what came meanwhile.
            return times.includes(undefined) ? undefined : known();
          },
        };
      },
    };
  }

  async #invalidate(subjects: readonly Subject[]): Promise<boolean> {
    const at = this.#deps.now() + INVALIDATION_MARGIN_MS;
    for (const subject of subjects) this.#learn(subject, at);
    const taken = await Promise.all(subjects.map((subject) => this.#write(subject, at)));
    return taken.every(Boolean);
  }

  /** What has to leave memory for it counts on for the whole repository, or owner: whoever floods memory voids his own. */
  #learn(subject: Subject, at: number): void {
    const pending: Known[] = [{ subject, at }];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      for (const dropped of this.#remember(next)) {
        const [owner, repository, path] = dropped.subject;
        if (repository === undefined) this.#floor = Math.max(this.#floor, dropped.at);
        else pending.push({ subject: path === undefined ? [owner] : [owner, repository], at: dropped.at });
      }
    }
  }

  /** What had to leave. */
  #remember(known: Known): readonly Known[] {
    const tuple = this.#tuple(known.subject);
    if (this.#knownAt(tuple) >= known.at) return [];
    this.#known.dropExpired(({ at }) => this.#deps.now() - at >= TOMBSTONE_KEEP_MS);
    return this.#known.set(tuple, known);
  }

  #knownAt(tuple: string): number {
    return this.#known.get(tuple)?.at ?? 0;
  }

  async #read(subject: Subject, kv: KvReader = this.#deps.kv): Promise<number | undefined> {
    const stored = await kv.get(this.#tuple(subject));
    if (stored === "failed") return undefined;
    if (stored === "none") return 0;
    this.#learn(subject, stored.readAt);
    return stored.readAt;
  }

  /** KV takes one write per second and key, and may be out of writes for a while: a refused one is repeated. */
  async #write(subject: Subject, at: number): Promise<boolean> {
    const { kv, wait } = this.#deps;
    const tuple = this.#tuple(subject);
    let time = Math.max(at, this.#knownAt(tuple));
    for (const pause of TOMBSTONE_RETRY_WAITS_MS) {
      if (await kv.put(tuple, { json: "null", readAt: time }, TOMBSTONE_KEEP_MS)) return true;
      await wait(pause);
      // KV keeps the last write, so a repeated one must not put an older time in the place of a later one.
      const stored = (await this.#read(subject)) ?? 0;
      if (stored >= at) return true;
      time = Math.max(at, this.#knownAt(tuple));
    }
    return kv.put(tuple, { json: "null", readAt: time }, TOMBSTONE_KEEP_MS);
  }

  #tuple(subject: Subject): string {
    return JSON.stringify(["tombstone", this.#deps.apiHost, ...subject]);
  }
}

export interface TombstoneLookup {
  /** What they are read by: entries that are asked for beside them come in the same operation. */
  readonly kv: KvReader;
  /** What is void by any of these. */
  of(subjects: readonly Subject[]): VoidBefore;
}

const isKept = (path: string): boolean =>
  path === ALLOW_LIST_PATH || (path.startsWith(POLICY_DIRECTORY) && path.endsWith(POLICY_SUFFIX));
