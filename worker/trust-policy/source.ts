/**
 * Scope and identity -> the trust policy and the owner's issuer allow-list, through the caches (worker/README.md,
 * "Caches"). Two halves, because nothing may be read before a known issuer's signature is verified: `resolve` finds the App
 * installation and mints the read token, `read` reads. A stale copy is served only while GitHub limits or fails, never once struck.
 */
import { POLICY_DIRECTORY } from "../../policies/file-names.ts";
import { accept, type Denial, type Result, refuse } from "../denial.ts";
import { readFile } from "../github/contents.ts";
import type { App, GitHub, Installation } from "../github/github.ts";
import {
  type BlockedAccess,
  blockingDenialOf,
  type FileAccess,
  mayAnotherAppServe,
  moreActionable,
  ownedBy,
  type PolicyAccess,
  withDenialOfOthers,
} from "./apps.ts";
import type { AllowListValue, PolicyValue } from "./cache-entries.ts";
import type { Recalled, RecalledSources, SourceCaches } from "./caches.ts";
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
import { type AccessCall, type AccessQuery, accessThrough } from "./read-access.ts";
import { ALLOW_LIST_PATH, type Target } from "./target.ts";

export interface Sources {
  readonly allowList: Result<AllowListValue>;
  readonly policy: Result<PolicyValue>;
}

const CHANGES_TOO_FAST: Denial = {
  reason: "github_unavailable",
  route: "GET /repos/{owner}/{repo}/contents/{+path}",
  problem: "the policy changed while it was read",
};

export interface PolicySourceDeps {
  readonly github: GitHub;
  readonly caches: SourceCaches;
  readonly orgPolicyRepo: string;
  readonly now: () => number;
}

/** One per isolate; holds no state of its own. */
export class PolicySource {
  readonly #deps: PolicySourceDeps;

  constructor(deps: PolicySourceDeps) {
    this.#deps = deps;
  }

  /** True when step 6 would ask GitHub nothing. */
  async isCached(target: Target): Promise<boolean> {
    const { caches } = this.#deps;
    const { policy, allowList } = await caches.recall(target);
    return caches.freshPolicy(policy) !== undefined && caches.freshAllowList(allowList) !== undefined;
  }

  /** Through the first App, in order of choice, that is installed and not blocked. */
  async resolve(target: Target, call: AccessCall): Promise<Result<PolicyAccess>> {
    const { github, caches } = this.#deps;
    const recalled = await caches.recall(target);
    let best: BlockedAccess | undefined;
    let denial: Denial = { reason: "app_not_installed", owner: target.scope.owner };
    const apps = github.appsFor(target.scope.owner);
    for (const app of apps) {
      const access = await this.#resolveThrough(app, apps, recalled, call);
      if (!access.ok) {
        denial = moreActionable(denial, access.denial);
        if (mayAnotherAppServe(access.denial)) continue;
        break;
      }
      const resolved = access.value;
      const blocking = blockingDenialOf(resolved);
      if (!blocking || !mayAnotherAppServe(blocking)) return access;
      if (!best || moreActionable(best.blocking, blocking) === blocking) best = { resolved, blocking };
    }
    // With a limited App stale copies can be served; without sight of the policy the allow-list is still judged first.
    return best ? accept(withDenialOfOthers(best, denial)) : refuse(denial);
  }

  /** Reads what is not fresh, both files at once. */
  async read(resolved: PolicyAccess, call: AccessCall): Promise<Sources> {
    const access = this.#isReadable(resolved) ? accept(resolved) : await this.#resolveAgain(resolved, call);
    if (!access.ok) return { allowList: access, policy: access };
    const [allowList, policy] = await Promise.all([
      this.#allowList(access.value, call),
      this.#policy(access.value, call),
    ]);
    return { allowList, policy };
  }

  /** The final mint was refused: a policy whose repository is gone, or has another name, is read anew next time. */
  learnRefusal({ target, policy }: PolicyAccess, denial: Denial, call: AccessCall): void {
    if (saysGone(denial, target)) this.#deps.caches.repositoryIsGone(policy.recalled, call.writes);
  }

  /** Identities beside a policy that is not there, most like it first; for whoever may know. One call, remembered with the 404. */
  async nearMisses({ target, policy, installation }: PolicyAccess, call: AccessCall): Promise<readonly string[]> {
    const { caches, github } = this.#deps;
    const entry = await caches.policyEntry(policy.recalled);
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
    caches.keepPolicy(policy.recalled, { ...entry, value: { ...entry.value, nearMisses } }, undefined);
    return nearMisses;
  }

  #query(recalled: RecalledSources): AccessQuery {
    const { caches, orgPolicyRepo } = this.#deps;
    const listRepository = orgPolicyRepo.toLowerCase();
    const wanted = ({ accountId }: Installation) => {
      const { target, policy, allowList } = ownedBy(accountId, recalled);
      const names = new Set<string>();
      if (!caches.freshPolicy(policy)) names.add(target.repository.toLowerCase());
      if (!caches.freshAllowList(allowList)) names.add(listRepository);
      return [...names];
    };
    const list = recalled.allowList.entry?.value;
    const separateTokens = list?.state === "absent" && list.because === "not_visible";
    return { ...recalled.target.scope, wanted, separateTokens, allowListRepository: listRepository };
  }

  async #resolveThrough(
    app: App,
    apps: readonly App[],
    recalled: RecalledSources,
    call: AccessCall,
  ): Promise<Result<PolicyAccess>> {
    const { github, caches, orgPolicyRepo, now } = this.#deps;
    const asked = { askedAt: now(), writes: call.writes };
    const access = await accessThrough(github, app, this.#query(recalled), call);
    if (!access.ok) return access;
    const { installation, to } = access.value;
    const { target, policy, allowList } = ownedBy(installation.accountId, recalled);
    const fileAccess = <V extends AllowListValue | PolicyValue>(
      file: Recalled<V>,
      repository: string,
    ): FileAccess<V> => {
      const toFile = to.get(repository.toLowerCase());
      const bound = toFile?.kind === "token" ? caches.ofRepository(file, toFile.repositoryId, asked) : file;
      return { recalled: bound, ...(toFile && { access: toFile }) };
    };
    return accept({
      target,
      app,
      apps,
      installation,
      policy: fileAccess(policy, target.repository),
      allowList: fileAccess(allowList, orgPolicyRepo),
    });
  }

  #isReadable({ policy, allowList }: PolicyAccess): boolean {
    const { caches } = this.#deps;
    const hasPolicy = policy.access ?? caches.freshPolicy(policy.recalled);
    const hasAllowList = allowList.access ?? caches.freshAllowList(allowList.recalled);
    return hasPolicy !== undefined && hasAllowList !== undefined;
  }

  /** What was fresh became void, or too old, while the caller's token was verified: no token was minted to read it. */
  async #resolveAgain(
    { target, app, apps, installation }: PolicyAccess,
    call: AccessCall,
  ): Promise<Result<PolicyAccess>> {
    const recalled = await this.#deps.caches.recall(target);
    const again = await this.#resolveThrough(app, apps, recalled, call);
    if (!again.ok) return again;
    if (again.value.installation.accountId !== installation.accountId) {
      return refuse({ reason: "repository_not_visible", repository: target.scope.owner, problem: "moved" });
    }
    return this.#isReadable(again.value) ? again : refuse(CHANGES_TOO_FAST);
  }

  async #policy(resolved: PolicyAccess, call: AccessCall): Promise<Result<PolicyValue>> {
    const { target, policy, installation } = resolved;
    const { recalled, access } = policy;
    const { caches } = this.#deps;
    const fresh = caches.freshPolicy(recalled);
    if (fresh) return accept(fresh);
    const file = { owner: installation.owner, repository: target.repository, path: target.path };
    let read = await readWith(this.#deps, access, file, call);
    if (!read.ok && !isOutage(read.denial)) return read;
    if (!read.ok) {
      const stale = await caches.stalePolicy(recalled);
      if (stale) return servedStale(stale, call);
      if (read.denial.reason !== "github_rate_limited" || resolved.lastResort) return read;
      read = await readElsewhere(this.#deps, file, { ...resolved, denial: read.denial }, call);
      if (!read.ok) return read;
    }
    const value = policyValue(target, read.value, installation.accountId);
    caches.keepPolicy(recalled, { value, readAt: read.value.readAt }, call.writes);
    return accept(value);
  }

  async #allowList(resolved: PolicyAccess, call: AccessCall): Promise<Result<AllowListValue>> {
    const { allowList, installation } = resolved;
    const { recalled, access } = allowList;
    const { caches } = this.#deps;
    const fresh = caches.freshAllowList(recalled);
    if (fresh) return accept(fresh);
    const ownerId = installation.accountId;
    const file = { owner: installation.owner, repository: this.#deps.orgPolicyRepo, path: ALLOW_LIST_PATH };
    const askedAt = this.#deps.now();
    let read = await readWith(this.#deps, access, file, call);
    // Another App may see what this one may not: absent only when each that is installed was told the same.
    if (!read.ok && mayAnotherAppServe(read.denial)) {
      read = await readElsewhere(this.#deps, file, { ...resolved, denial: read.denial }, call);
    }
    if (!read.ok && isListOutOfSight(read.denial)) {
      const value = { state: "absent", ownerId, because: "not_visible" } as const;
      caches.keepAllowList(recalled, { value, readAt: askedAt }, call.writes);
      return accept(value);
    }
    const stale = await caches.staleAllowList(recalled);
    if (!read.ok) return stale ? servedStale(stale, call) : refuse(allowListDenial(read.denial, access));
    const value = allowListValue(read.value, ownerId);
    // An unusable file falls back on the last good list (never on "no list"), which counts as fresh again.
    const kept = value.state === "broken" && stale?.state === "present" ? stale : value;
    caches.keepAllowList(recalled, { value: kept, readAt: read.value.readAt }, call.writes);
    return accept(kept);
  }
}

function servedStale<V>(value: V, call: AccessCall): Result<V> {
  call.count?.("stale_served");
  return accept(value);
}

function saysGone(denial: Denial, { scope, repository }: Target): boolean {
  const isSame = (name: string, other: string) => name.toLowerCase() === other.toLowerCase();
  if (denial.reason === "repository_not_in_installation")
    return denial.missing.some((name) => isSame(name, repository));
  if (denial.reason !== "repository_not_visible" || denial.problem !== "moved") return false;
  return isSame(denial.repository, `${scope.owner}/${repository}`);
}
