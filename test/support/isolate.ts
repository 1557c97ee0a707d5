// The Worker under test: the real app in workerd over real KV, with only the outside world (GitHub, issuers, clock) replaced.

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createApp } from "../../worker/app.ts";
import { EVENT_TYPE } from "../../worker/audit.ts";
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
  /** Every line that the Worker logged, parsed. */
  readonly logs: Readonly<Record<string, unknown>>[];
  /** The audit events among them. */
  audits(): Readonly<Record<string, unknown>>[];
  /** What the last audit event counted. */
  counts(): Readonly<Record<string, number>>;
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
  const environment = { STS_CACHE: env.STS_CACHE, ...variables, ...bindings };
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
      const context = createExecutionContext();
      const response = await app.fetch(request, environment, context);
      const text = await response.text();
      await waitOnExecutionContext(context);
      judgeLines(logs.slice(judged), request);
      judged = logs.length;
      const isJson = response.headers.get("Content-Type")?.includes("json") === true;
      return {
        status: response.status,
        headers: response.headers,
        text,
        body: isJson && text !== "" ? JSON.parse(text) : {},
      };
    },
  };
}
