/** One look at what is remembered for a target, and what its parts say of each other. */
import type { CacheKey, Entry, TieredCache, VoidBefore } from "../store/cache.ts";
import type { AllowListValue, PolicyValue } from "./cache-entries.ts";
import { existenceOf, type KnownFolders } from "./identities.ts";
import type { Target } from "./target.ts";
import {
  fileSubject,
  ownerSubject,
  type RepositoryName,
  repositorySubject,
  type Subject,
  type TombstoneLookup,
} from "./tombstones.ts";

/** One file as it is remembered. */
export interface Recalled<V> {
  readonly key: CacheKey;
  readonly repository: Subject;
  readonly file: Subject;
  /** Fresh or stale; never void when it was looked up. */
  readonly entry: Entry<V> | undefined;
  /** Where the entry was. */
  readonly from: "memory" | "kv";
  readonly voidBefore: VoidBefore;
}

export interface RecallOptions {
  /** Without it memory alone is looked at. */
  readonly mayReadKv: boolean;
}

/** One look at everything that is remembered for a target. */
export interface RecalledSources {
  readonly target: Target;
  readonly policy: Recalled<PolicyValue>;
  readonly allowList: Recalled<AllowListValue>;
  /** The policy was remembered, and is gone by the names that were read since. */
  readonly isDeleted?: boolean;
}

/** Names that were read later than the policy decide that it is not there. */
export function byNames(sources: RecalledSources, folders: KnownFolders): RecalledSources {
  const { target, policy } = sources;
  const existence = existenceOf(target.identity, folders);
  if (existence.kind !== "absent" || (policy.entry?.readAt ?? 0) > existence.by.readAt) return sources;
  const { readAt, value } = existence.by;
  const { ownerId, repositoryId, public: isPublic } = value;
  const absent = { readAt, value: { state: "absent", ownerId, repositoryId, public: isPublic } } as const;
  const isDeleted = policy.entry !== undefined && policy.entry.value.state !== "absent";
  return { ...sources, policy: { ...policy, entry: absent }, isDeleted };
}

/** Where policy and allow-list lie in one repository and are remembered of two, it was remade between: the later one counts. */
export function ofOneRepository(sources: RecalledSources): RecalledSources {
  const { policy, allowList } = sources;
  const [one, other] = [policy.entry, allowList.entry];
  const isSameName = policy.repository[1] === allowList.repository[1];
  if (!isSameName || !one || !other || other.value.repositoryId === undefined) return sources;
  if (one.value.repositoryId === other.value.repositoryId) return sources;
  return one.readAt < other.readAt
    ? { ...sources, policy: { ...policy, entry: undefined } }
    : { ...sources, allowList: { ...allowList, entry: undefined } };
}

export interface Place {
  readonly lookup: TombstoneLookup;
  readonly mayReadKv: boolean;
  readonly name: RepositoryName;
  readonly path: string;
}

export async function recall<V>(cache: TieredCache<V>, key: CacheKey, place: Place): Promise<Recalled<V>> {
  const { lookup, mayReadKv, name, path } = place;
  const file = fileSubject(name, path);
  const repository = repositorySubject(name);
  const voidBefore = lookup.of([file, repository, ownerSubject(name.owner)]);
  const inMemory = cache.peek(key, voidBefore);
  const entry = inMemory ?? (mayReadKv ? await cache.get(key, voidBefore, lookup.kv) : undefined);
  return { key, repository, file, voidBefore, entry, from: inMemory ? "memory" : "kv" };
}
