/**
 * Edits of a mapping's entries and a list's items, in block style and in brackets. Pure.
 */

import type { ListTree, MapEntry, MapTree } from "../../yaml/tree.ts";
import { quotedKey } from "../scalars.ts";
import type { Edit, EntrySpan, SourceText } from "./source.ts";

/** `value` is YAML, on one line. A remark behind the old value stays. */
export function replaceValue(source: SourceText, { value: span, keyTo }: EntrySpan, value: string): Edit {
  const isGlued = span.from === span.to || span.from === keyTo;
  const isOnItsLine = source.lineStart(span.from) === source.lineStart(keyTo);
  const from = isOnItsLine ? span.from : source.text.indexOf(":", keyTo) + 1;
  const endsLine = source.text[span.to - 1] === "\n";
  return { from, to: span.to, text: `${isGlued || !isOnItsLine ? " " : ""}${value}${endsLine ? "\n" : ""}` };
}

export function renameKey({ from, keyTo }: EntrySpan, name: string): Edit {
  return { from, to: keyTo, text: quotedKey(name) };
}

/** In block style the whole lines; undefined where the key shares its line with the `-` of a list. */
export function removeEntry(source: SourceText, map: MapTree, { from, to }: EntrySpan): Edit | undefined {
  if (source.isFlow(map)) return withoutComma(source.text, from, to);
  const start = source.lineStart(from);
  if (source.text.slice(start, from).trim() !== "") return undefined;
  return { from: start, to: source.lineEnd(to), text: "" };
}

export function removeItem(source: SourceText, list: ListTree, index: number): Edit | undefined {
  const span = source.itemSpan(list, index);
  if (span === undefined) return undefined;
  if (source.isFlow(list)) return withoutComma(source.text, span.from, span.to);
  const start = source.lineStart(span.from);
  if (source.text.slice(start, span.from).trim() !== "") return undefined;
  return { from: start, to: source.lineEnd(span.to), text: "" };
}

/** With the comma behind it, or the one before it where it is the last. */
function withoutComma(text: string, from: number, to: number): Edit {
  const [behind] = /^\s*,[ \t]*/.exec(text.slice(to)) ?? [];
  if (behind !== undefined) return { from, to: to + behind.length, text: "" };
  const [before = ""] = /,\s*$/.exec(text.slice(0, from)) ?? [];
  return { from: from - before.length, to, text: "" };
}

/** As the last entry of a mapping that has one. */
export function appendEntry(source: SourceText, map: MapTree, lines: readonly string[]): Edit | undefined {
  const last = map.entries.at(-1);
  const span = last && source.spanOf(last);
  if (span === undefined) return undefined;
  if (source.isFlow(map)) return { from: span.to, to: span.to, text: `, ${lines.join(", ")}` };
  const at = source.lineEnd(span.to);
  return { from: at, to: at, text: block(source, at, indentOf(source, span.from), lines) };
}

/** Above the entry and its comments. */
export function insertBefore(source: SourceText, span: EntrySpan, lines: readonly string[]): Edit {
  const at = source.aboveComments(span.from);
  return { from: at, to: at, text: block(source, at, indentOf(source, span.from), lines) };
}

const indentOf = (source: SourceText, offset: number): string => " ".repeat(offset - source.lineStart(offset));

function block({ text }: SourceText, at: number, indent: string, lines: readonly string[]): string {
  const isBehindLine = at > 0 && text[at - 1] !== "\n";
  return `${isBehindLine ? "\n" : ""}${lines.map((line) => `${indent}${line}\n`).join("")}`;
}

export function entryOf(map: MapTree, isIt: (name: string) => boolean): MapEntry | undefined {
  return map.entries.find(({ name }) => isIt(name));
}
