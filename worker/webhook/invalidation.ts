/**
 * What a webhook takes out of the caches. It leaves tombstones and times, and never what a file says: the next exchange reads
 * that from GitHub, so a delivery that is old, repeated or out of order can bring nothing back.
 */
import { roleOfFile } from "../../policies/file-names.ts";
import { WEBHOOK_NAMES_MAX } from "../limits.ts";
import type { CacheKey, TieredCache } from "../store/cache.ts";
import type { Struck } from "../trust-policy/cache-entries.ts";
import { allowListKey, policyKey, targetOf } from "../trust-policy/target.ts";
import type { Work } from "./events.ts";
import type { WebhookRun } from "./run.ts";

interface Place {
  readonly owner: string;
  readonly repository: string;
}

/** Strikes out just the policies and the allow-list that lie at these paths of a default branch. */
export async function strikePaths(
  run: WebhookRun,
  { owner, repository }: Place,
  paths: Iterable<string>,
): Promise<void> {
  const { caches, config } = run.services;
  const { orgPolicyRepo } = config;
  const isPolicyRepository = isSame(repository, orgPolicyRepo);
  const roles = [...new Set(paths)].map((path) => roleOfFile(path, isPolicyRepository));
  const identities = roles.flatMap((role) => (role.role === "policy" ? [role.identity] : []));
  for (const identity of identities.slice(0, WEBHOOK_NAMES_MAX)) {
    strike(run, caches.policies, policyKey(targetOf({ owner, repository }, identity, orgPolicyRepo)));
  }
  if (roles.some(({ role }) => role === "trusted_issuers")) strike(run, caches.allowLists, allowListKey(owner));
  if (identities.length > WEBHOOK_NAMES_MAX)
    run.log("too_many_policies", { left: identities.length - WEBHOOK_NAMES_MAX });
  await run.write();
}

/** Has this App's installations looked up again: it was installed, removed, suspended, or sees other repositories. */
export async function forget(run: WebhookRun, { forget: places = [] }: Work): Promise<void> {
  const { apps, caches, config, github } = run.services;
  const app = apps.find(({ id }) => id === run.origin.appId);
  if (app === undefined) return;
  for (const { owner, repositories } of places) {
    github.installations.forget(app, owner, run.writes);
    await Promise.all(
      repositories.map((repository) => github.installations.forgetRepository(app, { owner, repository }, run.writes)),
    );
    const policyRepository = repositories.some((name) => isSame(name, config.orgPolicyRepo));
    // "No list" may have meant "not visible": what the App sees now is asked again.
    if (policyRepository || run.origin.event === "installation") strike(run, caches.allowLists, allowListKey(owner));
  }
  await run.write();
}

/** In memory at once; everywhere when KV has spread it. The time is kept apart, for whoever still holds an older entry. */
function strike<T>(run: WebhookRun, cache: TieredCache<T | Struck>, key: CacheKey): void {
  const readAt = run.services.now();
  cache.put(key, { value: { state: "struck" }, readAt }, run.writes);
  run.services.caches.strikes.put(key, { value: readAt, readAt }, run.writes);
}

const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
