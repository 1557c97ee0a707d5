/**
 * One policy put to one token, clause by clause, and how it is mended. Pure.
 */

import { type CheckContext, checkPolicy } from "../check.ts";
import type { VerifiedClaims } from "../claims.ts";
import { type ClauseResult, evaluate, type Verdict } from "../evaluate.ts";
import type { CompiledPolicy } from "../policy/compile.ts";
import { changeFor } from "./advice/change.ts";
import type { Change } from "./advice/clause.ts";
import { mendedText } from "./advice/mend.ts";
import type { RefusedClause } from "./refused-clause.ts";
import { unverifiedClaims } from "./token.ts";

export interface Explanation {
  readonly verdict: Verdict;
  /** One for each clause that failed, in the order of the trace, the first MAX_CHANGES of them. */
  readonly changes: readonly Change[];
  readonly mended?: Mended;
}

/** The policy's text with all changes made. */
export interface Mended {
  readonly text: string;
  /** Whether it lets the token in: what only the workload can change stays. */
  readonly allow: boolean;
}

export interface ExplainRequest {
  readonly policy: CompiledPolicy;
  /** Of the policy. */
  readonly text: string;
  /** Its domain is the default audience. */
  readonly context: CheckContext;
}

/** Each costs a look at the value from each of its signs; more of them tell of another policy. */
const MAX_CHANGES = 16;

export function explain(request: ExplainRequest, claims: VerifiedClaims): Explanation {
  const { policy } = request;
  const domain = request.context.domain ?? "";
  const verdict = evaluate(policy, claims, { domain });
  const failed = verdict.trace.filter(({ passed }) => !passed);
  // No policy can mend an ill-formed token.
  const told = failed.slice(0, verdict.failed?.clause === "fields" ? 1 : MAX_CHANGES);
  const changes = told.map((result) => changeFor(result, { policy, claims, domain }));
  const mended = mendedBy(changes, request, claims);
  return { verdict, changes, ...(mended === undefined ? {} : { mended }) };
}

/** What a refusal says of one clause, put to a policy; all other clauses are unknown. */
export interface ClauseExplanation {
  readonly result: ClauseResult;
  readonly change: Change | undefined;
  readonly mended?: Pick<Mended, "text">;
}

const NOT_SHOWN = { passed: false, why: "no_match" } as const;

/** Undefined if the policy has no such clause. */
export function explainClause(request: ExplainRequest, refused: RefusedClause): ClauseExplanation | undefined {
  const { policy } = request;
  const domain = request.context.domain ?? "";
  const { clause, name, actual } = refused;
  const issuer = policy.document.issuer.kind === "exact" ? { iss: policy.document.issuer.value } : {};
  const claims = unverifiedClaims({ ...issuer, ...(actual === undefined ? {} : { [name]: actual }) });
  const { trace } = evaluate(policy, claims, { domain });
  const result = trace.find((one) => one.clause === clause && one.name === name);
  if (result === undefined) return undefined;
  if (!refused.isWhole)
    return { result: { ...result, ...NOT_SHOWN, actual: actual ?? "not shown" }, change: undefined };
  if (result.passed) return { result, change: undefined };
  const change = changeFor(result, { policy, claims, domain });
  const mended = mendedBy([change], request, claims);
  return { result, change, ...(mended === undefined ? {} : { mended: { text: mended.text } }) };
}

function mendedBy(changes: readonly Change[], request: ExplainRequest, claims: VerifiedClaims): Mended | undefined {
  const text = mendedText(request.text, changes);
  if (text === undefined) return undefined;
  const { policy } = checkPolicy(text, request.context);
  // Advice that makes a policy unusable is none: the lines alone are shown.
  if (policy === undefined) return undefined;
  return { text, allow: evaluate(policy, claims, { domain: request.context.domain ?? "" }).allow };
}
