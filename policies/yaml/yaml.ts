/**
 * Text -> positioned tree of its one YAML document, or diagnostics. Pure; never throws.
 */

import { Composer, type Document, LineCounter, Parser, type YAMLParseError } from "yaml";
import type { DiagnosticList, Position, Problem } from "../diagnostics.ts";
import { TokenAccount } from "./account.ts";
import { type RefusedForm, YamlForms } from "./forms.ts";
import { lexemesOf } from "./lexemes.ts";
import { YamlLimits } from "./limits.ts";
import { type Tree, TreeReader } from "./tree.ts";

export interface ParsedYaml {
  /** Undefined if the text is no YAML, or too deep; then there are diagnostics. */
  readonly root: Tree | undefined;
}

const NO_CONTENT: Tree = { kind: "nothing", at: { line: 1, column: 1 } };

/** What a reading of one text is made of. */
interface Reading {
  readonly text: string;
  readonly lines: LineCounter;
  readonly diagnostics: DiagnosticList;
  readonly account: TokenAccount;
  at(offset: number): Position;
}

/** Reads one document. What is wrong goes to `diagnostics`; an empty document is a NothingTree. */
export function parseYaml(text: string, diagnostics: DiagnosticList): ParsedYaml {
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const reading: Reading = { text, lines, diagnostics, account: new TokenAccount(), at };
  const before = diagnostics.count();
  const [first, second] = compose(reading);
  if (second !== undefined) {
    const suggestion = "keep one document in a file; remove the `---` and what follows";
    diagnostics.add("", at(second.range[0]), "a second document begins here", suggestion);
  }
  addSyntaxDiagnostics(first?.errors ?? [], reading);
  if (diagnostics.count() > before) return { root: undefined };
  if (first === undefined || first.contents === null) return { root: NO_CONTENT };
  const root = new TreeReader(reading).read(first.contents, 0);
  for (const offset of reading.account.unread())
    diagnostics.add("", at(offset), "text that belongs to no key and to no list", "write `key: value`, or `- value`");
  return { root };
}

/**
 * The lexer is driven by hand, because a file must be given up before anything recurses over it. Once a form is refused, the others are still
 * looked for, but nothing is composed any more.
 */
function compose({ text, lines, at, diagnostics, account }: Reading): readonly Document.Parsed[] {
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
  const forms = new YamlForms();
  let isRefused = false;
  lines.addNewLine(0);
  const refuse = (form: RefusedForm | undefined) => {
    if (form === undefined) return;
    isRefused = true;
    diagnostics.add("", at(form.offset), form.message, form.suggestion);
  };
  const take = (tokens: ReturnType<typeof parser.next>) => {
    for (const token of tokens) if (!isRefused) documents.push(...composer.next(token));
  };
  for (const lexeme of lexemesOf(text)) {
    const excess = limits.exceededBy(lexeme);
    if (excess !== undefined) {
      refuse({ ...excess, offset: lexeme.offset });
      return [];
    }
    account.open(lexeme);
    take(parser.next(lexeme.source));
    refuse(forms.refused(lexeme));
    // The composer hands a document out when the next one is there: a second one is refused, whatever it holds.
    if (documents.length > 0) return [...documents, ...composer.end()];
  }
  refuse(forms.refusedAtEnd());
  take(parser.end());
  return isRefused ? [] : [...documents, ...composer.end()];
}

const SYNTAX_DIAGNOSTICS: ReadonlyMap<string, Problem> = new Map([
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
function addSyntaxDiagnostics(errors: readonly YAMLParseError[], { text, at, diagnostics }: Reading): void {
  const lines = new Set<number>();
  for (const { code, message, pos } of errors) {
    // An open quote is told where it opens, not where the file ends.
    const quote = /^Missing closing (.)quote/.exec(message)?.[1];
    const where = at(quote === undefined ? pos[0] : Math.max(0, text.lastIndexOf(quote, pos[0] - 1)));
    const follows = / in YAML stream/.test(message) && lines.size > 0;
    if (follows || lines.has(where.line)) continue;
    lines.add(where.line);
    const told = syntaxDiagnostic(code, message);
    diagnostics.add("", where, told.message, told.suggestion);
  }
}

function syntaxDiagnostic(code: string, message: string): Problem {
  if (/^Comments must be separated/.test(message))
    return { message: "a comment without white space in front", suggestion: "write a space before its `#`" };
  if (/^Missing closing/.test(message)) {
    return {
      message: "a quote that is not closed",
      suggestion: "close it on its line, or indent the lines that it goes on",
    };
  }
  const suggestion = "check the indentation, the quotes and the `: ` of this line and the one before";
  const plain = `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1, 120)}`;
  return SYNTAX_DIAGNOSTICS.get(code) ?? { message: plain, suggestion };
}
