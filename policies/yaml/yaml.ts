/**
 * Text -> positioned tree of its one YAML document, or faults. Pure; never throws.
 */

import { Composer, type Document, Lexer, LineCounter, Parser, type YAMLParseError } from "yaml";
import type { DiagnosticList, Position } from "../diagnostics.ts";
import { YamlLimits } from "./limits.ts";
import { createTreeReader, type Tree } from "./tree.ts";

export interface ParsedYaml {
  /** Undefined if the text is no YAML, or too deep; then there are faults. */
  readonly root: Tree | undefined;
}

/** Reads one document. Faults go to `faults`; an empty document is a NothingTree. */
export function parseYaml(text: string, diagnostics: DiagnosticList): ParsedYaml {
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const documents = compose(text, lines, at, diagnostics);
  const [first, second] = documents;
  if (first === undefined)
    return { root: diagnostics.count() > 0 ? undefined : { kind: "nothing", at: { line: 1, column: 1 } } };
  if (second !== undefined) {
    diagnostics.add(
      "",
      at(second.range[0]),
      "a second document begins here",
      "keep one document in a file; remove the `---` and what follows",
    );
  }
  // YAML 1.1 ends a quoted text at its quote; a comment may follow at once.
  const errors = first.errors.filter(({ message }) => !message.startsWith("Comments must be separated"));
  addSyntaxFaults(errors, text, at, diagnostics);
  if (errors.length > 0) return { root: undefined };
  const reader = createTreeReader(text, at, diagnostics);
  return {
    root: first.contents === null ? { kind: "nothing", at: { line: 1, column: 1 } } : reader.read(first.contents, 0),
  };
}

/** The lexer is driven by hand, because a file must be given up before anything recurses over it. */
function compose(
  text: string,
  lines: LineCounter,
  at: (offset: number) => Position,
  diagnostics: DiagnosticList,
): Document.Parsed[] {
  const lexer = new Lexer();
  const parser = new Parser(lines.addNewLine);
  const composer = new Composer({
    schema: "failsafe",
    strict: true,
    uniqueKeys: false,
    logLevel: "silent",
    keepSourceTokens: true,
  });
  const documents: Document.Parsed[] = [];
  const limits = new YamlLimits();
  lines.addNewLine(0);
  const take = (tokens: ReturnType<typeof parser.next>) => {
    for (const token of tokens) {
      if (token.type === "directive")
        diagnostics.add("", at(token.offset), `directive ${token.source}`, "remove it; a policy needs none");
      documents.push(...composer.next(token));
    }
  };
  for (const lexeme of lexer.lex(text)) {
    const excess = limits.exceededBy(lexeme);
    if (excess !== undefined) {
      diagnostics.add("", at(parser.offset), excess.message, excess.suggestion);
      return [];
    }
    take(parser.next(lexeme));
    // The composer hands a document out when the next one is there: a second one is a fault, whatever it holds.
    if (documents.length > 0) return [...documents, ...composer.end()];
  }
  take(parser.end());
  documents.push(...composer.end());
  return documents;
}

const SYNTAX_FAULTS: ReadonlyMap<string, { readonly message: string; readonly suggestion: string }> = new Map([
  ["TAB_AS_INDENT", { message: "a tab is used as indentation", suggestion: "indent with spaces" }],
  [
    "BAD_DQ_ESCAPE",
    {
      message: "unknown escape in double quotes",
      suggestion: "put patterns in single quotes, or double the backslash",
    },
  ],
  [
    "BAD_INDENT",
    { message: "the indentation does not fit the lines before", suggestion: "align the keys of one mapping" },
  ],
  ["BLOCK_AS_IMPLICIT_KEY", { message: "a second `: ` on one line", suggestion: "put the value in single quotes" }],
  [
    "MULTILINE_IMPLICIT_KEY",
    { message: "a key without a value", suggestion: "write `key: value`, with a space after the colon" },
  ],
  [
    "BAD_SCALAR_START",
    { message: "a value may not start with this character", suggestion: "put the value in single quotes" },
  ],
]);

/** One a line, and none of those that only follow from a first one: they would bury it. */
function addSyntaxFaults(
  errors: readonly YAMLParseError[],
  text: string,
  at: (offset: number) => Position,
  diagnostics: DiagnosticList,
): void {
  const lines = new Set<number>();
  for (const { code, message, pos } of errors) {
    // An open quote is told where it opens, not where the file ends.
    const quote = /^Missing closing (.)quote/.exec(message)?.[1];
    const where = at(quote === undefined ? pos[0] : Math.max(0, text.lastIndexOf(quote, pos[0] - 1)));
    const follows = / in YAML stream/.test(message) && lines.size > 0;
    if (follows || lines.has(where.line)) continue;
    lines.add(where.line);
    const fault = syntaxFault(code, message);
    diagnostics.add("", where, fault.message, fault.suggestion);
  }
}

function syntaxFault(code: string, message: string): { message: string; suggestion: string } {
  if (/^Missing closing/.test(message)) {
    return {
      message: "a quote that is not closed",
      suggestion: "close it on its line, or indent the lines that it goes on",
    };
  }
  const suggestion = "check the indentation, the quotes and the `: ` of this line and the one before";
  const plain = `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1, 120)}`;
  return SYNTAX_FAULTS.get(code) ?? { message: plain, suggestion };
}
