/**
 * The library's nodes -> a positioned tree: aliases and merges resolved, everything that is not plain data a fault. Pure; never
 * throws. The tree knows no policy: what the values mean is for others.
 *
 * Aliases share the tree of their anchor and are never copied, so that no file grows by being read.
 */

import { isAlias, isMap, isScalar, isSeq, type Pair, type ParsedNode, type Scalar, type YAMLSeq } from "yaml";
import type { DiagnosticList, Position } from "../diagnostics.ts";
import { MAX_ALIASES, MAX_EXPANDED_VALUES, MAX_NESTING_DEPTH } from "../limits.ts";
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
  /^"(?:[^"\\]|\\(?:[0abtnvfre "'\\N_LP\t\n\r]|x[0-9A-Fa-f]{2}|u(?![dD][89A-Fa-f])[0-9A-Fa-f]{4}|U000(?!0[dD][89A-Fa-f])[0-9A-Fa-f]{5}|U0010[0-9A-Fa-f]{4}))*"$/;
const SINGLE_QUOTED = /^'(?:[^']|'')*'$/;

/** YAML 1.1 wants a key and its colon on one line, unless the key is marked by `?`. */
function isKeyOverLines({ key, srcToken }: MapItem, text: string): boolean {
  if (srcToken?.sep === undefined || srcToken.start.some(({ type }) => type === "explicit-key-ind")) return false;
  const colon = srcToken.sep.findIndex(({ type }) => type === "map-value-ind");
  const isApart = srcToken.sep.slice(0, Math.max(0, colon)).some(({ type }) => type === "newline");
  return (isApart && srcToken.key !== null) || text.slice(key.range[0], key.range[1]).includes("\n");
}

/** Turns the library's nodes into the tree, anchors in the order of the text. */
export function createTreeReader(text: string, at: (offset: number) => Position, diagnostics: DiagnosticList) {
  const anchors = new Map<string, Tree | "open">();
  let aliases = 0;
  let merged = 0;
  let openFlows = 0;
  const endsInMidLine = text.slice(text.lastIndexOf("\n") + 1).trim() !== "";

  function read(node: ParsedNode, depth: number): Tree {
    const where = at(node.range[0]);
    if (depth > MAX_NESTING_DEPTH) {
      diagnostics.add(
        "",
        where,
        `nested deeper than ${MAX_NESTING_DEPTH} levels`,
        "a policy needs three levels at most",
      );
      return { kind: "nothing", at: where };
    }
    if (isAlias(node)) return readAlias(node.source, where);
    const { anchor } = node;
    if (anchor !== undefined) {
      if (!/^[0-9A-Za-z_-]+$/.test(anchor))
        diagnostics.add("", where, `anchor "${anchor}"`, "use letters, digits, `-` and `_`");
      anchors.set(anchor, "open");
    }
    const tree = readContent(node, where, depth);
    if (anchor !== undefined) anchors.set(anchor, tree);
    return tree;
  }

  function readAlias(source: string, where: Position): Tree {
    aliases += 1;
    const target = anchors.get(source);
    if (aliases === MAX_ALIASES + 1)
      diagnostics.add("", where, `more than ${MAX_ALIASES} aliases`, "write the values out");
    if (target === undefined)
      diagnostics.add("", where, `unknown anchor "${source}"`, `define it before, as \`&${source}\``);
    else if (target === "open") diagnostics.add("", where, `anchor "${source}" contains itself`, "write the value out");
    else return { ...target, at: where };
    return { kind: "nothing", at: where };
  }

  function readContent(node: ParsedNode, where: Position, depth: number): Tree {
    if (node.tag !== undefined && !(isScalar(node) && node.tag === STRING_TAG)) {
      diagnostics.add("", where, `tag ${node.tag}`, "remove it; every value is text, a list or a mapping");
    }
    if (isMap(node)) return inFlow(node.flow, () => readMap(node.items, where, depth));
    if (isSeq(node)) return readList(node, where, depth);
    return isScalar(node) ? readScalar(node, where) : { kind: "nothing", at: where };
  }

  function readScalar(node: Scalar.Parsed, where: Position): Tree {
    const whole = typeof node.value === "string" ? node.value : "";
    // A block text that the file ends without a newline has none, whatever later YAML says.
    const isCut = node.type?.startsWith("BLOCK") && node.range[1] >= text.length && endsInMidLine;
    const value = isCut ? whole.replace(/\n$/, "") : whole;
    const plain = node.type === "PLAIN" && node.tag !== STRING_TAG;
    const fault = typedFault(node.type, text.slice(node.range[0], node.range[1]));
    if (fault !== undefined) diagnostics.add("", where, fault, "put the value in single quotes, on one line");
    return plain && isNullScalar(value) ? { kind: "nothing", at: where } : { kind: "text", value, plain, at: where };
  }

  /** What the library takes and YAML 1.1 does not. */
  function typedFault(type: Scalar.Parsed["type"], typed: string): string | undefined {
    if (type === "QUOTE_DOUBLE" && !DOUBLE_QUOTED.test(typed))
      return "double quotes that do not end, or an unknown escape";
    if (type === "QUOTE_SINGLE" && !SINGLE_QUOTED.test(typed)) return "single quotes that do not end";
    return type === "PLAIN" && openFlows > 0 && /^:|\?/.test(typed)
      ? "unquoted text with `?`, or with `:` in front, in brackets"
      : undefined;
  }

  function readList({ items, srcToken, flow }: YAMLSeq.Parsed, where: Position, depth: number): Tree {
    for (const item of srcToken?.items ?? []) {
      const mark = item.start.findIndex(({ type }) => type === "seq-item-ind");
      const tab = item.start.slice(mark + 1).find(({ type, source }) => type === "space" && source.includes("\t"));
      if (mark >= 0 && tab !== undefined) diagnostics.add("", at(tab.offset), "a tab behind `-`", "use a space");
    }
    return { kind: "list", items: inFlow(flow, () => items.map((item) => read(item, depth + 1))), at: where };
  }

  function inFlow<T>(flow: boolean | undefined, readBelow: () => T): T {
    openFlows += flow ? 1 : 0;
    const below = readBelow();
    openFlows -= flow ? 1 : 0;
    return below;
  }

  function readMap(items: readonly MapItem[], where: Position, depth: number): MapTree {
    const entries: MapEntry[] = [];
    const seen = new Set<string>();
    const add = (entry: MapEntry, told: Position) => {
      if (seen.has(entry.name))
        diagnostics.add(entry.name, told, `key "${entry.name}" is given twice`, "keep one of them");
      else entries.push(entry);
      seen.add(entry.name);
    };
    for (const item of items) {
      const { key, value } = item;
      const name = read(key, depth + 1);
      if (isKeyOverLines(item, text))
        diagnostics.add("", name.at, "a key over more than one line", "write `key: value`");
      const content: Tree = value === null ? { kind: "nothing", at: name.at } : read(value, depth + 1);
      if (name.kind !== "text") diagnostics.add("", name.at, "a key that is not text", "write `key: value`");
      else if (name.plain && name.value === "<<")
        for (const entry of mergedEntries(content, isAlias(value))) add(entry, name.at);
      else add({ name: name.value, plain: name.plain, at: name.at, value: content }, name.at);
    }
    return { kind: "map", entries, at: where };
  }

  /** An alias is followed to a mapping, and not to a list of them. */
  function mergedEntries(content: Tree, isAliased: boolean): readonly MapEntry[] {
    const sources = content.kind === "list" && !isAliased ? content.items : [content];
    const maps = sources.filter((source) => source.kind === "map");
    if (maps.length < sources.length)
      diagnostics.add("", content.at, "`<<` merges mappings only", "name an anchor of a mapping, as `<<: *name`");
    merged += maps.reduce((sum, map) => sum + map.entries.length + 1, 0);
    if (merged > MAX_EXPANDED_VALUES) {
      diagnostics.add(
        "",
        content.at,
        `merges that bring in more than ${MAX_EXPANDED_VALUES} values`,
        "write the keys out",
      );
      return [];
    }
    return maps.flatMap((map) => map.entries);
  }

  return { read };
}
