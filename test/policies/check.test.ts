// What is said of a file that has errors: these, and what lint finds in the clauses that have none.

import { describe, expect, it } from "vitest";
import { checkPolicy } from "../../policies/check.ts";
import { DEFAULT_RULES } from "./judge.ts";

const check = (text: string, kind: "repository" | "organization" = "repository") =>
  checkPolicy(text, { kind, owner: "acme", domain: "sts.example.com", rules: DEFAULT_RULES });
const told = (text: string) => check(text).diagnostics.map(({ severity, id, path }) => `${severity} ${id} ${path}`);

const HEAD = "issuer: https://token.actions.githubusercontent.com\n";
const GOOD = `${HEAD}subject: repo:acme/app:ref:refs/heads/main\npermissions:\n  contents: read\n`;
const POWERFUL = `${HEAD}subject: repo:acme/app:ref:refs/heads/main\npermissions:\n  administration: write\n`;

describe("a file with an error", () => {
  it("has its other clauses judged all the same", () => {
    expect(told(`${POWERFUL}unknown: x\n`)).toEqual([
      "warning powerful-permission permissions.administration",
      "error invalid unknown",
    ]);
  });

  it("has no clause judged that has the error", () => {
    expect(told(GOOD.replace("subject:", "subject_pattern:").replace("main", "(.*"))).toEqual([
      "error invalid subject_pattern",
    ]);
  });

  it("is not blamed for lacking a clause that cannot be read", () => {
    const open = GOOD.replace("subject: repo:acme/app:ref:refs/heads/main", "subject_pattern: repo:acme/.*").replace(
      "read",
      "write",
    );
    expect(told(open)).toContain("warning open-subject-write subject_pattern");
    expect(told(`${open}claim_patern:\n  ref: refs/heads/main\n`).join()).not.toContain("open-subject-write");
  });

  it("can be used for nothing, whatever could be read of it", () => {
    expect(check(`${POWERFUL}unknown: x\n`).policy).toBeUndefined();
  });
});
