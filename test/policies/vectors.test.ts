/**
 * Every vector of the policy language: what octo-sts answers, or what we answer in its place on purpose.
 */

import { expect, test } from "vitest";
import { isAudience, isIssuer, isSubject } from "../../policies/fields.ts";
import { allows, parseTrustedIssuers } from "../../policies/issuers.ts";
import { compilePattern } from "../../policies/pattern/pattern.ts";
import allowlistText from "../vectors/allowlist.json?raw";
import fieldText from "../vectors/oidc-fields.json?raw";
import policyText from "../vectors/policy.json?raw";
import regexpText from "../vectors/regexp.json?raw";
import yamlText from "../vectors/yaml.json?raw";
import { judge, type PolicyVector, sortedSet } from "./judge.ts";

// JSON.parse, and not an import as a module: claims named `__proto__` must stay claims. Each field is compared below.
const policies: readonly PolicyVector[] = JSON.parse(policyText);
const yamlVectors: readonly PolicyVector[] = JSON.parse(yamlText);
const fieldVectors: readonly FieldVector[] = JSON.parse(fieldText);
const allowlistVectors: readonly ListVector[] = JSON.parse(allowlistText);
const regexpVectors: readonly RegexpVector[] = JSON.parse(regexpText);

interface FieldVector {
  readonly op: string;
  readonly value: string;
  readonly octo: { readonly valid: boolean };
  readonly ours?: { readonly valid: boolean };
}

interface ListVector {
  readonly id: string;
  readonly text: string;
  readonly issuers: readonly string[];
  readonly octo: ListOutcome;
  readonly ours?: ListOutcome;
}

interface RegexpVector {
  readonly id: string;
  readonly pattern: string;
  readonly inputs: readonly string[];
  readonly octo: RegexpOutcome;
  readonly ours?: RegexpOutcome;
}

interface RegexpOutcome {
  readonly ok: boolean;
  readonly matches: readonly boolean[];
}

test("policy.json: verdict, code and grant", () => {
  expect(missesOf(policies)).toEqual([]);
  expect(policies).toHaveLength(2608);
});

test("yaml.json: texts on which readers part", () => {
  expect(missesOf(yamlVectors)).toEqual([]);
  expect(yamlVectors).toHaveLength(21);
});

function missesOf(vectors: readonly PolicyVector[]) {
  return vectors.flatMap((vector) => {
    const want = vector.ours ?? vector.octo;
    const got = judge(vector);
    const differs =
      got.valid !== want.valid ||
      got.check.allow !== want.check.allow ||
      got.check.code !== want.check.code ||
      (want.valid && grantText(got) !== grantText(want));
    return differs ? [{ id: vector.id, about: vector.about, want, got }] : [];
  });
}

function grantText({ permissions, repositories }: PolicyVector["octo"]): string {
  return JSON.stringify([Object.entries(permissions ?? {}).sort(), sortedSet(repositories)]);
}

test("oidc-fields.json: formats of iss, sub and aud", () => {
  const rules = new Map([
    ["issuer", isIssuer],
    ["subject", isSubject],
    ["audience", isAudience],
  ]);
  const misses = fieldVectors.filter(({ op, value, octo, ours }) => rules.get(op)?.(value) !== (ours ?? octo).valid);
  expect(misses).toEqual([]);
  expect(fieldVectors).toHaveLength(600);
});

interface ListOutcome {
  readonly ok: boolean;
  readonly mode: string;
  readonly allows: readonly boolean[];
}

test("allowlist.json: usable or not, mode, and every issuer put to it", () => {
  const misses = allowlistVectors.flatMap((vector) => {
    const { ok, mode, allows: verdicts } = vector.ours ?? vector.octo;
    const parsed = parseTrustedIssuers(vector.text);
    const got: ListOutcome = parsed.ok
      ? { ok: true, mode: parsed.value.mode, allows: vector.issuers.map((issuer) => allows(parsed.value, issuer)) }
      : { ok: false, mode: "", allows: [] };
    return JSON.stringify(got) === JSON.stringify({ ok, mode, allows: verdicts }) ? [] : [{ id: vector.id, got }];
  });
  expect(misses).toEqual([]);
  expect(allowlistVectors).toHaveLength(400);
});

test("regexp.json: legal or not, and every value put to it", () => {
  const misses = regexpVectors.flatMap((vector) => {
    const { ok, matches } = vector.ours ?? vector.octo;
    const compiled = compilePattern(vector.pattern);
    const got = compiled.ok ? vector.inputs.map((input) => compiled.value.matches(input)) : [];
    return compiled.ok === ok && JSON.stringify(got) === JSON.stringify(matches) ? [] : [{ id: vector.id, got }];
  });
  expect(misses).toEqual([]);
  expect(regexpVectors).toHaveLength(600);
});
