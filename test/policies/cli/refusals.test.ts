/**
 * `policy explain` with what is at hand beside a token: a refusal, a job's log, the deployment's URL.
 */

import { expect, test } from "vitest";
import { Unusable } from "../../../policies/cli/disk.ts";
import { explainCommand } from "../../../policies/cli/explain-command.ts";
import { painter } from "../../../policies/cli/layout.ts";
import { optionsFrom } from "../../../policies/cli/options.ts";
import { memoryDisk } from "./memory-disk.ts";

const GOOD = `issuer: https://token.actions.githubusercontent.com
subject: repo:acme@12/app@34:ref:refs/heads/main
permissions:
  contents: read
`;
const CLAIMS = {
  iss: "https://token.actions.githubusercontent.com",
  sub: "repo:acme@12/app@34:ref:refs/heads/main",
  aud: "sts.example.com",
};

function explained(evidence: string, text = GOOD, domain = "sts.example.com") {
  const { disk } = memoryDisk({ "/r/p.sts.yaml": text, "/r/evidence": evidence });
  const options = optionsFrom({ claims: "evidence", domain }, ["text"], undefined);
  return explainCommand("p.sts.yaml", options, disk, painter(false), 0);
}

const refusedWith = (message: string, text = GOOD, more: Readonly<Record<string, unknown>> = {}) =>
  explained(JSON.stringify({ code: 7, message, details: [], ...more }), text, "https://sts.example.com/");

test("mends the one clause that a refusal names", () => {
  const { code, text } = refusedWith('trust policy: subject "repo:acme@12/app@34:ref:refs/heads/dev" did not match');
  expect(code).toBe(1);
  expect(text).toContain("refused: subject does not match\n");
  expect(text).toContain("\nsubject: 'repo:acme@12/app@34:ref:refs/heads/dev'\n");
  expect(text).toContain("Of the other clauses the refusal says nothing");
  const mended = refusedWith('trust policy: subject "repo:acme@12/app@34:ref:refs/heads/main" did not match');
  expect(mended.code).toBe(0);
  expect(mended.text).toContain("subject matches: this policy lets in what was refused there\n");
  const audience = refusedWith('trust policy: audience "sts.example.com" did not match any of ["x"]').text;
  expect(audience).toContain("policy  sts.example.com or https://sts.example.com (by default)\n        token   x\n");
  expect(audience).toContain("ask for the token with audience `sts.example.com`");
});

test("says what a refusal leaves open, and that one is about no policy", () => {
  const claim = `${GOOD}claim_pattern:\n  ref: refs/heads/main\n`;
  const { text } = refusedWith('trust policy: claim "ref" did not match "^refs/heads/main$"', claim);
  expect(text).toContain("refused: claim_pattern.ref does not match\n");
  expect(text).toContain("token   not shown\n");
  expect(text).not.toContain("rewritten");
  expect(refusedWith('trust policy: claim "ref" did not match "x"').text).toContain("no clause that the refusal names");
  const other = () => refusedWith('unable to find trust policy for "x"', GOOD, { reason: "policy_not_found" });
  expect(other).toThrow(Unusable);
  expect(other).toThrow("the refusal policy_not_found is about no clause of a policy");
});

test("tells what else a log says", () => {
  const failure = JSON.stringify({ code: 5, message: 'unable to find trust policy for "x"', details: [] });
  const log = `::group::OIDC Token Claims\n${JSON.stringify(CLAIMS, undefined, 2)}\n::endgroup::\nError: ${failure}\n`;
  const { code, text } = explained(log);
  expect(code).toBe(0);
  expect(text).toContain('The job was refused with: unable to find trust policy for "x"\n');
});

test("the deployment is named by its host, or by its URL, and by nothing else", () => {
  const claims = JSON.stringify(CLAIMS);
  for (const domain of ["sts.example.com", "https://sts.example.com", "https://STS.example.com/sts/exchange"]) {
    expect([domain, explained(claims, GOOD, domain).code]).toEqual([domain, 0]);
  }
  for (const domain of ["a b", "https://", "ftp://sts.example.com", "/sts"]) {
    expect(() => explained(claims, GOOD, domain)).toThrow("or its URL");
  }
});
