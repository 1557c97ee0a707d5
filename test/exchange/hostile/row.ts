// One row of the hostile table: what somebody sends, what an issuer answers, and what must come of it.

import { expect } from "vitest";
import { REFUSALS, type Reason } from "../../../worker/denial.ts";
import { createIssuerWorld, GITHUB, ISSUER_HOST, type IssuerWorld } from "../../support/issuer-world.ts";

export interface Row {
  readonly about: string;
  /** What the log says; whether the caller is told so depends on whether the issuer is known. */
  readonly really: Reason | "granted";
  /** Every host that is asked for anything. */
  readonly hosts: readonly string[];
  /** The same where the deployment knows the issuer, if that differs. */
  readonly hostsIfKnown?: readonly string[];
  /** Text of the policy, if it is not the usual one. */
  readonly policy?: (world: IssuerWorld) => string;
  readonly arrange?: (world: IssuerWorld) => void | Promise<void>;
  readonly token: (world: IssuerWorld) => string | Promise<string>;
  /** What else must hold afterwards. */
  readonly after?: (world: IssuerWorld) => void;
}

/** Refused by what was sent alone. */
export const NONE: readonly string[] = [];
/** The policy was read; no issuer was asked. */
export const POLICY_ONLY: readonly string[] = [GITHUB];
export const ASKED: readonly string[] = [GITHUB, ISSUER_HOST];

/** Told to whoever's token is verified by then, whoever its issuer is. */
const VERIFIED: ReadonlySet<string> = new Set(["subject_mismatch", "audience_mismatch"]);

export async function check(row: Row, known: boolean): Promise<void> {
  const world = await createIssuerWorld({ known });
  if (row.policy) world.putPolicy(row.policy(world));
  await row.arrange?.(world);
  const answer = await world.send(await row.token(world));
  expect(world.network.hosts()).toEqual([...((known && row.hostsIfKnown) || row.hosts)].sort());
  if (row.really === "granted") {
    expect(answer.body.reason).toBeUndefined();
    expect(answer.status).toBe(200);
    expect(world.grantMints()).toBe(1);
  } else {
    const shown = known || VERIFIED.has(row.really) || REFUSALS[row.really].seenBy === "all" ? row.really : "not_found";
    expect([answer.body.reason, world.loggedReason()]).toEqual([shown, row.really]);
    expect(answer.status).toBe(REFUSALS[shown].status);
    expect(answer.body).not.toHaveProperty("token");
    expect(world.grantMints()).toBe(0);
    expect(world.github.tokens.filter(({ revoked }) => !revoked)).toEqual([]);
  }
  row.after?.(world);
}
