// The report over a folder of policies: what is counted, and what is shown of it.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { lintReport, reportText } from "./lint-report.ts";

const policy = (subject: string) =>
  `issuer: https://token.actions.githubusercontent.com\nsubject: ${subject}\npermissions:\n  checks: write\n`;

function folder(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), "lint-report-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
}

const FILES = {
  "a.sts.yaml": policy("repo:acme/app:ref:main"),
  "b.sts.yaml": policy("repo:acme/app:ref:refs/heads/main"),
  "b.sts.test.yaml": "tokens: []\n",
  "list.yaml": "issuers: [https://sts.amazonaws.com]\n",
};

it("counts the files of each rule, the most frequent first, and shows the lines", () => {
  const report = lintReport(folder(FILES));
  expect(report.files).toBe(3);
  expect(report.rules.map(([id, found]) => [id, found.map(({ file }) => file)])).toEqual([
    ["mutable-names", ["a.sts.yaml", "b.sts.yaml"]],
    ["forgeable-check", ["a.sts.yaml", "b.sts.yaml"]],
    ["matches-nothing", ["a.sts.yaml"]],
    ["issuer-misspelt", ["list.yaml"]],
  ]);
  const text = reportText(report, 1);
  expect(text).toContain("   2  66.7 %  forgeable-check\n        a.sts.yaml:4 warning: checks: write\n");
  expect(text).toContain(
    "   1  33.3 %  matches-nothing\n        a.sts.yaml:2 warning: subject: repo:acme/app:ref:main\n",
  );
  expect(text).not.toContain("b.sts.yaml");
});

it("takes from the index where a file was found", () => {
  const rows = [{ file: "b.sts.yaml", repo: "Acme/app", kind: "repo" }];
  const { files, rules } = lintReport(folder({ ...FILES, "index.json": JSON.stringify(rows) }));
  expect(files).toBe(1);
  expect(rules.map(([id]) => id)).toEqual(["owner-case", "forgeable-check"]);
});
