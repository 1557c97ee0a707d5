/**
 * The library's nodes -> a positioned tree: aliases and merges resolved, everything that is not plain data refused. Pure; never
 * throws. The tree knows no policy: what the values mean is for others.
 *
 * Aliases share the tree of their anchor and are never copied, so that no file grows by being read.
 */

import { type Alias, isAlias, isMap, isScalar, type Pair, type ParsedNode, type Scalar } from "yaml";
import { type DiagnosticList, type Position, quoted } from "../diagnostics.ts";
import { MAX_ALIASES, MAX_EXPANDED_VALUES, MAX_NESTING_DEPTH } from "../limits.ts";
import type { TokenAccount } from "./account.ts";
import { isNullScalar } from "./scalars.ts";

export type Tree = TextTree | NothingTree | MapTree | ListTree;

/** `plain`: typed without quotes, so that the YAML 1.1 rules of scalars.ts apply. */
export interface TextTree {
  readonly kind: "text";
  readonly value: string;
  readonly plain: boolean;
  readonly at: Position;
}
export interface NothingTree {
  readonly kind: "nothing";
  readonly at: Position;
}
export interface MapTree {
  readonly kind: "map";
  readonly entries: readonly MapEntry[];
  readonly at: Position;
}
export interface ListTree {
  readonly kind: "list";
  readonly items: readonly Tree[];
  readonly at: Position;
}
export interface MapEntry {
  readonly name: string;
  readonly plain: boolean;
  readonly at: Position;
  readonly value: Tree;
}

type MapItem = Pick<Pair<ParsedNode, ParsedNode | null>, "key" | "value" | "srcToken">;

const STRING_TAG = "tag:yaml.org,2002:str";

/** What YAML 1.1 takes for a double-quoted text: escapes that it knows (not `\/`), no half characters, an end. */
const DOUBLE_QUOTED =
  /^"(?:[^"\\]|\\(?:[0abtnvfre "'\\N_LP\t]|x[0-9A-Fa-f]{2}|u(?![dD][89A-Fa-f])[0-9A-Fa-f]{4}|U000(?!0[dD][89A-Fa-f])[0-9A-Fa-f]{5}|U0010[0-9A-Fa-f]{4}))*"$/;
const SINGLE_QUOTED = /^'(?:[^']|'')*'$/;

/** Turns the library's nodes into the tree, anchors in the order of the text. */
export class TreeReader {
  readonly #text: string;
  readonly #at: (offset: number) => Position;
  readonly #diagnostics: DiagnosticList;
  readonly #account: TokenAccount;
  readonly #anchors = new Map<string, Tree | "open">();
  #aliases = 0;
  #merged = 0;
  #openFlows = 0;

  constructor(deps: {
    readonly text: string;
    readonly at: (offset: number) => Position;
    readonly diagnostics: DiagnosticList;
    readonly account: TokenAccount;
  }) {
    this.#text = deps.text;
    this.#at = deps.at;
    this.#diagnostics = deps.diagnostics;
    this.#account = deps.account;
  }

  read(node: ParsedNode, depth: number): Tree {
    const where = this.#at(node.range[0]);
    if (depth > MAX_NESTING_DEPTH) {
      const message = `nested deeper than ${MAX_NESTING_DEPTH} levels`;
      return this.#refuse(where, message, "a policy needs three levels at most");
    }
    this.#account.read(node.range[0]);
    if (isAlias(node)) return this.#readAlias(node.source, where);
    const { anchor } = node;
    if (anchor !== undefined) {
      if (!/^[0-9A-Za-z_-]+$/.test(anchor))
        this.#refuse(where, `anchor ${quoted(anchor)}`, "use letters, digits, `-` and `_`");
      this.#account.readProperty(`&${anchor}`);
      if (this.#anchors.has(anchor))
        this.#refuse(where, `anchor ${quoted(anchor)} is given twice`, "rename one of them");
      this.#anchors.set(anchor, "open");
    }
    const tree = this.#readContent(node, where, depth);
    if (anchor !== undefined) this.#anchors.set(anchor, tree);
    return tree;
  }

  #refuse(where: Position, message: string, suggestion: string): NothingTree {
    this.#diagnostics.add("", where, message, suggestion);
    return { kind: "nothing", at: where };
  }

  #readAlias(source: string, where: Position): Tree {
    this.#aliases += 1;
    const target = this.#anchors.get(source);
    if (this.#aliases === MAX_ALIASES + 1)
      this.#refuse(where, `more than ${MAX_ALIASES} aliases`, "write the values out");
    if (target === undefined)
      return this.#refuse(where, `unknown anchor ${quoted(source)}`, "define it before, as `&name`");
    if (target === "open")
      return this.#refuse(where, `anchor ${quoted(source)} contains itself`, "write the value out");
    return { ...target, at: where };
  }

  #readContent(node: Exclude<ParsedNode, Alias.Parsed>, where: Position, depth: number): Tree {
    if (isScalar(node)) return this.#readScalar(node, where);
    if (node.tag !== undefined) this.#refuse(where, `tag ${quoted(node.tag)} on what is no text`, "remove it");
    this.#openFlows += node.flow ? 1 : 0;
    const tree: Tree = isMap(node)
      ? this.#readMap(node.items, where, depth)
      : { kind: "list", items: node.items.map((item) => this.read(item, depth + 1)), at: where };
    this.#openFlows -= node.flow ? 1 : 0;
    return tree;
  }

  #readScalar(node: Scalar.Parsed, where: Position): Tree {
    const value = typeof node.value === "string" ? node.value : "";
    const plain = node.type === "PLAIN" && node.tag !== STRING_TAG;
    if (node.tag !== undefined) this.#account.readProperty("!!str");
    const leniency = this.#leniency(node.type, this.#text.slice(node.range[0], node.range[1]));
    if (leniency !== undefined) this.#refuse(where, leniency, "put the value in single quotes, on one line");
    return plain && isNullScalar(value) ? { kind: "nothing", at: where } : { kind: "text", value, plain, at: where };
  }

  /** What the library takes and YAML 1.1 does not. */
  #leniency(type: Scalar.Parsed["type"], typed: string): string | undefined {
    if (type === "QUOTE_DOUBLE" && !DOUBLE_QUOTED.test(typed))
      return "double quotes that do not end, or an unknown escape";
    if (type === "QUOTE_SINGLE" && !SINGLE_QUOTED.test(typed)) return "single quotes that do not end";
    return type === "PLAIN" && this.#openFlows > 0 && /^:|\?/.test(typed)
      ? "unquoted text with `?`, or with `:` in front, in brackets"
      : undefined;
  }

  #readMap(items: readonly MapItem[], where: Position, depth: number): MapTree {
    const entries: MapEntry[] = [];
    const seen = new Set<string>();
    const add = (entry: MapEntry, told: Position) => {
      if (seen.has(entry.name))
        this.#diagnostics.add(entry.name, told, `key ${quoted(entry.name)} is given twice`, "keep one of them");
      else entries.push(entry);
      seen.add(entry.name);
    };
    for (const item of items) {
      const { key, value } = item;
      const name = this.read(key, depth + 1);
      if (this.#isKeyOverLines(item)) this.#refuse(name.at, "a key over more than one line", "write `key: value`");
      const content: Tree = value === null ? { kind: "nothing", at: name.at } : this.read(value, depth + 1);
      if (name.kind !== "text") this.#refuse(name.at, "a key that is not text", "write `key: value`");
      else if (name.plain && name.value === "<<")
        for (const entry of this.#mergedEntries(content, isAlias(value))) add(entry, name.at);
      else add({ name: name.value, plain: name.plain, at: name.at, value: content }, name.at);
    }
    return { kind: "map", entries, at: where };
  }

  /** YAML 1.1 wants a key, with its anchor, and its colon on one line. */
  #isKeyOverLines({ key, srcToken }: MapItem): boolean {
    const first = srcToken?.start.find(({ type }) => type === "anchor" || type === "tag");
    const colon = srcToken?.sep?.find(({ type }) => type === "map-value-ind");
    return this.#text.slice(first?.offset ?? key.range[0], colon?.offset ?? key.range[1]).includes("\n");
  }

  /** An alias is followed to a mapping, and not to a list of them. */
  #mergedEntries(content: Tree, isAliased: boolean): readonly MapEntry[] {
    const sources = content.kind === "list" && !isAliased ? content.items : [content];
    const maps = sources.filter((source) => source.kind === "map");
    if (maps.length < sources.length)
      this.#refuse(content.at, "`<<` merges mappings only", "name an anchor of a mapping, as `<<: *name`");
    this.#merged += maps.reduce((sum, map) => sum + map.entries.length + 1, 0);
    if (this.#merged > MAX_EXPANDED_VALUES) {
      const message = `merges that bring in more than ${MAX_EXPANDED_VALUES} values`;
      this.#refuse(content.at, message, "write the keys out");
      return [];
    }
    return maps.flatMap((map) => map.entries);
  }
}
