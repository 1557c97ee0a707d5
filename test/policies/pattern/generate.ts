/** Patterns of every construct that RE2 has, legal but for chance, and texts of the characters on which they could differ. */

import type { Random } from "../yaml/generate.ts";

const ATOMS = [
  ..."abAkskſKéÉİıßẞ",
  ...["😀", "\\n", ".", "\\w", "\\W", "\\d", "\\s", "\\S", "\\pL", "\\PL", "\\p{Lu}", "\\p{Greek}", "[a-c]", "[^a-c]"],
  ...["[^\\n]", "[[:alpha:]]", "[^[:word:]]", "[k-s]", "[é-ÿ]", "[\\x{10000}-\\x{10ffff}]", "\\x{1F600}", "\\b", "\\B"],
  ...["^", "$", "\\A", "\\z", "\\Qa.b\\E", "\\.", "x", "1", "_", "-", " ", "[]a]", "[^-a]", "\\052", "\\x6b", "a|b"],
] as const;
const GROUPS = ["(", "(?:", "(?i:", "(?s:", "(?m:", "(?-i:", "(?ms:", "(?U:"] as const;
const REPEATS = ["*", "+", "?", "*?", "+?", "??", "{2}", "{0,2}", "{1,3}?", "{2,}", "{0}", "{0,1}"] as const;
const CHARACTERS = [..."abABkKKsSſéÉİiIıßẞ\n\r 1_-.xcα\u0000𝒳\u2028]*", "😀", "\ud83d", "\ude00"] as const;

export function somePattern(random: Random, depth = 0): string {
  let pattern = "";
  for (let rest = 1 + random.below(4); rest > 0; rest -= 1) {
    if (random.chance(0.16) && depth < 4) pattern += `${random.pick(GROUPS)}${someChoice(random, depth + 1)})`;
    else pattern += random.pick(ATOMS as unknown as [string]);
    if (random.chance(0.3)) pattern += random.pick(REPEATS);
    if (random.chance(0.08)) pattern += random.pick(["(?i)", "(?s)", "(?m)", "(?-i)", "\\Q", "(", ")", "[", "\\"]);
  }
  return pattern;
}

function someChoice(random: Random, depth: number): string {
  const first = somePattern(random, depth);
  const second = random.chance(0.5) ? `|${somePattern(random, depth)}` : "";
  return `${first}${second}${random.chance(0.2) ? "|" : ""}`;
}

export function someText(random: Random): string {
  return Array.from({ length: random.below(6) }, () => random.pick(CHARACTERS as unknown as [string])).join("");
}
