/**
 * Text for people: lines of at most 80 columns, colour where it was asked for. Pure.
 */

export const COLUMNS = 80;

export type Colour = "red" | "yellow" | "blue" | "green" | "bold" | "dim";

const CODES: Readonly<Record<Colour, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34 };

export type Paint = (colour: Colour, text: string) => string;

export function painter(isColoured: boolean): Paint {
  return (colour, text) => (isColoured ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text);
}

/** Control characters of a file must not reach a terminal, where they could rewrite what was said before. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** Words into lines of at most `width`; a longer word is cut. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of printable(text).split(" ")) {
    const joined = line === "" ? word : `${line} ${word}`;
    if (joined.length <= width) {
      line = joined;
      continue;
    }
    if (line !== "") lines.push(line);
    line = word;
    while (line.length > width) {
      lines.push(line.slice(0, width));
      line = line.slice(width);
    }
  }
  return [...lines, line];
}

/** `text` behind `label`, the lines that follow under the first; `label` is not counted as text, so that it may be coloured. */
export function hanging(label: string, indent: number, text: string): string {
  const [first = "", ...rest] = wrap(text, COLUMNS - indent);
  return [`${label}${first}`, ...rest.map((line) => `${" ".repeat(indent)}${line}`)].join("\n");
}
