/**
 * Whether a tree accounts for every token of its text: what is written and not read, a clause perhaps, must not go unnoticed,
 * whatever the library does with it. Pure.
 */

import type { Lexeme, LexemeKind } from "./lexemes.ts";

/** Block collections have no token of their own: what they hold has. */
const CONTENT: readonly LexemeKind[] = [
  "plain",
  "single-quoted-scalar",
  "double-quoted-scalar",
  "block-scalar-header",
  "alias",
  "flow-map-start",
  "flow-seq-start",
];

export class TokenAccount {
  readonly #content = new Set<number>();
  /** By how they are typed, in the order of the text. */
  readonly #properties = new Map<string, number[]>();

  /** To be told every lexeme of the text. */
  open(lexeme: Lexeme): void {
    const { kind, source, offset } = lexeme;
    if (kind === "anchor" || kind === "tag") {
      const same = this.#properties.get(source) ?? [];
      same.push(offset);
      this.#properties.set(source, same);
    } else if (CONTENT.includes(kind) && source !== "") this.#content.add(offset);
  }

  /** To be told where each value begins that became part of the tree. */
  read(offset: number): void {
    this.#content.delete(offset);
  }

  /** To be told each anchor and tag that the tree has, as it is typed: the library does not say where it stands. */
  readProperty(source: string): void {
    this.#properties.get(source)?.shift();
  }

  /** Where tokens begin that are no part of the tree. */
  unread(): readonly number[] {
    return [...this.#content, ...[...this.#properties.values()].flat()];
  }
}
