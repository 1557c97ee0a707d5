/**
 * Counts a YAML text's tokens while they are read, so that a file is given up before anything is built from it that costs too much:
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

export interface Gauge {
  /** To be told every lexeme in order; says when to give up. */
  exceededBy(lexeme: string): Excess | undefined;
}

export function createGauge(): Gauge {
  let tokens = 0;
  let significant = 0;
  let openFlows = 0;
  let indicatorsOnLine = 0;
  let isText = false;
  let atLineStart = true;
  return {
    exceededBy(lexeme) {
      tokens += 1;
      if (/^[^\s#]/.test(lexeme) && lexeme !== TEXT_FOLLOWS) significant += 1;
      if (tokens > MAX_TOKENS || significant > MAX_SIGNIFICANT_TOKENS) return TOO_MANY;
      if (isText) {
        // A block text ends with its last line.
        atLineStart = lexeme.endsWith("\n");
        isText = false;
        return undefined;
      }
      isText = lexeme === TEXT_FOLLOWS;
      // The library minds a tab only where it would change the structure; YAML 1.1 minds it on an empty line too.
      if (atLineStart && openFlows <= 0 && /^[ \t]*\t[ \t]*$/.test(lexeme)) return TAB;
      atLineStart = /^\r?\n$/.test(lexeme) || (atLineStart && /^ *$/.test(lexeme));
      if (lexeme === "[" || lexeme === "{") openFlows += 1;
      else if (lexeme === "]" || lexeme === "}") openFlows -= 1;
      else if (lexeme === "\n" || lexeme === "\r\n") indicatorsOnLine = 0;
      // `- - - a` nests without indentation.
      else if (openFlows <= 0 && /^[-?:]$/.test(lexeme)) indicatorsOnLine += 1;
      return openFlows > MAX_NESTING_DEPTH || indicatorsOnLine > MAX_NESTING_DEPTH ? TOO_DEEP : undefined;
    },
  };
}
