// The recipes of policies/examples/README.md: each heading with its blocks, as they stand there.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ROOT } from "../policies/cli/process.ts";

export interface Recipe {
  /** The shell's lines, in order. */
  readonly shell: readonly string[];
  readonly yaml: readonly string[];
}

const blocks = (section: string, language: string): string[] =>
  [...section.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(([, block = ""]) => block);

const document = readFileSync(join(ROOT, "policies/examples/README.md"), "utf8");
const [, ...sections] = document.slice(document.indexOf("\n## Recipes\n")).split(/^### /m);
const [head = ""] = document.slice(document.indexOf("\n## Recipes\n")).split(/^### /m);

/** What all of them begin with. */
export const FUNCTION = blocks(head, "sh").join("\n");

/** What gives a token back. */
export const [, REVOCATION = ""] = /is given back: `(.+)`/.exec(head) ?? [];

export const recipes: ReadonlyMap<string, Recipe> = new Map(
  sections.map((section) => {
    const [title = ""] = section.split("\n");
    return [title, { shell: blocks(section, "sh"), yaml: blocks(section, "yaml") }];
  }),
);

export function recipe(title: string): Recipe {
  const found = recipes.get(title);
  if (found === undefined) throw new Error(`there is no recipe ${title}`);
  return found;
}

/** The lines of the one job of a GitLab pipeline. */
export function scriptOf(pipeline: string): string {
  // Our own block, in GitLab's documented form.
  const [job] = Object.values(parse(pipeline) as Readonly<Record<string, { readonly script: readonly string[] }>>);
  return (job?.script ?? []).join("\n");
}
