import type { AuditEvent } from "../audit.ts";
import type { Sink, SinkAnswer } from "./sink.ts";

/** One JSON line in the Worker's log. */
export class LogSink implements Sink {
  readonly name = "log";
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  async take(event: AuditEvent): Promise<SinkAnswer> {
    this.#write(JSON.stringify(event));
    return "taken";
  }
}
