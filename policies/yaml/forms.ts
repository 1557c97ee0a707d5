/**
 * Forms of YAML that two readers could read differently, and brackets that nobody can read, each with the plain way to write it. Pure;
 * looks at lexemes alone: the library takes its time over a file of thousands of errors.
 */

import { type Problem, quoted } from "../diagnostics.ts";
import { isBlank, isMark, type Lexeme, type LexemeKind } from "./lexemes.ts";

export interface RefusedForm extends Problem {
  /** Where it stands in the text. */
  readonly offset: number;
}

const ONE_LINE = "put the value in single quotes, on one line";

const OPENING: readonly LexemeKind[] = ["flow-map-start", "flow-seq-start"];
const CLOSING: readonly LexemeKind[] = ["flow-map-end", "flow-seq-end"];
const SCALARS: readonly LexemeKind[] = ["plain", "single-quoted-scalar", "double-quoted-scalar", "alias"];

export class YamlForms {
  #openFlows = 0;
  #lineIsBlank = true;
  #previous: Lexeme | undefined;
  /** The last lexeme that is no white space and no comment. */
  #content: Lexeme | undefined;
  /** The header of a block text, until something else follows the text. */
  #header: Lexeme | undefined;
  /** White space with a tab, of which the next lexeme decides. */
  #tab: Lexeme | undefined;
  #key: Lexeme | undefined;

  /** To be told every lexeme in order. */
  refused(lexeme: Lexeme): RefusedForm | undefined {
    if (isMark(lexeme)) return undefined;
    const form =
      this.#tabRefused(lexeme) ??
      blockTextRefused(lexeme) ??
      at(lexeme, lexemeRefused(lexeme) ?? this.#gluedRefused(lexeme) ?? this.#bracketRefused(lexeme));
    this.#follow(lexeme);
    return form;
  }

  /** To be asked when the text ends. */
  refusedAtEnd(): RefusedForm | undefined {
    return this.#tabRefused({ kind: "newline" }) ?? this.#cutOff();
  }

  #cutOff(): RefusedForm | undefined {
    if (this.#header === undefined || this.#header.source.includes("-")) return undefined;
    if (this.#previous === undefined || this.#previous.source.endsWith("\n")) return undefined;
    const message = "a block text that the file ends without a line break";
    return at(this.#header, { message, suggestion: "end the file with a line break" });
  }

  #follow(lexeme: Lexeme): void {
    const { kind, source } = lexeme;
    if (kind !== "space") this.#tab = undefined;
    else if (source.includes("\t")) this.#tab ??= lexeme;
    if (kind === "newline" || (kind === "block-text" && source.endsWith("\n"))) this.#lineIsBlank = true;
    else if (kind !== "space") this.#lineIsBlank = false;
    if (OPENING.includes(kind)) this.#openFlows += 1;
    if (CLOSING.includes(kind)) this.#openFlows -= 1;
    if (kind === "map-value-ind") this.#key = this.#content;
    this.#previous = lexeme;
    if (isBlank(lexeme)) return;
    this.#content = lexeme;
    if (kind === "block-scalar-header") this.#header = lexeme;
    else if (kind !== "block-text") this.#header = undefined;
  }

  /**
   * YAML 1.1 ends a key in brackets at any colon, YAML 1.2 at one that white space follows, unless the key is quoted; to YAML 1.1 a comma and
   * a bracket belong to a tag.
   */
  #gluedRefused({ kind, source }: Lexeme): Problem | undefined {
    // Before a comma the library finds an empty text.
    if (this.#previous?.kind === "tag" && (source === "" || CLOSING.includes(kind)))
      return { message: "a tag glued to what follows it in brackets", suggestion: "write a space behind the tag" };
    if (this.#openFlows <= 0 || this.#previous?.kind !== "map-value-ind") return undefined;
    if (kind === "space" || kind === "newline" || this.#key?.kind !== "plain") return undefined;
    return { message: "a key glued to its value in brackets", suggestion: "write a space behind the colon" };
  }

  #bracketRefused({ kind }: Lexeme): Problem | undefined {
    if (CLOSING.includes(kind) && this.#openFlows <= 0)
      return { message: "a bracket that closes nothing", suggestion: "remove it, or put the value in single quotes" };
    if (this.#openFlows <= 0 || this.#content === undefined) return undefined;
    const before = this.#content.kind;
    if (kind === "comma" && (before === "comma" || OPENING.includes(before)))
      return { message: "nothing before a comma", suggestion: "remove the comma" };
    const begins = SCALARS.includes(kind) || OPENING.includes(kind);
    return begins && (SCALARS.includes(before) || CLOSING.includes(before))
      ? { message: "two values in brackets without a comma between them", suggestion: "write a comma, or `: `" }
      : undefined;
  }

  /** A tab may stand between a key and its value and before a comment behind one, end a line, and fill a blank one. */
  #tabRefused({ kind }: Pick<Lexeme, "kind">): RefusedForm | undefined {
    if (this.#tab === undefined || kind === "space") return undefined;
    const before = this.#content?.kind ?? "newline";
    if (!this.#lineIsBlank && before === "seq-item-ind")
      return at(this.#tab, { message: "a tab behind `-`", suggestion: "use a space" });
    if (kind === "newline") return undefined;
    if (this.#lineIsBlank && this.#openFlows <= 0 && !OPENING.includes(kind))
      return at(this.#tab, { message: "a tab is used as indentation", suggestion: "indent with spaces" });
    if (kind === "comment" && !this.#lineIsBlank) return undefined;
    if (kind === "anchor" || kind === "tag")
      return at(this.#tab, { message: "a tab before an anchor or a tag", suggestion: "use a space" });
    return this.#openFlows > 0 || OPENING.includes(kind) || CLOSING.includes(before)
      ? at(this.#tab, { message: "a tab beside a bracket", suggestion: "use a space" })
      : undefined;
  }
}

function at({ offset }: Lexeme, explanation: Problem): RefusedForm;
function at({ offset }: Lexeme, explanation: Problem | undefined): RefusedForm | undefined;
function at({ offset }: Lexeme, explanation: Problem | undefined): RefusedForm | undefined {
  return explanation === undefined ? undefined : { ...explanation, offset };
}

function lexemeRefused({ kind, source }: Lexeme): Problem | undefined {
  switch (kind) {
    case "explicit-key-ind":
      return { message: "an explicit key (`?`)", suggestion: "write `key: value`" };
    case "directive-line":
      return { message: `directive ${quoted(source)}`, suggestion: "remove it; a policy needs none" };
    case "tag":
      // `!!str` says what every value is.
      if (source === "!!str") return undefined;
      return { message: `tag ${quoted(source)}`, suggestion: "remove it; every value is text, a list or a mapping" };
    case "double-quoted-scalar":
      if (!/(?:^|[^\\])(?:\\\\)*\\\r?\n/.test(source)) return undefined;
      return { message: "an escaped line break in double quotes", suggestion: ONE_LINE };
    case "block-scalar-header":
      if (!/[0-9]/.test(source)) return undefined;
      return {
        message: `an indentation indicator, ${quoted(source)}`,
        suggestion: "remove the number; a text that begins with white space goes into double quotes",
      };
    default:
      return undefined;
  }
}

/** Readers find the indentation of a block text by its first line, and cut white space at its end differently. */
function blockTextRefused({ kind, source, offset }: Lexeme): RefusedForm | undefined {
  if (kind !== "block-text") return undefined;
  const lines = source.replace(/\r?\n$/, "").split(/\r?\n/);
  const first = lines.find((line) => /[^ ]/.test(line)) ?? "";
  const indentation = /^ */.exec(first)?.[0].length ?? 0;
  if (first[indentation] === "\t") {
    const suggestion = 'put the value in double quotes, as `"\\t..."`';
    return { message: "a block text that begins with a tab", suggestion, offset: offset + source.indexOf(first) };
  }
  const last = lines.at(-1) ?? "";
  if (!/^[ \t]+$/.test(last) || (last.length <= indentation && !last.includes("\t"))) return undefined;
  const message = "a block text whose last line is nothing but white space";
  return { message, suggestion: "remove that white space", offset: offset + source.lastIndexOf(last) };
}
