/**
 * One clause that failed, and how a value is written for it. Pure.
 */

import type { ClauseResult } from "../../evaluate.ts";
import { lintPolicy } from "../../lint/lint.ts";
import type { JsonObject } from "../../objects.ts";
import { compilePattern } from "../../pattern/pattern.ts";
import { type CompiledPolicy, compilePolicy } from "../../policy/compile.ts";
import type { Matcher, PolicyDocument } from "../../policy/document.ts";
import type { WorkloadKind } from "../kinds/kind.ts";
import { kindOfToken } from "../kinds/kinds.ts";
import type { Lasting } from "../volatile.ts";

export interface FailedClause {
  readonly failed: ClauseResult;
  readonly policy: CompiledPolicy;
  readonly claims: JsonObject;
  readonly workload: WorkloadKind;
}

/** A key of the policy; for a claim the key is `claim_pattern`. */
export interface PolicyLine {
  readonly key: string;
  readonly claim?: string;
}

export interface Setting extends PolicyLine {
  readonly value: string;
}

export interface Change {
  /** What is to be understood, in one to three sentences. */
  readonly advice: string;
  /** Lines to write, in place of those of the same key or claim. */
  readonly set: readonly Setting[];
  /** Lines that go away. */
  readonly remove: readonly PolicyLine[];
}

export const advise = (advice: string, { set = [], remove = [] }: Partial<Change> = {}): Change => ({
  advice,
  set,
  remove,
});

/** A clause whose text can be written anew. */
export interface Writable {
  readonly expected: Matcher;
  write(value: Lasting): Partial<Change>;
  /** Whether a token of the policy's issuer can have a value that the pattern matches. */
  canMatch(source: string): boolean;
}

export type TwoFormKey = "issuer" | "subject" | "audience";

/** A clause with an exact and a pattern form. */
export function twoForms(key: TwoFormKey, expected: Matcher, clause: FailedClause): Writable {
  const { document } = clause.policy;
  const keyOf = (kind: Matcher["kind"]) => (kind === "exact" ? key : `${key}_pattern`);
  return {
    expected,
    write: ({ kind, value }) => ({
      set: [{ key: keyOf(kind), value }],
      remove: kind === expected.kind ? [] : [{ key: keyOf(expected.kind) }],
    }),
    canMatch: (source) =>
      isAlive(`${key}_pattern`, source, { ...document, claims: [], [key]: { kind: "pattern", value: source } }),
  };
}

/** A claim, which has a pattern only. */
export function claimForm(name: string, pattern: string, clause: FailedClause): Writable {
  const { document } = clause.policy;
  return {
    expected: { kind: "pattern", value: pattern },
    write: ({ value }) => ({ set: [{ key: "claim_pattern", claim: name, value }] }),
    canMatch: (source) =>
      otherKind(clause) === undefined &&
      isAlive(`claim_pattern.${name}`, source, { ...document, claims: [{ name, pattern: source }] }),
  };
}

/** What the policy is for, where that is another kind of workload than the token's: of its values none can come then. */
export function otherKind({ policy, claims, workload }: FailedClause): WorkloadKind | undefined {
  const { issuer, subject } = policy.document;
  if (issuer.kind === "pattern" || policy.issuer.matches(String(claims.iss))) return undefined;
  const wanted = kindOfToken({ iss: issuer.value, sub: subject.value });
  return wanted === workload ? undefined : wanted;
}

/** What lint says of a value that no token can have. */
const DEAD: ReadonlySet<string> = new Set(["matches-nothing", "claim-never-issued", "doubled-backslash"]);

/** `document`: without the other claims, which say nothing of this value, and each of which would be compiled anew. */
function isAlive(path: string, source: string, document: PolicyDocument): boolean {
  if (!compilePattern(source).ok) return false;
  return !lintPolicy(compilePolicy(document), {}).some((found) => found.path === path && DEAD.has(found.id));
}
