/**
 * What a webhook takes out of the caches. It leaves tombstones and times, and never what a file says: the next exchange reads that
 * from GitHub, so a delivery that is old, repeated or out of order can bring nothing back. It asks GitHub nothing, and so needs no
 * permission of the App's.
 */
import type { WebhookRun } from "./run.ts";
import type { Invalidation } from "./work.ts";

/** All at once: each counts in this isolate before it first waits for KV. */
export async function invalidate(run: WebhookRun, invalidations: readonly Invalidation[]): Promise<void> {
  const taken = await Promise.all(invalidations.map((one) => invalidateOne(run, one)));
  // Other isolates learn of it by KV only: without it they go on for as long as an entry is fresh.
  if (taken.includes(false)) run.log("tombstone_not_written");
  await run.write();
}

/** Whether KV took it. */
function invalidateOne(run: WebhookRun, invalidation: Invalidation): Promise<boolean> {
  const { tombstones } = run.services;
  switch (invalidation.kind) {
    case "files":
      return tombstones.invalidatePaths(invalidation, invalidation.paths);
    case "repository":
      return tombstones.invalidateRepository(invalidation);
    case "owner":
      return tombstones.invalidateOwner(invalidation.owner);
    case "installation":
      return forget(run, invalidation);
  }
}

/** This App's look-ups: it was installed, removed, suspended, or sees other repositories. */
async function forget(
  run: WebhookRun,
  { owner, repositories }: Extract<Invalidation, { kind: "installation" }>,
): Promise<boolean> {
  const { apps, tombstones, github } = run.services;
  // "No list" may have meant "not visible": what the App sees now is asked again.
  const taken = tombstones.invalidateAllowList(owner);
  const app = apps.find(({ id }) => id === run.origin.appId);
  if (app) {
    const { accounts, installations } = github;
    installations.forget(app, owner, run.writes);
    await Promise.all([
      accounts.add(app, owner, run.writes),
      ...repositories.map((repository) => installations.forgetRepository(app, { owner, repository }, run.writes)),
    ]);
  }
  return taken;
}
