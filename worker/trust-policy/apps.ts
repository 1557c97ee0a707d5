/**
 * Several Apps on one owner: what each has opened, what keeps it from serving, and which of their refusals is told. It asks one
 * App at a time and reads no file; the order is the pool's.
 */
import type { Denial, Result } from "../denial.ts";
import type { App, FileRef, GitHub, Installation } from "../github/github.ts";
import type { Entry } from "../store/cache.ts";
import { type AllowListValue, isStruck, type PolicyValue, type Struck } from "./cache-entries.ts";
import { type Access, type AccessCall, type ReadAccess, readAccess } from "./read-access.ts";
import type { Target } from "./target.ts";

/** Step 5 and the read token of step 6: an installation, and for each file what is cached or the way to it. */
export interface Opened {
  readonly target: Target;
  readonly app: App;
  /** All that serve the owner, as the pool ordered them: an exchange asks for the order once, as each time is another's turn. */
  readonly apps: readonly App[];
  /** Every App was asked and none can read the policy now; to ask once more in the same exchange is no use. */
  readonly lastResort?: true;
  readonly installation: Installation;
  readonly policy: Lead<PolicyValue>;
  readonly allowList: Lead<AllowListValue>;
}

interface Lead<V> {
  readonly cached: Entry<V | Struck> | undefined;
  /** Absent when the cached entry is fresh. */
  readonly access?: Access;
}

export interface Cached {
  readonly policy: Entry<PolicyValue | Struck> | undefined;
  readonly allowList: Entry<AllowListValue | Struck> | undefined;
}

/** What is remembered of an account that had this name before is nothing. A strike counts for every account. */
export function ownedBy(accountId: number, { policy, allowList }: Cached): Cached {
  const isOwned = (entry: Cached["policy"] | Cached["allowList"]) =>
    entry !== undefined && (isStruck(entry.value) || entry.value.ownerId === accountId);
  return { policy: isOwned(policy) ? policy : undefined, allowList: isOwned(allowList) ? allowList : undefined };
}

export interface Hindered {
  readonly opened: Opened;
  readonly hindrance: Denial;
}

/** What keeps this App from a file; that it cannot see the list's repository is no hindrance, as that is how many are installed. */
export function hindranceOf({ target, policy, allowList }: Opened): Denial | undefined {
  if (policy.access?.kind === "denied") return policy.access.denial;
  if (policy.access?.kind === "not_visible") {
    return { reason: "repository_not_visible", repository: target.repository, problem: policy.access.problem };
  }
  return allowList.access?.kind === "denied" ? allowList.access.denial : undefined;
}

/** Whether an App that could not be asked would have read the policy is unknown, and "not visible" would be a guess. */
export function inTheLightOf({ opened, hindrance }: Hindered, denial: Denial): Opened {
  const last = { ...opened, lastResort: true } as const;
  if (!opened.policy.access || moreTelling(hindrance, denial) === hindrance) return last;
  return { ...last, policy: { ...opened.policy, access: { kind: "denied", denial } } };
}

/** What one App cannot do another may: each has its own installations, repositories and quota. Outages are everyone's. */
const TELLING: readonly Denial["reason"][] = [
  "app_not_installed",
  "repository_not_visible",
  "installation_suspended",
  "permission_not_held",
  "github_forbidden",
  "app_credentials_rejected",
  "github_rate_limited",
];

export const mayAnotherAppServe = (denial: Denial): boolean => TELLING.includes(denial.reason);

/** Of two Apps' denials the one that a caller can do most about; a limit passes by itself. */
export function moreTelling(one: Denial, other: Denial): Denial {
  return rankOf(other) > rankOf(one) ? other : one;
}

function rankOf(denial: Denial): number {
  if (!mayAnotherAppServe(denial)) return TELLING.length;
  // Only "not selected" by all of them lifts an allow-list: anything else that one App was told must not be lost beside it.
  const isPlain = denial.reason !== "repository_not_visible" || denial.problem === "not_selected";
  return TELLING.indexOf(denial.reason) + (isPlain ? 0 : 0.5);
}

/**
 * "Not installed" is asked again if it was only remembered: an App that was installed a minute ago may see the enforced list that
 * the others cannot.
 */
export async function accessElsewhere(
  github: GitHub,
  app: App,
  { owner, repository }: FileRef,
  call: AccessCall,
): Promise<Result<ReadAccess>> {
  const name = repository.toLowerCase();
  const query = { owner, wanted: () => [name], apart: false, decisive: name };
  let isAsked = false;
  const count = (what: string) => {
    isAsked ||= what === "github_calls";
    call.count?.(what);
  };
  const access = await readAccess(github, app, query, { ...call, count });
  if (access.ok || access.denial.reason !== "app_not_installed" || isAsked) return access;
  github.forgetInstallation(app, owner, call.writes);
  return readAccess(github, app, query, call);
}
