/**
 * The library's nodes -> a positioned tree: aliases and merges resolved, everything that is not plain data a fault. Pure; never
 * throws. The tree knows no policy: what the values mean is for others.
 *
 * Aliases share the tree of their anchor and are never copied, so that no file grows by being read.
 */

import { isAlias, isMap, isScalar, isSeq, type ParsedNode } from "yaml";
import type { FaultList, Position } from "./faults.ts";
import { MAX_ALIASES, MAX_EXPANDED_VALUES, MAX_NESTING_DEPTH } from "./limits.ts";
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

/** Turns the library's nodes into the tree, anchors in the order of the text. */
export function createTreeReader(text: string, at: (offset: number) => Position, faults: FaultList) {
  const anchors = new Map<string, Tree | "open">();
  let aliases = 0;
  let merged = 0;

  function read(node: ParsedNode, depth: number): Tree {
    const where = at(node.range[0]);
    if (depth > MAX_NESTING_DEPTH) {
      faults.add("", where, `nested deeper than ${MAX_NESTING_DEPTH} levels`, "a policy needs three levels at most");
      return { kind: "nothing", at: where };
    }
    if (isAlias(node)) return readAlias(node.source, where);
    const { anchor } = node;
    if (anchor !== undefined) {
      if (!/^[0-9A-Za-z_-]+$/.test(anchor))
        faults.add("", where, `anchor "${anchor}"`, "use letters, digits, `-` and `_`");
      anchors.set(anchor, "open");
    }
    const tree = readContent(node, where, depth);
    if (anchor !== undefined) anchors.set(anchor, tree);
    return tree;
  }

  function readAlias(source: string, where: Position): Tree {
    aliases += 1;
    const target = anchors.get(source);
    if (aliases === MAX_ALIASES + 1) faults.add("", where, `more than ${MAX_ALIASES} aliases`, "write the values out");
    if (target === undefined)
      faults.add("", where, `unknown anchor "${source}"`, `define it before, as \`&${source}\``);
    else if (target === "open") faults.add("", where, `anchor "${source}" contains itself`, "write the value out");
    else return { ...target, at: where };
    return { kind: "nothing", at: where };
  }

  function readContent(
    node: Exclude<ParsedNode, { readonly source: string }> | ParsedNode,
    where: Position,
    depth: number,
  ): Tree {
    const isString = isScalar(node) && node.tag === "tag:yaml.org,2002:str";
    if (node.tag !== undefined && !isString) {
      faults.add("", where, `tag ${node.tag}`, "remove it; every value is text, a list or a mapping");
    }
    if (isMap(node)) return readMap(node.items, where, depth);
    if (isSeq(node)) return { kind: "list", items: node.items.map((item) => read(item, depth + 1)), at: where };
    const value = isScalar(node) && typeof node.value === "string" ? node.value : "";
    const plain = isScalar(node) && node.type === "PLAIN" && !isString;
    const escapesSurrogate = /\\u[dD][89a-fA-F]/.test(text.slice(node.range[0], node.range[1]).replaceAll("\\\\", ""));
    if (isScalar(node) && node.type === "QUOTE_DOUBLE" && escapesSurrogate) {
      faults.add(
        "",
        where,
        "an escape that is half a character",
        "write the character itself, or \\U and eight digits",
      );
    }
    return plain && isNullScalar(value) ? { kind: "nothing", at: where } : { kind: "text", value, plain, at: where };
  }

  function readMap(
    items: readonly { readonly key: ParsedNode; readonly value: ParsedNode | null }[],
    where: Position,
    depth: number,
  ): MapTree {
    const entries: MapEntry[] = [];
    const seen = new Set<string>();
    const add = (entry: MapEntry, told: Position) => {
      if (seen.has(entry.name)) faults.add(entry.name, told, `key "${entry.name}" is given twice`, "keep one of them");
      else entries.push(entry);
      seen.add(entry.name);
    };
    for (const { key, value } of items) {
      const name = read(key, depth + 1);
      const content: Tree = value === null ? { kind: "nothing", at: name.at } : read(value, depth + 1);
      if (name.kind !== "text") faults.add("", name.at, "a key that is not text", "write `key: value`");
      else if (name.plain && name.value === "<<") for (const entry of mergedEntries(content)) add(entry, name.at);
      else add({ name: name.value, plain: name.plain, at: name.at, value: content }, name.at);
    }
    return { kind: "map", entries, at: where };
  }

  function mergedEntries(content: Tree): readonly MapEntry[] {
    const sources = content.kind === "list" ? content.items : [content];
    const maps = sources.filter((source) => source.kind === "map");
    if (maps.length < sources.length)
      faults.add("", content.at, "`<<` merges mappings only", "name an anchor of a mapping, as `<<: *name`");
    merged += maps.reduce((sum, map) => sum + map.entries.length + 1, 0);
    if (merged > MAX_EXPANDED_VALUES) {
      faults.add("", content.at, `merges that bring in more than ${MAX_EXPANDED_VALUES} values`, "write the keys out");
      return [];
    }
    return maps.flatMap((map) => map.entries);
  }

  return { read };
}
