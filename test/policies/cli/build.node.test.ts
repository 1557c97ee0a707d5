/**
 * What the command line prints of itself, and the one file that it is built to.
 */

import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { buildPolicy } from "../../tools/build-policy.ts";
import { createWorkplace, longest, ROOT } from "./process.ts";

const { directory, policy } = createWorkplace();

describe("schema, help and the built program", () => {
  test("prints the schemas", () => {
    expect(JSON.parse(policy(["schema"]).stdout).title).toBe("Trust policy");
    expect(JSON.parse(policy(["schema", "trusted-token-issuers"]).stdout).properties.mode).toBeDefined();
  });

  test("helps in 80 columns", () => {
    const { status, stdout } = policy(["--help"]);
    expect(status).toBe(0);
    expect(longest(stdout)).toBeLessThanOrEqual(80);
    expect(policy([]).stdout).toBe(stdout);
  });

  test("works as one JavaScript file, through a link as npm makes it", async () => {
    const file = join(directory, "policy.js");
    const bytes = await buildPolicy(file);
    console.log(`the command line as one file: ${bytes} bytes`);
    const examples = join(ROOT, "policies/examples");
    const link = join(directory, "bin-policy");
    symlinkSync(file, link);
    const stdout = execFileSync(process.execPath, [link, "test", examples], { encoding: "utf8" });
    expect(stdout.trimEnd().split("\n").at(-1)).toMatch(/^\d+ tests in 23 files: 0 failed$/);
  });
});
