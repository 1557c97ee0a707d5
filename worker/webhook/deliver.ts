/**
 * The story of one delivery, after GitHub has its answer: what it makes void, and beside that the check, so that neither waits for the
 * other nor falls with it. It ends in one line of the log. Nothing is remembered of it: one that comes again makes void once more, and
 * finds the verdict that was given.
 */
import type { Services } from "../services.ts";
import { type CheckOutcome, check } from "./check.ts";
import { invalidate } from "./invalidation.ts";
import type { Delivery } from "./receipt.ts";
import { WebhookRun } from "./run.ts";

type Outcome = CheckOutcome | { readonly kind: "nothing" };

/** Never throws. */
export async function deliver({ appId, id, event, work }: Delivery, services: Services): Promise<void> {
  const { action, owners, repository } = work;
  const about = repository === undefined ? owners[0] : `${owners[0]}/${repository}`;
  const run = new WebhookRun(services, { delivery: id, event, appId, action, repository: about });
  const [outcome] = await Promise.all([
    settled(run, async (): Promise<Outcome> => (work.check ? check(run, work.check) : { kind: "nothing" })),
    settled(run, async () => invalidate(run, work.invalidate)),
  ]);
  await run.finish(outcome?.kind ?? "bug", detailOf(outcome));
}

/** Undefined for a bug. */
async function settled<T>(run: WebhookRun, part: () => Promise<T>): Promise<T | undefined> {
  try {
    return await part();
  } catch (bug) {
    run.bug(bug);
    return undefined;
  }
}

/** What the log may hear: no foreign text. */
function detailOf(outcome: Outcome | undefined): Readonly<Record<string, unknown>> {
  if (outcome === undefined) return {};
  const { kind: _, ...detail } = outcome;
  return detail;
}
