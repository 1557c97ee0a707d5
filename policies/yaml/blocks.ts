/**
 * Mappings and lists without brackets. Pure.
 */

import type { CST } from "yaml";
import type { Position } from "../diagnostics.ts";
import { shallowLine } from "./depth.ts";
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
import { INDENTATION, KEY_WITHOUT_VALUE, notValid, SECOND_COLON } from "./problems.ts";
import { Before } from "./separators.ts";
import type { Tree } from "./tree.ts";

export function readBlockMap(nodes: Nodes, { items, offset, indent }: CST.BlockMap, at: Position): Content {
  const { reading } = nodes;
  const entries = nodes.entries();
  let end = offset;
  let commentEnd: number | undefined;
  for (const item of items) {
    const { start, key, sep, value } = item;
    const place = { next: key ?? sep?.[0], offset: end, parentIndent: indent, startsLine: true };
    const before = new Before(reading, start, place);
    if (key?.type === "block-seq") reading.broken(end, SECOND_COLON);
    else if (key && "indent" in key && key.indent !== indent) reading.broken(end, INDENTATION);
    if (!before.hasProperty && sep === undefined) {
      commentEnd = before.end;
      continue;
    }
    if (before.newlineBehindProperty !== undefined || spansLines(reading.text, key))
      reading.broken((key ?? start.at(-1))?.offset ?? end, KEY_WITHOUT_VALUE);
    const check = (name: Node, between: Before) => checkBetween(nodes, value, { before, name, between });
    const pair = readPair(nodes, item, { before, parentIndent: indent, check });
    entries.add(pair.key, pair.value, pair.isAliased);
    end = pair.end;
    checkIndentation(nodes, value, indent);
  }
  if (commentEnd !== undefined && commentEnd < end) reading.broken(commentEnd, INDENTATION);
  return { tree: { kind: "map", entries: entries.all, at }, end: commentEnd ?? end };
}

function checkIndentation({ reading }: Nodes, value: Token, indent: number): void {
  // What is broken may end anywhere.
  const line = value && !reading.isBroken ? shallowLine(reading.text, value, indent, reading.taken) : undefined;
  if (line !== undefined) reading.broken(line, INDENTATION);
}

interface Between {
  readonly before: Before;
  readonly name: Node;
  readonly between: Before;
}

function checkBetween({ reading }: Nodes, value: Token, { before, name, between }: Between): void {
  const { indicator } = between;
  if (indicator === undefined) reading.broken(name.start, KEY_WITHOUT_VALUE);
  else {
    if (value?.type === "block-map" && !between.hasNewline) reading.broken(between.end, SECOND_COLON);
    if (before.start < indicator.offset - MAX_KEY_CHARACTERS) reading.broken(name.start, notValid(LONG_KEY));
  }
}

export function readBlockList(nodes: Nodes, { items, offset, indent }: CST.BlockSequence, at: Position): Content {
  const { reading } = nodes;
  const trees: Tree[] = [];
  let end = offset;
  let commentEnd: number | undefined;
  for (const { start, value } of items) {
    const place = {
      indicator: "seq-item-ind",
      next: value,
      offset: end,
      parentIndent: indent,
      startsLine: true,
    } as const;
    const before = new Before(reading, start, place);
    if (before.indicator === undefined) {
      if (!before.hasProperty && value === undefined) {
        commentEnd = before.end;
        continue;
      }
      if (value?.type === "block-seq") reading.broken(before.end, INDENTATION);
      else reading.broken(end, notValid("an item of a list without its `-`"));
    }
    const node = nodes.read(value, before);
    trees.push(node.tree);
    end = node.end;
    checkIndentation(nodes, value, indent);
  }
  return { tree: { kind: "list", items: trees, at }, end: commentEnd ?? end };
}
