/**
 * `policy check`: errors and warnings of real files, in each format, with its exit codes.
 */

import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { BROKEN, createWorkplace, GOOD, longest } from "./process.ts";
import sarifSchema from "./sarif.schema.json";

const { policy, put } = createWorkplace();

describe("check", () => {
  test("tells every error of a broken file with line and column, and exits 1", () => {
    put("broken/x.sts.yaml", BROKEN);
    const { status, stdout } = policy(["check", "broken", "--format", "json", "--kind", "repository"]);
    const { files, errors, diagnostics } = JSON.parse(stdout);
    expect({ status, files, errors }).toEqual({ status: 1, files: 1, errors: 8 });
    const places = diagnostics.map(({ line, column, path }: Record<string, unknown>) => `${line}:${column} ${path}`);
    expect(places.sort()).toEqual(
      [
        "1:1 Issuer",
        "1:1 issuer",
        "2:18 subject_pattern",
        "4:8 claim_pattern.ref",
        "5:3 claim_pattern.actor",
        "7:3 permissions.pull-requests",
        "8:13 permissions.contents",
        "9:1 repositories",
      ].sort(),
    );
  });

  test("says it to people in 80 columns, without colour into a pipe", () => {
    put("broken/x.sts.yaml", BROKEN);
    const { status, stdout, stderr } = policy(["check", "broken", "--kind", "repository"], "", { FORCE_COLOR: "1" });
    expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
    expect(longest(stdout)).toBeLessThanOrEqual(80);
    expect(stdout).not.toContain("\u001b");
    expect(stdout.split("\n")[0]).toBe("broken/x.sts.yaml");
    expect(stdout).toContain('  7:3     error    unknown permission "pull-requests" [invalid]\n');
    expect(stdout).toContain("-> did you mean `pull_requests`?");
    expect(stdout).toContain("1 file looked at: 8 errors, 0 warnings, 0 notices\n");
  });

  test("exits 0 for a clean file and for warnings, 1 for warnings with --strict", () => {
    put("good.sts.yaml", GOOD);
    put("warned.sts.yaml", GOOD.replace("contents: read", "administration: write"));
    expect(policy(["check", "good.sts.yaml", "--strict"])).toEqual({
      status: 0,
      stdout: "1 file looked at: 0 errors, 0 warnings, 0 notices\n",
      stderr: "",
    });
    expect(policy(["check", "warned.sts.yaml"]).status).toBe(0);
    expect(policy(["check", "warned.sts.yaml", "--strict"]).status).toBe(1);
  });

  test("exits 2 for what it cannot use, and says so on standard error alone", () => {
    const calls = [
      ["check"],
      ["check", "nothing-here"],
      ["check", "--format", "xml", "good.sts.yaml"],
      ["check", "--kind", "org", "good.sts.yaml"],
      ["check", "--unknown", "good.sts.yaml"],
      ["check", "--token", "x", "good.sts.yaml"],
      ["frobnicate"],
      ["explain", "good.sts.yaml"],
      ["test", "good.sts.yaml"],
      ["schema", "claims"],
    ];
    put("good.sts.yaml", GOOD);
    for (const call of calls) {
      const { status, stdout, stderr } = policy(call);
      expect([call, status, stdout, stderr.startsWith("policy: ")]).toEqual([call, 2, "", true]);
    }
  });

  test("names the files of a repository that are never read", () => {
    const at = (name: string) => put(`app/.github/chainguard/${name}`, GOOD);
    for (const name of [
      "good.sts.yaml",
      "a.yaml",
      "b.sts.yml",
      "c-sts.yaml",
      "D.STS.YAML",
      "e f.sts.yaml",
      "README.md",
    ])
      at(name);
    at("sub/nested.sts.yaml");
    put("app/.github/chainguard/trusted-token-issuers.yaml", "issuers: [https://gitlab.com]\n");
    put("app/docs/example.sts.yaml", GOOD);
    const { status, stdout } = policy(["check", "app", "--format", "json"]);
    const told = JSON.parse(stdout).diagnostics.map(({ file, severity, id, suggestion }: Record<string, string>) => [
      file,
      severity,
      id,
      suggestion,
    ]);
    expect(status).toBe(1);
    expect(told).toEqual([
      ["app/.github/chainguard/D.STS.YAML", "error", "never-read", "name it D.sts.yaml"],
      ["app/.github/chainguard/a.yaml", "warning", "never-read", "name it a.sts.yaml"],
      ["app/.github/chainguard/b.sts.yml", "error", "never-read", "name it b.sts.yaml"],
      ["app/.github/chainguard/c-sts.yaml", "error", "never-read", "name it c.sts.yaml"],
      ["app/.github/chainguard/e f.sts.yaml", "error", "never-read", "name it `e-f.sts.yaml`"],
      ["app/.github/chainguard/trusted-token-issuers.yaml", "error", "never-read", "move it there, or remove it"],
      ["app/docs/example.sts.yaml", "warning", "never-read", "move it to .github/chainguard/example.sts.yaml"],
    ]);
  });

  test("judges what stands in files that are never read, no graver than their names", () => {
    const broken = `${GOOD.replace("refs/heads/main", "main")}unknown: x\n`;
    put("acme/.github/.github/chainguard/a.yaml", broken);
    put("acme/.github/.github/chainguard/b.sts.yml", `${GOOD.replace("read", "write")}repositories: [.github]\n`);
    put("acme/.github/.github/chainguard/c.sts.yml", broken);
    put("acme/.github/.github/chainguard/trusted-issuers.yaml", "issuers: [https://sts.amazonaws.com]\n");
    put("acme/.github/.github/chainguard/labels.yaml", "issuers: none\nunknown: x\n");
    const { stdout } = policy(["check", "acme", "--format", "json"]);
    const told = JSON.parse(stdout).diagnostics.map(({ file, severity, id }: Record<string, string>) =>
      [file?.replace(/.*\//, ""), severity, id].join(" "),
    );
    expect(told).toEqual([
      "a.yaml warning never-read",
      "a.yaml warning matches-nothing",
      "a.yaml warning invalid",
      "b.sts.yml error never-read",
      "b.sts.yml warning policies-writable",
      "c.sts.yml error never-read",
      "c.sts.yml warning matches-nothing",
      "c.sts.yml error invalid",
      "labels.yaml warning never-read",
      "trusted-issuers.yaml error never-read",
      "trusted-issuers.yaml warning issuer-misspelt",
    ]);
  });

  test("takes the kind from the repository: its directory, or the origin of the clone", () => {
    const text = `${GOOD}repositories: [acme/app]\n`;
    put("one/.github/.github/chainguard/a.sts.yaml", text);
    put("two/clone/.github/chainguard/a.sts.yaml", text);
    put(
      "two/clone/.git/config",
      '[core]\n\tbare = false\n[remote "origin"]\n\turl = git@github.com:Acme/.github.git\n',
    );
    put("three/app/.github/chainguard/a.sts.yaml", text);
    put("four.sts.yaml", text);
    expect(policy(["check", "one"]).stdout).toContain("0 errors");
    expect(policy(["check", "two"]).stdout).toContain("0 errors");
    expect(policy(["check", "two", "--owner", "other"]).stdout).toContain("is not of other");
    expect(policy(["check", "three"]).stdout).toContain("1 error,");
    expect(policy(["check", "four.sts.yaml"]).stdout).toContain("0 errors");
    expect(policy(["check", "four.sts.yaml", "--kind", "repository"]).status).toBe(1);
  });

  test("judges the list of trusted issuers of a policy repository", () => {
    put(
      "org/.github/.github/chainguard/trusted-token-issuers.yaml",
      "issuer_patterns: ['https://.*\\.example\\.com']\n",
    );
    const { status, stdout } = policy(["check", "org", "--format", "json"]);
    const [first] = JSON.parse(stdout).diagnostics;
    expect({ status, path: first.path, line: first.line, column: first.column }).toEqual({
      status: 1,
      path: "issuer_patterns[0]",
      line: 1,
      column: 19,
    });
  });

  test("accepts what the options say that the deployment accepts", () => {
    put("members.sts.yaml", GOOD.replace("contents: read", "members: write"));
    expect(policy(["check", "members.sts.yaml"]).stdout).toContain("[not-accepted]");
    expect(policy(["check", "members.sts.yaml", "--org-permissions", "any"]).status).toBe(0);
  });

  test("takes a file that is not UTF-8, or begins with a byte order mark, as the service does", () => {
    put("latin.sts.yaml", Uint8Array.from([0x23, 0xe9, 0x0a]));
    put("bom.sts.yaml", `\ufeff${GOOD}`);
    expect(policy(["check", "latin.sts.yaml"])).toMatchObject({ status: 1, stderr: "" });
    expect(policy(["check", "bom.sts.yaml"]).status).toBe(0);
  });

  test("writes SARIF that fits its schema", () => {
    put("a dir/x%.sts.yaml", BROKEN);
    put("a dir/y.sts.yaml", GOOD.replace("contents: read", "administration: write"));
    const { status, stdout } = policy(["check", "a dir", "--format", "sarif", "--kind", "repository"]);
    const ajv = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true, strictRequired: false });
    addFormats.default(ajv);
    const validate = ajv.compile(sarifSchema);
    const log: unknown = JSON.parse(stdout);
    expect(status).toBe(1);
    expect([validate(log), validate.errors]).toEqual([true, null]);
    const [run] = JSON.parse(stdout).runs;
    expect(run.results).toHaveLength(9);
    const ids = run.tool.driver.rules.map(({ id }: { id: string }) => id);
    for (const { ruleId, ruleIndex } of run.results) expect(ids[ruleIndex]).toBe(ruleId);
    const [{ artifactLocation, region }] = run.results.map(
      (result: { locations: { physicalLocation: unknown }[] }) => result.locations[0]?.physicalLocation,
    );
    expect({ artifactLocation, region }).toEqual({
      artifactLocation: { uri: "a%20dir/x%25.sts.yaml" },
      region: { startLine: 1, startColumn: 1 },
    });
    expect(run.results.map(({ level }: { level: string }) => level).sort()).toEqual([
      ...Array(8).fill("error"),
      "warning",
    ]);
  });

  test("takes each changed file by name, as hooks do", () => {
    put("h/.github/chainguard/a.sts.yaml", GOOD);
    put("h/.github/chainguard/a.sts.test.yaml", "tokens: []\n");
    const [policyFile, testFile] = ["h/.github/chainguard/a.sts.yaml", "h/.github/chainguard/a.sts.test.yaml"];
    expect(policy(["check", policyFile, testFile])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("2 files"),
    });
    expect(policy(["check", testFile]).status).toBe(0);
    put("h/.github/chainguard/b.sts.yml", GOOD);
    expect(policy(["check", testFile, "h/.github/chainguard/b.sts.yml"]).status).toBe(1);
  });

  test("judges as the deployment is configured", () => {
    put("e.sts.yaml", GOOD.replace("contents: read", "issue_types: read"));
    const more = ["check", "e.sts.yaml", "--kind", "organization"];
    expect(policy(more)).toMatchObject({ status: 1, stdout: expect.stringContaining("[not-accepted]") });
    expect(policy([...more, "--extra-permissions", "other,issue_types"]).status).toBe(0);
    put("l.sts.yaml", GOOD.replace(/issuer: .*/, "issuer: http://localhost:8080"));
    expect(policy(["check", "l.sts.yaml"])).toMatchObject({
      status: 1,
      stdout: expect.stringContaining("[not-accepted]"),
    });
    expect(policy(["check", "l.sts.yaml", "--allow-loopback"]).status).toBe(0);
    put("p.sts.yaml", `${GOOD}app_pattern: ci-.*\n`);
    expect(policy(["check", "p.sts.yaml", "--apps", "ci, 77"])).toMatchObject({
      status: 1,
      stdout: expect.stringContaining("no App of this deployment that serves the owner fits"),
    });
    expect(policy(["check", "p.sts.yaml", "--apps", "ci,ci-eu"]).status).toBe(0);
  });

  test("writes annotations of GitHub that no file name or text can break out of", () => {
    put("b/x,y:%.sts.yaml", GOOD.replace("contents: read", '"x\\n::warning::y%": read'));
    const { status, stdout } = policy(["check", "b", "--format", "github"]);
    expect(status).toBe(1);
    expect(stdout.split("\n")).toHaveLength(2);
    expect(stdout).toMatch(
      /^::error file=b\/x%2Cy%3A%25\.sts\.yaml,line=4,col=3,title=Trust policy%3A invalid::permission "x\\n::warning::y%25" is not known /,
    );
    expect(stdout).toContain("y%25");
  });

  test("looks at 1,000 policies", () => {
    for (let index = 0; index < 1_000; index += 1) {
      put(`many/app/.github/chainguard/p${index}.sts.yaml`, GOOD.replace("main", `release-${index}`));
    }
    const start = performance.now();
    const { status, stdout } = policy(["check", "many"]);
    const seconds = (performance.now() - start) / 1_000;
    console.log(`check of 1,000 policies: ${seconds.toFixed(2)} s, with the start of Node`);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: "1000 files looked at: 0 errors, 0 warnings, 0 notices\n",
    });
  });
});
