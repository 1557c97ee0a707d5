/**
 * The story of one delivery, after GitHub has its answer: first the caches, then the check. It ends in one line of the log. Nothing
 * is remembered of it: one that comes again invalidates once more, and finds the verdict that was given.
 */
import type { Denial } from "../denial.ts";
import type { Services } from "../services.ts";
import { type CheckOutcome, check } from "./check.ts";
import type { Work } from "./events.ts";
import { forget, invalidatePaths } from "./invalidation.ts";
import type { Job } from "./job.ts";
import type { Delivery } from "./receipt.ts";
import { WebhookRun } from "./run.ts";
import { inTurn } from "./turn.ts";

/** Never throws. */
export async function deliver(delivery: Delivery, services: Services): Promise<void> {
  const { appId, id, event, work } = delivery;
  const run = new WebhookRun(services, {
    delivery: id,
    event,
    appId,
    action: work.action,
    repository: repositoryOf(work),
  });
  try {
    const outcome = await steps(run, delivery);
    if (outcome.kind === "failed") return await run.finish("failed", reasonOf(outcome.denial));
    await run.finish(outcome.kind, outcome.kind === "postponed" ? {} : { ...outcome });
  } catch (bug) {
    run.bug(bug);
    await run.finish("bug");
  }
}

async function steps(
  run: WebhookRun,
  { appId, id, event, work }: Delivery,
): Promise<CheckOutcome | { kind: "nothing" }> {
  const { owner, pushed, check: checking } = work;
  await forget(run, work);
  if (owner === undefined) return { kind: "nothing" };
  // What the push itself lists is struck out before anything is asked: that cannot fail.
  if (pushed) await invalidatePaths(run, { owner, repository: pushed.repository }, pushed.paths);
  if (checking === undefined) return { kind: "nothing" };
  const job: Job = { version: 1, delivery: id, event, appId, owner, work: checking, failures: 0 };
  const { services } = run;
  const head = JSON.stringify(["head", owner.toLowerCase(), checking.repository.toLowerCase(), checking.head, appId]);
  return inTurn(services.webhooks.underway, head, services.now, () => check(run, job, pushed !== undefined));
}

function repositoryOf({ owner, check: checking, pushed }: Work): string | undefined {
  const repository = checking?.repository ?? pushed?.repository;
  return repository === undefined ? owner : `${owner}/${repository}`;
}

/** What the log may hear of a denial: no foreign text. */
export const reasonOf = (denial: Denial): Readonly<Record<string, unknown>> => ({ denial });
