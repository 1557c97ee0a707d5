/**
 * Shapes in the tokens of a pattern: bare dots, globs, alternations, plain text. Pure; linear in the tokens.
 */

import { type PatternToken, quotedTextOf } from "../pattern/tokens.ts";

type Tokens = readonly PatternToken[];

const isRepetition = (token: PatternToken | undefined) => token?.kind === "repeat" || token?.kind === "count";

/** Dots that stand for one character of any kind. */
export function isBareDot(tokens: Tokens, { kind, text }: PatternToken, at: number): boolean {
  return kind === "atom" && text === "." && !isRepetition(tokens[at + 1]);
}

/** A `*` behind a character that nobody means to repeat, as in `refs/heads/*`, with that character. */
export function globOf(tokens: Tokens): string | undefined {
  const at = tokens.findIndex(({ kind, text }, i) => {
    const before = tokens[i - 1];
    const repeatsLetter = before?.kind === "atom" && before.text.length === 1 && !".^$".includes(before.text);
    return kind === "repeat" && text === "*" && repeatsLetter;
  });
  return at < 0 ? undefined : `${tokens[at - 1]?.text}*`;
}

/** The alternatives that stand outside of every group; one if there is no such alternation. */
export function topLevelAlternatives(pattern: string, tokens: Tokens): readonly string[] {
  const cuts: number[] = [];
  let depth = 0;
  for (const { kind, from } of tokens) {
    if (kind === "open") depth += 1;
    else if (kind === "close") depth -= 1;
    else if (kind === "bar" && depth === 0) cuts.push(from);
  }
  return [...cuts, pattern.length].map((cut, i) => pattern.slice(i === 0 ? 0 : (cuts[i - 1] ?? 0) + 1, cut));
}

/** The characters of a token that stands for itself; undefined for any other, a bare dot included. */
export function literalOf(token: PatternToken): string | undefined {
  if (token.kind === "quote") return quotedTextOf(token);
  if (token.kind !== "atom" || token.text === "." || token.text === "^" || token.text === "$") return undefined;
  if (!token.text.startsWith("\\")) return token.text;
  return /^\\[^A-Za-z0-9]$/u.test(token.text) ? token.text.slice(1) : undefined;
}

/** A pattern as it can stand within another one; undefined if it has anchors elsewhere than at its ends. */
export function literalSlotOf(pattern: string, tokens: Tokens): string | undefined {
  const isEdge = ({ kind, text }: PatternToken) => kind === "atom" && /^(?:[\^$]|\\[AzbB])$/.test(text);
  const starts = tokens.findIndex((token) => !isEdge(token));
  const inner = tokens.slice(Math.max(starts, 0));
  while (inner.length > 0 && isEdge(inner.at(-1) as PatternToken)) inner.pop();
  if (inner.some(isEdge)) return undefined;
  return pattern.slice(inner[0]?.from ?? 0, inner.at(-1)?.to ?? 0);
}

/** The one text that the pattern was written for, its bare dots read as dots; undefined if it can be several. */
export function soleTextOf(tokens: Tokens): string | undefined {
  let text = "";
  for (const [i, token] of tokens.entries()) {
    const isAnchor = token.kind === "atom" && ((token.text === "^" && text === "") || token.text === "$");
    const isGroup = token.kind === "close" || (token.kind === "open" && !/^\(\?[a-zA-Z-]+:/.test(token.text));
    if (isRepetition(tokens[i + 1])) return undefined;
    if (isAnchor || isGroup) continue;
    const literal = token.text === "." ? "." : literalOf(token);
    if (literal === undefined) return undefined;
    text += literal;
  }
  return text;
}

/** The text that every match begins with, as far as it is plain. */
export function plainPrefixOf(tokens: Tokens): string {
  // Of an alternation the branches need not begin alike.
  if (topLevelAlternatives("", tokens).length > 1) return "";
  let text = "";
  for (const [i, token] of tokens.entries()) {
    if (token.kind === "atom" && token.text === "^" && text === "") continue;
    const literal = literalOf(token);
    if (literal === undefined || isRepetition(tokens[i + 1])) return text;
    text += literal;
  }
  return text;
}

/** The places between two parts of the pattern, outside of every group; 0 is the first. */
export function cutsOf(tokens: Tokens): readonly number[] {
  const cuts = [0];
  let depth = 0;
  for (const [i, { kind, to }] of tokens.entries()) {
    if (kind === "open") depth += 1;
    if (kind === "close") depth -= 1;
    const next = tokens[i + 1]?.kind;
    if (depth === 0 && kind !== "flags" && next !== "repeat" && next !== "count") cuts.push(to);
  }
  return cuts;
}
