/** The consumer of queues, beside the app: what Cloudflare hands over of the audit queue, and of its dead letters where those are bound. */
import type { Env } from "./config/reader.ts";
import { CONSUMER_RETRY_MAX_SECONDS } from "./limits.ts";
import type { Setup } from "./services.ts";

export const createConsumer =
  (setup: (env: Env) => Setup) =>
  async (batch: MessageBatch, env: Env): Promise<void> => {
    const made = setup(env);
    if (made.ok) await made.services.auditConsumer.take(batch);
    else batch.retryAll({ delaySeconds: CONSUMER_RETRY_MAX_SECONDS });
  };
