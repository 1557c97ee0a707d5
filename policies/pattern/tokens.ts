/**
 * The tokens of a pattern's text, for what the syntax tree has lost: where an alternation stands, what a count repeats, whether a
 * dot was escaped, what it will cost to parse. Pure; linear in the pattern, right as far as it is legal.
 */

export interface PatternToken {
  /** `quote` is `\Q...\E`; `open` carries the group's flags; `repeat` is `*`, `+` or `?`, lazy or not; `atom` is one character or escape. */
  readonly kind: "quote" | "flags" | "open" | "close" | "bar" | "count" | "repeat" | "class" | "atom";
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

const QUOTE = /\\Q.*?(?:\\E|$)/suy;
const ESCAPE = /\\(?:[pPx]\{[^}]*\}|[pP].|x..|[0-7]{1,3}|.)/suy;
const FLAGS = /\(\?[a-zA-Z-]*\)/suy;
const OPEN = /\((?:\?(?:P?<[^>]*>|[a-zA-Z-]*:))?/suy;
const COUNT = /\{\d+(?:,\d*)?\}\??/suy;
const REPEAT = /[*+?]\??/suy;
/** What a class holds, and its end. */
const MEMBER = /\[:[^\]]*:\]|\\[pPx]\{[^}]*\}|\\.|[^\\]/suy;

export function tokensOf(pattern: string): readonly PatternToken[] {
  const tokens: PatternToken[] = [];
  for (let from = 0; from < pattern.length; ) {
    const [kind, to] = tokenAt(pattern, from);
    tokens.push({ kind, text: pattern.slice(from, to), from, to });
    from = to;
  }
  return tokens;
}

/** The kind of the token at a place, and where it ends. */
function tokenAt(pattern: string, from: number): readonly [kind: PatternToken["kind"], to: number] {
  switch (pattern[from]) {
    case "\\": {
      const quote = endOf(QUOTE, pattern, from);
      return quote === undefined ? ["atom", endOf(ESCAPE, pattern, from) ?? from + 1] : ["quote", quote];
    }
    case "(": {
      const flags = endOf(FLAGS, pattern, from);
      return flags === undefined ? ["open", endOf(OPEN, pattern, from) ?? from + 1] : ["flags", flags];
    }
    case ")":
      return ["close", from + 1];
    case "|":
      return ["bar", from + 1];
    case "{": {
      const count = endOf(COUNT, pattern, from);
      return count === undefined ? ["atom", from + 1] : ["count", count];
    }
    case "*":
    case "+":
    case "?":
      return ["repeat", endOf(REPEAT, pattern, from) ?? from + 1];
    case "[":
      return ["class", endOfClass(pattern, from)];
    default:
      return ["atom", from + ((pattern.codePointAt(from) ?? 0) > 0xffff ? 2 : 1)];
  }
}

function endOf(expression: RegExp, text: string, from: number): number | undefined {
  expression.lastIndex = from;
  return expression.test(text) ? expression.lastIndex : undefined;
}

/** The offset behind a class that begins at `from`: a `]` directly behind its start is a member. */
function endOfClass(pattern: string, from: number): number {
  let at = from + (pattern[from + 1] === "^" ? 2 : 1);
  for (let isFirst = true; at < pattern.length && (isFirst || pattern[at] !== "]"); isFirst = false) {
    const end = endOf(MEMBER, pattern, at);
    if (end === undefined) break;
    at = end;
  }
  return Math.min(at + 1, pattern.length);
}

/** The characters of a `quote` token. */
export function quotedTextOf(token: PatternToken): string {
  return token.text.slice(2, token.text.endsWith("\\E") ? -2 : undefined);
}
