// What `npm start` says before it starts, on any Node and whatever npm could install.

import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ROOT, run } from "./process.ts";

const SCRIPT = "test/tools/start/preflight.mjs";
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "octo-sts-preflight-"));
  await mkdir(join(directory, "test/tools/start"), { recursive: true });
  await copyFile(join(ROOT, SCRIPT), join(directory, SCRIPT));
});
afterEach(() => rm(directory, { recursive: true }));

async function install(...packages: readonly string[]): Promise<void> {
  for (const name of packages) await mkdir(join(directory, "node_modules", name), { recursive: true });
}

/** Code and output on a Node that says it is of this version. */
async function preflight(version: string): Promise<{ code: unknown; output: string }> {
  const pretend = `Object.defineProperty(process,"versions",{value:{node:"${version}"}})`;
  const running = run(process.execPath, "--import", `data:text/javascript,${pretend}`, join(directory, SCRIPT));
  return { code: await running.ended, output: running.output() };
}

const PACKAGES = ["hono", "miniflare", "node", "workerd", "wrangler"];

describe("before npm start", () => {
  it("names what is not installed, whatever Node this is", async () => {
    await install("hono");
    const output = "not installed: miniflare, node, workerd, wrangler; run npm ci first\n";
    for (const version of ["20.11.0", "24.0.0"]) expect(await preflight(version)).toEqual({ code: 1, output });
  });

  it.each(["24.0.0", "24.21.0", "26.1.0", "100.0.0"])(
    "takes the system's Node %s, also if no script may run",
    async (version) => {
      await install(...PACKAGES);
      expect(await preflight(version)).toEqual({ code: 0, output: "" });
    },
  );

  it.each(["18.20.0", "20.11.0", "23.9.0"])(
    "says why there is no Node 24 beside Node %s, and what to do",
    async (version) => {
      await install(...PACKAGES);
      const { code, output } = await preflight(version);
      expect(code).toBe(1);
      expect(output).toContain(`this is Node ${version}, and Node 24 or later is needed`);
      expect(output).toContain("ignore-scripts");
      expect(output).toContain("  npm rebuild node --ignore-scripts=false\n");
    },
  );

  it("says how to start if Node 24 is there and was gone around", async () => {
    await install(...PACKAGES, "node/bin");
    await writeFile(join(directory, "node_modules/node/bin/node"), "");
    const output = "this is Node 20.11.0; start with npm start, which brings Node 24\n";
    expect(await preflight("20.11.0")).toEqual({ code: 1, output });
  });
});
