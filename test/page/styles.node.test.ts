// The style sheets of the parts stand in one document: what one part says may not change another.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const PAGE = fileURLToPath(new URL("../../worker/page/", import.meta.url).href);

type Sheets = ReadonlyMap<string, string>;

const classesOf = (selector: string): string[] =>
  [...selector.matchAll(/\.([a-z][\w-]*)/gi)].map(([, name = ""]) => name);

function selectorsOf(css: string): string[] {
  const plain = css.replace(/\/\*.*?\*\//gs, "").replace(/@[a-z][^{;]*(?:\{|;)/gi, "");
  return [...plain.matchAll(/([^{}]+)\{/g)].flatMap(([, group = ""]) => group.split(",").map((one) => one.trim()));
}

/** Selectors that have no class of their file's own, so that they fit elsewhere too; "base" may say what holds everywhere. */
function strays(sheets: Sheets): string[] {
  const own = (file: string, name: string): boolean =>
    [...sheets].every(([other, css]) => other === file || !selectorsOf(css).flatMap(classesOf).includes(name));
  return [...sheets]
    .filter(([file]) => file !== "base")
    .flatMap(([file, css]) =>
      selectorsOf(css)
        .filter((selector) => !classesOf(selector).some((name) => own(file, name)))
        .map((selector) => `${file}: ${selector}`),
    );
}

it("keeps what a part says of its looks to that part", () => {
  const folders = readdirSync(PAGE, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const sheets = folders.flatMap(({ name }) => {
    const files = readdirSync(`${PAGE}${name}`).filter((file) => file.endsWith(".css"));
    return files.map((file) => [name, readFileSync(`${PAGE}${name}/${file}`, "utf8")] as const);
  });
  expect(sheets.length).toBeGreaterThan(3);
  expect(strays(new Map([...sheets, ["base", readFileSync(`${PAGE}base.css`, "utf8")]]))).toEqual([]);
});

it("finds what does not", () => {
  const sheets = {
    base: ".card { color: red } a { color: blue }",
    one: "/* .mine */ .list, .own li { margin: 0 } @media (min-width: 1px) { .own .card { margin: 0 } }",
    two: ".list > p { margin: 0 } summary { margin: 0 } .card { margin: 0 } .two .list { margin: 0 }",
  };
  expect(strays(new Map(Object.entries(sheets)))).toEqual([
    "one: .list",
    "two: .list > p",
    "two: summary",
    "two: .card",
  ]);
});
