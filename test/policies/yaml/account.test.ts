/**
 * What is written and not read is found, whatever the library drops: here its documents are read as they come, without the forms
 * that are refused before.
 */

import { expect, test } from "vitest";
import { Composer, LineCounter, Parser } from "yaml";
import { DiagnosticList } from "../../../policies/diagnostics.ts";
import { TokenAccount } from "../../../policies/yaml/account.ts";
import { lexemesOf } from "../../../policies/yaml/lexemes.ts";
import { TreeReader } from "../../../policies/yaml/tree.ts";
import { Random, Writer } from "./generate.ts";

/** What the library reads of a text without a complaint, and what of the text is not part of it. */
function dropped(text: string): readonly string[] | undefined {
  const account = new TokenAccount();
  const lexemes = [...lexemesOf(text)];
  for (const lexeme of lexemes) account.open(lexeme);
  const [document] = new Composer({ schema: "failsafe", uniqueKeys: false, keepSourceTokens: true }).compose(
    new Parser(new LineCounter().addNewLine).parse(text),
  );
  if (document === undefined || document.errors.length > 0 || document.contents === null) return undefined;
  const at = () => ({ line: 1, column: 1 });
  new TreeReader({ text, at, diagnostics: new DiagnosticList(), account }).read(document.contents, 0);
  const places = account.unread();
  return lexemes
    .filter(({ offset, source }) => places.includes(offset) && source.length > 1)
    .map(({ source }) => source);
}

test.each([
  ["a mapping", '? "claim_pattern" {ref: main}\n', ["ref", "main"]],
  ["a text", "? 'audience' other\n", ["other"]],
  ["a list", 'a: b\n? "repositories" [cc]\n', ["cc"]],
  ["a number", "? 'max_token_lifetime' 60\n", ["60"]],
  ["an alias", "a: &x cc\n? 'audience' *x\n", ["*x"]],
])("%s that the library drops", (_, text, sources) => {
  expect(dropped(text)).toEqual(sources);
});

test("a text whose values are all read", () => {
  expect(dropped("a: &x {b: 'cc', dd: [ee, \"ff\"]}\ngg: *x\nhh: |\n  ii\njj: !!str kk\n")).toEqual([]);
});

test("a text without an explicit key is read whole", () => {
  const random = new Random(7);
  let read = 0;
  for (let round = 0; round < 1_500; round += 1) {
    const text = new Writer(random).document();
    const lost = /[?!]/.test(text) ? undefined : dropped(text);
    if (lost === undefined) continue;
    read += 1;
    expect(lost, text).toEqual([]);
  }
  expect(read).toBeGreaterThan(200);
});
