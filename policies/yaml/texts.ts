/**
 * Scalars as typed -> the text that they mean. Pure. Forms that forms.ts refuses (escaped line breaks, indentation indicators) do not come here.
 */

/** One line break is a space, more are one less than they are; white space around them goes. */
function folded(breaks: string): string {
  const count = breaks.split("\n").length - 1;
  return count === 1 ? " " : "\n".repeat(count - 1);
}

/** The last alternative takes white space within a line as a whole, or the search would begin again at each of its characters. */
const BREAKS = /[ \t]*(?:\r?\n[ \t]*)+|[ \t]+/g;

/** Of plain and single-quoted text. */
export function unfold(source: string): string {
  return source.includes("\n")
    ? source.replace(BREAKS, (found) => (found.includes("\n") ? folded(found) : found))
    : source;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["0", "\0"],
  ["a", "\u0007"],
  ["b", "\b"],
  ["t", "\t"],
  ["\t", "\t"],
  ["n", "\n"],
  ["v", "\v"],
  ["f", "\f"],
  ["r", "\r"],
  ["e", "\u001b"],
  [" ", " "],
  ['"', '"'],
  ["/", "/"],
  ["\\", "\\"],
  ["N", "\u0085"],
  ["_", "\u00a0"],
  ["L", "\u2028"],
  ["P", "\u2029"],
]);
const MAX_CODE_POINT = 0x10ffff;
const DOUBLE_QUOTED =
  /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([\s\S]))|[ \t]*(?:\r?\n[ \t]*)+|[ \t]+/g;

/** Of what stands between double quotes. `tellUnknown` is told where an escape begins that YAML does not have. */
export function unescaped(source: string, tellUnknown: (index: number) => void): string {
  return source.replace(
    DOUBLE_QUOTED,
    (found: string, x?: string, u?: string, long?: string, letter = "", index = 0) => {
      if (!found.startsWith("\\")) return found.includes("\n") ? folded(found) : found;
      const code = Number.parseInt(x ?? u ?? long ?? "", 16);
      const text = code <= MAX_CODE_POINT ? String.fromCodePoint(code) : ESCAPES.get(letter);
      if (text === undefined) tellUnknown(index);
      return text ?? found;
    },
  );
}

/** A line of a block text: the spaces in front, and what follows them. */
interface Line {
  /** In the block text. */
  readonly offset: number;
  readonly indentation: number;
  readonly content: string;
}

function linesOf(source: string): readonly Line[] {
  if (source === "") return [];
  let offset = 0;
  return source.split("\n").map((line) => {
    const indentation = /^ */.exec(line)?.[0].length ?? 0;
    const told = { offset, indentation, content: line.slice(indentation).replace(/\r$/, "") };
    offset += line.length + 1;
    return told;
  });
}

export interface BlockPlace {
  /** As `|`, `>-`. */
  readonly header: string;
  readonly parentIndent: number;
  readonly isRoot: boolean;
  /** Told where a line does not fit the indentation, and why. */
  tellMisfit(index: number, what: string): void;
}

export function blockText(source: string, { header, parentIndent, isRoot, tellMisfit }: BlockPlace): string {
  const lines = linesOf(source);
  const keeps = header.includes("+");
  const start = lines.findIndex(({ content }) => content !== "");
  const first = lines[start];
  if (first === undefined) return keeps && lines.length > 0 ? "\n".repeat(Math.max(1, lines.length - 1)) : "";
  const { indentation } = first;
  const blank = lines.slice(0, start).reduce((most, line) => Math.max(most, line.indentation), parentIndent);
  if (indentation < blank)
    tellMisfit(first.offset + indentation, "blank lines before a block text that are indented deeper than the text");
  if (indentation === 0 && !isRoot) tellMisfit(first.offset, "a block text that is not indented");
  // Blank lines at the end belong to the text only as far as they are indented deeper.
  const end = 1 + lines.findLastIndex((line) => line.content !== "" || line.indentation > indentation);
  const shown = lines.slice(start, end);
  for (const line of shown)
    if (line.content !== "" && line.indentation < indentation)
      tellMisfit(line.offset + line.indentation, "a line of a block text that is indented less than its first");
  const body = header.startsWith("|") ? literal(shown, indentation) : foldedBlock(shown, indentation);
  const value = "\n".repeat(start) + body;
  if (header.includes("-")) return value;
  if (!keeps) return `${value}\n`;
  const kept = value + "\n".repeat(lines.length - end);
  return kept.endsWith("\n") ? kept : `${kept}\n`;
}

function shifted({ indentation, content }: Line, by: number): string {
  return " ".repeat(Math.max(0, indentation - by)) + content;
}

function literal(lines: readonly Line[], indentation: number): string {
  return lines.map((line) => shifted(line, indentation)).join("\n");
}

/** Lines that are indented deeper, or begin with a tab, keep their line breaks. */
function foldedBlock(lines: readonly Line[], indentation: number): string {
  let value = "";
  let separator = "";
  let wasDeeper = false;
  for (const line of lines) {
    if (line.indentation > indentation || line.content.startsWith("\t")) {
      if (separator === " ") separator = "\n";
      else if (!wasDeeper && separator === "\n") separator = "\n\n";
      value += separator + shifted(line, indentation);
      separator = "\n";
      wasDeeper = true;
    } else if (line.content === "") {
      if (separator === "\n") value += "\n";
      else separator = "\n";
    } else {
      value += separator + line.content;
      separator = " ";
      wasDeeper = false;
    }
  }
  return value;
}
