/** Going on in another invocation, through the optional queue: with what is left to do, or after something that passes. */
import type { Denial } from "../denial.ts";
import { CHECK_ATTEMPTS_MAX, RETRY_AFTER_OUTAGE_SECONDS } from "../limits.ts";
import type { Job, Resume } from "./job.ts";
import type { WebhookRun } from "./run.ts";

/** The next part of a check. False: there is no queue, or it does not take it. */
export function goOn(run: WebhookRun, job: Job, resume: Resume): Promise<boolean> {
  return send(run, { ...job, resume }, 0);
}

/** The same part once more, if what stood in the way may pass. */
export async function tryLater(run: WebhookRun, job: Job, denial: Denial): Promise<boolean> {
  if (!passes(denial) || job.failures + 1 >= CHECK_ATTEMPTS_MAX) return false;
  const seconds = "retryAfterSeconds" in denial ? denial.retryAfterSeconds : RETRY_AFTER_OUTAGE_SECONDS;
  return send(run, { ...job, failures: job.failures + 1 }, seconds);
}

const PASSING: ReadonlySet<Denial["reason"]> = new Set([
  "github_rate_limited",
  "github_unavailable",
  "github_invalid_answer",
  "deadline_exceeded",
]);

const passes = ({ reason }: Denial): boolean => PASSING.has(reason);

async function send(run: WebhookRun, job: Job, delaySeconds: number): Promise<boolean> {
  const { queue } = run.services.webhooks;
  if (queue === undefined) return false;
  try {
    await queue.send(job, { contentType: "json", delaySeconds });
    return true;
  } catch {
    run.log("queue_failed");
    return false;
  }
}
