/**
 * YAML texts as people write them and as nobody should: written at random by YAML's own grammar, in all its styles, and then broken.
 * The same seed gives the same texts.
 */

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** mulberry32: a number from 0 up to, and without, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(from: readonly [T, ...T[]]): T {
    return from[this.below(from.length)] ?? from[0];
  }
}

const KEYS = [
  "a",
  "b",
  "issuer",
  "claim_pattern",
  "on",
  "x y",
  "a-b",
  "<<",
  "0",
  "k:k",
  "__proto__",
  "https://x/y",
] as const;
const WORDS = [
  "a",
  "read",
  "https://id.example.com",
  "repo:acme/app:ref",
  "x y",
  "null",
  "~",
  "true",
  "0777",
  "1.10",
  "^a|b$",
  "a#b",
  "it's",
  'say "x"',
  "-",
  "?a",
  "a:b",
  "ü",
  "a,b",
  "[x]",
  "*",
  "&",
] as const;
const CHOMPS = ["", "-", "+"] as const;

/** One document, most often valid. */
export class Writer {
  readonly #random: Random;
  #anchors = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  document(): string {
    const random = this.#random;
    const start = random.chance(0.05)
      ? random.pick(["---\n", "--- \n", "# c\n", "\n", " \t\n", "\ufeff", "%YAML 1.1\n---\n", "--- # c\n"])
      : "";
    const end = random.chance(0.1)
      ? random.pick(["# c", "\n\n", "...\n", "  ", " \t", "\t", "---\n", "\n  # c\n"])
      : "";
    const body = random.chance(0.93) ? this.#map(0, 0) : random.chance(0.5) ? this.#flow(0) : this.#list(0, 0);
    return `${start}${body}${end}`;
  }

  #map(indent: number, depth: number): string {
    const random = this.#random;
    const pad = " ".repeat(indent);
    let text = "";
    for (let rest = 1 + random.below(4); rest > 0; rest -= 1) {
      const key = random.chance(0.7) ? random.pick(KEYS) : this.#scalar();
      const mark = random.chance(0.02) ? random.pick(["? ", "!!str ", `&k${this.#anchors++} `]) : "";
      const name = random.chance(0.2) ? `k${random.below(99)}` : key;
      text += `${pad}${mark}${name}${random.chance(0.02) ? random.pick([" ", "\t", "\n"]) : ""}:${this.#valueBehind(indent, depth)}`;
      if (random.chance(0.06))
        text += random.pick(["\n", "  \n", "\t\n", "# c\n", `${pad}# c\n`, " \t \n", "        # c\n"]);
    }
    return text;
  }

  #list(indent: number, depth: number): string {
    const random = this.#random;
    let text = "";
    for (let rest = 1 + random.below(3); rest > 0; rest -= 1) {
      const mark = `${" ".repeat(indent)}-`;
      text +=
        random.chance(0.15) && depth < 3
          ? `${mark} ${this.#map(indent + 2, depth + 1).trimStart()}`
          : `${mark}${this.#valueBehind(indent, depth)}`;
    }
    return text;
  }

  /** What follows a colon or a dash, up to the end of the line or lines. */
  #valueBehind(indent: number, depth: number): string {
    const random = this.#random;
    const space = random.chance(0.05)
      ? random.pick(["  ", "\t", " \t", "", `\n${" ".repeat(indent + 1)}`, " # c\n "])
      : " ";
    const property = random.chance(0.08) ? random.pick([`&a${this.#anchors++} `, "*a0 ", "&a0 ", "!!str ", "!x "]) : "";
    const inner = indent + 1 + random.below(3);
    const roll = random.next();
    if (roll < 0.2 && depth < 4)
      return `${property.trimEnd() === "" ? "" : ` ${property.trimEnd()}`}${this.#lineEnd()}${this.#map(inner, depth + 1)}`;
    if (roll < 0.3 && depth < 4)
      return `${this.#lineEnd()}${this.#list(random.chance(0.3) ? indent : inner, depth + 1)}`;
    if (roll < 0.42) return `${space}${property}${this.#flow(depth)}${this.#lineEnd()}`;
    if (roll < 0.52) return `${space}${property}${this.#block(inner)}`;
    if (roll < 0.58) return `${space}${property}${this.#overLines(inner)}${this.#lineEnd()}`;
    if (roll < 0.6) return this.#lineEnd();
    if (roll < 0.63) return ` *a${random.below(this.#anchors + 1)}${this.#lineEnd()}`;
    return `${space}${property}${this.#scalar()}${this.#lineEnd()}`;
  }

  #lineEnd(): string {
    return this.#random.chance(0.1)
      ? this.#random.pick([" \n", "\t\n", " # c\n", "# c\n", "\t# c\n", "\n\n", " \t\n", ""])
      : "\n";
  }

  #scalar(): string {
    const random = this.#random;
    const word = random.pick(WORDS);
    const roll = random.next();
    if (roll < 0.5) return word;
    if (roll < 0.75) return `'${word.replaceAll("'", "''")}'`;
    const escaped = random.chance(0.2)
      ? random.pick([
          "\\n",
          "\\t",
          "\\x41",
          "\\u00e9",
          "\\/",
          "\\'",
          "\\\\",
          "\\ ",
          "\\e",
          "\\_",
          "\\N",
          "\\U0001F600",
          "\\ud83d",
          "\\q",
        ])
      : "";
    return `"${word.replaceAll('"', '\\"')}${escaped}"`;
  }

  /** A plain or quoted text over several lines. */
  #overLines(indent: number): string {
    const random = this.#random;
    const quote = random.pick(["", "'", '"']);
    let text = quote + random.pick(["a", "b c", "x "]);
    for (let rest = 1 + random.below(3); rest > 0; rest -= 1) {
      const pad = " ".repeat(Math.max(0, indent + random.below(3) - (random.chance(0.05) ? 2 : 0)));
      text += random.pick(
        ["\n", " \n", "\n\n", "\t\n", "\n \n", "\\\n", " # c\n", "\n\t\n"].slice(0, random.chance(0.3) ? 8 : 2) as [
          string,
        ],
      );
      text += `${pad}${random.chance(0.05) ? "\t" : ""}${random.pick(["d", "e f", "- g", "h: i", "'j'", "#k", "'"])}`;
    }
    return text + quote;
  }

  #block(indent: number): string {
    const random = this.#random;
    const header =
      random.pick(["|", ">"]) + (random.chance(0.04) ? random.pick(["1", "2", "3"]) : "") + random.pick(CHOMPS);
    let text = header + (random.chance(0.1) ? random.pick([" # c", " ", "\t", "# c"]) : "");
    for (let rest = random.below(4); rest > 0; rest -= 1) {
      const deeper = random.chance(0.15) ? random.below(3) : 0;
      const line = random.chance(0.15)
        ? random.pick(["", " ", "   ", "\t", "      ", " \t", "\tx"])
        : random.pick(["a", "b c", "# c", "- d", "e: f", "g ", "h\t"]);
      text += `\n${random.chance(0.1) ? "" : " ".repeat(indent + deeper)}${line}`;
    }
    return random.chance(0.95) ? `${text}\n` : text;
  }

  #flow(depth: number): string {
    const random = this.#random;
    const isMap = random.chance(0.5);
    const gap = () =>
      random.chance(0.08)
        ? random.pick([" ", "\t", "\n", "\n  ", "\n      ", " # c\n   ", "", "  "])
        : random.chance(0.5)
          ? " "
          : "";
    let text = `${isMap ? "{" : "["}${gap()}`;
    for (let rest = random.below(4); rest > 0; rest -= 1) {
      const value =
        random.chance(0.2) && depth < 4
          ? this.#flow(depth + 1)
          : random.chance(0.05)
            ? `*a${random.below(3)}`
            : this.#scalar();
      const key = random.chance(0.5) ? random.pick(KEYS) : this.#scalar();
      const colon = random.chance(0.1) ? random.pick([":", " :", ":\t", ":\n ", " ", ""]) : ": ";
      const anchor = random.chance(0.04) ? random.pick([`&a${this.#anchors++} `, "? ", "!!str ", "&a0 "]) : "";
      text += isMap || random.chance(0.1) ? `${anchor}${key}${colon}${value}` : `${anchor}${value}`;
      text += rest > 1 || random.chance(0.1) ? `${gap()},${gap()}` : gap();
    }
    return `${text}${isMap ? "}" : "]"}`;
  }
}

const BITS = [
  "\n",
  "\n  ",
  ": ",
  ":",
  "- ",
  "-",
  "'",
  '"',
  "\\",
  "[",
  "]",
  "{",
  "}",
  ",",
  ", ",
  "&a0 ",
  "*a0",
  "<<: *a0\n",
  "|",
  ">",
  "|-\n",
  ">+\n  ",
  "|2\n",
  "---\n",
  "...\n",
  "!x ",
  "!!str ",
  "%",
  "\t",
  " ",
  "  ",
  "#",
  " # c",
  "? ",
  "?",
  "\r\n",
  "\r",
  "\ufeff",
  "\u0085",
  "\\\n",
  "''",
  '""',
  "<<",
  "null",
  "~",
  "\n\n",
  "\n\t",
  "@",
  "`",
] as const;

const SCRAPS = [
  "a",
  "a: ",
  "a:",
  "  a:",
  "b: c\n",
  "  b: c\n",
  "c:\n  a:",
  ":",
  "- ",
  "  - ",
  "\n",
  "\n",
  "\n  ",
  "\n    ",
  "\n\n",
  "#c\n",
  "# c\n",
  " # c\n",
  "\n\n#c\n",
  "\t\n",
  "    |\n",
  "    >-\n",
  "|\n  t\n",
  "  t\n",
  "    t\n",
  "'q'",
  "    'q\n",
  "'q\n r'",
  '"d\n  e"',
  "    [b,\n",
  "    {b: c,\n",
  "{",
  "}",
  "]",
  ", ",
  "&a0 ",
  "&a1",
  "*a0",
  "!!str ",
  "<<: ",
  "null",
  "...\n",
] as const;

/** Pieces of YAML in any order: short texts as nobody writes them, of which a few are valid. */
export function scraps(random: Random): string {
  const count = 2 + random.below(12);
  return Array.from({ length: count }, () => random.pick(SCRAPS)).join("") + random.pick(["", "\n"]);
}

/** A text with a few changes: bits put in, characters taken out, lines moved, indentation changed, line ends and spaces exchanged. */
export function mutate(text: string, random: Random): string {
  let changed = text;
  for (let rest = 1 + random.below(4); rest > 0; rest -= 1) changed = mutateOnce(changed, random);
  return changed;
}

function mutateOnce(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  const lines = text.split("\n");
  const line = random.below(lines.length);
  switch (random.below(12)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1 + random.below(3));
    case 1: {
      const other = random.below(lines.length);
      return lines.toSpliced(line, 1, lines[other] ?? "").join("\n");
    }
    case 2:
      return lines.with(line, `${random.pick([" ", "  ", "\t", "   "])}${lines[line] ?? ""}`).join("\n");
    case 3:
      return lines.with(line, (lines[line] ?? "").replace(/^[ \t]{1,2}/, "")).join("\n");
    case 4:
      return random.chance(0.3) ? text.replaceAll("\n", "\r\n") : text;
    case 5:
      return lines.toSpliced(line, 1).join("\n");
    case 6:
      return text.slice(0, at) + text.slice(at).replace(" ", random.pick(["\t", "  ", "", "\n", "\n  "]));
    case 7:
      return (
        text.slice(0, at) + text.slice(at).replace(/: ?/, random.pick([":", ": ", " : ", ":\t", ":\n ", "? ", " "]))
      );
    case 8:
      return `${random.pick(["? ", "- ", "&a0 ", "*a0 ", "'", '"'])}${text.slice(at)}`;
    default:
      return text.slice(0, at) + random.pick(BITS) + text.slice(at);
  }
}
