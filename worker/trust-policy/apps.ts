/**
 * Several Apps on one owner: the access that each has, what blocks it, and which of their denials is reported. One App is asked at
 * a time and no file is read; the order is the pool's.
 */
import type { Denial, Result } from "../denial.ts";
import type { Count } from "../event.ts";
import type { App, FileRef, GitHub, Installation } from "../github/github.ts";
import type { AllowListValue, PolicyValue } from "./cache-entries.ts";
import { type AccessCall, accessThrough, type InstallationAccess, type RepositoryAccess } from "./read-access.ts";
import type { Recalled, RecalledSources } from "./recalled.ts";
import type { Target } from "./target.ts";

/** A resolved installation, and for each file what is remembered or the access to it. */
export interface PolicyAccess {
  readonly target: Target;
  readonly app: App;
  /** All that serve the owner, as the pool ordered them. The order is asked for once an exchange: each call rotates it. */
  readonly apps: readonly App[];
  /** Every App was asked and none can read the policy now: the same exchange does not ask them again. */
  readonly lastResort?: true;
  readonly installation: Installation;
  /** When GitHub said which repositories have the names, in ms. */
  readonly openedAt: number;
  readonly policy: FileAccess<PolicyValue>;
  readonly allowList: FileAccess<AllowListValue>;
}

export interface FileAccess<V> {
  readonly recalled: Recalled<V>;
  /** Absent when what is remembered is fresh. */
  readonly access?: RepositoryAccess;
}

/** Entries that were read from another account are left out: it had the owner's name before. */
export function ownedBy(accountId: number, { target, policy, allowList }: RecalledSources): RecalledSources {
  return { target, policy: ofOwner(accountId, policy), allowList: ofOwner(accountId, allowList) };
}

function ofOwner<V extends { readonly ownerId: number }>(accountId: number, recalled: Recalled<V>): Recalled<V> {
  return recalled.entry?.value.ownerId === accountId ? recalled : { ...recalled, entry: undefined };
}

export interface BlockedAccess {
  readonly resolved: PolicyAccess;
  readonly blocking: Denial;
}

/**
 * The denial that blocks this App. An App that cannot see the allow-list's repository is not blocked: many are installed on
 * selected repositories only.
 */
export function blockingDenialOf({ target, policy, allowList }: PolicyAccess): Denial | undefined {
  if (policy.access?.kind === "denied") return policy.access.denial;
  if (policy.access?.kind === "not_visible") {
    return { reason: "repository_not_visible", repository: target.repository, problem: policy.access.problem };
  }
  return allowList.access?.kind === "denied" ? allowList.access.denial : undefined;
}

/** Some Apps could not be asked, and one of them might see the policy: then their denial is reported, not "not visible". */
export function withDenialOfOthers({ resolved, blocking }: BlockedAccess, denial: Denial): PolicyAccess {
  const last = { ...resolved, lastResort: true } as const;
  if (!resolved.policy.access || moreActionable(blocking, denial) === blocking) return last;
  return { ...last, policy: { ...resolved.policy, access: { kind: "denied", denial } } };
}

/** What one App cannot do another may: each has its own installations, repositories and quota. Outages are everyone's. */
const BY_ACTION: readonly Denial["reason"][] = [
  "app_not_installed",
  "repository_not_visible",
  "installation_suspended",
  "permission_not_held",
  "github_forbidden",
  "app_credentials_rejected",
  "github_rate_limited",
];

export const mayAnotherAppServe = (denial: Denial): boolean => BY_ACTION.includes(denial.reason);

/** Of two Apps' denials the one that the caller can act on; a limit passes by itself. */
export function moreActionable(one: Denial, other: Denial): Denial {
  return rankOf(other) > rankOf(one) ? other : one;
}

function rankOf(denial: Denial): number {
  if (!mayAnotherAppServe(denial)) return BY_ACTION.length;
  // Only "not selected" by all of them lifts an allow-list: anything else that one App was told must not be lost beside it.
  const isPlain = denial.reason !== "repository_not_visible" || denial.problem === "not_selected";
  return BY_ACTION.indexOf(denial.reason) + (isPlain ? 0 : 0.5);
}

/**
 * A cached "not installed" is looked up again: an App that was installed a minute ago may see an enforced allow-list that the
 * others cannot see.
 */
export async function accessElsewhere(
  github: GitHub,
  app: App,
  { owner, repository }: FileRef,
  call: AccessCall,
): Promise<Result<InstallationAccess>> {
  const name = repository.toLowerCase();
  const query = { owner, wanted: () => [name], separateTokens: false, allowListRepository: name };
  let isAsked = false;
  const count = (what: Count) => {
    isAsked ||= what === "github_calls";
    call.count?.(what);
  };
  const access = await accessThrough(github, app, query, { ...call, count });
  if (access.ok || access.denial.reason !== "app_not_installed" || isAsked) return access;
  github.installations.forget(app, owner, call.writes);
  return accessThrough(github, app, query, call);
}
