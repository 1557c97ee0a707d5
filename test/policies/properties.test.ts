/**
 * What holds for any text and any token. Seeds are fast-check's own; a failure prints the one to repeat.
 */

import fc from "fast-check";
import { expect, test } from "vitest";
import { claimsOfVerifiedToken } from "../../policies/claims.ts";
import { evaluate } from "../../policies/evaluate.ts";
import { isSubject } from "../../policies/fields.ts";
import { parseTrustedIssuers } from "../../policies/issuers.ts";
import { compilePolicy, parsePolicy, readDocument } from "../../policies/parse.ts";
import policyText from "../vectors/policy.json?raw";

const policyTexts: readonly string[] = JSON.parse(policyText).map(({ policy }: { policy: string }) => policy);
const CONTEXT = { kind: "organization", owner: "acme" } as const;
const DOMAIN = { domain: "sts.example.com" };

const somePolicy = fc.constantFrom(...policyTexts.slice(0, 400));
const yamlBit = fc.constantFrom(
  "\n",
  "\n  ",
  ": ",
  "- ",
  "'",
  '"',
  "\\",
  "[",
  "{",
  "}",
  ",",
  "&a ",
  "*a ",
  "<<: *a\n",
  "|",
  ">",
  "---\n",
  "!x ",
  "%",
  "\t",
  "\u0000",
  "\ud800",
  "on",
);
/** A real policy with bits of syntax put in. */
const brokenPolicy = fc
  .tuple(somePolicy, fc.array(fc.tuple(fc.nat(2_000), yamlBit), { maxLength: 6 }))
  .map(([text, bits]) => bits.reduce((sofar, [at, bit]) => sofar.slice(0, at) + bit + sofar.slice(at), text));
const anyText = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }), brokenPolicy);

test("parsing never throws, and a refusal has faults with a line", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      for (const parsed of [parsePolicy(text, CONTEXT), parseTrustedIssuers(text)]) {
        if (!parsed.ok)
          expect(
            parsed.diagnostics.every(({ line, column }) => line > 0 && column > 0) && parsed.diagnostics.length > 0,
          ).toBe(true);
      }
    }),
    { numRuns: 600 },
  );
});

test("a policy is the same after a cache", () => {
  fc.assert(
    fc.property(brokenPolicy, (text) => {
      const parsed = parsePolicy(text, CONTEXT);
      if (!parsed.ok) return;
      const { document } = parsed.value;
      const returned = readDocument(JSON.parse(JSON.stringify(document)));
      expect(returned).toEqual(document);
      expect(returned && compilePolicy(returned).document).toEqual(document);
    }),
    { numRuns: 300 },
  );
});

test("a policy is the same when its document is written as a policy again", () => {
  fc.assert(
    fc.property(somePolicy, (text) => {
      const parsed = parsePolicy(text, CONTEXT);
      if (!parsed.ok) return;
      const { document } = parsed.value;
      const matcher = (name: string, { kind, value }: { kind: string; value: string }) => [
        kind === "exact" ? name : `${name}_pattern`,
        value,
      ];
      const rewritten = JSON.stringify({
        ...Object.fromEntries([matcher("issuer", document.issuer), matcher("subject", document.subject)]),
        ...(document.audience && Object.fromEntries([matcher("audience", document.audience)])),
        claim_pattern: Object.fromEntries(document.claims.map(({ name, pattern }) => [name, pattern])),
        permissions: Object.fromEntries(document.permissions.map(({ name, level }) => [name, level])),
        repositories: document.repositories,
        jwks: document.jwks,
      });
      const again = parsePolicy(rewritten, CONTEXT);
      expect(again.ok && again.value.document).toEqual(document);
    }),
    { numRuns: 300 },
  );
});

const nastyName = fc.constantFrom("__proto__", "constructor", "iss", "sub", "aud", "exp", "iat", "a/b", "a", "");
const payload = fc.dictionary(fc.oneof(nastyName, fc.string()), fc.jsonValue(), { maxKeys: 8 });

test("evaluation never throws, and allows only what passed every clause", () => {
  const policies = policyTexts.slice(0, 200).flatMap((policy) => {
    const parsed = parsePolicy(policy, CONTEXT);
    return parsed.ok ? [parsed.value] : [];
  });
  expect(policies.length).toBeGreaterThan(50);
  fc.assert(
    fc.property(fc.constantFrom(...policies), payload, (policy, claims) => {
      const verdict = evaluate(policy, claimsOfVerifiedToken(JSON.parse(JSON.stringify(claims))), DOMAIN);
      expect(verdict.allow).toBe(verdict.trace.every(({ passed }) => passed));
      expect(verdict.allow).toBe(verdict.code === 0);
      expect(verdict.failed).toBe(verdict.trace.find(({ passed }) => !passed));
    }),
    { numRuns: 600 },
  );
});

test("an exact subject with one more character is refused", () => {
  const subject = fc.string({ minLength: 1, maxLength: 60 }).filter(isSubject);
  const parts = fc.tuple(subject, fc.nat(60), fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }));
  fc.assert(
    fc.property(parts, ([text, at, extra]) => {
      const policy = { issuer: "https://id.example.com", subject: text, permissions: { contents: "read" } };
      const parsed = parsePolicy(JSON.stringify(policy), CONTEXT);
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
      const allows = (sub: string) => {
        const claims = { iss: "https://id.example.com", sub, aud: "sts.example.com" };
        return evaluate(parsed.value, claimsOfVerifiedToken(claims), DOMAIN).allow;
      };
      expect(allows(text)).toBe(true);
      expect(allows(text.slice(0, at) + extra + text.slice(at))).toBe(false);
    }),
    { numRuns: 300 },
  );
});
