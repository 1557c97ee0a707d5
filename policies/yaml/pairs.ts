/**
 * A key with its value, in brackets or not. Pure.
 */

import type { CST } from "yaml";
import type { YamlReading } from "./reading.ts";
import { Before } from "./separators.ts";
import type { Tree } from "./tree.ts";
import type { Entries } from "./values.ts";

export type Token = CST.Token | null | undefined;

/** A part of the tree, as it was read. */
export interface Node {
  readonly tree: Tree;
  /** Where its content begins, behind its anchor and tag, and where all that belongs to it ends. */
  readonly start: number;
  readonly end: number;
}
export type Content = Pick<Node, "tree" | "end">;

/** What reads nodes, for those that read what nodes are made of. */
export interface Nodes {
  readonly reading: YamlReading;
  read(token: Token, before: Before): Node;
  entries(): Entries;
}

export interface Pair {
  readonly key: Tree;
  readonly value: Tree;
  readonly isAliased: boolean;
  readonly end: number;
}

/** What YAML says of a key before a colon. */
export const MAX_KEY_CHARACTERS = 1024;
export const LONG_KEY = `a key and its colon that are more than ${MAX_KEY_CHARACTERS} characters apart`;

interface PairPlace {
  readonly before: Before;
  readonly flow?: "flow map" | "flow sequence";
  readonly parentIndent: number;
  /** Looks at what stands between the key and its value, before the value is read. */
  check(key: Node, between: Before): void;
}

export function readPair(nodes: Nodes, item: CST.CollectionItem, place: PairPlace): Pair {
  const { key, sep = [], value } = item;
  const { before, flow, parentIndent, check } = place;
  const startsLine = flow === undefined && (!key || key.type === "block-scalar");
  const name = nodes.read(key, before);
  const at = { indicator: "map-value-ind", flow, next: value, offset: name.end, parentIndent, startsLine } as const;
  const between = new Before(nodes.reading, sep, at);
  check(name, between);
  if (isOverLines(nodes.reading.text, item, name, between))
    nodes.reading.refuse(name.tree.at, "a key over more than one line", "write `key: value`");
  // In block style nothing but a colon makes a value, and that it is missing is what is told.
  const isKeyWritten = key && !("source" in key && key.source === "");
  const isThere =
    between.indicator !== undefined || (flow !== undefined && (value !== undefined || between.hasProperty));
  const content = isThere ? nodes.read(value, between) : undefined;
  return {
    // A tag alone is no key: readers differ on where it may stand.
    key: isKeyWritten ? name.tree : { kind: "nothing", at: name.tree.at },
    value: content?.tree ?? { kind: "nothing", at: name.tree.at },
    isAliased: value?.type === "alias",
    end: content?.end ?? between.end,
  };
}

/** YAML 1.1 wants a key, with its anchor, and its colon on one line. */
function isOverLines(text: string, { start, key }: CST.CollectionItem, name: Node, { indicator }: Before): boolean {
  const first = start.find(({ type }) => type === "anchor" || type === "tag");
  const end = indicator?.offset ?? (key && "source" in key ? key.offset + key.source.length : name.start);
  return text.slice(first?.offset ?? name.start, end).includes("\n");
}

/** Whether a key itself goes over lines: nothing but a text or brackets can be on one. */
export function spansLines(text: string, key: Token): boolean {
  switch (key?.type) {
    case undefined:
      return false;
    case "alias":
    case "scalar":
    case "single-quoted-scalar":
    case "double-quoted-scalar":
      return key.source.includes("\n") || (key.end ?? []).some(({ type }) => type === "newline");
    case "flow-collection":
      return text.slice(key.offset, key.end[0]?.offset).includes("\n");
    default:
      return true;
  }
}
