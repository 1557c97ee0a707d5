/**
 * What is written and not read is found, whatever it is: of syntax trees that lack any one of their tokens, and of forms that are
 * refused before, here read without that.
 */

import { expect, test } from "vitest";
import { type CST, Parser } from "yaml";
import { NodeReader } from "../../../policies/yaml/nodes.ts";
import { YamlReading } from "../../../policies/yaml/reading.ts";
import { Random, Writer } from "./generate.ts";

type Token = CST.Token | CST.SourceToken;

function documentOf(text: string): CST.Document | undefined {
  const tokens = [...new Parser().parse(text)];
  const [first] = tokens;
  return tokens.length === 1 && first?.type === "document" ? first : undefined;
}

function problemsOf(text: string, document: CST.Document): readonly string[] {
  const reading = new YamlReading(text);
  new NodeReader(reading).document(document);
  return reading.problems().map(({ message }) => message);
}

interface Removal {
  readonly token: Token;
  remove(): void;
}

function* removals(node: object): Generator<Removal> {
  for (const [name, below] of Object.entries(node)) {
    if (Array.isArray(below)) {
      for (const [index, token] of below.entries()) {
        if (isToken(token)) yield { token, remove: () => below.splice(index, 1) };
        yield* removals(token);
      }
    } else if (isToken(below)) {
      if (name !== "start") yield { token: below, remove: () => Reflect.deleteProperty(node, name) };
      yield* removals(below);
    }
  }
}

function isToken(value: unknown): value is Token {
  return typeof value === "object" && value !== null && "offset" in value;
}

/** One for each token that the text has, with what is told of the tree without it. */
function withoutOne(text: string): readonly { readonly lost: Token; readonly problems: readonly string[] }[] {
  const count = [...removals(documentOf(text) ?? {})].length;
  return Array.from({ length: count }, (_, index) => {
    const document = documentOf(text);
    const removal = document === undefined ? undefined : [...removals(document)][index];
    if (document === undefined || removal === undefined) throw new Error("the same text has the same tokens");
    removal.remove();
    return { lost: removal.token, problems: problemsOf(text, document) };
  });
}

const hasSource = ({ lost }: { readonly lost: Token }) => !("source" in lost) || lost.source !== "";

test("a tree that lacks any one token is refused", () => {
  const text = [
    "# a\n---\na: &x {b: 'cc', dd: [ee, \"ff\"], gg} # b\n",
    "hh: *x\nii: |- # c\n  jj\n\nkk:\n  - ll\n  -\n  - mm: nn\n    <<: *x\n",
    "oo: !!str pp\nqq: r\n  s\n",
  ].join("");
  const body = text.slice(text.indexOf("---"));
  const document = documentOf(body);
  expect(document && problemsOf(body, document)).toEqual([]);
  const unread = withoutOne(body).filter(hasSource);
  expect(unread.length).toBeGreaterThan(80);
  expect(unread.filter(({ problems }) => problems.length === 0)).toEqual([]);
});

test("so is any of a text written at random", () => {
  const random = new Random(11);
  let read = 0;
  for (let round = 0; round < 150; round += 1) {
    const text = new Writer(random).document();
    const document = documentOf(text);
    if (document === undefined || text.length > 200 || problemsOf(text, document).length > 0) continue;
    read += 1;
    expect(withoutOne(text).filter((one) => hasSource(one) && one.problems.length === 0)).toEqual([]);
  }
  expect(read).toBeGreaterThan(20);
});

test("an anchor and a tag are read only with a value", () => {
  const text = "&x !!str ";
  const pieces = { anchor: { offset: 0, source: "&x " }, tag: { offset: 3, source: "!!str " } };
  const after = (...read: readonly (keyof typeof pieces)[]) => {
    const reading = new YamlReading(text);
    for (const piece of Object.values(pieces)) reading.takeProperty(piece);
    for (const name of read) reading.close(pieces[name]);
    return reading.problems().map(({ at }) => at.column);
  };
  expect([after("anchor", "tag"), after("tag"), after("anchor"), after()]).toEqual([[], [1], [4], [1]]);
});

test.each([
  ["a mapping", '? "claim_pattern" {ref: main}\n'],
  ["a text", "? 'audience' other\n"],
  ["a list", 'a: b\n? "repositories" [cc]\n'],
  ["a number", "? 'max_token_lifetime' 60\n"],
  ["an alias", "a: &x cc\n? 'audience' *x\n"],
  ["a key with its value", "? a\n: b\n"],
  ["a key in brackets", "a: {? b : c}\n"],
])("%s behind an explicit key is refused by the reader alone, too", (_, text) => {
  const document = documentOf(text);
  expect(document && problemsOf(text, document)).not.toEqual([]);
});
