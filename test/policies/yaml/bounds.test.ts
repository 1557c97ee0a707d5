/** However much a file holds of what is foreign, what is said of it is short: nothing is quoted without a bound. */

import { expect, test } from "vitest";
import { DiagnosticList, quoted } from "../../../policies/diagnostics.ts";
import { parseTrustedIssuers } from "../../../policies/issuers.ts";
import { parsePolicy } from "../../../policies/parse.ts";

const HEAD = "issuer: https://id.example.com\nsubject: deployer\n";
const GRANT = "permissions: {contents: read}\n";
const LONG = "k".repeat(60_000);
const many = (count: number, line: (i: number) => string) => Array.from({ length: count }, (_, i) => line(i)).join("");
const kilobytes = (count: number) => "k".repeat(1_000 * count);

test.each<readonly [kind: string, text: string]>([
  ["one long key", `${HEAD}${GRANT}${LONG}: x\n`],
  ["one long key in quotes", `${HEAD}${GRANT}"${"\\x01".repeat(10_000)}": x\n`],
  ["long keys", HEAD + GRANT + many(60, (i) => `${kilobytes(1)}${i}: x\n`)],
  ["thousands of keys", HEAD + GRANT + many(1_000, (i) => `k${i}: x\n`)],
  ["a long key given twice", `${HEAD}${GRANT}${kilobytes(30)}: x\n${kilobytes(30)}: x\n`],
  [
    "long keys given twice, in a claim",
    `${HEAD}${GRANT}claim_pattern:\n  ${kilobytes(30)}: x\n  ${kilobytes(30)}: x\n`,
  ],
  ["long names of claims", `${HEAD + GRANT}claim_pattern:\n${many(60, (i) => `  ${kilobytes(1)}${i}: '('\n`)}`],
  [
    "long names of claims without a pattern",
    `${HEAD + GRANT}claim_pattern:\n${many(60, (i) => `  ${kilobytes(1)}${i}:\n`)}`,
  ],
  ["long patterns", `${HEAD + GRANT}claim_pattern:\n${many(60, (i) => `  c${i}: '${"x".repeat(990)}('\n`)}`],
  ["a long pattern", `issuer_pattern: '${kilobytes(60)}'\nsubject: x\n${GRANT}`],
  ["long names of permissions", `${HEAD}permissions:\n${many(60, (i) => `  ${kilobytes(1)}${i}: read\n`)}`],
  ["long levels", `${HEAD}permissions:\n  contents: ${kilobytes(60)}\n`],
  ["thousands of permissions", `${HEAD}permissions:\n${many(1_000, (i) => `  pull-requests${i}: read\n`)}`],
  ["long repositories", `${HEAD + GRANT}repositories:\n${many(60, () => `  - '${kilobytes(1)}*'\n`)}`],
  ["hundreds of repositories", `${HEAD + GRANT}repositories:\n${many(490, () => `  - '${"*".repeat(100)}'\n`)}`],
  ["a long number that YAML 1.1 rewrites", `issuer: 0.${"1".repeat(60_000)}\nsubject: +${"1".repeat(15)}\n${GRANT}`],
  ["a long octal number as a key", `${HEAD}${GRANT}0${"7".repeat(20)}: x\n0.${"1".repeat(30_000)}: x\n`],
  ["a long tag", `issuer: !${LONG} x\n`],
  ["a long directive", `%${LONG}\n---\n${HEAD}`],
  ["a long anchor", `issuer: &${LONG}. x\n`],
  ["a long anchor given twice", `issuer: &${kilobytes(30)} x\nsubject: &${kilobytes(30)} y\n`],
  ["a long alias", `issuer: *${LONG}\n`],
  ["a long block header", `issuer: |${"1".repeat(60_000)}\n  x\n`],
  ["a long text where a key should be", `${HEAD}${GRANT}${LONG}\n`],
  ["thousands of syntax errors", HEAD + GRANT + many(1_000, () => "a: b: c\n")],
  ["thousands of unknown escapes", `${HEAD}${GRANT}description: "${"\\q".repeat(30_000)}"\n`],
  ["thousands of tags", HEAD + GRANT + many(800, () => "a: !x y\n")],
  ["thousands of commas", `${HEAD}${GRANT}repositories: [${",".repeat(4_000)}]\n`],
  ["a long key of a JWK", `${HEAD}${GRANT}jwks: {keys: [{${LONG}: x}]}\n`],
  ["a long value of a JWK", `${HEAD}${GRANT}jwks: {keys: [{kty: ${LONG}}]}\n`],
  ["a long description of another kind", `${HEAD}${GRANT}max_token_lifetime: ${LONG}\n`],
  ["both, and long", `issuer: ${kilobytes(20)}\nissuer_pattern: ${kilobytes(20)}\nsubject: x\n${GRANT}`],
])("%s", (_, text) => {
  expect(text.length).toBeLessThan(65_536);
  for (const kind of ["organization", "repository"] as const) {
    const parsed = parsePolicy(text, { kind, owner: "acme" });
    expect(parsed.ok).toBe(false);
    expectShort(parsed);
  }
});

test.each<readonly [kind: string, text: string]>([
  ["a long mode", `mode: ${LONG}\n`],
  ["long issuers", `issuers:\n${many(60, () => `  - ${kilobytes(1)}\n`)}`],
  ["long patterns", `issuer_patterns:\n${many(16, (i) => `  - '${"(".repeat(250)}${i}'\n`)}`],
  ["long keys", many(60, (i) => `${kilobytes(1)}${i}: x\n`)],
])("of an issuer list: %s", (_, text) => {
  const parsed = parseTrustedIssuers(text);
  expect(parsed.ok).toBe(false);
  expectShort(parsed);
});

function expectShort(parsed: ReturnType<typeof parsePolicy> | ReturnType<typeof parseTrustedIssuers>): void {
  if (parsed.ok) return;
  expect(parsed.diagnostics.length).toBeGreaterThan(0);
  expect(parsed.diagnostics.length).toBeLessThanOrEqual(101);
  for (const { path, message, suggestion = "" } of parsed.diagnostics) {
    expect(path.length).toBeLessThanOrEqual(200);
    expect(message.length).toBeLessThanOrEqual(500);
    expect(suggestion.length).toBeLessThanOrEqual(500);
  }
  // With names of fields, line, column and what JSON escapes.
  expect(JSON.stringify(parsed.diagnostics).length).toBeLessThan(65_536);
}

test.each([
  ["short", '"short"'],
  ["a\nb\u0001", '"a\\nb\\u0001"'],
  ["x".repeat(60), `"${"x".repeat(60)}"`],
  ["x".repeat(61), `"${"x".repeat(59)}…"`],
])("%j is quoted on one line, and cut", (text, shown) => {
  expect(quoted(text)).toBe(shown);
});

test("words for an error that is not shown are not looked for", () => {
  const list = new DiagnosticList();
  let asked = 0;
  for (let line = 5_000; line > 0; line -= 1) {
    list.addLater("", { line, column: 1 }, () => {
      asked += 1;
      return { message: `of line ${line}`, suggestion: "none" };
    });
  }
  const shown = list.sorted();
  expect(asked).toBe(100);
  expect(shown[0]?.message).toBe("of line 1");
  expect(shown.at(-1)).toMatchObject({ line: 100, message: "4900 more errors are not shown" });
});
