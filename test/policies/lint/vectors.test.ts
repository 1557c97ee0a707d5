/** Lint over every policy and list of the vectors: it takes whatever parses, and calls nothing impossible that was seen to match. */

import { expect, test } from "vitest";
import type { Diagnostic } from "../../../policies/diagnostics.ts";
import { parseTrustedIssuers } from "../../../policies/issuers.ts";
import { lintPolicy, lintTrustedIssuers, RULES } from "../../../policies/lint/lint.ts";
import { parsePolicy } from "../../../policies/parse.ts";
import allowlistText from "../../vectors/allowlist.json?raw";
import policyText from "../../vectors/policy.json?raw";
import type { PolicyVector } from "../judge.ts";

const policies: readonly PolicyVector[] = JSON.parse(policyText);
const lists: readonly { readonly text: string }[] = JSON.parse(allowlistText);

interface Linted {
  readonly vector: PolicyVector;
  readonly warnings: readonly Diagnostic[];
}

function lintAll(): readonly Linted[] {
  return policies.flatMap((vector) => {
    const owner = vector.owner ?? "acme";
    const kind = vector.kind === "repo" ? "repository" : "organization";
    const parsed = parsePolicy(vector.policy, { kind, owner });
    return parsed.ok ? [{ vector, warnings: lintPolicy(parsed.value, { owner, domain: vector.domain }) }] : [];
  });
}

const linted = lintAll();

test("every warning is of a known rule, has a place in the text, and says what to do", () => {
  const bad = linted.flatMap(({ vector, warnings }) => {
    const lines = vector.policy.split("\n").length;
    const isBad = ({ id, line, column, message, suggestion }: Diagnostic) =>
      !Object.hasOwn(RULES, id) || line < 1 || line > lines || column < 1 || message === "" || suggestion === "";
    return warnings.filter(isBad).map(({ id, path }) => [vector.id, id, path]);
  });
  expect(linted.length).toBeGreaterThan(1500);
  expect(bad).toEqual([]);
});

const IMPOSSIBLE = ["exact-looks-like-pattern", "issuer-misspelt", "matches-nothing", "never-together", "owner-case"];

const impossibleIn = (warnings: readonly Diagnostic[]) =>
  warnings.filter(({ id, severity }) => IMPOSSIBLE.includes(id) && severity === "warning");

const escaped = (text: string): string => text.replaceAll(/[.+*?()[\]{}|^$\\]/g, "\\$&");

/** Of a policy for exactly this token: the vectors have tokens that no issuer makes, as `sub` "true" of GitHub's. */
function saidOfToken({ owner = "acme", claims, policy, kind }: PolicyVector): readonly Diagnostic[] {
  const read = parsePolicy(policy, { kind: kind === "repo" ? "repository" : "organization", owner });
  const names = read.ok ? read.value.document.claims.map(({ name }) => name) : [];
  const { iss, sub } = claims;
  const own = Object.entries(claims).filter(([name, value]) => names.includes(name) && typeof value === "string");
  const text = JSON.stringify({
    issuer: iss,
    subject_pattern: escaped(String(sub)),
    claim_pattern: Object.fromEntries(own.map(([name, value]) => [name, escaped(String(value))])),
    permissions: { contents: "read" },
  });
  const parsed = parsePolicy(text, { kind: "repository", owner });
  return parsed.ok ? impossibleIn(lintPolicy(parsed.value, { owner })) : [];
}

test("no policy that let a token in is said to match nothing, but where no issuer makes such a token", () => {
  const told = linted
    .filter(({ vector }) => (vector.ours ?? vector.octo).check.allow)
    .filter(({ warnings }) => impossibleIn(warnings).length > 0)
    .map(({ vector }) => vector);
  expect(told.filter((vector) => saidOfToken(vector).length === 0).map(({ id }) => id)).toEqual([]);
  expect(told.length).toBeLessThan(linted.length / 20);
});

test("the lists too", () => {
  const warnings = lists.flatMap(({ text }) => {
    const parsed = parseTrustedIssuers(text);
    return parsed.ok ? lintTrustedIssuers(parsed.value) : [];
  });
  expect(warnings.filter(({ id, line }) => !Object.hasOwn(RULES, id) || line < 1)).toEqual([]);
  expect(new Set(warnings.map(({ id }) => id)).has("audit-mode")).toBe(true);
});
