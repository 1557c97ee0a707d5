/**
 * What a webhook takes out of the caches. It leaves tombstones and times, and never what a file says: the next exchange reads
 * that from GitHub, so a delivery that is old, repeated or out of order can bring nothing back.
 */
import type { RepositoryName } from "../trust-policy/tombstones.ts";
import type { Work } from "./events.ts";
import type { WebhookRun } from "./run.ts";

/** Makes void what was read of the policies and the allow-list that lie at these paths of a default branch. */
export async function invalidatePaths(run: WebhookRun, name: RepositoryName, paths: Iterable<string>): Promise<void> {
  report(run, await run.services.tombstones.invalidatePaths(name, paths));
}

/** Has this App's installations looked up again: it was installed, removed, suspended, or sees other repositories. */
export async function forget(run: WebhookRun, { forget: places = [] }: Work): Promise<void> {
  const { apps, tombstones, config, github } = run.services;
  const app = apps.find(({ id }) => id === run.origin.appId);
  if (app === undefined) return;
  for (const { owner, repositories } of places) {
    github.installations.forget(app, owner, run.writes);
    await Promise.all(
      repositories.map((repository) => github.installations.forgetRepository(app, { owner, repository }, run.writes)),
    );
    const policyRepository = repositories.some((name) => isSame(name, config.orgPolicyRepo));
    // "No list" may have meant "not visible": what the App sees now is asked again.
    if (policyRepository || run.origin.event === "installation")
      report(run, await tombstones.invalidateAllowList(owner));
    if (run.origin.event !== "repository") continue;
    // The name is, or will be, another repository's: nothing that was read under it counts any more.
    const taken = repositories.map((repository) => tombstones.invalidateRepository({ owner, repository }));
    for (const done of await Promise.all(taken)) report(run, done);
  }
  await run.write();
}

/** Other isolates learn of it by KV only: without it they go on for the five minutes that an entry is fresh. */
function report(run: WebhookRun, isTaken: boolean): void {
  if (!isTaken) run.log("tombstone_not_written");
}

const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
