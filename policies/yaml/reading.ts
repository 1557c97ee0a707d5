/**
 * One reading of a text: where its lines begin, how much of it has been taken, and what is wrong with it. Pure.
 *
 * Every token is taken once, in the order of the text. What is passed over, a clause perhaps, leaves a gap, and a text with a gap is
 * refused: by construction, and not by a list of forms.
 */

import type { Position, Problem } from "../diagnostics.ts";

/** A piece of the text. */
export interface Piece {
  readonly offset: number;
  readonly source: string;
}

/** A problem with its place; `path` names the key, if it is one of a key. */
export interface Found extends Problem {
  readonly at: Position;
  readonly path: string;
}

export class YamlReading {
  readonly text: string;
  readonly #lineStarts: number[] = [0];
  readonly #broken = new Map<number, Found>();
  readonly #refused: Found[] = [];
  /** Where anchors and tags stand whose value has not been read. */
  readonly #open = new Set<number>();
  #taken = 0;
  #gap: number | undefined;

  constructor(text: string) {
    this.text = text;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", end + 1)) this.#lineStarts.push(end + 1);
  }

  at(offset: number): Position {
    let low = 0;
    for (let high = this.#lineStarts.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - (this.#lineStarts[low] ?? 0) + 1 };
  }

  /** Where what has been taken ends. */
  get taken(): number {
    return this.#taken;
  }

  take({ offset, source }: Piece): void {
    if (offset !== this.#taken) this.#gap ??= this.#taken;
    this.#taken = offset + source.length;
  }

  /** The same for an anchor or a tag, which is read only with its value. */
  takeProperty(property: Piece): void {
    this.take(property);
    this.#open.add(property.offset);
  }

  close(property: Piece | undefined): void {
    if (property !== undefined) this.#open.delete(property.offset);
  }

  /** What is no YAML. One a line is told: the others of a line only follow from the first, and would bury it. */
  broken(offset: number, problem: Problem): void {
    const at = this.at(offset);
    if (!this.#broken.has(at.line)) this.#broken.set(at.line, { ...problem, at, path: "" });
  }

  get isBroken(): boolean {
    return this.#broken.size > 0;
  }

  /** What is YAML, and refused. */
  refuse(at: Position, message: string, suggestion: string, path = ""): void {
    this.#refused.push({ at, path, message, suggestion });
  }

  /** To be asked when everything has been taken. What is refused is told only of a text that is YAML as a whole. */
  problems(): readonly Found[] {
    if (this.isBroken) return [...this.#broken.values()];
    const [open] = this.#open;
    const gap = this.#gap ?? open ?? this.#taken;
    if (this.#refused.length > 0 || gap === this.text.length) return this.#refused;
    const message = "text that belongs to no key and to no list";
    return [{ at: this.at(gap), path: "", message, suggestion: "write `key: value`, or `- value`" }];
  }
}
