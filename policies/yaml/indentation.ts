/**
 * Keys that are indented where nothing can hold them, in a text that is no YAML: what the parser says of it stands lines below, and
 * misleads. Pure; linear in the text.
 */

import type { RefusedForm } from "./forms.ts";

/** The first of them. */
export function strayIndentation(text: string): RefusedForm | undefined {
  const keys = [...text.matchAll(/^( *)[A-Za-z_][\w./-]*:(?:[ \t]+([^\s#].*))?$/gm)].map(
    ({ index, 1: spaces = "", 2: value }) => {
      // A value in brackets or quotes, and a text in lines of its own, may go on below.
      return { index, depth: spaces.length, isClosed: value !== undefined && !/^[|>&!{["']/.test(value) };
    },
  );
  const outermost = keys.reduce((least, { depth }) => Math.min(least, depth), Number.POSITIVE_INFINITY);
  const stray = keys.find(({ depth }, i) => {
    const above = keys[i - 1];
    return above === undefined ? depth > outermost : above.isClosed && depth > above.depth;
  });
  return stray && { offset: stray.index + stray.depth, ...STRAY };
}

const STRAY = {
  message: "this key is indented, and nothing above can hold it",
  suggestion: "remove the spaces before it: keys of one mapping stand below each other",
};
