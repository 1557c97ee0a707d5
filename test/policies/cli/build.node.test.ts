/**
 * What the command line prints of itself, and the one file that it is built to.
 */

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync, symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, test } from "vitest";
import { buildPolicy } from "../../tools/build-policy.ts";
import { createWorkplace, GOOD, longest, ROOT } from "./process.ts";

const { directory, policy, put } = createWorkplace();

/** Takes away what Node 22 and 24 brought, so that its use fails as it would there; syntax is esbuild's to lower. */
const NEWER_THAN_20 = `
  for (const [owner, names] of [
    [Promise, ["withResolvers", "try"]],
    [Object, ["groupBy"]],
    [Map, ["groupBy"]],
    [Array, ["fromAsync"]],
    [RegExp, ["escape"]],
    [Error, ["isError"]],
    [Uint8Array, ["fromBase64", "fromHex"]],
    [Uint8Array.prototype, ["toBase64", "toHex", "setFromBase64"]],
    [Set.prototype, ["union", "intersection", "difference", "symmetricDifference", "isSubsetOf", "isSupersetOf", "isDisjointFrom"]],
    [Iterator.prototype, ["map", "filter", "take", "drop", "flatMap", "reduce", "toArray", "forEach", "some", "every", "find"]],
  ]) for (const name of names) delete owner[name];
  delete globalThis.Iterator;
  delete globalThis.WebSocket;
`;

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
    expect(stdout.trimEnd().split("\n").at(-1)).toMatch(/^\d+ tests in \d+ files: 0 failed$/);
  });

  test("takes files from where it is typed, through npm in another directory", () => {
    put("else/where/a.sts.yaml", GOOD);
    const args = ["--silent", "--prefix", ROOT, "run", "policy", "--", "check", "where/a.sts.yaml"];
    const stdout = execFileSync("npm", args, { cwd: join(directory, "else"), encoding: "utf8" });
    expect(stdout).toBe("1 file looked at: 0 errors, 0 warnings, 0 notices\n");
  });

  test("is packed by npm into what needs nothing to be installed", () => {
    const into = ["--silent", "--pack-destination", directory];
    const packed = execFileSync("npm", ["pack", ...into], { cwd: ROOT, encoding: "utf8" });
    const file = packed.trimEnd().split("\n").at(-1) ?? "";
    execFileSync("tar", ["xzf", file], { cwd: directory });
    const made = join(directory, "package");
    const { bin, engines, ...rest } = JSON.parse(readFileSync(join(made, "package.json"), "utf8"));
    expect({ bin, engines }).toEqual({ bin: { policy: "dist/policy.js" }, engines: { node: ">=20" } });
    for (const kind of ["dependencies", "optionalDependencies", "peerDependencies", "bundleDependencies"]) {
      expect(Object.keys(rest)).not.toContain(kind);
    }
    for (const script of ["install", "postinstall", "prepare"]) expect(Object.keys(rest.scripts)).not.toContain(script);
    expect(readdirSync(join(made, "dist"))).toEqual(["policy.js"]);
    // Away from the repository, so that nothing of its node_modules is found.
    const help = execFileSync(process.execPath, [join(made, bin.policy), "--help"], {
      cwd: directory,
      encoding: "utf8",
    });
    expect(help).toContain("policy check FILE|DIR");
  });

  test("uses nothing that came after Node 20, and runs on every Node at hand", async () => {
    const file = join(directory, "policy-20.js");
    await buildPolicy(file);
    const without = `data:text/javascript,${encodeURIComponent(NEWER_THAN_20)}`;
    const examples = join(ROOT, "policies/examples");
    const wrong = join(directory, "wrong.sts.yaml");
    put(
      "wrong.sts.yaml",
      readFileSync(join(examples, "gitlab/policy.sts.yaml"), "utf8").replace("ref:main", "ref:old"),
    );
    const claims = ["--claims", join(examples, "gitlab/claims.json"), "--domain", "sts.example.com"];
    const asOld = [process.execPath, "--import", without];
    for (const [node = "", ...options] of [asOld, ...nodesAtHand().map((path) => [path])]) {
      const run = (...args: readonly string[]) =>
        spawnSync(node, [...options, file, ...args], { encoding: "utf8", env: { ...process.env, NODE_OPTIONS: "" } });
      expect(run("test", examples).stdout).toMatch(/ tests in \d+ files: 0 failed\n$/);
      expect(JSON.parse(run("check", examples, "--format", "sarif").stdout).version).toBe("2.1.0");
      expect(run("explain", join(examples, "gitlab/policy.sts.yaml"), ...claims).stdout).toContain("allowed");
      expect(run("explain", wrong, ...claims).stdout).toContain(
        "\nsubject: 'project_path:acme/app:ref_type:branch:ref:main'\n",
      );
    }
  });
});

/** Those on PATH that the package may run on: on many machines an older one than that of this test. */
function nodesAtHand(): readonly string[] {
  const paths = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "node"));
  const found = new Set(paths.filter((path) => existsSync(path)).map((path) => realpathSync(path)));
  return [...found].filter((path) => {
    const version = execFileSync(path, ["--version"], { encoding: "utf8" });
    return Number(/^v(\d+)/.exec(version)?.[1]) >= 20;
  });
}
