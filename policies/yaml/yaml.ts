/**
 * Text -> positioned tree of its one YAML document, or diagnostics. Pure; never throws.
 */

import type { CST } from "yaml";
import type { DiagnosticList } from "../diagnostics.ts";
import { type RefusedForm, YamlForms } from "./forms.ts";
import { strayIndentation } from "./indentation.ts";
import { type Lexeme, LexemeParser } from "./lexemes.ts";
import { YamlLimits } from "./limits.ts";
import { NodeReader } from "./nodes.ts";
import { notValid, SECOND_DOCUMENT } from "./problems.ts";
import { YamlReading } from "./reading.ts";
import { takeEnd } from "./separators.ts";
import type { Tree } from "./tree.ts";

export interface ParsedYaml {
  /** Undefined if the text is no YAML, or holds what is refused unread; then there are diagnostics. */
  readonly root: Tree | undefined;
}

/** Reads one document. What is wrong goes to `diagnostics`; an empty document is a NothingTree. */
export function parseYaml(text: string, diagnostics: DiagnosticList): ParsedYaml {
  const reading = new YamlReading(text);
  const { tokens, refused } = tokensOf(text);
  for (const { offset, message, suggestion } of refused) diagnostics.add("", reading.at(offset), message, suggestion);
  if (refused.length > 0) return { root: undefined };
  const root = readStream(tokens, reading);
  const stray = reading.isBroken ? strayIndentation(text) : undefined;
  if (stray !== undefined) {
    diagnostics.add("", reading.at(stray.offset), stray.message, stray.suggestion);
    return { root: undefined };
  }
  for (const { path, at, message, suggestion } of reading.problems()) diagnostics.add(path, at, message, suggestion);
  return { root: reading.isBroken ? undefined : root };
}

/**
 * The text's syntax tree, up to a second document. A file is given up before anything recurses over it; once a form is refused, the
 * others are still looked for, so that all are told.
 */
function tokensOf(text: string): { readonly tokens: readonly CST.Token[]; readonly refused: readonly RefusedForm[] } {
  const refused: RefusedForm[] = [];
  const limits = new YamlLimits();
  const forms = new YamlForms();
  let goesOn = true;
  const note = (form: RefusedForm | undefined) => {
    if (form !== undefined) refused.push(form);
  };
  const look = (lexeme: Lexeme): boolean => {
    const excess = limits.exceededBy(lexeme);
    note(excess === undefined ? forms.refused(lexeme) : { ...excess, offset: lexeme.offset });
    goesOn = excess === undefined;
    return goesOn;
  };
  const tokens: CST.Token[] = [];
  let documents = 0;
  for (const token of new LexemeParser(look).parse(text)) {
    if (token.type === "document") documents += 1;
    goesOn &&= documents < 2 || refused.length > 0;
    tokens.push(token);
    if (!goesOn) return { tokens, refused };
  }
  note(forms.refusedAtEnd());
  return { tokens, refused };
}

function readStream(tokens: readonly CST.Token[], reading: YamlReading): Tree {
  let root: Tree | undefined;
  for (const token of tokens) {
    const { type, offset } = token;
    if (type === "error") {
      const { message, source } = token;
      // Behind what is broken the library finds no document any more.
      const follows = reading.isBroken && message.includes(" in YAML stream");
      if (!follows) reading.broken(offset, notValid(source === "" ? message : `${message}: ${JSON.stringify(source)}`));
    } else if (type === "document") {
      if (root === undefined) root = new NodeReader(reading).document(token);
      else reading.broken(offset, SECOND_DOCUMENT);
    } else if (type === "doc-end") {
      reading.take(token);
      takeEnd(reading, token.end);
      if (root === undefined) reading.broken(offset, notValid("`...` without a document"));
    } else if (type === "space" || type === "comment" || type === "newline") reading.take(token);
    else reading.broken(offset, notValid(`unexpected ${type}`));
  }
  return root ?? { kind: "nothing", at: reading.at(0) };
}
