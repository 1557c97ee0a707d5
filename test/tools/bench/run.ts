// `npm run bench`: what one exchange asks of others, and its processor time in bare workerd beside floors that are measured in the
// same run (worker/README.md, "What it costs"). Linux only. Options:
//
//     --memory         also 100,000 warm exchanges and 20,000 different policies, and what the process holds then
//     --quick          a few exchanges of each kind, for whoever changes this; the numbers say nothing
//     --json FILE      writes the numbers
//     --compare FILE   prints ratios to the numbers of an earlier run

import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { countAll } from "./counts.ts";
import { Measurement, type Plan } from "./measure.ts";
import { comparison, type Numbers, tableOf } from "./report.ts";
import { startSubjects } from "./subjects.ts";

const WHOLE: Plan = { warmUp: 2_000, rounds: 30, perRound: 80 };
const QUICK: Plan = { warmUp: 30, rounds: 2, perRound: 10 };
const WHOLE_MEMORY = { warm: 100_000, policies: 20_000 };
const QUICK_MEMORY = { warm: 200, policies: 40 };
/** Of each part, from which memory is told whether it grows. */
const SAMPLES = 4;

interface Options {
  readonly quick?: boolean;
  readonly memory?: boolean;
}

export async function bench({ quick = false, memory = false }: Options): Promise<Numbers> {
  const counts = Object.fromEntries(await countAll());
  const subjects = await startSubjects();
  try {
    const measurement = new Measurement(subjects, quick ? QUICK : WHOLE);
    const measured = { counts, ofNewPolicy: subjects.ofNewPolicy, ...(await measurement.run()) };
    if (!memory) return measured;
    const size = quick ? QUICK_MEMORY : WHOLE_MEMORY;
    const start = await measurement.rssBytes();
    const warm = await measurement.grow("warm", size.warm, SAMPLES);
    return {
      ...measured,
      memory: { start, warm, policies: await measurement.grow("new policy", size.policies, SAMPLES) },
    };
  } finally {
    await subjects.close();
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean" },
      memory: { type: "boolean" },
      json: { type: "string" },
      compare: { type: "string" },
    },
  });
  // A file of this tool's own.
  const earlier = values.compare && (JSON.parse(await readFile(values.compare, "utf8")) as Numbers);
  const numbers = await bench(values);
  console.log(tableOf(numbers));
  if (earlier) console.log(comparison(numbers, earlier));
  if (values.json) await writeFile(values.json, `${JSON.stringify(numbers, null, 2)}\n`);
  process.exit();
}
