import type { AuditSink } from "../audit.ts";

/** One data point an exchange: outcome and reason, milliseconds, calls. No name of an owner or workload. */
export function metricsSink(dataset: AnalyticsEngineDataset): AuditSink {
  return async ({ outcome, reason, reported_reason, counts, duration_ms }) =>
    dataset.writeDataPoint({
      indexes: [reason ?? outcome],
      blobs: [outcome, reason ?? "", reported_reason ?? ""],
      doubles: [duration_ms ?? 0, counts.github_calls ?? 0, counts.stale_served ?? 0, counts.mint_unknown ?? 0],
    });
}
