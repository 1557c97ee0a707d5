/**
 * Mappings and lists in brackets. Pure.
 */

import type { CST } from "yaml";
import type { Position } from "../diagnostics.ts";
import {
  type Content,
  LONG_KEY,
  MAX_KEY_CHARACTERS,
  type Node,
  type Nodes,
  readPair,
  spansLines,
  type Token,
} from "./pairs.ts";
import { INDENTATION, KEY_WITHOUT_VALUE, notValid } from "./problems.ts";
import { Before, takeEnd } from "./separators.ts";
import type { Tree } from "./tree.ts";
import type { Entries } from "./values.ts";

export function readBrackets(nodes: Nodes, token: CST.FlowCollection, at: Position, isRoot: boolean): Content {
  const items = new Items(nodes, token);
  nodes.reading.take(token.start);
  for (const [index, item] of token.items.entries()) items.read(item, index);
  const [closing, ...behind] = token.end;
  const isClosed = closing?.source === items.closing;
  if (isClosed) nodes.reading.take(closing);
  else {
    const what = notValid(`brackets that do not end with \`${items.closing}\``);
    nodes.reading.broken(items.end, isRoot ? what : INDENTATION);
  }
  takeEnd(nodes.reading, behind);
  return { tree: items.tree(at), end: isClosed ? nodes.reading.taken : items.end };
}

const isEmpty = ({ hasProperty }: Before, { sep, value }: CST.CollectionItem): boolean =>
  !hasProperty && sep === undefined && value === undefined;

const isBlock = (token: Token): boolean => token?.type === "block-map" || token?.type === "block-seq";

class Items {
  end: number;
  readonly closing: string;
  readonly #nodes: Nodes;
  readonly #token: CST.FlowCollection;
  readonly #flow: "flow map" | "flow sequence";
  readonly #entries: Entries;
  readonly #trees: Tree[] = [];

  constructor(nodes: Nodes, token: CST.FlowCollection) {
    const isMap = token.start.source === "{";
    this.#nodes = nodes;
    this.#token = token;
    this.#flow = isMap ? "flow map" : "flow sequence";
    this.closing = isMap ? "}" : "]";
    this.#entries = nodes.entries();
    this.end = token.start.offset + token.start.source.length;
  }

  get #isMap(): boolean {
    return this.#flow === "flow map";
  }

  tree(at: Position): Tree {
    return this.#isMap ? { kind: "map", entries: this.#entries.all, at } : { kind: "list", items: this.#trees, at };
  }

  read(item: CST.CollectionItem, index: number): void {
    const { start, key, sep, value } = item;
    const parentIndent = this.#token.indent;
    const place = {
      flow: this.#flow,
      next: key ?? sep?.[0] ?? value,
      offset: this.end,
      parentIndent,
      startsLine: false,
    };
    const before = new Before(this.#nodes.reading, start, place);
    this.#checkComma(before, item, index);
    if (isEmpty(before, item)) {
      this.end = before.end;
      return;
    }
    if (!this.#isMap && spansLines(this.#nodes.reading.text, key))
      this.#nodes.reading.broken(key?.offset ?? before.end, KEY_WITHOUT_VALUE);
    this.#checkBlock(key);
    if (!this.#isMap && sep === undefined) {
      const node = this.#nodes.read(value, before);
      this.#trees.push(node.tree);
      this.end = node.end;
    } else this.#readPair(item, before);
    this.#checkBlock(value);
  }

  #readPair(item: CST.CollectionItem, before: Before): void {
    const check = (_: Node, between: Before) => this.#checkBetween(item, before, between);
    const place = { before, flow: this.#flow, parentIndent: this.#token.indent, check };
    const { key, value, isAliased, end } = readPair(this.#nodes, item, place);
    const entries = this.#isMap ? this.#entries : this.#nodes.entries();
    entries.add(key, value, isAliased);
    // `[a: b]` is a list of one mapping.
    if (!this.#isMap) this.#trees.push({ kind: "map", entries: entries.all, at: key.at });
    this.end = end;
  }

  #checkComma(before: Before, item: CST.CollectionItem, index: number): void {
    const { comma, start } = before;
    if (index === 0) {
      if (comma !== undefined) this.#tell(comma.offset, `unexpected , in ${this.#flow}`);
    } else if (isEmpty(before, item)) {
      if (index < this.#token.items.length - 1) this.#tell(start, "nothing between commas");
    } else if (comma === undefined) this.#tell(start, `missing , between ${this.#flow} items`);
  }

  #checkBetween({ sep = [], value }: CST.CollectionItem, before: Before, between: Before): void {
    const { indicator, start } = between;
    if (indicator === undefined) {
      if (value || between.hasProperty) this.#tell(start, `missing , or : between ${this.#flow} items`);
      return;
    }
    if (before.start < indicator.offset - MAX_KEY_CHARACTERS) this.#tell(indicator.offset, LONG_KEY);
    if (this.#isMap) return;
    const newline = sep.find(({ type, offset }) => type === "newline" && offset < indicator.offset);
    if (newline !== undefined) this.#nodes.reading.broken(newline.offset, KEY_WITHOUT_VALUE);
  }

  #checkBlock(token: Token): void {
    if (token && isBlock(token)) this.#tell(token.offset, "block collections are not allowed within flow collections");
  }

  #tell(offset: number, what: string): void {
    this.#nodes.reading.broken(offset, notValid(what));
  }
}
