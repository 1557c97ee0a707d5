/**
 * Generated files are what their generators make, and the JSON Schemas judge as the engine does.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseTrustedIssuers } from "../../policies/issuers.ts";
import { parsePolicy } from "../../policies/parse.ts";
import {
  descriptionsModule,
  installedDescriptions,
  installedLevels,
  permissionsModule,
  permissionsSource,
} from "../tools/generate-permissions.ts";
import { schemaFiles } from "../tools/generate-schemas.ts";

const read = (path: string) => readFileSync(join(import.meta.dirname, "../..", path), "utf8");

describe("the permission table", () => {
  const installed = installedLevels();

  test("is up to date with GitHub's description (npm run generate)", () => {
    expect(installed.size).toBeGreaterThan(40);
    expect(read("policies/permissions-table.ts")).toBe(permissionsModule(permissionsSource(), installed));
  });

  test("has what GitHub says of each permission beside it (npm run generate)", () => {
    const descriptions = installedDescriptions();
    expect(read("policies/permission-descriptions.ts")).toBe(descriptionsModule(descriptions));
    expect([...descriptions.keys()].sort()).toEqual([...installed.keys()].sort());
    for (const text of descriptions.values()) expect(text).toMatch(/^(?!The level of)[A-Z].{5,160}\.$/);
  });

  test("is not made when GitHub describes a name whose reach nobody wrote down, or forgets one", () => {
    const more = new Map([...installed, ["time_machines", ["read"]]]);
    expect(() => permissionsModule(permissionsSource(), more)).toThrow("time_machines");
    const fewer = new Map([...installed].filter(([name]) => name !== "contents"));
    expect(() => permissionsModule(permissionsSource(), fewer)).toThrow("GitHub no longer describes contents");
  });
});

test.each([...schemaFiles()])("%s is up to date (npm run generate)", (path, text) => {
  expect(read(path)).toBe(text);
});

const ajv = new Ajv2020({ allowUnionTypes: true });
const policySchema = ajv.compile(JSON.parse(read("policies/policy.schema.json")));
const listSchema = ajv.compile(JSON.parse(read("policies/trusted-token-issuers.schema.json")));

const HEAD = "issuer: https://id.example.com\nsubject: deployer\n";
const ED_KEY = '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}';
const GRANT = "permissions: {contents: read}\n";

test.each([
  ["a small policy", HEAD + GRANT, true],
  [
    "every key",
    `${HEAD}${GRANT}audience_pattern: a|b\nclaim_pattern: {a/b: x, n1: true, build: 12}\nrepositories: [app]\nmax_token_lifetime: 600\ndescription: text\n`,
    true,
  ],
  ["an unquoted long number", `issuer: https://accounts.google.com\nsubject: 424950412427962977617\n${GRANT}`, true],
  ["an App", `${HEAD}${GRANT}app: releases\n`, true],
  ["Apps by a pattern", `${HEAD}${GRANT}app_pattern: release-.*\n`, true],
  ["two ways to name an App", `${HEAD}${GRANT}app: a\napp_pattern: b\n`, false],
  ["a key set as text", `${HEAD}${GRANT}jwks: '{"keys": [${ED_KEY}]}'\n`, true],
  ["a key set as a block of text", `${HEAD}${GRANT}jwks: |\n  {"keys": [${ED_KEY}]}\n`, true],
  ["a list for a key set", `${HEAD}${GRANT}jwks: [${ED_KEY}]\n`, false],
  ["null is not set", `${HEAD}${GRANT}audience: ~\nclaim_pattern:\nrepositories: null\n`, true],
  ["no permissions", HEAD, false],
  ["empty permissions", `${HEAD}permissions: {}\n`, false],
  ["a hyphen", `${HEAD}permissions: {pull-requests: read}\n`, false],
  ["a level that does not exist", `${HEAD}permissions: {contents: admin}\n`, false],
  ["a user's permission", `${HEAD}permissions: {gpg_keys: read}\n`, false],
  ["no issuer", `subject: x\n${GRANT}`, false],
  ["two subjects", `${HEAD}subject_pattern: x\n${GRANT}`, false],
  ["two audiences", `${HEAD}audience: x\naudience_pattern: x\n${GRANT}`, false],
  ["an unknown key", `${HEAD}${GRANT}expiry: 1\n`, false],
  ["a list for text", `issuer: [https://id.example.com]\nsubject: x\n${GRANT}`, false],
  ["no lifetime", `${HEAD}${GRANT}max_token_lifetime: 0\n`, false],
  ["a private key", `${HEAD}${GRANT}jwks: {keys: [{kty: OKP, d: x}]}\n`, false],
])("the policy schema and the engine agree on %s", (_, text, isGood) => {
  expect(policySchema(parse(text))).toBe(isGood);
  expect(parsePolicy(text, { kind: "organization", owner: "acme" }).ok).toBe(isGood);
});

test.each([
  ["a list", "issuers: [https://id.example.com]\n", true],
  ["patterns and a mode", "mode: audit\nissuer_patterns: ['https://[a-z]+\\.example\\.com']\n", true],
  ["nothing", "mode: enforce\n", false],
  ["an unknown key", "issuers: [https://id.example.com]\nissuer: x\n", false],
  ["text for a list", "issuers: https://id.example.com\n", false],
])("the issuer list's schema and the engine agree on %s", (_, text, isGood) => {
  expect(listSchema(parse(text))).toBe(isGood);
  expect(parseTrustedIssuers(text).ok).toBe(isGood);
});
