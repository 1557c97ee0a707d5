/**
 * What is told of a text that is no YAML. Pure.
 */

import type { Problem } from "../diagnostics.ts";

export const TAB: Problem = { message: "a tab is used as indentation", suggestion: "indent with spaces" };
export const INDENTATION: Problem = {
  message: "the indentation does not fit the lines before",
  suggestion: "align the keys of one mapping",
};
export const SECOND_COLON: Problem = {
  message: "a second `: ` on one line",
  suggestion: "put the value in single quotes",
};
export const KEY_WITHOUT_VALUE: Problem = {
  message: "a key without a value",
  suggestion: "write `key: value`, with a space after the colon",
};
export const BAD_START: Problem = {
  message: "a value may not start with this character",
  suggestion: "put the value in single quotes",
};
export const ESCAPE: Problem = {
  message: "unknown escape in double quotes",
  suggestion: "put patterns in single quotes, or double the backslash",
};
export const OPEN_QUOTE: Problem = {
  message: "a quote that is not closed",
  suggestion: "close it on its line, or indent the lines that it goes on",
};
export const GLUED_COMMENT: Problem = {
  message: "a comment without white space in front",
  suggestion: "write a space before its `#`",
};

export const SECOND_DOCUMENT: Problem = {
  message: "a second document begins here",
  suggestion: "keep one document in a file; remove the `---` and what follows",
};

export function notValid(what: string): Problem {
  return {
    message: `not valid YAML: ${what.charAt(0).toLowerCase()}${what.slice(1, 120)}`,
    suggestion: "check the indentation, the quotes and the `: ` of this line and the one before",
  };
}
