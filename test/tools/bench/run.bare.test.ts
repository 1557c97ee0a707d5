// The bench, with so few exchanges that its numbers say nothing: that it comes to its end, and what it makes of what it measured.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Cost } from "./measure.ts";
import { comparison, tableOf } from "./report.ts";
import { bench } from "./run.ts";
import { FLOORS_OF, KINDS } from "./subjects.ts";

const readme = readFileSync(join(import.meta.dirname, "../../../worker/README.md"), "utf8");

it("measures every kind of exchange beside its floors, and memory", async () => {
  const numbers = await bench({ quick: true, memory: true });
  for (const kind of KINDS) {
    const { median, least, floors } = numbers.kinds[kind];
    expect(Object.keys(floors), kind).toEqual(FLOORS_OF[kind]);
    for (const cost of [{ median, least }, ...Object.values(floors)]) {
      expect(cost.least, kind).toBeGreaterThan(0);
      expect(cost.median, kind).toBeGreaterThanOrEqual(cost.least);
    }
    // How much more an exchange costs is no matter of ten of them. The ratio is that of the rounds, of which there are two.
    const most = (cost: Cost) => 2 * cost.median - cost.least;
    for (const floor of Object.values(floors)) {
      expect(floor.ratio, kind).toBeGreaterThan((0.999 * least) / most(floor));
      expect(floor.ratio, kind).toBeLessThan((1.001 * most({ median, least })) / floor.least);
    }
  }
  expect(numbers.perSecond.exchanges).toBeGreaterThan(0);
  const { start = 0, warm = [], policies = [] } = numbers.memory ?? {};
  for (const bytes of [start, ...warm, ...policies]) expect(bytes).toBeGreaterThan(1024 * 1024);
  expect(readme).toContain(`the ${numbers.ofNewPolicy.calls} calls of a new policy`);
  expect(readme).toContain(`its ${numbers.ofNewPolicy.kv} KV operations`);

  // Against itself nothing changed, and against half the cost everything doubled.
  expect(comparison(numbers, numbers).match(/ 1\.00/g)).toHaveLength(
    3 * KINDS.flatMap((kind) => FLOORS_OF[kind]).length,
  );
  const { warm: now } = numbers.kinds;
  const earlier = { ...numbers, kinds: { ...numbers.kinds, warm: { ...now, median: now.median / 2 } } };
  expect(comparison(numbers, earlier)).toMatch(/^warm \(B\) +2\.00 +1\.00 +1\.00$/m);
  expect(tableOf(numbers)).toMatch(/^warm \(B\)( +\d+\.\d\d){5} +1\.50$/m);
});
