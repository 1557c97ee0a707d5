import type { AuditEvent } from "../audit.ts";
import type { SentEvent, Sink, SinkAnswer } from "./sink.ts";

/** What is left of an installation's rate limit, as it was last told to this isolate. */
export type QuotaOf = (
  appId: string,
  owner: string,
) => { readonly remaining?: number; readonly limit?: number } | undefined;

interface Point {
  readonly event: AuditEvent;
  readonly owner: string;
  readonly quota: ReturnType<QuotaOf>;
}

/** Analytics Engine samples by the index, so each owner keeps his share. Names that callers make up would make it endless. */
export const METRIC_INDEX = "owner";

/** worker/README.md, "Metrics", has what each means. A column keeps its place: what was written stays for three months. */
export const METRIC_BLOBS: Readonly<Record<string, (point: Point) => string | undefined>> = {
  outcome: ({ event }) => event.outcome,
  reason: ({ event }) => event.reason,
  reported_reason: ({ event }) => event.reported_reason,
  scope: ({ event }) => event.scope,
  identity: ({ event }) => event.identity,
  issuer: ({ event }) => (event.actor?.verified ? event.actor.iss : undefined),
  app_id: ({ event }) => event.app_id,
  installation_id: ({ event }) => event.installation_id?.toString(),
  colo: ({ event }) => event.colo,
};

export const METRIC_DOUBLES: Readonly<Record<string, (point: Point) => number | undefined>> = {
  duration_ms: ({ event }) => event.duration_ms,
  github_calls: ({ event }) => event.counts.github_calls,
  stale_served: ({ event }) => event.counts.stale_served,
  mint_unknown: ({ event }) => event.counts.mint_unknown,
  quota_left: ({ quota }) => quota?.remaining ?? UNKNOWN,
  quota_limit: ({ quota }) => quota?.limit ?? UNKNOWN,
};

const UNKNOWN = -1;

/** One data point an exchange. No subject of a token, and nothing of it but who issued it, once that is proven. */
export class MetricsSink implements Sink {
  readonly name = "metrics";
  readonly #dataset: AnalyticsEngineDataset;
  readonly #quotaOf: QuotaOf;

  constructor(dataset: AnalyticsEngineDataset, quotaOf: QuotaOf) {
    this.#dataset = dataset;
    this.#quotaOf = quotaOf;
  }

  take({ event }: SentEvent): SinkAnswer {
    const { app_id } = event;
    const owner = event.owner?.toLowerCase() ?? "";
    const quota = app_id === undefined ? undefined : this.#quotaOf(app_id, owner);
    const point = { event, owner, quota };
    this.#dataset.writeDataPoint({
      indexes: [owner],
      blobs: Object.values(METRIC_BLOBS).map((of) => of(point) ?? ""),
      doubles: Object.values(METRIC_DOUBLES).map((of) => of(point) ?? 0),
    });
    return "taken";
  }
}
