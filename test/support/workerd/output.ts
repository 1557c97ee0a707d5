// What a process writes, by whole lines: one of standard error does not fall into the middle of an event on standard output.

import type { Readable } from "node:stream";

/** What is kept of a process that writes without end. */
const KEPT_CHARACTERS = 1_000_000;

export class Output {
  #text = "";

  get text(): string {
    return this.#text;
  }

  add(text: string): void {
    this.#text += text;
    if (this.#text.length > 2 * KEPT_CHARACTERS) this.#text = this.#text.slice(-KEPT_CHARACTERS);
  }

  read(...streams: readonly (Readable | null)[]): void {
    for (const stream of streams) {
      let begun = "";
      stream
        ?.setEncoding("utf8")
        .on("data", (chunk: string) => {
          const end = chunk.lastIndexOf("\n") + 1;
          if (end > 0) this.add(begun + chunk.slice(0, end));
          begun = end > 0 ? chunk.slice(end) : begun + chunk;
        })
        .on("end", () => this.add(begun));
    }
  }
}
