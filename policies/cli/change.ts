/**
 * The smallest change that would make a failed clause match, as advice. Pure.
 *
 * Never a wider pattern than is needed for this one token: the advice is pasted by people in a hurry.
 */

import { claimStrings, findClaim } from "../claims.ts";
import type { ClauseResult } from "../evaluate.ts";
import { compilePattern } from "../pattern/pattern.ts";
import type { CompiledPolicy } from "../policy/compile.ts";
import { nearClaim, pathsBelow } from "../suggest.ts";

export interface Change {
  /** What is to be understood, in one or two sentences. */
  readonly advice: string;
  /** A key of the policy and the value to give it; for a claim the key is `claim_pattern` and `claim` its name. */
  readonly set?: { readonly key: string; readonly claim?: string; readonly value: string };
  /** The key, or the claim of `claim_pattern`, that goes away. */
  readonly remove?: string;
}

/** Each beginning of a value is tried, so that the time grows with the square of it. */
const MAX_TRIED_CHARACTERS = 500;

type Claims = Readonly<Record<string, unknown>>;

export function changeFor(failed: ClauseResult, policy: CompiledPolicy, claims: Claims): Change {
  switch (failed.clause) {
    case "fields":
      return illFormed(failed);
    case "issuer":
    case "subject":
      return ofText(failed, failed.clause);
    case "audience":
      return failed.expected.kind === "any_of" ? ofDefaultAudience(failed) : ofText(failed, "audience");
    case "claim":
      return ofClaim(failed, claims);
    case "max_token_lifetime":
      return ofLifetime(failed, policy);
  }
}

function illFormed({ name, expected, problem }: ClauseResult): Change {
  const advice = `The token's ${name} is no well-formed ${expected.value} (${problem}): no policy can accept it. Change what the workload asks its issuer for.`;
  return { advice };
}

/** A value that is there but does not match, in the three clauses that have an exact and a pattern form. */
function ofText({ expected, actual, why }: ClauseResult, key: "issuer" | "subject" | "audience"): Change {
  const value = firstOf(actual);
  if (value === undefined || why === "absent") {
    return { advice: `The token has no ${key}; ask its issuer for one.` };
  }
  if (expected.kind === "exact") return ofExact(expected.value, value, key);
  const set = { key: `${key}_pattern`, value: alternative(expected.value, value) };
  return { advice: `${whereItStops(expected.value, value)} To allow this value as well:`, set };
}

function ofExact(expected: string, value: string, key: string): Change {
  const asPattern = compilePattern(expected);
  if (asPattern.ok && asPattern.value.matches(value)) {
    const advice = `The policy's value is a pattern, and \`${key}\` compares exactly. As a pattern it matches:`;
    return { advice, set: { key: `${key}_pattern`, value: expected }, remove: key };
  }
  const glob = globAsPattern(expected, value);
  if (glob !== undefined) {
    const advice = `A \`*\` stands for itself in \`${key}\`. As a pattern:`;
    return { advice, set: { key: `${key}_pattern`, value: glob }, remove: key };
  }
  const set = { key, value };
  if (expected.toLowerCase() === value.toLowerCase())
    return { advice: "They differ in case only, and case counts.", set };
  return { advice: `${whereTheyDiffer(expected, value)} To allow this value in its place:`, set };
}

/** A shell glob as the narrowest pattern that matches: `*` stays within a segment if that is enough. */
function globAsPattern(glob: string, value: string): string | undefined {
  if (!glob.includes("*")) return undefined;
  for (const any of ["[^/:]+", ".+"]) {
    const pattern = glob.split("*").map(escapePattern).join(any);
    const compiled = compilePattern(pattern);
    if (compiled.ok && compiled.value.matches(value)) return pattern;
  }
  return undefined;
}

export function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

function alternative(pattern: string, value: string): string {
  return `(?:${pattern}|${escapePattern(value)})`;
}

function whereTheyDiffer(expected: string, value: string): string {
  let at = 0;
  while (at < expected.length && expected[at] === value[at]) at += 1;
  if (at === 0) return "They have no beginning in common.";
  return `They differ behind \`${shortened(value.slice(0, at))}\`.`;
}

/** The longest beginning that matches shows an author who thinks in prefixes what happened. */
function whereItStops(pattern: string, value: string): string {
  const compiled = compilePattern(pattern);
  if (!compiled.ok) return "";
  for (let length = Math.min(value.length - 1, MAX_TRIED_CHARACTERS); length > 0; length -= 1) {
    if (!compiled.value.matches(value.slice(0, length))) continue;
    const rest = shortened(value.slice(length));
    return `The pattern must match the whole value, and matches only its beginning: \`${rest}\` is left over.`;
  }
  return "The pattern must match the whole value.";
}

function shortened(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}

function firstOf(actual: ClauseResult["actual"]): string | undefined {
  return typeof actual === "string" ? actual : actual?.[0];
}

function ofDefaultAudience({ expected, actual }: ClauseResult): Change {
  const [domain = ""] = expected.value.split(" ");
  const ask = `The policy names no audience, so that the token must be made for \`${domain}\`: ask for it with that audience.`;
  const value = firstOf(actual);
  if (value === undefined) return { advice: ask };
  return { advice: `${ask} Or, if the workload cannot, accept what it has:`, set: { key: "audience", value } };
}

function ofClaim({ name, expected, actual, why }: ClauseResult, claims: Claims): Change {
  const pattern = expected.value;
  if (why === "absent") {
    const near = nearClaim(name, claims);
    if (near === undefined) {
      return {
        advice: `The token has no claim \`${name}\`. Remove the line, or have the workload ask for it.`,
        remove: name,
      };
    }
    const text = firstOf(claimStrings(findClaim(claims, near)?.value));
    const compiled = compilePattern(pattern);
    const value = text === undefined || (compiled.ok && compiled.value.matches(text)) ? pattern : escapePattern(text);
    return {
      advice: `The token has no claim \`${name}\`, but \`${near}\`:`,
      set: { key: "claim_pattern", claim: near, value },
      remove: name,
    };
  }
  if (why === "not_string") return notString(name, findClaim(claims, name)?.value);
  const value = firstOf(actual) ?? "";
  const set = { key: "claim_pattern", claim: name, value: alternative(pattern, value) };
  return { advice: `${whereItStops(pattern, value)} To allow this value as well:`, set };
}

function notString(name: string, value: unknown): Change {
  const below = pathsBelow(name, value);
  if (below.length === 0) {
    return { advice: `The claim \`${name}\` holds no string that could match: remove the line.`, remove: name };
  }
  return {
    advice: `The claim \`${name}\` is an object; name one of ${below.map((path) => `\`${path}\``).join(", ")}.`,
  };
}

function ofLifetime({ actual, why }: ClauseResult, policy: CompiledPolicy): Change {
  const limit = policy.document.maxTokenLifetimeSeconds ?? 0;
  if (why === "absent" || typeof actual !== "string") {
    return {
      advice: "The token lacks `iat` or `exp`, so that its lifetime is unknown: remove the line.",
      remove: "max_token_lifetime",
    };
  }
  const advice = `The token lives for ${actual} s, and the policy accepts ${limit} s: ask the issuer for a shorter one, or`;
  return { advice, set: { key: "max_token_lifetime", value: String(Math.ceil(Number(actual))) } };
}
