/**
 * Tokens of texts -> texts, with what YAML 1.1 does not take of them refused. Pure.
 */

import type { CST } from "yaml";
import type { Position } from "../diagnostics.ts";
import type { Content } from "./pairs.ts";
import { BAD_START, ESCAPE, GLUED_COMMENT, notValid, OPEN_QUOTE } from "./problems.ts";
import type { YamlReading } from "./reading.ts";
import { isNullScalar } from "./scalars.ts";
import { takeEnd } from "./separators.ts";
import { blockText, unescaped, unfold } from "./texts.ts";

/** What YAML 1.1 takes for a double-quoted text: escapes that it knows (not `\/`), no half characters, an end. */
const DOUBLE_QUOTED =
  /^"(?:[^"\\]|\\(?:[0abtnvfre "'\\N_LP\t]|x[0-9A-Fa-f]{2}|u(?![dD][89A-Fa-f])[0-9A-Fa-f]{4}|U000(?!0[dD][89A-Fa-f])[0-9A-Fa-f]{5}|U0010[0-9A-Fa-f]{4}))*"$/;
const SINGLE_QUOTED = /^'(?:[^']|'')*'$/;

interface TextPlace {
  readonly at: Position;
  readonly isTagged: boolean;
  readonly isInBrackets: boolean;
}

export function readText(reading: YamlReading, token: CST.FlowScalar, place: TextPlace): Content {
  const { at, isTagged } = place;
  reading.take(token);
  const value = textOf(reading, token);
  takeEnd(reading, token.end);
  const leniency = leniencyOf(token, place.isInBrackets);
  if (leniency !== undefined) reading.refuse(at, leniency, "put the value in single quotes, on one line");
  const plain = token.type === "scalar" && !isTagged;
  const isNothing = plain && isNullScalar(value);
  return { tree: isNothing ? { kind: "nothing", at } : { kind: "text", value, plain, at }, end: reading.taken };
}

function textOf(reading: YamlReading, { type, source, offset }: CST.FlowScalar): string {
  if (type === "scalar") {
    if (/^[\t,%|>@`]/.test(source)) reading.broken(offset, BAD_START);
    return unfold(source);
  }
  const inner = source.slice(1, -1);
  const isDouble = type === "double-quoted-scalar";
  const text = isDouble
    ? unescaped(inner, (index) => reading.broken(offset + 1 + index, ESCAPE))
    : unfold(inner).replaceAll("''", "'");
  if (source.length === 1 || !source.endsWith(isDouble ? '"' : "'")) reading.broken(offset, OPEN_QUOTE);
  return text;
}

/** What the library takes and YAML 1.1 does not. */
function leniencyOf({ type, source }: CST.FlowScalar, isInBrackets: boolean): string | undefined {
  if (type === "double-quoted-scalar" && !DOUBLE_QUOTED.test(source))
    return "double quotes that do not end, or an unknown escape";
  if (type === "single-quoted-scalar" && !SINGLE_QUOTED.test(source)) return "single quotes that do not end";
  return type === "scalar" && isInBrackets && /^:|\?/.test(source)
    ? "unquoted text with `?`, or with `:` in front, in brackets"
    : undefined;
}

export function readBlockText(reading: YamlReading, token: CST.BlockScalar, at: Position, isRoot: boolean): Content {
  const header = takeHeader(reading, token);
  const start = reading.taken;
  const tellMisfit = (index: number, what: string) => reading.broken(start + index, notValid(what));
  const value = blockText(token.source, { header, parentIndent: token.indent, isRoot, tellMisfit });
  reading.take({ offset: start, source: token.source });
  return { tree: { kind: "text", value, plain: false, at }, end: reading.taken };
}

function takeHeader(reading: YamlReading, { props }: CST.BlockScalar): string {
  let header = "";
  let hasSpace = false;
  for (const token of props) {
    const { type, offset } = token;
    const source = "source" in token ? token.source : "";
    reading.take({ offset, source });
    if (type === "block-scalar-header") {
      header = source;
      const extra = /^[|>][-+]?/.exec(source)?.[0].length ?? 0;
      if (extra < source.length)
        reading.broken(offset + extra, notValid(`more than \`|\`, \`>\`, \`-\` and \`+\`: ${source}`));
    } else if (type === "comment") {
      if (!hasSpace) reading.broken(offset, GLUED_COMMENT);
    } else if (type === "error") reading.broken(offset, notValid(token.message));
    else if (type !== "space" && type !== "newline") reading.broken(offset, notValid(`unexpected ${type} token`));
    hasSpace ||= type === "space";
  }
  return header;
}
