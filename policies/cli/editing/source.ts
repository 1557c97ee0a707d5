/**
 * A file's text with the places of its keys and values, so that a few of them can be written anew and all other text stays as it
 * is, comments and order included. Pure.
 */

import { DiagnosticList, type Position } from "../../diagnostics.ts";
import { isBlank, isMark, type Lexeme, LexemeParser } from "../../yaml/lexemes.ts";
import type { ListTree, MapEntry, MapTree, Tree } from "../../yaml/tree.ts";
import { parseYaml } from "../../yaml/yaml.ts";

/** Offsets count UTF-16 units, from 0. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

export interface Remedy {
  /** What it does, in a few words. */
  readonly label: string;
  /** The whole file. */
  readonly text: string;
}

/** `from` to `to`: the whole item, from its key to the end of its value. */
interface Item {
  readonly from: number;
  readonly to: number;
  readonly value: { readonly from: number; readonly to: number };
}

export interface EntrySpan extends Item {
  readonly entry: MapEntry;
  readonly keyTo: number;
}

export class SourceText {
  readonly text: string;
  readonly root: MapTree;
  readonly #lexemes: readonly Lexeme[];
  readonly #lineStarts: number[] = [0];
  /** Where keys begin, and the `-` of list items, in the order of the text. */
  readonly #starts: readonly number[];

  private constructor(text: string, root: MapTree, lexemes: readonly Lexeme[]) {
    this.text = text;
    this.root = root;
    this.#lexemes = lexemes;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", end + 1)) this.#lineStarts.push(end + 1);
    const dashes = lexemes.filter(({ kind }) => kind === "seq-item-ind").map(({ offset }) => offset);
    this.#starts = [...dashes, ...this.#keysBelow(root)].sort((a, b) => a - b);
  }

  /** Undefined for what is no mapping, and where an alias lets one text stand for two values. A byte order mark must be gone. */
  static read(text: string): SourceText | undefined {
    const { root } = parseYaml(text, new DiagnosticList());
    if (root?.kind !== "map") return undefined;
    const lexemes: Lexeme[] = [];
    const parser = new LexemeParser((lexeme) => lexemes.push(lexeme) > 0);
    for (const _ of parser.parse(text));
    if (lexemes.some(({ kind }) => kind === "alias")) return undefined;
    return new SourceText(text, root, lexemes);
  }

  offsetOf({ line, column }: Position): number {
    return (this.#lineStarts[line - 1] ?? 0) + column - 1;
  }

  isFlow(tree: Tree): boolean {
    return "{[".includes(this.text[this.offsetOf(tree.at)] ?? " ");
  }

  /** Undefined where the key has no plain form, as one with an anchor. */
  spanOf(entry: MapEntry): EntrySpan | undefined {
    const from = this.offsetOf(entry.at);
    const at = this.#lexemeAt(from);
    const colon = this.#lexemes.findIndex(({ kind }, i) => i > at && kind === "map-value-ind");
    const key = this.#lexemes.slice(at, colon).find((lexeme) => !isMark(lexeme));
    const keyTo = from + (key?.source.length ?? 0);
    if (at < 0 || colon < 0 || this.text.slice(keyTo, this.#lexemes[colon]?.offset).trim() !== "") return undefined;
    const value = this.#valueSpan(colon + 1, from);
    return { entry, from, keyTo, to: value.to, value };
  }

  /** Undefined for an item of brackets that share their line with a `-`. */
  itemSpan(list: ListTree, index: number): Item | undefined {
    const item = list.items[index];
    if (item === undefined) return undefined;
    const from = this.offsetOf(item.at);
    const value = this.#valueSpan(this.#lexemeAt(from), from);
    if (this.isFlow(list)) return { from, to: value.to, value: { from, to: value.to } };
    const dash = this.#starts.findLast((start) => start < from);
    const isOwn = dash !== undefined && /^-[ ]+$/.test(this.text.slice(dash, from));
    return isOwn ? { from: dash, to: value.to, value: { from, to: value.to } } : undefined;
  }

  /** The start of the line, above the comments that stand directly before it. */
  aboveComments(offset: number): number {
    let start = this.lineStart(offset);
    while (start > 0) {
      const before = this.lineStart(start - 1);
      if (!/^[ \t]*#/.test(this.text.slice(before, start))) return start;
      start = before;
    }
    return start;
  }

  lineStart(offset: number): number {
    return this.text.lastIndexOf("\n", offset - 1) + 1;
  }

  /** Behind the line break; the text's end where there is none. Of a block text, which ends with its line, that end. */
  lineEnd(offset: number): number {
    if (offset > 0 && this.text[offset - 1] === "\n") return offset;
    const at = this.text.indexOf("\n", offset);
    return at < 0 ? this.text.length : at + 1;
  }

  #lexemeAt(offset: number): number {
    return this.#lexemes.findIndex((lexeme) => lexeme.offset === offset && !isMark(lexeme));
  }

  /** From the first lexeme that counts to the last one that no other key or item follows, at the same depth of brackets. */
  #valueSpan(first: number, owner: number): { readonly from: number; readonly to: number } {
    const limit = this.#starts.find((start) => start > owner && this.#isBeside(start, owner)) ?? this.text.length;
    let [depth, from, to] = [0, -1, this.#lexemes[first - 1]?.offset ?? owner];
    to += this.#lexemes[first - 1]?.source.length ?? 0;
    for (const lexeme of this.#lexemes.slice(first)) {
      const { kind, offset, source } = lexeme;
      if (offset >= limit || ENDS.has(kind)) break;
      if (isBlank(lexeme) || isMark(lexeme)) continue;
      if (depth === 0 && (kind === "comma" || CLOSING.has(kind))) break;
      depth += OPENING.has(kind) ? 1 : CLOSING.has(kind) ? -1 : 0;
      if (from < 0) from = offset;
      to = offset + source.length;
    }
    return { from: from < 0 ? to : from, to };
  }

  /** In block style what belongs to a key or an item is indented deeper than it; a list may stand as deep as its key. */
  #isBeside(start: number, owner: number): boolean {
    const [own, other] = [this.#indentOf(owner), this.#indentOf(start)];
    if (other < own) return true;
    return other === own && (this.text[start] !== "-" || this.text[owner] === "-");
  }

  #indentOf = (offset: number): number => offset - this.lineStart(offset);

  #keysBelow(tree: Tree): readonly number[] {
    if (tree.kind === "list") return tree.items.flatMap((item) => this.#keysBelow(item));
    if (tree.kind !== "map") return [];
    return tree.entries.flatMap(({ at, value }) => [this.offsetOf(at), ...this.#keysBelow(value)]);
  }
}

const OPENING: ReadonlySet<string> = new Set(["flow-map-start", "flow-seq-start"]);
const CLOSING: ReadonlySet<string> = new Set(["flow-map-end", "flow-seq-end"]);
const ENDS: ReadonlySet<string> = new Set(["doc-end", "doc-start"]);

/** Undefined if two of them concern the same text. Insertions at one place keep their order. */
export function withEdits(text: string, edits: readonly Edit[]): string | undefined {
  const ordered = edits.toSorted((a, b) => a.from - b.from || a.to - b.to);
  let [result, done] = ["", 0];
  for (const { from, to, text: added } of ordered) {
    if (from < done) return undefined;
    result += text.slice(done, from) + added;
    done = to;
  }
  return result + text.slice(done);
}
