/**
 * Remedies for what is wrong with the text itself: quotes, tabs, a missing space. They are made on the line, as such a text may have
 * no tree. Pure.
 */

import type { Diagnostic } from "../../diagnostics.ts";
import { quotedScalar } from "../scalars.ts";
import type { Remedy } from "./source.ts";

const KEY_VALUE = /^(\s*(?:- )?[A-Za-z_][\w./-]*:\s+)(\S.*?)(\s+#.*)?$/;

export function spellings({ line, column, suggestion = "" }: Diagnostic, text: string): readonly Remedy[] {
  const lines = text.split("\n");
  const own = lines[line - 1];
  if (own === undefined) return [];
  const write = (label: string, made: string | undefined): readonly Remedy[] =>
    made === undefined ? [] : [{ label, text: lines.with(line - 1, made).join("\n") }];
  const [, typed] = /^quote it: "([^"]*)"/.exec(suggestion) ?? [];
  if (typed !== undefined)
    return quotings(own, column - 1, typed, suggestion).flatMap(([label, made]) => write(label, made));
  if (/^put (?:the value|patterns) in single quotes/.test(suggestion))
    return write("Put it in single quotes", quoted(own));
  if (suggestion === "indent with spaces" || suggestion === "use a space") {
    return write("Use spaces", own.replaceAll("\t", "  "));
  }
  const isGlued = suggestion === "write `key: value`, with a space after the colon";
  return isGlued ? write("Write a space after the colon", own.replace(/^(\s*[\w./-]+:)(?=\S)/, "$1 ")) : [];
}

/** Of what is plain and read as something else: quoted, or the truth value that was perhaps meant. */
function quotings(
  own: string,
  from: number,
  typed: string,
  suggestion: string,
): readonly (readonly [string, string])[] {
  if (!own.startsWith(typed, from)) return [];
  const put = (text: string) => `${own.slice(0, from)}${text}${own.slice(from + typed.length)}`;
  const [, truth] = /, or write (true|false)$/.exec(suggestion) ?? [];
  const quotes = ["Put it in quotes", put(JSON.stringify(typed))] as const;
  return truth === undefined ? [quotes] : [quotes, [`Write ${truth}`, put(truth)]];
}

function quoted(own: string): string | undefined {
  const [, head, value = "", remark = ""] = KEY_VALUE.exec(own) ?? [];
  if (head === undefined) return undefined;
  const [, within] = /^"(.*)"$/.exec(value) ?? [];
  return `${head}${quotedScalar(within ?? value)}${remark}`;
}
