import type { SentEvent, Sink, SinkAnswer } from "./sink.ts";

/** One JSON line in the Worker's log. */
export class LogSink implements Sink {
  readonly name = "log";
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  take({ json }: SentEvent): SinkAnswer {
    this.#write(json);
    return "taken";
  }
}
