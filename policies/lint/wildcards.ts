/**
 * Wildcards in the tokens of a pattern: repetitions of something that can be a `:`, so that the text they match has no end of its own.
 * Pure; linear in the tokens, as whoever writes a policy may write hundreds of wildcards.
 */

import type { PatternToken } from "../pattern/tokens.ts";
import { languageOf, overlaps } from "./language.ts";
import { literalOf } from "./shapes.ts";

type Tokens = readonly PatternToken[];

export interface Wildcard {
  readonly text: string;
  readonly canBeSlash: boolean;
  /** Literal `:` before it. */
  readonly colonsBefore: number;
  /** Whether a literal `:` or `/` follows in its alternative. */
  readonly hasColonBehind: boolean;
  readonly hasSlashBehind: boolean;
  /** Whether nothing that takes a character follows. */
  readonly isLast: boolean;
}

export function wildcardsOf(tokens: Tokens): readonly Wildcard[] {
  const behind = behindEach(tokens);
  const known = new Map<string, Reach>();
  let colons = 0;
  return tokens.flatMap((token, i) => {
    const colonsBefore = colons;
    if (literalOf(token) === ":") colons += 1;
    const repetition = tokens[i + 1];
    if (!isUnbounded(repetition)) return [];
    const reach = known.get(token.text) ?? reachOf(token);
    known.set(token.text, reach);
    const { canBeColon, canBeSlash } = reach;
    if (!canBeColon) return [];
    const { hasColon, hasSlash, isEmpty } = behind[i + 2] ?? NOTHING;
    const text = `${token.text}${repetition?.text}`;
    return [{ text, canBeSlash, colonsBefore, hasColonBehind: hasColon, hasSlashBehind: hasSlash, isLast: isEmpty }];
  });
}

function isUnbounded(token: PatternToken | undefined): boolean {
  if (token?.kind === "count") return token.text.includes(",");
  return token?.kind === "repeat" && !token.text.startsWith("?");
}

interface Reach {
  readonly canBeColon: boolean;
  readonly canBeSlash: boolean;
}

function reachOf({ kind, text }: PatternToken): Reach {
  const isSet = kind === "class" || (kind === "atom" && (text === "." || /^\\[DSWpP]/.test(text)));
  if (!isSet) return { canBeColon: false, canBeSlash: false };
  const language = languageOf(text);
  return { canBeColon: overlaps(language, ":"), canBeSlash: overlaps(language, "/") };
}

/** What follows a place, without the other branches of the alternations that the place stands in. */
interface Behind {
  readonly hasColon: boolean;
  readonly hasSlash: boolean;
  readonly isEmpty: boolean;
}

const NOTHING: Behind = { hasColon: false, hasSlash: false, isEmpty: true };

const both = (one: Behind, other: Behind): Behind => ({
  hasColon: one.hasColon || other.hasColon,
  hasSlash: one.hasSlash || other.hasSlash,
  isEmpty: one.isEmpty && other.isEmpty,
});

function ofToken(token: PatternToken): Behind {
  const takes = token.kind === "class" || token.kind === "quote" || token.kind === "atom";
  if (!takes || token.text === "$" || token.text === "\\z") return NOTHING;
  const literal = literalOf(token);
  return { hasColon: literal === ":", hasSlash: literal === "/", isEmpty: false };
}

/** For each place, and for the end. Read from the end: what follows a branch is what follows its group. */
function behindEach(tokens: Tokens): readonly Behind[] {
  const all: Behind[] = [NOTHING];
  /** Of the groups around the place: what follows each, and what its branches to the right hold. */
  const groups: { readonly after: Behind; branches: Behind }[] = [];
  let here = NOTHING;
  for (const token of tokens.toReversed()) {
    const group = groups.at(-1);
    if (token.kind === "close") groups.push({ after: here, branches: NOTHING });
    else if (token.kind === "bar") {
      if (group) group.branches = both(group.branches, here);
      here = group?.after ?? NOTHING;
    } else if (token.kind === "open" && group) {
      here = both(group.branches, here);
      groups.pop();
    } else here = both(here, ofToken(token));
    all.push(here);
  }
  return all.reverse();
}
