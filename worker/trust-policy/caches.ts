/**
 * What is remembered of trust policies and allow-lists, read together with the tombstones that make it void. Reads no file and asks
 * no GitHub (worker/README.md, "Caches").
 */
import {
  ALLOW_LIST_FRESH_MS,
  ALLOW_LIST_STALE_MS,
  LINKED_FILE_FRESH_MS,
  MEMORY_ENTRIES_MAX,
  POLICY_FRESH_MS,
  POLICY_NEGATIVE_MS,
  POLICY_STALE_MS,
} from "../limits.ts";
import { type Entry, TieredCache, type WriteOrigin, type Writes } from "../store/cache.ts";
import type { KvStore } from "../store/kv.ts";
import { ALLOW_LIST_CACHE, type AllowListValue, POLICY_CACHE, type PolicyValue } from "./cache-entries.ts";
import { PolicyFolders } from "./folders.ts";
import { type FolderValue, identitiesNear, type KnownFolders } from "./identities.ts";
import {
  byNames,
  ofOneRepository,
  type Recalled,
  type RecalledSources,
  type RecallOptions,
  recall,
} from "./recalled.ts";
import { ALLOW_LIST_PATH, allowListKey, policyKey, type Target } from "./target.ts";
import type { Subject, Tombstones } from "./tombstones.ts";

export interface SourceCachesDeps {
  readonly kv: KvStore;
  readonly apiHost: string;
  readonly orgPolicyRepo: string;
  /** The Apps that serve an owner. */
  readonly appIdsFor: (owner: string) => readonly string[];
  readonly tombstones: Tombstones;
  readonly now: () => number;
}

export class SourceCaches {
  readonly #deps: SourceCachesDeps;
  readonly #policies: TieredCache<PolicyValue>;
  readonly #allowLists: TieredCache<AllowListValue>;
  readonly #folders: PolicyFolders;

  constructor(deps: SourceCachesDeps) {
    this.#deps = deps;
    const common = { apiHost: deps.apiHost, kv: deps.kv, now: deps.now, maxEntries: MEMORY_ENTRIES_MAX };
    this.#policies = new TieredCache<PolicyValue>({ ...common, ...POLICY_CACHE });
    this.#allowLists = new TieredCache<AllowListValue>({ ...common, ...ALLOW_LIST_CACHE });
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
      recall(this.#policies, policyKey(target), ofPolicy),
      recall(this.#allowLists, listKey, ofList),
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
    const kept = inKv(entry, writes);
    this.#policies.put(key, entry, kept, { voidBefore, origin: isAbsent ? "owner" : "verified" });
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
    this.#allowLists.put(key, entry, inKv(entry, writes), { voidBefore });
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

  #youngerThan<V extends PolicyValue | AllowListValue>(
    maxAgeMs: number,
    entry: Entry<V> | undefined,
    voidBefore: number | undefined,
  ): V | undefined {
    if (entry === undefined || voidBefore === undefined || entry.readAt < voidBefore) return undefined;
    const { linked } = entry.value;
    const age = this.#deps.now() - entry.readAt;
    return age < (linked ? LINKED_FILE_FRESH_MS : maxAgeMs) ? entry.value : undefined;
  }
}

/** What was read through a link is in KV for nobody. */
const inKv = ({ value }: Entry<PolicyValue | AllowListValue>, writes: Writes | undefined): Writes | undefined =>
  value.linked ? undefined : writes;
