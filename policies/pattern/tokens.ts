/**
 * The tokens of a pattern's text, for what the syntax tree has lost: where an alternation stands, what a count repeats, whether a
 * dot was escaped. Pure; linear in the pattern, which must be legal alone.
 */

export interface PatternToken {
  /** `quote` is `\Q...\E`; `open` carries the group's flags; `repeat` is `*`, `+` or `?`, lazy or not; `atom` is one character or escape. */
  readonly kind: "quote" | "flags" | "open" | "close" | "bar" | "count" | "repeat" | "class" | "atom";
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

const TOKEN =
  /(?<quote>\\Q.*?(?:\\E|$))|(?<flags>\(\?[a-zA-Z-]*\))|(?<open>\((?:\?(?:P?<[^>]*>|[a-zA-Z-]*:))?)|(?<close>\))|(?<bar>\|)|(?<count>\{\d+(?:,\d*)?\}\??)|(?<repeat>[*+?]\??)|(?<class>\[)|(?<atom>\\[pPx]\{[^}]*\}|\\[pP].|\\x..|\\[0-7]{1,3}|\\.|.)/suy;

/** The offset behind a class that begins at `from`: a `]` directly behind its start is a member. */
function endOfClass(pattern: string, from: number): number {
  const member = /\[:[^\]]*:\]|\\[pPx]\{[^}]*\}|\\.|[^\\]/suy;
  let at = from + (pattern[from + 1] === "^" ? 2 : 1);
  for (let isFirst = true; at < pattern.length && (isFirst || pattern[at] !== "]"); isFirst = false) {
    member.lastIndex = at;
    if (member.exec(pattern) === null) break;
    at = member.lastIndex;
  }
  return at + 1;
}

export function tokensOf(pattern: string): readonly PatternToken[] {
  const tokens: PatternToken[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(pattern); match !== null && match[0] !== ""; match = TOKEN.exec(pattern)) {
    const kind = kindOf(match.groups ?? {});
    if (kind === "class") TOKEN.lastIndex = endOfClass(pattern, match.index);
    const to = Math.min(TOKEN.lastIndex, pattern.length);
    tokens.push({ kind, text: pattern.slice(match.index, to), from: match.index, to });
  }
  return tokens;
}

const KINDS = ["quote", "flags", "open", "close", "bar", "count", "repeat", "class", "atom"] as const;

function kindOf(groups: Readonly<Record<string, string | undefined>>): PatternToken["kind"] {
  return KINDS.find((kind) => groups[kind] !== undefined) ?? "atom";
}

/** The characters of a `quote` token. */
export function quotedTextOf(token: PatternToken): string {
  return token.text.slice(2, token.text.endsWith("\\E") ? -2 : undefined);
}
