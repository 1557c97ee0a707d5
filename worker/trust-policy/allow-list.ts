/** Step 6 for the owner's issuer allow-list: what is remembered, else one read through whichever App can see it. */
import { accept, type Denial, type Result, refuse } from "../denial.ts";
import { mayAnotherAppServe, type PolicyAccess } from "./apps.ts";
import type { AllowListValue } from "./cache-entries.ts";
import { allowListValue, type FileReading, readElsewhere, readUnvoided } from "./files.ts";
import { foundIn, type SourceDeps } from "./policy.ts";
import type { AccessCall, RepositoryAccess } from "./read-access.ts";
import { servedStale } from "./staleness.ts";
import { ALLOW_LIST_PATH } from "./target.ts";

export async function readAllowList(
  deps: SourceDeps,
  access: PolicyAccess,
  call: AccessCall,
): Promise<Result<AllowListValue>> {
  const { caches, foreignMisses, now } = deps;
  const { recalled, access: repositoryAccess } = access.allowList;
  const { accountId: ownerId } = access.installation;
  const fresh = caches.freshAllowList(recalled);
  call.cached?.("allow_list", foundIn(recalled, fresh));
  if (fresh) return accept(fresh);
  const askedAt = now();
  const read = await readThroughAny(deps, access, call);
  if (!read.ok && isListOutOfSight(read.denial)) {
    const value = { state: "absent", ownerId, because: "not_visible" } as const;
    caches.keepAllowList(recalled, { value, readAt: askedAt }, call.writes);
    return accept(value);
  }
  const mayBeStale = read.ok || foreignMisses.mayServeStale(read.denial, ownerId, call);
  const stale = mayBeStale ? await caches.staleAllowList(recalled) : undefined;
  if (!read.ok)
    return stale ? servedStale("allow_list", stale, call) : refuse(allowListDenial(read.denial, repositoryAccess));
  const value = allowListValue(read.value, ownerId);
  // An unusable file falls back on the last good list (never on "no list"), which counts as fresh again.
  const isFallback =
    value.state === "broken" && stale?.state === "present" && stale.repositoryId === value.repositoryId;
  const kept = isFallback ? stale : value;
  caches.keepAllowList(recalled, { value: kept, readAt: read.value.readAt }, call.writes);
  return accept(kept);
}

/** Another App may see what this one may not: absent only when each that is installed was told the same. */
async function readThroughAny(deps: SourceDeps, access: PolicyAccess, call: AccessCall): Promise<Result<FileReading>> {
  const file = { owner: access.installation.owner, repository: deps.orgPolicyRepo, path: ALLOW_LIST_PATH };
  const read = await readUnvoided(deps, access.allowList, file, call);
  if (read.ok || !mayAnotherAppServe(read.denial)) return read;
  return readElsewhere(deps, file, { ...access, denial: read.denial }, call);
}

/** Every installed App was answered 422 for the list's repository. Only this counts as "no list". */
const isListOutOfSight = (denial: Denial): boolean =>
  denial.reason === "repository_not_visible" && denial.problem === "not_selected";

/** Denials that are about the whole installation, not about the allow-list. */
const OF_INSTALLATION: ReadonlySet<Denial["reason"]> = new Set([
  "repository_not_visible",
  "installation_suspended",
  "permission_not_held",
  "app_credentials_rejected",
]);

/**
 * `access` is that of the exchange's own App. A denial of its whole installation is reported as it is; any other means that the
 * list could not be read.
 */
function allowListDenial(denial: Denial, access: RepositoryAccess | undefined): Denial {
  const isOfInstallation =
    access?.kind === "denied" && access.denial.reason === denial.reason && OF_INSTALLATION.has(denial.reason);
  if (isOfInstallation) return denial;
  if (denial.reason === "github_rate_limited") {
    return { reason: "allow_list_rate_limited", retryAfterSeconds: denial.retryAfterSeconds };
  }
  return { reason: "allow_list_unavailable", problem: denial.reason };
}
