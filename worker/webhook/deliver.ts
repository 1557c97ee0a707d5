/**
 * The story of one delivery, after GitHub has its answer: what it makes void, and beside that the check, so that neither waits for the
 * other nor falls with it. It ends in one line of the log. Nothing is remembered of it: one that comes again makes void once more, and
 * finds the verdict that was given.
 */
import type { Services } from "../services.ts";
import { type CheckOutcome, check } from "./check.ts";
import type { Invalidation } from "./events.ts";
import type { Delivery } from "./receipt.ts";
import { DeliveryRun } from "./run.ts";

type Outcome = CheckOutcome | { readonly kind: "nothing" };

/** Never throws. */
export async function deliver(delivery: Delivery, services: Services): Promise<void> {
  const run = new DeliveryRun(delivery, services);
  const { check: asked, invalidate } = delivery.work;
  const [outcome] = await Promise.all([
    run.settled(async (): Promise<Outcome> => (asked ? check(run, asked) : { kind: "nothing" })),
    run.settled(async () => invalidateAll(run, invalidate)),
  ]);
  await run.finish(outcome ?? { kind: "bug" });
}

/**
 * Leaves tombstones and times in the caches, and never what a file says: the next exchange reads that from GitHub, so a delivery that is
 * old, repeated or out of order can bring nothing back. It asks GitHub nothing, and so needs no permission of the App's. All at once:
 * each counts in this isolate before it first waits for KV.
 */
async function invalidateAll(run: DeliveryRun, invalidations: readonly Invalidation[]): Promise<void> {
  const taken = await Promise.all(invalidations.map((one) => invalidate(run, one)));
  // Other isolates learn of it by KV only: without it they go on for as long as an entry is fresh.
  if (taken.includes(false)) run.log("tombstone_not_written");
  await run.write();
}

/** Whether KV took it. */
function invalidate(run: DeliveryRun, invalidation: Invalidation): Promise<boolean> {
  const { tombstones } = run.services;
  switch (invalidation.kind) {
    case "files":
      return tombstones.invalidatePaths(invalidation, invalidation.paths);
    case "repository":
      return tombstones.invalidateRepository(invalidation);
    case "owner":
      return tombstones.invalidateOwner(invalidation.owner);
    case "installation":
      return forgetInstallation(run, invalidation);
  }
}

/** This App's look-ups: it was installed, removed, suspended, or sees other repositories. */
async function forgetInstallation(
  run: DeliveryRun,
  { owner, repositories }: Extract<Invalidation, { kind: "installation" }>,
): Promise<boolean> {
  const { apps, tombstones, github } = run.services;
  // "No list" may have meant "not visible": what the App sees now is asked again.
  const taken = tombstones.invalidateAllowList(owner);
  const app = apps.find(({ id }) => id === run.appId);
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
