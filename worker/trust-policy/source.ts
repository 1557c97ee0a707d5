/**
 * Scope and identity -> the trust policy and the owner's issuer allow-list, through the caches (worker/README.md,
 * "Caches"). Two halves, because nothing may be read before a known issuer's signature is verified: `resolve` finds the App
 * installation and mints the read token, `read` reads. A stale copy is served only while GitHub limits or fails, never once struck.
 */
import { accept, type Denial, type Result, refuse } from "../denial.ts";
import type { App, GitHub, Installation } from "../github/github.ts";
import { NAMES_HOLD_MS } from "../limits.ts";
import { readAllowList } from "./allow-list.ts";
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
import type { SourceCaches } from "./caches.ts";
import { existenceOf } from "./identities.ts";
import { readPolicy } from "./policy.ts";
import { type AccessCall, type AccessQuery, accessThrough } from "./read-access.ts";
import type { Recalled, RecalledSources, RecallOptions } from "./recalled.ts";
import { ForeignMisses } from "./staleness.ts";
import { type Target, targetOf } from "./target.ts";
import { Visibility } from "./visibility.ts";

export interface Sources {
  readonly allowList: Result<AllowListValue>;
  readonly policy: Result<PolicyValue>;
  /** What was void when they were read, in ms. */
  readonly voidBefore: number;
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

/** One per isolate. */
export class PolicySource {
  readonly #deps: PolicySourceDeps;
  readonly #foreignMisses: ForeignMisses;
  readonly #visibility: Visibility;

  constructor(deps: PolicySourceDeps) {
    this.#deps = deps;
    this.#foreignMisses = new ForeignMisses(deps.now);
    this.#visibility = new Visibility(deps);
  }

  /** The first look at what is remembered; `prospect` judges it, and `resolve` goes on from it. */
  recall(target: Target, options: RecallOptions): Promise<RecalledSources> {
    return this.#deps.caches.recall(target, options);
  }

  /**
   * What step 6 would cost: nothing; a read of what is known to be there, once in five minutes for everyone; or a look-up of which
   * nobody knows whether it finds anything.
   */
  prospect({ target, policy, allowList }: RecalledSources): "free" | "there" | "unknown" {
    const { caches } = this.#deps;
    if (caches.freshPolicy(policy) && caches.freshAllowList(allowList)) return "free";
    const isKnown = policy.entry !== undefined || existenceOf(target.identity, caches.folders(target)).kind === "there";
    return isKnown ? "there" : "unknown";
  }

  /** Through the first App, in order of choice, that is installed and not blocked. */
  async resolve(recalled: RecalledSources, call: AccessCall): Promise<Result<PolicyAccess>> {
    const { github, caches } = this.#deps;
    const { target, policy, isDeleted } = recalled;
    if (isDeleted && policy.entry) caches.keepPolicy(policy, policy.entry, call.writes);
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
    if (!access.ok) return { allowList: access, policy: access, voidBefore: voidBeforeOf(resolved) };
    const deps = { ...this.#deps, foreignMisses: this.#foreignMisses };
    const [allowList, policy] = await Promise.all([
      readAllowList(deps, access.value, call),
      readPolicy(deps, access.value, call),
    ]);
    return { allowList, policy, voidBefore: voidBeforeOf(resolved) };
  }

  /** The owner's allow-list alone, for whoever judges policies that are not in force yet. */
  async allowList(owner: string, call: AccessCall): Promise<Result<AllowListValue>> {
    // No policy is read: any identity of the owner's will do.
    const target = targetOf({ owner }, "any", this.#deps.orgPolicyRepo);
    const recalled = await this.recall(target, { mayReadKv: true });
    const fresh = this.#deps.caches.freshAllowList(recalled.allowList);
    if (fresh) return accept(fresh);
    const access = await this.resolve(recalled, call);
    return access.ok
      ? readAllowList({ ...this.#deps, foreignMisses: this.#foreignMisses }, access.value, call)
      : access;
  }

  /** A denial if something of it was voided since it was read; asked again after whatever an exchange waits for. */
  changedSince(resolved: PolicyAccess, { voidBefore }: Sources): Denial | undefined {
    return voidBeforeOf(resolved) > voidBefore ? CHANGES_TOO_FAST : undefined;
  }

  /** Whether anybody may read the policy now, whatever is remembered of it. */
  isStillPublic(resolved: PolicyAccess, { repositoryId }: PolicyValue, call: AccessCall): Promise<boolean> {
    return this.#visibility.isPublic(resolved, repositoryId, call);
  }

  /** The final mint was refused: a policy whose repository is gone, or has another name, is read anew next time. */
  learnRefusal({ target, apps, policy }: PolicyAccess, denial: Denial, call: AccessCall): void {
    // Of several Apps one may have read it that sees more than the one that was to mint.
    if (denial.reason === "repository_not_in_installation" && apps.length > 1) return;
    if (saysGone(denial, target)) this.#deps.caches.repositoryIsGone(policy.recalled, call.writes);
  }

  /** Identities beside a policy that is not there, most like it first; for whoever may know. */
  nearMisses({ target }: PolicyAccess): readonly string[] {
    return this.#deps.caches.nearMisses(target);
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
    for (const one of to.values()) {
      if (one.kind !== "token") continue;
      this.#visibility.learn(one.repositoryId, { isPublic: one.repositoryIsPublic, askedAt: asked.askedAt });
    }
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
      openedAt: now(),
      policy: fileAccess(policy, target.repository),
      allowList: fileAccess(allowList, orgPolicyRepo),
    });
  }

  /**
   * Files are read by their repository's name, and a name can be another repository's soon after the read token was minted: a public
   * one would be read with it, and kept as the former's policy. So no token is used that waited for a slow issuer.
   */
  #isReadable({ policy, allowList, openedAt }: PolicyAccess): boolean {
    const { caches, now } = this.#deps;
    if ((policy.access ?? allowList.access) && now() - openedAt >= NAMES_HOLD_MS) return false;
    const hasPolicy = policy.access ?? caches.freshPolicy(policy.recalled);
    const hasAllowList = allowList.access ?? caches.freshAllowList(allowList.recalled);
    return hasPolicy !== undefined && hasAllowList !== undefined;
  }

  /** What was fresh became void, or too old, while the caller's token was verified; or the names may have changed hands. */
  async #resolveAgain(
    { target, app, apps, installation }: PolicyAccess,
    call: AccessCall,
  ): Promise<Result<PolicyAccess>> {
    const recalled = await this.#deps.caches.recall(target, { mayReadKv: true });
    const again = await this.#resolveThrough(app, apps, recalled, call);
    if (!again.ok) return again;
    if (again.value.installation.accountId !== installation.accountId) {
      return refuse({ reason: "repository_not_visible", repository: target.scope.owner, problem: "moved" });
    }
    return this.#isReadable(again.value) ? again : refuse(CHANGES_TOO_FAST);
  }
}

const voidBeforeOf = ({ policy, allowList }: PolicyAccess): number =>
  Math.max(policy.recalled.voidBefore.known(), allowList.recalled.voidBefore.known());

function saysGone(denial: Denial, { scope, repository }: Target): boolean {
  const isSame = (name: string, other: string) => name.toLowerCase() === other.toLowerCase();
  if (denial.reason === "repository_not_in_installation")
    return denial.missing.some((name) => isSame(name, repository));
  if (denial.reason !== "repository_not_visible" || denial.problem !== "moved") return false;
  return isSame(denial.repository, `${scope.owner}/${repository}`);
}
