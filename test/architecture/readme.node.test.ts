// The README says of the refusals and the variables what the code says.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { readConfig } from "../../worker/config.ts";
import { REFUSALS } from "../../worker/denial.ts";

const text = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url).href), "utf8");
const readme = text("README.md");

const cellsOf = (row: string): string[] =>
  row
    .slice(1, -1)
    .split(" | ")
    .map((cell) => cell.trim());

/** The cells of every row of the table whose head begins with these names. */
function tableOf(...head: readonly string[]): string[][] {
  const lines = readme.split("\n");
  const start = lines.findIndex((line) => head.every((name, i) => line.startsWith("|") && cellsOf(line)[i] === name));
  return lines.slice(start + 2, lines.indexOf("", start)).map(cellsOf);
}

it("lists every refusal as it is on the wire", () => {
  const told = tableOf("reason", "HTTP", "code").map((cells) => cells.slice(0, 5));
  const real = Object.entries(REFUSALS).map(([reason, { status, code, error, seenBy }]) => [
    reason,
    String(status),
    String(code),
    error,
    seenBy,
  ]);
  expect(told).toEqual(real);
});

it("explains every refusal", () => {
  for (const [reason = "", ...cells] of tableOf("reason", "HTTP", "code")) expect(cells[4], reason).toMatch(/\w{3}/);
});

it("lists every variable that the Worker reads, and no other", () => {
  const read = new Set<string>();
  const env = new Proxy({}, { get: (_, name) => void read.add(String(name)) });
  readConfig(env);
  const listed = tableOf("name", "default").map(([name = ""]) => name.split(" ")[0] ?? "");
  expect([...new Set(listed)].sort()).toEqual([...read].sort());
});

it("lists every binding that the Worker looks for, and no other", () => {
  const found = text("worker/services.ts").matchAll(/bindingOf<\w+>\(env, "([A-Z_]+)"/g);
  const listed = tableOf("binding", "needed").flatMap(([names = ""]) => names.split(", "));
  expect(listed.sort()).toEqual([...new Set([...found].map(([, name]) => name ?? ""))].sort());
});
