/**
 * Reads the audit queue: each batch goes to R2 as newline-delimited JSON by day, to the HTTP sink as one CloudEvents batch, or to
 * both. A message is done once all of it is; else it comes again later, and in the end goes to the queue of dead letters.
 */
import { CONSUMER_RETRY_MAX_SECONDS, CONSUMER_RETRY_MIN_SECONDS, CONSUMER_TIMEOUT_MS } from "../limits.ts";
import { withinTime } from "../store/within-time.ts";
import { isRecordedEvent, objectsOf, type RecordedEvent } from "./archive.ts";
import { attributesOf, structured } from "./cloud-event.ts";
import type { Endpoint, Posted } from "./endpoint.ts";

export interface AuditConsumerDeps {
  readonly bucket: R2Bucket | undefined;
  readonly endpoint: Endpoint | undefined;
  readonly domain: string;
  readonly log: (line: string) => void;
}

interface Readable {
  readonly message: Message;
  readonly event: RecordedEvent;
}

interface Outcome {
  readonly done: readonly Readable[];
  /** Why the others are not: of several problems the last. */
  readonly problem?: string;
  /** What the endpoint asked for. */
  readonly retryAfterMs?: number;
}

export class AuditConsumer {
  readonly #deps: AuditConsumerDeps;

  constructor(deps: AuditConsumerDeps) {
    this.#deps = deps;
  }

  /** Never throws: every message is told by itself. */
  async take({ queue, messages }: MessageBatch): Promise<void> {
    const { bucket, endpoint, log } = this.#deps;
    const readable = messages.flatMap((message): Readable[] => {
      const { body } = message;
      return isRecordedEvent(body) ? [{ message, event: body }] : [];
    });
    // Without a destination nothing is done: the messages are kept as long as the queue keeps them.
    const nowhere: Outcome = { done: [], problem: NOWHERE };
    const stored = bucket ? await storedIn(bucket, readable) : endpoint ? { done: readable } : nowhere;
    const posted: Outcome = endpoint ? await this.#posted(endpoint, stored.done) : { done: stored.done };
    const finished = new Set(posted.done.map(({ message }) => message));
    for (const message of messages) {
      if (finished.has(message)) message.ack();
      else message.retry({ delaySeconds: retrySeconds(message.attempts, posted.retryAfterMs ?? 0) });
    }
    if (finished.size === messages.length) return;
    const unreadable = messages.length - readable.length;
    const again = messages.length - finished.size;
    const problems = [stored.problem, posted.problem].filter((problem) => problem !== undefined);
    log(JSON.stringify({ type: "audit_batch_failed", queue, done: finished.size, again, unreadable, problems }));
  }

  /** All in one request; one by one where the endpoint refuses the batch, so that one event of it holds up no other. */
  async #posted(endpoint: Endpoint, all: readonly Readable[]): Promise<Outcome> {
    if (all.length === 0) return { done: [] };
    const posted = await this.#post(endpoint, all);
    if (posted.kind === "taken") return { done: all };
    const isOfOneEvent = posted.kind === "refused" && posted.because === "event" && all.length > 1;
    if (!isOfOneEvent) return { done: [], ...failureOf(posted) };
    const done: Readable[] = [];
    let refused = posted;
    for (const one of all) {
      const single = await this.#post(endpoint, [one]);
      if (single.kind === "again") return { done, ...failureOf(single) };
      if (single.kind === "taken") done.push(one);
      else refused = single;
    }
    return { done, ...failureOf(refused) };
  }

  /** HTTP protocol binding section 3.3. */
  #post(endpoint: Endpoint, batch: readonly Readable[]): Promise<Posted> {
    const { domain } = this.#deps;
    const events = batch.map(({ event }) => structured(attributesOf(event, domain), JSON.stringify(event)));
    const headers = { "Content-Type": "application/cloudevents-batch+json" };
    return endpoint.post(headers, `[${events.join(",")}]`, AbortSignal.timeout(CONSUMER_TIMEOUT_MS));
  }
}

const NOWHERE = "neither AUDIT_BUCKET nor EVENT_INGRESS_MODE batched";

const failureOf = (posted: Exclude<Posted, { readonly kind: "taken" }>): Omit<Outcome, "done"> => ({
  problem: `EVENT_INGRESS_URI: ${posted.problem}`,
  ...(posted.kind === "again" && { retryAfterMs: posted.retryAfterMs }),
});

/** Those of the days that could be written. */
async function storedIn(bucket: R2Bucket, all: readonly Readable[]): Promise<Outcome> {
  const objects = await objectsOf(all.map(({ event }) => event));
  const stored = await Promise.all(
    objects.map(async ({ key, text, events }) => {
      const putting = async () => bucket.put(key, text, { httpMetadata: { contentType: "application/x-ndjson" } });
      const isStored = await withinTime(putting(), CONSUMER_TIMEOUT_MS).then(
        () => true,
        () => false,
      );
      return isStored ? events : [];
    }),
  );
  const written = new Set(stored.flat());
  const done = all.filter(({ event }) => written.has(event));
  return done.length === all.length ? { done } : { done, problem: "AUDIT_BUCKET: not written" };
}

function retrySeconds(attempts: number, retryAfterMs: number): number {
  const backoff = CONSUMER_RETRY_MIN_SECONDS * 2 ** Math.min(attempts - 1, 10);
  return Math.min(Math.max(backoff, Math.ceil(retryAfterMs / 1_000)), CONSUMER_RETRY_MAX_SECONDS);
}
