/**
 * (CompiledPolicy, verified claims, the deployment's domain) -> verdict, with a trace of every clause. Pure; never throws; time
 * linear in the token for any policy within bounds.
 */

import { claimStrings, findClaim, stringClaim, type VerifiedClaims } from "./claims.ts";
import type { Position } from "./diagnostics.ts";
import { audienceProblem, isIssuer, subjectProblem } from "./fields.ts";
import { ownProperty } from "./objects.ts";
import type { MatchBudget } from "./pattern/automaton.ts";
import { newMatchBudget } from "./pattern/pattern.ts";
import type { CompiledPolicy } from "./policy/compile.ts";

export type Clause = "fields" | "issuer" | "subject" | "audience" | "claim" | "max_token_lifetime";

export interface ClauseResult {
  readonly clause: Clause;
  /** The token's field: `iss`, `sub`, `aud`, a claim's name, or `exp - iat`. */
  readonly name: string;
  readonly expected: {
    readonly kind: "format" | "exact" | "pattern" | "any_of" | "at_most";
    /** The policy's own value, or for `format` what it should be. `any_of` values are separated by a space. */
    readonly value: string;
  };
  /** What the token has, as text; undefined: absent, or nothing that has a text. */
  readonly actual: string | readonly string[] | undefined;
  readonly passed: boolean;
  readonly why?: "absent" | "not_string" | "no_match" | "too_costly" | "ill_formed" | "too_long";
  /** What is ill-formed, in words that name the character and its place. */
  readonly problem?: string;
}

export interface Verdict {
  readonly allow: boolean;
  /** gRPC: 0 allowed, 3 a field of the token is ill-formed, 7 the token does not match. */
  readonly code: 0 | 3 | 7;
  /** The first clause that did not pass. */
  readonly failed?: ClauseResult;
  /** Every clause, in the order in which octo-sts looks at them. */
  readonly trace: readonly ClauseResult[];
}

export function evaluate(
  policy: CompiledPolicy,
  claims: VerifiedClaims,
  { domain }: { readonly domain: string },
): Verdict {
  const budget = newMatchBudget();
  const trace = [
    ...fieldResults(claims),
    matchResult({ clause: "issuer", name: "iss", found: ownProperty(claims, "iss"), budget }, policy.issuer),
    matchResult({ clause: "subject", name: "sub", found: ownProperty(claims, "sub"), budget }, policy.subject),
    audienceResult(policy, claims, { domain, budget }),
    ...policy.claims.map(({ name, matcher }) =>
      matchResult({ clause: "claim", name, found: findClaim(claims, name)?.value, budget }, matcher),
    ),
    ...lifetimeResults(policy, claims),
  ];
  const failed = trace.find((result) => !result.passed);
  if (failed === undefined) return { allow: true, code: 0, trace };
  return { allow: false, code: failed.clause === "fields" ? 3 : 7, failed, trace };
}

/** The issuer clause alone, for a token that is not verified yet: only an issuer that the policy names is asked for its keys. */
export function matchIssuer(policy: CompiledPolicy, issuer: string): ClauseResult {
  return matchResult({ clause: "issuer", name: "iss", found: issuer, budget: newMatchBudget() }, policy.issuer);
}

/** Where the policy's text has the clause; undefined if it is not in it, or the text is not at hand. */
export function positionOf({ clause, name }: ClauseResult, { locate }: CompiledPolicy): Position | undefined {
  if (clause === "claim") return locate(`claim_pattern.${name}`, "key");
  return locate(clause, "key") ?? locate(`${clause}_pattern`, "key");
}

/** `aud` as its values; undefined if it is neither a string nor an array of strings. An absent one is an empty list: it fails at its own clause. */
function audiencesOf(claims: VerifiedClaims): readonly string[] | undefined {
  const value = ownProperty(claims, "aud");
  if (value === undefined || value === null) return [];
  if (typeof value === "string") return [value];
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : undefined;
}

/** Every audience must be well formed, not only the one that matches. */
function fieldResults(claims: VerifiedClaims): readonly ClauseResult[] {
  const issuer = stringClaim(claims, "iss");
  const subject = stringClaim(claims, "sub");
  const audiences = audiencesOf(claims);
  return [
    fieldResult(
      "iss",
      "issuer URL",
      issuer,
      issuer !== undefined && isIssuer(issuer) ? undefined : "it is no issuer URL",
    ),
    fieldResult("sub", "subject", subject, subject === undefined ? "it is no string" : subjectProblem(subject)),
    fieldResult("aud", "audience", audiences, audiences === undefined ? "it is no string" : firstProblem(audiences)),
  ];
}

function firstProblem(audiences: readonly string[]): string | undefined {
  return audiences.map(audienceProblem).find((problem) => problem !== undefined);
}

function fieldResult(
  name: string,
  format: string,
  actual: ClauseResult["actual"],
  problem: string | undefined,
): ClauseResult {
  const expected = { kind: "format", value: format } as const;
  if (problem === undefined) return { clause: "fields", name, expected, actual, passed: true };
  return { clause: "fields", name, expected, actual, passed: false, why: "ill_formed", problem };
}

interface Matching {
  readonly kind: "exact" | "pattern" | "any_of";
  readonly value: string;
  matches(text: string, budget: MatchBudget): boolean;
}

interface Asked {
  readonly clause: Clause;
  readonly name: string;
  readonly found: unknown;
  readonly budget: MatchBudget;
}

/** A scalar must match; of a list any element; `why` says what stood in the way. */
function matchResult({ clause, name, found, budget }: Asked, { kind, value, matches }: Matching): ClauseResult {
  const actual = claimStrings(found);
  const texts = typeof actual === "string" ? [actual] : (actual ?? []);
  const expected = { kind, value };
  if (texts.some((text) => matches(text, budget))) return { clause, name, expected, actual, passed: true };
  const mismatch = kind === "pattern" && budget.isSpent ? "too_costly" : "no_match";
  const why = found === undefined ? "absent" : texts.length === 0 ? "not_string" : mismatch;
  return { clause, name, expected, actual, passed: false, why };
}

function audienceResult(
  policy: CompiledPolicy,
  claims: VerifiedClaims,
  { domain, budget }: { readonly domain: string; readonly budget: MatchBudget },
): ClauseResult {
  const audiences = audiencesOf(claims);
  const found = audiences?.length === 0 ? undefined : audiences;
  return matchResult({ clause: "audience", name: "aud", found, budget }, policy.audience ?? matcherOf(domain));
}

function matcherOf(domain: string): Matching {
  const accepted = [domain, `https://${domain}`];
  return { kind: "any_of", value: accepted.join(" "), matches: (text) => accepted.includes(text) };
}

/** Without `iat` a lifetime cannot be known, and the clause refuses. */
function lifetimeResults(policy: CompiledPolicy, claims: VerifiedClaims): readonly ClauseResult[] {
  const limit = policy.document.maxTokenLifetimeSeconds;
  if (limit === undefined) return [];
  const [issuedAt, expires] = [ownProperty(claims, "iat"), ownProperty(claims, "exp")];
  const isKnown = Number.isFinite(issuedAt) && Number.isFinite(expires);
  const lifetime = Number(expires) - Number(issuedAt);
  const passed = isKnown && lifetime <= limit;
  const base = {
    clause: "max_token_lifetime",
    name: "exp - iat",
    expected: { kind: "at_most", value: String(limit) },
  } as const;
  const result = { ...base, actual: isKnown ? String(lifetime) : undefined, passed };
  if (passed) return [result];
  return [{ ...result, why: isKnown ? "too_long" : "absent" }];
}
