// `npm start`: the Worker by `wrangler dev` between two emulators on loopback, one exchange to look at, then serving until
// Ctrl-C. Ends with 0 only if all of it worked, and leaves no process behind.

import { AuditLog } from "./start/audit.ts";
import { type Demo, openDemo } from "./start/demo.ts";
import { exchangeAndUse } from "./start/exchange.ts";
import { type Options, readOptions, USAGE } from "./start/options.ts";
import { choosePorts } from "./start/ports.ts";
import { exchangeReport, serveReport } from "./start/report.ts";
import { type RunningWorker, startWorker } from "./start/worker.ts";

const PARENT_CHECK_MS = 500;

/** Aborted when the person leaves: by signal, or because whoever started this is gone. */
function departure(): AbortSignal {
  const controller = new AbortController();
  const leave = (): void => controller.abort(new Error("stopped"));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, leave);
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && leave(), PARENT_CHECK_MS).unref();
  return controller.signal;
}

const left = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });

interface Scene {
  readonly demo: Demo;
  readonly worker: RunningWorker;
  readonly audits: AuditLog;
  readonly domain: string;
}

async function show({ demo, worker, audits, domain }: Scene, { once }: Options, leaving: AbortSignal): Promise<void> {
  const place = { ...demo, domain };
  const shown = await exchangeAndUse({ demo, domain, audits, signal: leaving });
  console.log(exchangeReport(place, shown, Date.now()));
  if (once) return;
  console.log(serveReport(place));
  audits.follow((line) => console.log(`\n${line}`));
  const lastWords = await Promise.race([worker.ended, left(leaving)]);
  if (lastWords !== undefined) throw new Error(`the Worker ended; wrangler dev said:\n${lastWords}`);
}

async function run(options: Options): Promise<void> {
  const leaving = departure();
  const ports = await choosePorts(options.port);
  // Not 127.0.0.1: the Worker never takes its own host name for an issuer, and the issuer lives there.
  const domain = `localhost:${ports.worker}`;
  const demo = await openDemo(ports, domain);
  try {
    const audits = new AuditLog();
    const { variables } = demo;
    const worker = await startWorker({ port: ports.worker, variables, signal: leaving, onLine: audits.take });
    ports.release();
    try {
      await show({ demo, worker, audits, domain }, options, leaving);
    } finally {
      await worker.stop();
    }
  } finally {
    await demo.close();
  }
}

const options = readOptions(process.argv.slice(2));
if (typeof options === "string") {
  console.error(options);
  process.exitCode = 2;
} else if (options.help) {
  console.log(USAGE);
} else {
  await run(options).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  });
}
