/**
 * Counts a YAML text's lexemes while they are read, so that a file is given up before anything is built from it that costs too much:
 * a parser recurses over nesting, and a comma costs it more than a byte. Pure.
 */

import type { Problem } from "../diagnostics.ts";
import { MAX_NESTING_DEPTH, MAX_SIGNIFICANT_TOKENS, MAX_TOKENS } from "../limits.ts";

import { isBlank, isMark, type Lexeme } from "./lexemes.ts";

const TOO_DEEP: Problem = {
  message: `nested deeper than ${MAX_NESTING_DEPTH} levels`,
  suggestion: "a policy needs three levels at most",
};
const TOO_MANY: Problem = {
  message: `more than ${MAX_TOKENS} pieces of YAML, or ${MAX_SIGNIFICANT_TOKENS} without white space and comments`,
  suggestion: "shorten the file",
};

const INDICATORS: readonly string[] = ["seq-item-ind", "explicit-key-ind", "map-value-ind"];

export class YamlLimits {
  #tokens = 0;
  #significant = 0;
  #openFlows = 0;
  #indicatorsOnLine = 0;

  /** To be told every lexeme in order; says when to give up. */
  exceededBy(lexeme: Lexeme): Problem | undefined {
    this.#tokens += 1;
    if (!isBlank(lexeme) && !isMark(lexeme)) this.#significant += 1;
    if (this.#tokens > MAX_TOKENS || this.#significant > MAX_SIGNIFICANT_TOKENS) return TOO_MANY;
    const { kind } = lexeme;
    if (kind === "flow-map-start" || kind === "flow-seq-start") this.#openFlows += 1;
    else if (kind === "flow-map-end" || kind === "flow-seq-end") this.#openFlows -= 1;
    else if (kind === "newline") this.#indicatorsOnLine = 0;
    // `- - - a` nests without indentation.
    else if (this.#openFlows <= 0 && INDICATORS.includes(kind)) this.#indicatorsOnLine += 1;
    return this.#openFlows > MAX_NESTING_DEPTH || this.#indicatorsOnLine > MAX_NESTING_DEPTH ? TOO_DEEP : undefined;
  }
}
