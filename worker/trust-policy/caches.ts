/**
 * What is remembered of trust policies and allow-lists, read together with the tombstones that make it void. Reads no file and asks
 * no GitHub (worker/README.md, "Caches").
 */
import {
  ALLOW_LIST_FRESH_MS,
  ALLOW_LIST_STALE_MS,
  MEMORY_ENTRIES_MAX,
  MEMORY_SHARES_BYTES,
  POLICY_FRESH_MS,
  POLICY_NEGATIVE_MS,
  POLICY_STALE_MS,
} from "../limits.ts";
import {
  type CacheKey,
  type Entry,
  TieredCache,
  type VoidBefore,
  type WriteOrigin,
  type Writes,
} from "../store/cache.ts";
import type { KvStore } from "../store/kv.ts";
import {
  type AllowListValue,
  decodeAllowList,
  decodePolicy,
  encodeAllowList,
  encodePolicy,
  type PolicyValue,
} from "./cache-entries.ts";
import { PolicyFolders } from "./folders.ts";
import { existenceOf, type FolderValue, identitiesNear, type KnownFolders } from "./identities.ts";
import { ALLOW_LIST_PATH, allowListKey, policyKey, type Target } from "./target.ts";
import {
  fileSubject,
  ownerSubject,
  type RepositoryName,
  repositorySubject,
  type Subject,
  type TombstoneLookup,
  type Tombstones,
} from "./tombstones.ts";

export interface SourceCachesDeps {
  readonly kv: KvStore;
  readonly apiHost: string;
  readonly orgPolicyRepo: string;
  /** The Apps that serve an owner. */
  readonly appIdsFor: (owner: string) => readonly string[];
  readonly tombstones: Tombstones;
  readonly now: () => number;
}

/** One file as it is remembered. */
export interface Recalled<V> {
  readonly key: CacheKey;
  readonly repository: Subject;
  readonly file: Subject;
  /** Fresh or stale; never void when it was looked up. */
  readonly entry: Entry<V> | undefined;
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

export class SourceCaches {
  readonly #deps: SourceCachesDeps;
  readonly #policies: TieredCache<PolicyValue>;
  readonly #allowLists: TieredCache<AllowListValue>;
  readonly #folders: PolicyFolders;

  constructor(deps: SourceCachesDeps) {
    this.#deps = deps;
    const common = { apiHost: deps.apiHost, kv: deps.kv, now: deps.now, maxEntries: MEMORY_ENTRIES_MAX };
    this.#policies = new TieredCache({
      ...common,
      kind: "policy",
      maxBytes: MEMORY_SHARES_BYTES.policies,
      keepMs: POLICY_STALE_MS,
      encode: encodePolicy,
      decode: decodePolicy,
      moreBytesOf: (value) => (value.state === "present" ? value.policy.estimatedBytes : 0),
      isNegative: ({ state }) => state !== "present",
    });
    this.#allowLists = new TieredCache({
      ...common,
      kind: "issuers",
      maxBytes: MEMORY_SHARES_BYTES.allowLists,
      keepMs: ALLOW_LIST_STALE_MS,
      encode: encodeAllowList,
      decode: decodeAllowList,
      moreBytesOf: (value) => (value.state === "present" ? value.list.estimatedBytes : 0),
      isNegative: ({ state }) => state !== "present",
    });
    this.#folders = new PolicyFolders(deps);
  }

  async recall(target: Target, { mayReadKv }: RecallOptions): Promise<RecalledSources> {
    const { tombstones, orgPolicyRepo, appIdsFor } = this.#deps;
    const { owner } = target.scope;
    const lookup = tombstones.lookUp();
    const listKey = allowListKey(owner, orgPolicyRepo, appIdsFor(owner));
    const ofPolicy = { lookup, mayReadKv, name: { owner, repository: target.repository }, path: target.path };
    const ofList = { lookup, mayReadKv, name: { owner, repository: orgPolicyRepo }, path: ALLOW_LIST_PATH };
    const isInMemory = !mayReadKv || this.#policies.peek(policyKey(target)) !== undefined;
    const [policy, allowList, folders] = await Promise.all([
      recalled(this.#policies, policyKey(target), ofPolicy),
      recalled(this.#allowLists, listKey, ofList),
      // A policy that memory holds needs no names of KV's tombstones: a warm exchange reads no KV.
      isInMemory ? this.#folders.peek(target) : this.#folders.recall(target, lookup),
    ]);
    return byNames(ofOneRepository({ target, policy, allowList }), folders);
  }

  /** What the names in the repository's folders say, as far as they are known. */
  folders(target: Target): KnownFolders {
    return this.#folders.peek(target);
  }

  mayReadFolder(target: Target, folder: string): boolean {
    return this.#folders.mayRead(target, folder);
  }

  keepFolder(target: Target, folder: string, entry: Entry<FolderValue>): void {
    this.#folders.keep(target, folder, entry);
  }

  /** GitHub says which repository has the name now: what is remembered of another one counts no more, here and elsewhere. */
  ofRepository<V extends { readonly repositoryId?: number | undefined }>(
    recalled: Recalled<V>,
    repositoryId: number,
    { askedAt, writes }: { readonly askedAt: number; readonly writes: Writes | undefined },
  ): Recalled<V> {
    const remembered = recalled.entry?.value.repositoryId;
    if (remembered === undefined || remembered === repositoryId) return recalled;
    this.#buryRepository(recalled.repository, askedAt, writes);
    return { ...recalled, entry: undefined };
  }

  /** The mint showed that the policy's repository is gone, or has another name. */
  repositoryIsGone({ repository }: Recalled<PolicyValue>, writes: Writes | undefined): void {
    this.#buryRepository(repository, this.#deps.now() + 1, writes);
  }

  /** Remembered beside a policy that is not there. */
  nearMisses(target: Target): readonly string[] {
    const folders = this.#folders.peek(target);
    if (folders.size > 0) return identitiesNear(target.identity, folders);
    const value = this.#policies.peek(policyKey(target))?.value;
    return value?.state === "absent" ? (value.nearMisses ?? []) : [];
  }

  /** To be served without asking GitHub. */
  freshPolicy({ entry, voidBefore }: Recalled<PolicyValue>): PolicyValue | undefined {
    const freshMs = entry?.value.state === "absent" ? POLICY_NEGATIVE_MS : POLICY_FRESH_MS;
    return this.#youngerThan(freshMs, entry, voidBefore.known());
  }

  freshAllowList({ entry, voidBefore }: Recalled<AllowListValue>): AllowListValue | undefined {
    return this.#youngerThan(ALLOW_LIST_FRESH_MS, entry, voidBefore.known());
  }

  /** To be served while GitHub limits or fails. The tombstones are asked for once more. */
  async stalePolicy({ entry, voidBefore }: Recalled<PolicyValue>): Promise<PolicyValue | undefined> {
    if (entry?.value.state !== "present") return undefined;
    return this.#youngerThan(POLICY_STALE_MS, entry, await voidBefore.latest());
  }

  async staleAllowList({ entry, voidBefore }: Recalled<AllowListValue>): Promise<AllowListValue | undefined> {
    // Only a list that was good when it was read may stand in for one that cannot be read now.
    if (entry === undefined || entry.value.state === "broken") return undefined;
    return this.#youngerThan(ALLOW_LIST_STALE_MS, entry, await voidBefore.latest());
  }

  keepPolicy(recalled: Recalled<PolicyValue>, entry: Entry<PolicyValue>, writes: Writes | undefined): void {
    const { tombstones } = this.#deps;
    const { key, file, voidBefore } = recalled;
    const isAbsent = entry.value.state === "absent";
    if (isAbsent) {
      tombstones.replaced(file, entry.readAt);
      // The owner's own also cover what a slower isolate has yet to write.
      const bury = (by: WriteOrigin) =>
        by === "owner" ? tombstones.writeReplaced(file, entry.readAt) : this.#buryKept(this.#policies, recalled, entry);
      writes?.add(bury, "anyone");
    }
    this.#policies.put(key, entry, writes, { voidBefore, origin: isAbsent ? "owner" : "verified" });
  }

  keepAllowList(recalled: Recalled<AllowListValue>, entry: Entry<AllowListValue>, writes: Writes | undefined): void {
    const { key, file, voidBefore } = recalled;
    const { value } = entry;
    const wasThere = recalled.entry !== undefined && recalled.entry.value.state !== "absent";
    // "Not visible" is true of this deployment's Apps only, and says nothing of the file.
    if (wasThere && value.state === "absent" && value.because === "no_file") {
      this.#deps.tombstones.replaced(file, entry.readAt);
      writes?.add(() => this.#buryKept(this.#allowLists, recalled, entry), "anyone");
    }
    this.#allowLists.put(key, entry, writes, { voidBefore });
  }

  #buryRepository(repository: Subject, at: number, writes: Writes | undefined): void {
    const { tombstones } = this.#deps;
    tombstones.replaced(repository, at);
    writes?.add(() => tombstones.writeReplaced(repository, at));
  }

  /** What was deleted never returns, whoever met the 404: one write for each real deletion of what KV holds as present. */
  async #buryKept<V extends { readonly state: string }>(
    cache: TieredCache<V>,
    { key, file }: Recalled<V>,
    { readAt }: Entry<V>,
  ): Promise<void> {
    const kept = await cache.stored(key);
    if (kept === undefined || kept.value.state === "absent" || kept.readAt >= readAt) return;
    await this.#deps.tombstones.writeReplaced(file, readAt, kept.readAt);
  }

  #youngerThan<V>(maxAgeMs: number, entry: Entry<V> | undefined, voidBefore: number | undefined): V | undefined {
    if (entry === undefined || voidBefore === undefined || entry.readAt < voidBefore) return undefined;
    return this.#deps.now() - entry.readAt < maxAgeMs ? entry.value : undefined;
  }
}

/** Names that were read later than the policy decide that it is not there. */
function byNames(sources: RecalledSources, folders: KnownFolders): RecalledSources {
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
function ofOneRepository(sources: RecalledSources): RecalledSources {
  const { policy, allowList } = sources;
  const [one, other] = [policy.entry, allowList.entry];
  const isSameName = policy.repository[1] === allowList.repository[1];
  if (!isSameName || !one || !other || other.value.repositoryId === undefined) return sources;
  if (one.value.repositoryId === other.value.repositoryId) return sources;
  return one.readAt < other.readAt
    ? { ...sources, policy: { ...policy, entry: undefined } }
    : { ...sources, allowList: { ...allowList, entry: undefined } };
}

interface Place {
  readonly lookup: TombstoneLookup;
  readonly mayReadKv: boolean;
  readonly name: RepositoryName;
  readonly path: string;
}

async function recalled<V>(cache: TieredCache<V>, key: CacheKey, place: Place): Promise<Recalled<V>> {
  const { lookup, mayReadKv, name, path } = place;
  const file = fileSubject(name, path);
  const repository = repositorySubject(name);
  const voidBefore = lookup.of([file, repository, ownerSubject(name.owner)]);
  const entry = mayReadKv ? await cache.get(key, voidBefore) : cache.peek(key, voidBefore);
  return { key, repository, file, voidBefore, entry };
}
