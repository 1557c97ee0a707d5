/**
 * In place of `@codemirror/language` and `@lezer/common`, which the editor's parts import (test/tools/build-page.ts): 12 KiB of
 * parsers that are never asked, as the editor has no language but its own colours. Without one the tree of a text has no nodes.
 */
const NO_NODE = { name: "", from: 0, to: 0, parent: null };

export const syntaxTree = () => ({ resolveInner: () => NO_NODE });

/** Of what is not part of the page: brackets, indentation by language, snippets. */
const absent = (): never => {
  throw new Error("the editor has no language");
};

export {
  absent as getIndentation,
  absent as getIndentUnit,
  absent as IndentContext,
  absent as indentString,
  absent as indentUnit,
  absent as matchBrackets,
  absent as NodeProp,
};
