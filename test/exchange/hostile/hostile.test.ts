// Hostile tokens and issuers through whole exchanges: each with its reason and with every host that was asked.

import { describe, expect, it } from "vitest";
import { DOCUMENTS } from "./document-rows.ts";
import { PLACES, SPELLINGS } from "./issuer-rows.ts";
import { PUBLISHED } from "./key-rows.ts";
import { check, type Row } from "./row.ts";
import { SIGNATURES } from "./signature-rows.ts";
import { TOKENS } from "./token-rows.ts";

const titled = (rows: readonly Row[]) => rows.map((row) => [row.about, row] as const);

describe("an issuer spelled otherwise than the policy has it", () => {
  it.concurrent.each(titled(SPELLINGS))("%s", (_about, row) => check(row, false));
});

describe("an issuer at a place that is never asked, whatever a policy names", () => {
  it.concurrent.each(titled(PLACES))("%s", (_about, row) => check(row, false));
});

describe.each([
  ["that nobody knows", false],
  ["that the deployment knows", true],
])("an issuer %s", (_about, known) => {
  describe("and its tokens", () => {
    it.concurrent.each(titled(TOKENS))("%s", (_about, row) => check(row, known));
  });

  describe("and its documents", () => {
    it.concurrent.each(titled(DOCUMENTS))("%s", (_about, row) => check(row, known));
  });

  describe("and its keys and signatures", () => {
    it.concurrent.each(titled([...PUBLISHED, ...SIGNATURES]))("%s", (_about, row) => check(row, known));
  });
});

it("the table is as long as it is said to be, and no row stands in it twice", () => {
  const rows = [...SPELLINGS, ...PLACES, ...TOKENS, ...DOCUMENTS, ...PUBLISHED, ...SIGNATURES];
  const hostile = rows.filter(({ really }) => really !== "granted");
  expect(hostile.length).toBeGreaterThanOrEqual(340);
  const names = rows.map(({ about }) => about);
  expect(names.filter((name, i) => names.indexOf(name) < i)).toEqual([]);
  // Most of them reach nobody, or GitHub alone.
  expect(hostile.filter(({ hosts }) => hosts.length < 2).length).toBeGreaterThan(hostile.length / 2);
});
