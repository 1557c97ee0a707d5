/** The consumer of the optional queue: one message is the next part of one check. Never throws, and never has one repeated. */
import type { Services } from "../services.ts";
import { check } from "./check.ts";
import { reasonOf } from "./deliver.ts";
import { readJob } from "./job.ts";
import { type Budget, WebhookRun } from "./run.ts";

export interface QueueMessage {
  readonly body: unknown;
  ack(): void;
}

/** One after the other: they share what one invocation may ask of GitHub. */
export async function consume(messages: readonly QueueMessage[], services: Services): Promise<void> {
  const budget: Budget = { calls: 0 };
  for (const message of messages) {
    await work(message.body, services, budget);
    // What failed was sent anew, with its count; the queue itself need not repeat it.
    message.ack();
  }
}

async function work(body: unknown, services: Services, budget: Budget): Promise<void> {
  const job = readJob(body);
  if (job === undefined) {
    services.log(JSON.stringify({ type: "webhook", what: "unreadable_message" }));
    return;
  }
  const { delivery, event, appId, owner } = job;
  const repository = `${owner}/${job.work.repository}`;
  const run = new WebhookRun(services, { delivery, event, appId, repository }, budget);
  try {
    const outcome = await check(run, job);
    await run.finish(outcome.kind, outcome.kind === "failed" ? reasonOf(outcome.denial) : { ...outcome });
  } catch (bug) {
    run.bug(bug);
    await run.finish("bug");
  }
}
