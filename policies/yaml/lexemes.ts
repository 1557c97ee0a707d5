/**
 * A YAML text as typed lexemes, in order and without a gap: together they are the text. Pure.
 *
 * The library's parser is all that is imported of it, and nothing that composes documents: wrangler.toml, "alias", keeps the rest out of the Worker.
 */

import { type CST, Parser } from "yaml";

export type LexemeKind = CST.TokenType | "plain" | "block-text" | "unknown";

export interface Lexeme {
  readonly kind: LexemeKind;
  readonly source: string;
  /** Where it begins in the text; the library's marks, which stand for no character, have the place of what follows. */
  readonly offset: number;
}

/** The library's marks: a document begins, brackets end too early, a text follows. */
const MARKS: readonly LexemeKind[] = ["doc-mode", "flow-error-end", "scalar"];

export function isMark({ kind }: Lexeme): boolean {
  return MARKS.includes(kind);
}

export function isBlank({ kind }: Lexeme): boolean {
  return kind === "space" || kind === "newline" || kind === "comment";
}

const WHOLE: ReadonlyMap<string, LexemeKind> = new Map([
  ["\ufeff", "byte-order-mark"],
  ["\u0002", "doc-mode"],
  ["\u0018", "flow-error-end"],
  ["\u001f", "scalar"],
  ["---", "doc-start"],
  ["...", "doc-end"],
  ["\n", "newline"],
  ["\r\n", "newline"],
  ["-", "seq-item-ind"],
  ["?", "explicit-key-ind"],
  [":", "map-value-ind"],
  ["{", "flow-map-start"],
  ["}", "flow-map-end"],
  ["[", "flow-seq-start"],
  ["]", "flow-seq-end"],
  [",", "comma"],
]);

const BY_FIRST_CHARACTER: ReadonlyMap<string, LexemeKind> = new Map([
  [" ", "space"],
  ["\t", "space"],
  ["#", "comment"],
  ["%", "directive-line"],
  ["*", "alias"],
  ["&", "anchor"],
  ["!", "tag"],
  ["'", "single-quoted-scalar"],
  ['"', "double-quoted-scalar"],
  ["|", "block-scalar-header"],
  [">", "block-scalar-header"],
]);

/** What the parser yields when it is to go no further. */
function* ended(): Generator<CST.Token, void> {
  yield { type: "error", offset: 0, source: "", message: "" };
}

/** Shows each lexeme before anything is built from it; if `look` says no, nothing more is. */
export class LexemeParser extends Parser {
  readonly #look: (lexeme: Lexeme) => boolean;
  #hasHeader = false;
  #isText = false;

  constructor(look: (lexeme: Lexeme) => boolean) {
    super();
    this.#look = look;
  }

  override next(source: string): Generator<CST.Token, void> {
    const kind = this.#kind(source);
    if (!this.#look({ kind, source, offset: this.offset })) return ended();
    if (this.#isText) this.#hasHeader = false;
    else if (kind === "block-scalar-header") this.#hasHeader = true;
    this.#isText = kind === "scalar";
    return super.next(source);
  }

  #kind(source: string): LexemeKind {
    if (this.#isText) return this.#hasHeader ? "block-text" : "plain";
    return WHOLE.get(source) ?? BY_FIRST_CHARACTER.get(source.charAt(0)) ?? "unknown";
  }
}
