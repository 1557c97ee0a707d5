// The table of worker/README.md says of each event what the Worker was counted to do.

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { COSTS, sumOf } from "./costs.ts";

const readme = readFileSync(`${import.meta.dirname}/../../worker/README.md`, "utf8");

it("has a row for each event that is counted, and no other", () => {
  const section = readme.slice(readme.indexOf("\n## Webhook\n")).split("\n## ")[1] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  const told = rows.slice(2).map((line) => line.split("|").map((cell) => cell.trim()));
  const counted = Object.values(COSTS).map((cost) => [cost.event, String(sumOf(cost)), cost.kv]);
  expect(told.map(([, event, calls, kv]) => [event, calls, kv])).toEqual(counted);
});
