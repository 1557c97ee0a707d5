// The pattern library for the page: its parser alone, which is all that policies/pattern/syntax-tree.ts asks it for. Its own matching is
// a third of the library, and bundlers keep it, because a set of patterns could match and because its classes might do something when
// they are made.

import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

export const patternParserAlone: Plugin = {
  name: "pattern-parser-alone",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]re2js[\\/]build[\\/]index\.js$/ }, async ({ path }) => ({
      contents: withoutMatching(await readFile(path, "utf8")),
      loader: "js",
    }));
  },
};

const CLASS = /^var (\w+) = (class(?: \w+)?(?: extends \w+)? \{$[\s\S]*?^\});$/gm;
/** From the first of its methods that build an engine to its end. */
const SET = /(^var RE2Set = [\s\S]*?)\n\tcompile\(\) \{$[\s\S]*?^\};$/m;

/** Throws for a release that is written in another way: then this is to be looked at again. */
export function withoutMatching(source: string): string {
  const cut = source.replace(SET, (_, set: string) => `${set}\n};`);
  const made = cut.replaceAll(
    CLASS,
    (_, name: string, text: string) => `var ${name} = /* @__PURE__ */ (() => ${text})();`,
  );
  if (cut === source || made === cut) throw new Error("re2js is written in another way than its parser is taken from");
  return made;
}
