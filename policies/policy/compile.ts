/**
 * PolicyDocument -> CompiledPolicy, the one thing that evaluate.ts accepts. No I/O, no clock.
 */

import type { MatchBudget } from "../pattern/automaton.ts";
import { compilePattern, type Pattern } from "../pattern/pattern.ts";
import type { Locate } from "../yaml/read.ts";
import type { Matcher, PolicyDocument } from "./document.ts";
import { locatedBy } from "./places.ts";

export interface CompiledMatcher {
  readonly kind: Matcher["kind"];
  /** The exact value, or the pattern's source. */
  readonly value: string;
  /** For a pattern false, too, once the budget is spent. */
  matches(text: string, budget?: MatchBudget): boolean;
}

declare const compiled: unique symbol;

/** What a policy says, part by part. */
export interface PolicyParts {
  readonly document: PolicyDocument;
  readonly issuer: CompiledMatcher;
  readonly subject: CompiledMatcher;
  readonly audience: CompiledMatcher | undefined;
  /** Which Apps may mint; undefined: any. */
  readonly app: CompiledMatcher | undefined;
  /** In the order of their names. */
  readonly claims: readonly { readonly name: string; readonly matcher: CompiledMatcher }[];
  /** In memory, of its patterns and of `locate`; the document's own come on top. */
  readonly estimatedBytes: number;
  /** Where a path stands in the text; in a policy that came from a cache only keys are found. */
  readonly locate: Locate;
}

/** Immutable. Made only here, so that whoever holds one holds a whole policy whose patterns compiled. */
export interface CompiledPolicy extends PolicyParts {
  readonly [compiled]: true;
}

/** Patterns that are compiled already, by source. */
export type KnownPatterns = ReadonlyMap<string, Pattern>;

/** Throws only if a pattern does not compile, which the making of the document has ruled out. `places`: as a cache kept them. */
export function compilePolicy(document: PolicyDocument, places?: unknown): CompiledPolicy {
  const { locate, locatedBytes } = locatedBy(places);
  return compileWith(document, new Map(), locate, locatedBytes);
}

export function compileWith(
  document: PolicyDocument,
  known: KnownPatterns,
  locate: Locate,
  locatedBytes = 0,
): CompiledPolicy {
  const policy = partsOf(document, known, locate, locatedBytes);
  // The brand exists for the compiler alone; this is its one source.
  return Object.freeze(policy) as typeof policy & { readonly [compiled]: true };
}

/** Of a document that may lack something: for lint, and never for an exchange. */
export function partsOf(document: PolicyDocument, known: KnownPatterns, locate: Locate, locatedBytes = 0): PolicyParts {
  const patterns = new Map(known);
  const patternOf = (source: string): Pattern => {
    const pattern = patterns.get(source) ?? mustCompile(source);
    patterns.set(source, pattern);
    return pattern;
  };
  const compileMatcher = ({ kind, value }: Matcher): CompiledMatcher => {
    if (kind === "exact") return { kind, value, matches: (text) => text === value };
    const pattern = patternOf(value);
    return { kind, value, matches: (text, budget) => pattern.matches(text, budget) };
  };
  const parts = {
    document,
    issuer: compileMatcher(document.issuer),
    subject: compileMatcher(document.subject),
    audience: document.audience === undefined ? undefined : compileMatcher(document.audience),
    app: document.app === undefined ? undefined : compileMatcher(document.app),
    claims: document.claims.map(({ name, pattern }) => ({
      name,
      matcher: compileMatcher({ kind: "pattern", value: pattern }),
    })),
    estimatedBytes: 0,
    locate,
  };
  parts.estimatedBytes = [...patterns.values()].reduce((sum, pattern) => sum + pattern.estimatedBytes, locatedBytes);
  return parts;
}

function mustCompile(source: string): Pattern {
  const result = compilePattern(source);
  if (!result.ok) throw new Error(`a policy document holds a pattern that does not compile: ${result.message}`);
  return result.value;
}
