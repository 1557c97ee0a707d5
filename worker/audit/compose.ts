/** Which sinks a deployment has: the log always, the others where they are configured or bound. */
import type { Config } from "../config.ts";
import type { Fetcher } from "../store/fetch.ts";
import { AuditConsumer } from "./consumer.ts";
import { AuditDelivery } from "./delivery.ts";
import { Endpoint } from "./endpoint.ts";
import { HttpSink } from "./http.ts";
import { LogSink } from "./log.ts";
import { MetricsSink, type QuotaOf } from "./metrics.ts";
import { QueueSink } from "./queue.ts";
import { AuditSampler } from "./sampler.ts";
import type { Sink } from "./sink.ts";

export interface AuditBindings {
  readonly queue: Queue | undefined;
  readonly bucket: R2Bucket | undefined;
  readonly metrics: AnalyticsEngineDataset | undefined;
}

export interface AuditDeps {
  readonly config: Pick<Config, "stsDomain" | "eventIngress" | "auditRequired">;
  readonly bindings: AuditBindings;
  readonly quotaOf: QuotaOf;
  readonly fetcher: Fetcher;
  /** Ms since the epoch. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: (line: string) => void;
}

export function composeAudit(deps: AuditDeps): { readonly audit: AuditDelivery; readonly consumer: AuditConsumer } {
  const { config, bindings, quotaOf, fetcher, now, random, log } = deps;
  const { stsDomain: domain, eventIngress, auditRequired: required } = config;
  const { queue, bucket, metrics } = bindings;
  const endpoint = eventIngress && new Endpoint({ fetcher, ...eventIngress });
  const mode = eventIngress?.mode;
  const sinks: readonly Sink[] = [
    new LogSink(log),
    ...(endpoint && mode && mode !== "batched" ? [new HttpSink({ endpoint, mode, domain, now, random })] : []),
    ...(queue ? [new QueueSink(queue, now)] : []),
    ...(metrics ? [new MetricsSink(metrics, quotaOf)] : []),
  ];
  return {
    audit: new AuditDelivery({ sinks, required, sampler: new AuditSampler(now), log }),
    consumer: new AuditConsumer({ bucket, endpoint: mode === "batched" ? endpoint : undefined, domain, log }),
  };
}
