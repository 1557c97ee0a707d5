/**
 * A YAML text as typed lexemes, in order and without a gap: together they are the text. Pure.
 */

import { CST, Lexer } from "yaml";

export type LexemeKind = NonNullable<ReturnType<typeof CST.tokenType>> | "plain" | "block-text" | "unknown";

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

export function* lexemesOf(text: string): Generator<Lexeme> {
  let offset = 0;
  let hasHeader = false;
  let isText = false;
  for (const source of new Lexer().lex(text)) {
    const kind: LexemeKind = isText ? (hasHeader ? "block-text" : "plain") : (CST.tokenType(source) ?? "unknown");
    const lexeme: Lexeme = { kind, source, offset };
    yield lexeme;
    if (isText) hasHeader = false;
    else if (kind === "block-scalar-header") hasHeader = true;
    isText = kind === "scalar";
    if (!isMark(lexeme)) offset += source.length;
  }
}
