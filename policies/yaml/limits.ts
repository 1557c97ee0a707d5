/**
 * Counts a YAML text's lexemes while they are read, so that a file is given up before anything is built from it that costs too much:
 * a parser recurses over nesting, and a comma costs it more than a byte. Pure.
 */

import { MAX_NESTING_DEPTH, MAX_SIGNIFICANT_TOKENS, MAX_TOKENS } from "../limits.ts";

export interface Excess {
  readonly message: string;
  readonly suggestion: string;
}

const TOO_DEEP: Excess = {
  message: `nested deeper than ${MAX_NESTING_DEPTH} levels`,
  suggestion: "a policy needs three levels at most",
};
const TOO_MANY: Excess = {
  message: `more than ${MAX_TOKENS} pieces of YAML, or ${MAX_SIGNIFICANT_TOKENS} without white space and comments`,
  suggestion: "shorten the file",
};

const TAB: Excess = { message: "a tab is used as indentation", suggestion: "indent with spaces" };

/** The mark that the lexer puts before plain and block text. */
const TEXT_FOLLOWS = "\u001f";

export class YamlLimits {
  #tokens = 0;
  #significant = 0;
  #openFlows = 0;
  #indicatorsOnLine = 0;
  #isText = false;
  #atLineStart = true;

  /** To be told every lexeme in order; says when to give up. */
  exceededBy(lexeme: string): Excess | undefined {
    this.#tokens += 1;
    if (/^[^\s#]/.test(lexeme) && lexeme !== TEXT_FOLLOWS) this.#significant += 1;
    if (this.#tokens > MAX_TOKENS || this.#significant > MAX_SIGNIFICANT_TOKENS) return TOO_MANY;
    if (this.#isText) {
      // A block text ends with its last line.
      this.#atLineStart = lexeme.endsWith("\n");
      this.#isText = false;
      return undefined;
    }
    this.#isText = lexeme === TEXT_FOLLOWS;
    // The library minds a tab only where it would change the structure; YAML 1.1 minds it on an empty line too.
    if (this.#atLineStart && this.#openFlows <= 0 && /^[ \t]*\t[ \t]*$/.test(lexeme)) return TAB;
    this.#atLineStart = /^\r?\n$/.test(lexeme) || (this.#atLineStart && /^ *$/.test(lexeme));
    return this.#isTooDeep(lexeme) ? TOO_DEEP : undefined;
  }

  #isTooDeep(lexeme: string): boolean {
    if (lexeme === "[" || lexeme === "{") this.#openFlows += 1;
    else if (lexeme === "]" || lexeme === "}") this.#openFlows -= 1;
    else if (lexeme === "\n" || lexeme === "\r\n") this.#indicatorsOnLine = 0;
    // `- - - a` nests without indentation.
    else if (this.#openFlows <= 0 && /^[-?:]$/.test(lexeme)) this.#indicatorsOnLine += 1;
    return this.#openFlows > MAX_NESTING_DEPTH || this.#indicatorsOnLine > MAX_NESTING_DEPTH;
  }
}
