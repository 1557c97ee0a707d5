// What an exchange asks of others is what worker/README.md says that it costs. How long it takes is for whoever runs the bench.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { countAll, KINDS } from "./counts.ts";

const readme = readFileSync(join(import.meta.dirname, "../../../worker/README.md"), "utf8");

it("counts the calls and KV operations that worker/README.md says", async () => {
  const told = KINDS.map((kind) => {
    const [, calls, kvReads, kvWrites] = new RegExp(`^${kind} +(\\d+) +(\\d+) +(\\d+)$`, "m").exec(readme) ?? [];
    return [kind, { calls: Number(calls), kvReads: Number(kvReads), kvWrites: Number(kvWrites) }];
  });
  expect([...(await countAll())]).toEqual(told);
});
