// BEHAVIOUR.md and the tests that it names belong together: no row without a test, no test without a row.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const read = (name: string): string => readFileSync(`${import.meta.dirname}/${name}`, "utf8");
const rows = [...read("BEHAVIOUR.md").matchAll(/^\| (\d+) +\| (.+?) +\| (.+?) *\|$/gm)].map((row) => ({
  number: Number(row[1]),
  source: row[3] ?? "",
}));
const numbers = (name: string): number[] =>
  [...read(name).matchAll(/^ {2}it\("(\d+): /gm)].map((one) => Number(one[1]));

describe("BEHAVIOUR.md", () => {
  it("numbers its rows from one without a gap, forty at least", () => {
    expect(rows.length).toBeGreaterThanOrEqual(40);
    expect(rows.map((row) => row.number)).toEqual(rows.map((_, i) => i + 1));
  });

  it("has one test for each row, and no test without a row", () => {
    const names = ["github", "github-access", "github-git", "github-graphql", "github-manifest"];
    const tested = names.flatMap((name) => numbers(`${name}.test.ts`));
    expect(tested.sort((a, b) => a - b)).toEqual(rows.map((row) => row.number));
  });

  it("gives every row an address, or says that there is none", () => {
    const bare = rows.filter((row) => !/https:\/\/\S+|no address/.test(row.source));
    expect(bare).toEqual([]);
    const documented = rows.filter((row) => row.source.includes("https://docs.github.com/"));
    expect(documented.length).toBeGreaterThanOrEqual(40);
  });
});
