// The Worker under test: the real app in workerd over real KV, with only the outside world (GitHub, issuers, clock) replaced.

import { createExecutionContext, createMessageBatch, getQueueResult, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createApp } from "../../worker/app.ts";
import { EVENT_TYPE } from "../../worker/audit.ts";
import { createConsumer } from "../../worker/queue.ts";
import { setUp } from "../../worker/services.ts";
import { judgeLines } from "./logged.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON body; an empty object where there is none. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** One isolate of the Worker. */
export interface Isolate {
  /** Sends one request and waits until all work after the answer is done. Rejects where a line of the log is not as it must be. */
  fetch(request: Request): Promise<Answer>;
  /** The same, but for the work after the answer, which `finished` waits for. */
  begin(request: Request): Promise<Answer & { finished(): Promise<void> }>;
  /** What its consumer of queues makes of a batch. */
  consume(bodies: readonly unknown[], attempts?: number): Promise<Consumed>;
  /** Every line that the Worker logged, parsed. */
  readonly logs: Readonly<Record<string, unknown>>[];
  /** The audit events among them. */
  audits(): Readonly<Record<string, unknown>>[];
  /** What the last audit event counted. */
  counts(): Readonly<Record<string, number>>;
}

/** By a message's place in the batch. */
export interface Consumed {
  readonly done: readonly string[];
  readonly again: readonly string[];
  /** Of those that come again by themselves. */
  readonly delays: readonly (number | undefined)[];
  readonly isAllAgain: boolean;
}

export interface IsolateOptions {
  readonly network: { fetch(request: Request): Promise<Response> };
  readonly variables: Readonly<Record<string, unknown>>;
  readonly now?: () => number;
  /** Bindings in place of those of wrangler.toml; undefined takes one away. */
  readonly bindings?: Readonly<Record<string, unknown>>;
}

/** Fresh as far as memory goes; KV is shared by all that a test file makes. Limits are counted in memory. */
export function createIsolate({ network, variables, now = Date.now, bindings = {} }: IsolateOptions): Isolate {
  const logs: Readonly<Record<string, unknown>>[] = [];
  const environment = { STS_CACHE: env.STS_CACHE, ASSETS: env.ASSETS, ...variables, ...bindings };
  const log = (line: string) => logs.push(JSON.parse(line));
  const setup = setUp(environment, { fetcher: (request) => network.fetch(request), now, random: () => 0, log });
  const app = createApp(() => setup, log);
  const audits = () => logs.filter(({ type }) => type === EVENT_TYPE);
  let judged = 0;
  return {
    logs,
    audits,
    // The event's own type has it so.
    counts: () => audits().at(-1)?.counts as Readonly<Record<string, number>>,
    async fetch(request) {
      const { finished, ...answer } = await begin(request);
      await finished();
      judgeLines(logs.slice(judged), request, variables);
      judged = logs.length;
      return answer;
    },
    begin,
    async consume(bodies, attempts = 1) {
      const timestamp = new Date(now());
      const messages = bodies.map((body, index) => ({ id: String(index), timestamp, attempts, body }));
      const batch = createMessageBatch("octo-sts-audit", messages);
      const context = createExecutionContext();
      // The test runner tells of no delay.
      const delays: (number | undefined)[] = [];
      for (const message of batch.messages) {
        const retry = message.retry.bind(message);
        message.retry = (options) => {
          delays.push(options?.delaySeconds);
          retry(options);
        };
      }
      await createConsumer(() => setup)(batch, environment);
      const { explicitAcks: done, retryMessages, retryBatch } = await getQueueResult(batch, context);
      return { done, again: retryMessages.map(({ msgId }) => msgId), delays, isAllAgain: retryBatch.retry };
    },
  };

  async function begin(request: Request) {
    const context = createExecutionContext();
    const response = await app.fetch(request, environment, context);
    const text = await response.text();
    const isJson = response.headers.get("Content-Type")?.includes("json") === true;
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text !== "" ? JSON.parse(text) : {},
      finished: () => waitOnExecutionContext(context),
    };
  }
}
