/**
 * Scope and identity -> the trust policy and the owner's issuer allow-list, through the caches (worker/README.md,
 * "Caches"). Two halves, because nothing may be read before a known issuer's signature is verified: `resolve` finds the App
 * installation and mints the read token, `read` reads. A stale copy is served only while GitHub limits or fails, never once struck.
 */
import { POLICY_DIRECTORY } from "../../policies/file-names.ts";
import { accept, type Denial, type Result, refuse } from "../denial.ts";
import { readFile } from "../github/contents.ts";
import type { GitHub, Installation } from "../github/github.ts";
import {
  ALLOW_LIST_FRESH_MS,
  ALLOW_LIST_STALE_MS,
  POLICY_FRESH_MS,
  POLICY_NEGATIVE_MS,
  POLICY_STALE_MS,
} from "../limits.ts";
import type { CacheKey, Entry, TieredCache } from "../store/cache.ts";
import {
  type BlockedAccess,
  blockingDenialOf,
  type CachedSources,
  mayAnotherAppServe,
  moreActionable,
  ownedBy,
  type PolicyAccess,
  withDenialOfOthers,
} from "./apps.ts";
import {
  type AllowListValue,
  ageOf,
  type CacheTimes,
  isStruck,
  type PolicyValue,
  type Struck,
} from "./cache-entries.ts";
import {
  allowListDenial,
  allowListValue,
  identitiesNear,
  isListOutOfSight,
  isOutage,
  policyValue,
  readElsewhere,
  readWith,
} from "./files.ts";
import { type AccessCall, type AccessQuery, accessThrough, type InstallationAccess } from "./read-access.ts";
import { ALLOW_LIST_PATH, allowListKey, policyKey, type Target } from "./target.ts";

export interface Sources {
  readonly allowList: Result<AllowListValue>;
  readonly policy: Result<PolicyValue>;
}

export interface PolicySourceDeps {
  readonly github: GitHub;
  readonly policies: TieredCache<PolicyValue | Struck>;
  readonly allowLists: TieredCache<AllowListValue | Struck>;
  /** When an entry was last struck out, in ms; asked before anything stale is served. */
  readonly strikes: TieredCache<number>;
  readonly orgPolicyRepo: string;
  readonly now: () => number;
}

const POLICY_TIMES: CacheTimes = { freshMs: POLICY_FRESH_MS, staleMs: POLICY_STALE_MS };
/** A policy that is not there: never served stale. */
const NO_POLICY_TIMES: CacheTimes = { freshMs: POLICY_NEGATIVE_MS, staleMs: POLICY_NEGATIVE_MS };
const ALLOW_LIST_TIMES: CacheTimes = { freshMs: ALLOW_LIST_FRESH_MS, staleMs: ALLOW_LIST_STALE_MS };

/** One per isolate; holds no state of its own. */
export class PolicySource {
  readonly #deps: PolicySourceDeps;

  constructor(deps: PolicySourceDeps) {
    this.#deps = deps;
  }

  /** True when step 6 would ask GitHub nothing. */
  async isCached(target: Target): Promise<boolean> {
    const { policy, allowList } = await this.#cached(target);
    return this.#isFreshPolicy(policy) && this.#isFresh(allowList, ALLOW_LIST_TIMES);
  }

  /** Through the first App, in order of choice, that is installed and not blocked. */
  async resolve(target: Target, call: AccessCall): Promise<Result<PolicyAccess>> {
    const { github } = this.#deps;
    const cached = await this.#cached(target);
    const query = this.#query(target, cached);
    let best: BlockedAccess | undefined;
    let denial: Denial = { reason: "app_not_installed", owner: target.scope.owner };
    const apps = github.appsFor(target.scope.owner);
    for (const app of apps) {
      const access = await accessThrough(github, app, query, call);
      if (!access.ok) {
        denial = moreActionable(denial, access.denial);
        if (mayAnotherAppServe(access.denial)) continue;
        break;
      }
      const resolved = { apps, ...this.#resolved(target, cached, access.value) };
      const blocking = blockingDenialOf(resolved);
      if (!blocking || !mayAnotherAppServe(blocking)) return accept(resolved);
      if (!best || moreActionable(best.blocking, blocking) === blocking) best = { resolved, blocking };
    }
    // With a limited App stale copies can be served; without sight of the policy the allow-list is still judged first.
    return best ? accept(withDenialOfOthers(best, denial)) : refuse(denial);
  }

  /** Reads what is not fresh, both files at once. */
  async read(resolved: PolicyAccess, call: AccessCall): Promise<Sources> {
    const [allowList, policy] = await Promise.all([this.#allowList(resolved, call), this.#policy(resolved, call)]);
    return { allowList, policy };
  }

  /** Identities beside a policy that is not there, most like it first; for whoever may know. One call, remembered with the 404. */
  async nearMisses({ target, policy, installation }: PolicyAccess, call: AccessCall): Promise<readonly string[]> {
    const { policies, github } = this.#deps;
    const entry = await policies.get(policyKey(target));
    if (entry?.value.state !== "absent") return [];
    if (entry.value.nearMisses || policy.access?.kind !== "token") return entry.value.nearMisses ?? [];
    const folder = {
      owner: installation.owner,
      repository: target.repository,
      path: POLICY_DIRECTORY.replace(/\/$/, ""),
    };
    const read = await readFile(github, policy.access.token, folder, call);
    const files = read.kind === "found" && read.value.kind === "directory" ? read.value.files : [];
    const nearMisses = identitiesNear(target.identity, files);
    policies.put(policyKey(target), { ...entry, value: { ...entry.value, nearMisses } }, call.writes);
    return nearMisses;
  }

  async #cached(target: Target): Promise<CachedSources> {
    const [policy, allowList] = await Promise.all([
      this.#deps.policies.get(policyKey(target)),
      this.#deps.allowLists.get(allowListKey(target.scope.owner)),
    ]);
    return { policy, allowList };
  }

  #isFresh<V extends object>(entry: Entry<V | Struck> | undefined, times: CacheTimes): entry is Entry<V> {
    return entry !== undefined && !isStruck(entry.value) && ageOf(entry, this.#deps.now(), times) === "fresh";
  }

  #isFreshPolicy(entry: CachedSources["policy"]): boolean {
    return this.#isFresh(entry, entry?.value.state === "absent" ? NO_POLICY_TIMES : POLICY_TIMES);
  }

  #query(target: Target, cached: CachedSources): AccessQuery {
    const listRepository = this.#deps.orgPolicyRepo.toLowerCase();
    const wanted = ({ accountId }: Installation) => {
      const { policy, allowList } = ownedBy(accountId, cached);
      const names = new Set<string>();
      if (!this.#isFreshPolicy(policy)) names.add(target.repository.toLowerCase());
      if (!this.#isFresh(allowList, ALLOW_LIST_TIMES)) names.add(listRepository);
      return [...names];
    };
    const list = cached.allowList?.value;
    const separateTokens = list?.state === "absent" && list.because === "not_visible";
    return { ...target.scope, wanted, separateTokens, allowListRepository: listRepository };
  }

  #resolved(target: Target, cached: CachedSources, access: InstallationAccess): Omit<PolicyAccess, "apps"> {
    const { policy, allowList } = ownedBy(access.installation.accountId, cached);
    const toPolicy = access.to.get(target.repository.toLowerCase());
    const toList = access.to.get(this.#deps.orgPolicyRepo.toLowerCase());
    return {
      target,
      app: access.app,
      installation: access.installation,
      policy: { cached: policy, ...(!this.#isFreshPolicy(policy) && toPolicy && { access: toPolicy }) },
      allowList: {
        cached: allowList,
        ...(!this.#isFresh(allowList, ALLOW_LIST_TIMES) && toList && { access: toList }),
      },
    };
  }

  async #policy(resolved: PolicyAccess, call: AccessCall): Promise<Result<PolicyValue>> {
    const { target, policy, installation } = resolved;
    const { cached, access } = policy;
    if (!access && cached && !isStruck(cached.value)) return accept(cached.value);
    const file = { owner: installation.owner, repository: target.repository, path: target.path };
    let read = await readWith(this.#deps, access, file, call);
    if (!read.ok && !isOutage(read.denial)) return read;
    if (!read.ok) {
      const stale = await this.#stale(cached, policyKey(target), POLICY_TIMES);
      if (stale?.state === "present") return servedStale(stale, call);
      if (read.denial.reason !== "github_rate_limited" || resolved.lastResort) return read;
      read = await readElsewhere(this.#deps, file, { ...resolved, denial: read.denial }, call);
      if (!read.ok) return read;
    }
    const value = policyValue(target, read.value, installation.accountId);
    this.#keep(this.#deps.policies, { key: policyKey(target), value, readAt: read.value.readAt }, call);
    return accept(value);
  }

  async #allowList(resolved: PolicyAccess, call: AccessCall): Promise<Result<AllowListValue>> {
    const { target, allowList, installation } = resolved;
    const { cached, access } = allowList;
    if (!access && cached && !isStruck(cached.value)) return accept(cached.value);
    const key = allowListKey(target.scope.owner);
    const ownerId = installation.accountId;
    const file = { owner: installation.owner, repository: this.#deps.orgPolicyRepo, path: ALLOW_LIST_PATH };
    const askedAt = this.#deps.now();
    let read = await readWith(this.#deps, access, file, call);
    // Another App may see what this one may not: absent only when each that is installed was told the same.
    if (!read.ok && mayAnotherAppServe(read.denial)) {
      read = await readElsewhere(this.#deps, file, { ...resolved, denial: read.denial }, call);
    }
    const { allowLists } = this.#deps;
    if (!read.ok && isListOutOfSight(read.denial)) {
      const value = { state: "absent", ownerId, because: "not_visible" } as const;
      this.#keep(allowLists, { key, value, readAt: askedAt }, call);
      return accept(value);
    }
    const known = await this.#stale(cached, key, ALLOW_LIST_TIMES);
    // Only a list that was good when it was read may stand in for one that cannot be read now.
    const stale = known?.state === "broken" ? undefined : known;
    if (!read.ok) return stale ? servedStale(stale, call) : refuse(allowListDenial(read.denial, access));
    const value = allowListValue(read.value, ownerId);
    // An unusable file falls back on the last good list (never on "no list"), which counts as fresh again.
    const kept = value.state === "broken" && stale?.state === "present" ? stale : value;
    this.#keep(allowLists, { key, value: kept, readAt: read.value.readAt }, call);
    return accept(kept);
  }

  async #stale<V extends object>(
    entry: Entry<V | Struck> | undefined,
    key: CacheKey,
    times: CacheTimes,
  ): Promise<V | undefined> {
    if (!entry || isStruck(entry.value) || ageOf(entry, this.#deps.now(), times) === "gone") return undefined;
    const strike = await this.#deps.strikes.get(key);
    return strike && strike.value > entry.readAt ? undefined : entry.value;
  }

  #keep<V extends { readonly state: string }>(
    cache: TieredCache<V | Struck>,
    { key, value, readAt }: { readonly key: CacheKey; readonly value: V; readonly readAt: number },
    call: AccessCall,
  ): void {
    cache.put(key, { value, readAt }, call.writes);
    // A 404 strikes out every older copy, wherever it is kept: what was deleted never returns.
    if (value.state === "absent") this.#deps.strikes.put(key, { value: readAt, readAt }, call.writes);
  }
}

function servedStale<V>(value: V, call: AccessCall): Result<V> {
  call.count?.("stale_served");
  return accept(value);
}
