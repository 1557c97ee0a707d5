/**
 * The policies of public repositories that were collected beside this repository, each with the verdict of octo-sts's parser.
 * Without the collection there is nothing to judge, and the test says so.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { parseTrustedIssuers } from "../../policies/issuers.ts";
import { type Diagnostic, deploymentDiagnostics, parsePolicy } from "../../policies/parse.ts";
import { DEFAULT_RULES } from "./judge.ts";
import { files, isThere, type RealFile, textOf } from "./real.ts";

function faultsOf(real: RealFile): readonly Diagnostic[] {
  const text = textOf(real);
  if (real.kind === "issuers") {
    const list = parseTrustedIssuers(text);
    return list.ok ? [] : list.diagnostics;
  }
  const owner = real.repo.slice(0, real.repo.indexOf("/"));
  const parsed = parsePolicy(text, { kind: real.kind === "repo" ? "repository" : "organization", owner });
  return parsed.ok ? deploymentDiagnostics(parsed.value, DEFAULT_RULES) : parsed.diagnostics;
}

/** org-wide-permission-in-repo-policy and bad-level: refused here on purpose. */
const LABELLED = ["103.yaml", "163.yaml", "164.yaml"];

test.runIf(isThere)("each has octo-sts's verdict, but for three of a label", () => {
  const accepted = files.filter((real) => faultsOf(real).length === 0).map(({ file }) => file);
  const wanted = files
    .filter(({ file, octoSts }) => octoSts === "ok" && !LABELLED.includes(file))
    .map(({ file }) => file);
  expect(accepted).toEqual(wanted);
});

test.runIf(isThere)("each refusal names the line and the fix", () => {
  const refusals = files
    .map((real) => ({ file: real.file, diagnostics: faultsOf(real) }))
    .filter(({ diagnostics }) => diagnostics.length > 0);
  const told = refusals.map(({ file, diagnostics }) => [
    file,
    ...diagnostics.map(({ line, path, suggestion }) => `${line} ${path}: ${suggestion}`),
  ]);
  const rename = (line: number, from: string) =>
    `${line} permissions.${from}: did you mean \`${from.replace("-", "_")}\`?`;
  expect(told).toEqual([
    ["002.yaml", "2 subject_pattern: RE2 has no look-around; name what is allowed instead"],
    ["035.yaml", rename(7, "pull-requests")],
    ["042.yaml", rename(11, "pull-requests")],
    ["103.yaml", "10 permissions.members: grant it in a policy of the owner's policy repository"],
    ["133.yaml", rename(7, "pull-requests")],
    ["134.yaml", rename(6, "security-events")],
    ["135.yaml", "7 permissions.id-token: remove it: it is a permission of workflows, which no App has"],
    ["163.yaml", "9 permissions.workflows: write `write`"],
    ["164.yaml", "9 permissions.workflows: write `write`"],
  ]);
});

test.runIf(isThere)("the JSON Schemas take what the engine takes", () => {
  const ajv = new Ajv2020({ allowUnionTypes: true });
  const schemaAt = (name: string) =>
    ajv.compile(JSON.parse(readFileSync(join(import.meta.dirname, "../../policies", name), "utf8")));
  const policy = schemaAt("policy.schema.json");
  const list = schemaAt("trusted-token-issuers.schema.json");
  const refused = files
    .filter((real) => !(real.kind === "issuers" ? list : policy)(parse(textOf(real))))
    .map(({ file }) => file);
  // 002 has a bad pattern, 103 a grant that only a deployment refuses: no schema can see these.
  expect(refused).toEqual(["035.yaml", "042.yaml", "133.yaml", "134.yaml", "135.yaml", "163.yaml", "164.yaml"]);
});
