// One row of the hostile table: what somebody sends, what an issuer answers, and what must come of it.

import { expect } from "vitest";
import { REFUSALS, type Reason } from "../../../worker/denial.ts";
import { GITHUB, ISSUER_HOST, putPolicy, reallyOf, type Stage, stage } from "./stage.ts";

export interface Row {
  readonly about: string;
  /** What the log says; whether the caller is told so depends on whether the issuer is known. */
  readonly really: Reason | "granted";
  /** Every host that is asked for anything. */
  readonly hosts: readonly string[];
  /** The same where the deployment knows the issuer, if that differs. */
  readonly hostsIfKnown?: readonly string[];
  /** Text of the policy, if it is not the usual one. */
  readonly policy?: (at: Stage) => string;
  readonly arrange?: (at: Stage) => void | Promise<void>;
  readonly token: (at: Stage) => string | Promise<string>;
  /** What else must hold afterwards. */
  readonly after?: (at: Stage) => void;
}

/** Refused by what was sent alone. */
export const NONE: readonly string[] = [];
/** The policy was read; no issuer was asked. */
export const POLICY_ONLY: readonly string[] = [GITHUB];
export const ASKED: readonly string[] = [GITHUB, ISSUER_HOST];

/** Told to whoever's token is verified by then, whoever its issuer is. */
const VERIFIED: ReadonlySet<string> = new Set(["subject_mismatch", "audience_mismatch"]);

export async function check(row: Row, known: boolean): Promise<void> {
  const at = await stage({ known });
  if (row.policy) putPolicy(at, row.policy(at));
  await row.arrange?.(at);
  const answer = await at.send(await row.token(at));
  expect(at.internet.hosts()).toEqual([...((known && row.hostsIfKnown) || row.hosts)].sort());
  if (row.really === "granted") {
    expect(answer.body.reason).toBeUndefined();
    expect(answer.status).toBe(200);
    expect(at.grantMints()).toBe(1);
  } else {
    const told = known || VERIFIED.has(row.really) || REFUSALS[row.really].seenBy === "all" ? row.really : "not_found";
    expect([answer.body.reason, reallyOf(at)]).toEqual([told, row.really]);
    expect(answer.status).toBe(REFUSALS[told].status);
    expect(answer.body).not.toHaveProperty("token");
    expect(at.grantMints()).toBe(0);
    expect(at.outside.github.tokens.filter(({ revoked }) => !revoked)).toEqual([]);
  }
  row.after?.(at);
}
