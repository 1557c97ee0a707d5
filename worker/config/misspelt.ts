/** Names of an environment that somebody typed wrongly. Pure: knows names, never values. */

import { distance, plainSpelling } from "../../policies/suggest.ts";

export interface Misspelt {
  readonly name: string;
  /** The name that is read. */
  readonly meant: string;
}

/** In two words of a name at most; more is another name. */
const WRONG_WORDS_MAX = 2;
/** Two letters of a longer word may be wrong: ALLOW for ALLOWED, but not REPORT for REPO. */
const ONE_WRONG_LETTER_MAX = 4;
/** Shorter words are abbreviations, where another letter is another thing: API and APP, STS and DNS. */
const ABBREVIATION_MAX = 3;

/** Those of `names` that are none of `known`, and nearly one of them. */
export function misspeltNames(names: readonly string[], known: readonly string[]): readonly Misspelt[] {
  return names.flatMap((name) => {
    if (known.includes(name)) return [];
    const meant = known.find((other) => isMisspelt(wordsOf(name), wordsOf(other)));
    return meant === undefined ? [] : [{ name, meant }];
  });
}

/** One form for the singular and the plural, and for what means the same. */
const wordsOf = (name: string): readonly string[] =>
  plainSpelling(name)
    .split("_")
    .map((word) => (word === "uri" ? "url" : word.replace(/ies$/, "y")));

function isMisspelt(words: readonly string[], known: readonly string[]): boolean {
  const [squeezed, whole] = [words.join(""), known.join("")];
  if (squeezed === whole) return true;
  if (words.length !== known.length) return distance(squeezed, whole, 1) === 1;
  const wrong = words.flatMap((word, index) => (word === known[index] ? [] : [[word, known[index] ?? ""] as const]));
  return wrong.length <= WRONG_WORDS_MAX && wrong.every(([word, meant]) => isNear(word, meant));
}

function isNear(word: string, meant: string): boolean {
  const limit = Math.min(word.length, meant.length) > ONE_WRONG_LETTER_MAX ? 2 : 1;
  if (distance(word, meant, limit) > limit) return false;
  return meant.length > ABBREVIATION_MAX || word.length !== meant.length || sorted(word) === sorted(meant);
}

const sorted = (word: string): string => [...word].sort().join("");
