// `npm run coverage`: which files and how many functions of worker/ and policies/ one exchange runs through, warm
// and cold, as V8 counts them. What is run once per isolate, when the parts are put together, is not counted.

import { Session } from "node:inspector/promises";
import { KINDS, openRecorded, prepare } from "./counts.ts";

const ROOT = new URL("../../../", import.meta.url).href;

interface Covered {
  readonly url: string;
  readonly functions: readonly {
    readonly ranges: readonly { readonly startOffset: number; readonly count: number }[];
  }[];
}

/** Functions that ran, by file; a module's own body, which runs at import, begins at its start. */
function ranIn(covered: readonly Covered[]): ReadonlyMap<string, number> {
  const files = new Map<string, number>();
  for (const { url, functions } of covered) {
    const path = url.slice(ROOT.length);
    if (!url.startsWith(ROOT) || !/^(?:worker|policies)\//.test(path)) continue;
    const ran = functions.filter(({ ranges: [whole] }) => whole && whole.startOffset > 0 && whole.count > 0).length;
    if (ran > 0) files.set(path, ran);
  }
  return files;
}

const world = await openRecorded();
const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
for (const kind of KINDS) {
  const exchange = (await prepare(world, kind)).next();
  await session.post("Profiler.takePreciseCoverage");
  await exchange();
  const files = ranIn((await session.post("Profiler.takePreciseCoverage")).result);
  const functions = [...files.values()].reduce((sum, count) => sum + count, 0);
  const ofWorker = [...files.keys()].filter((path) => path.startsWith("worker/")).length;
  console.log(`${kind.padEnd(12)} ${functions} functions in ${files.size} files, ${ofWorker} of them in worker/`);
}
