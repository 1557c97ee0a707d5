/**
 * Whether a value is indented deeper than the mapping or list that holds it. Behind blank lines and comments the library loses count,
 * and takes for a part of the value what stands beside it, a clause perhaps. Pure.
 */

import type { CST } from "yaml";

/** Where a line of the value begins that is not deeper than `indent`; `end` is where all of the value ends. */
export function shallowLine(text: string, value: CST.Token, indent: number, end: number): number | undefined {
  const { type, offset } = value;
  if (type === "block-map") return value.indent > indent ? undefined : offset;
  if (type === "block-scalar") return shallowIn(text, { from: offset, to: end - 1, indent });
  if (type === "flow-collection") {
    const to = value.end[0]?.offset ?? end;
    return shallowIn(text, { from: offset, to, indent, isInBrackets: true });
  }
  const isText = type === "scalar" || type === "single-quoted-scalar" || type === "double-quoted-scalar";
  return isText ? shallowIn(text, { from: offset, to: offset + value.source.length, indent }) : undefined;
}

interface Lines {
  readonly from: number;
  /** The last line is the one that this is on. */
  readonly to: number;
  readonly indent: number;
  readonly isInBrackets?: boolean;
}

function shallowIn(text: string, { from, to, indent, isInBrackets = false }: Lines): number | undefined {
  for (let start = text.indexOf("\n", from) + 1; start > 0 && start <= to; start = text.indexOf("\n", start) + 1) {
    let spaces = start;
    while (text[spaces] === " ") spaces += 1;
    let content = spaces;
    while (text[content] === " " || text[content] === "\t") content += 1;
    const isPassedOver = /[\r\n]/.test(text[content] ?? "\n") || (isInBrackets && text[content] === "#");
    // A closing bracket may stand below the key, as people write it.
    const least = isInBrackets && content === to ? indent : indent + 1;
    if (!isPassedOver && spaces - start < least) return start;
  }
  return undefined;
}
