import type { AuditEvent } from "../audit.ts";

export const SINK_NAMES = ["log", "http", "queue", "metrics"] as const;
export type SinkName = (typeof SINK_NAMES)[number];

/** `left_out`: not sent, as the sink took nothing lately. What rejects or throws is lost. */
export type SinkAnswer = "taken" | "lost" | "left_out";

/** The event, and its one text for all sinks. */
export interface SentEvent {
  readonly event: AuditEvent;
  readonly json: string;
}

/** What the operator is told of the endpoint: a status or that there was no answer, never its text. */
export interface Lost {
  readonly lost: string;
}

export interface Sink {
  readonly name: SinkName;
  /** The time bounds all tries together. What is taken at once needs no promise. */
  take(sent: SentEvent, maxMs: number): SinkAnswer | Promise<SinkAnswer | Lost>;
  /** For how long nothing can be expected of it, in ms; 0 where nothing speaks against it. */
  readonly pausedMs?: number;
}
