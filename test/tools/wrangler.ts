// `npm run deploy` and `npm run wrangler -- COMMAND`: wrangler on the operator's own settings. What would put a version online is
// looked at first, and a deployment afterwards, by /readyz (which says more to READY_TOKEN, if the environment has it).
// Usage: node test/tools/wrangler.ts [--settings FILE] COMMAND...

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { preflight } from "./deploy/preflight.ts";
import { get, isReady } from "./deploy/ready.ts";
import { OWN_FILE, ROOT, readSettings, writeGenerated } from "./deploy/settings.ts";
import { wrangler } from "./deploy/wrangler.ts";

/** Ours stands before wrangler's command, whose own options are passed on as they are. */
function split(args: readonly string[]): { readonly file: string; readonly command: readonly string[] } {
  const at = args.indexOf("--settings");
  if (at < 0) return { file: OWN_FILE, command: args };
  const { values } = parseArgs({ args: args.slice(at, at + 2), options: { settings: { type: "string" } } });
  return { file: values.settings ?? OWN_FILE, command: [...args.slice(0, at), ...args.slice(at + 2)] };
}

async function run(): Promise<number> {
  const { file, command } = split(process.argv.slice(2));
  // A file that was named wrongly would be taken for an empty one.
  if (file !== OWN_FILE && !existsSync(resolve(ROOT, file))) throw new Error(`${file} does not exist`);
  const settings = readSettings(file);
  const isOnline = command[0] === "deploy" || (command[0] === "versions" && command[1] === "upload");
  const findings = isOnline ? preflight(settings) : [];
  for (const { severity, text } of findings) console.error(`${severity}: ${text}`);
  if (findings.some(({ severity }) => severity === "error")) {
    const isThere = existsSync(resolve(ROOT, file));
    console.error(
      `Nothing was deployed. Your settings are ${file}${isThere ? ", over wrangler.toml." : ", which npm run setup writes."}`,
    );
    return 1;
  }
  const { code } = await wrangler([...command, "--config", writeGenerated(file, settings)]);
  if (code !== 0 || command[0] !== "deploy" || command.includes("--dry-run")) return code;
  const outside = { get, wait: (ms: number) => wait(ms), tell: (text: string) => console.log(text) };
  return (await isReady(outside, String(settings.vars.STS_DOMAIN), process.env.READY_TOKEN)) ? 0 : 1;
}

try {
  process.exitCode = await run();
} catch (problem) {
  console.error(problem instanceof Error ? problem.message : String(problem));
  process.exitCode = 1;
}
