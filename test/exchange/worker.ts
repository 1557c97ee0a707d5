// The Worker under test: the real app in workerd over real KV, with only the outside world (GitHub, issuers, clock) replaced.

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createApp } from "../../worker/app.ts";
import { setUp } from "../../worker/services.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON body; an empty object where there is none. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface TestWorker {
  /** Sends one request and waits until all work after the answer is done. */
  fetch(request: Request): Promise<Answer>;
  /** Every line that the Worker logged, parsed. */
  readonly logs: Readonly<Record<string, unknown>>[];
  /** The audit events among them. */
  audits(): Readonly<Record<string, unknown>>[];
}

export interface TestWorkerOptions {
  readonly outside: { fetch(request: Request): Promise<Response> };
  readonly variables: Readonly<Record<string, unknown>>;
  readonly now?: () => number;
  /** Bindings in place of those of wrangler.toml; undefined takes one away. */
  readonly bindings?: Readonly<Record<string, unknown>>;
}

/** A fresh isolate as far as memory goes; KV is shared by all that a test file makes. Limits are counted in memory. */
export function createWorker({ outside, variables, now = Date.now, bindings = {} }: TestWorkerOptions): TestWorker {
  const logs: Readonly<Record<string, unknown>>[] = [];
  const environment = { STS_CACHE: env.STS_CACHE, ...variables, ...bindings };
  const log = (line: string) => logs.push(JSON.parse(line));
  const setup = setUp(environment, { fetcher: (request) => outside.fetch(request), now, random: () => 0, log });
  const app = createApp(() => setup, log);
  return {
    logs,
    audits: () => logs.filter(({ type }) => type === "dev.octo-sts.exchange.v2"),
    async fetch(request) {
      const context = createExecutionContext();
      const response = await app.fetch(request, environment, context);
      const text = await response.text();
      await waitOnExecutionContext(context);
      return { status: response.status, headers: response.headers, text, body: text === "" ? {} : JSON.parse(text) };
    },
  };
}
