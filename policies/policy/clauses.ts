/**
 * The clauses of a raw policy that a token must meet: matchers, claim patterns, inline keys, lifetime. Pure; diagnostics are collected.
 */

import { type DiagnosticList, type Position, quoted } from "../diagnostics.ts";
import { MAX_CLAIM_PATTERNS, MAX_FILE_INSTRUCTIONS } from "../limits.ts";
import { type CompileBudget, compilePattern, type Pattern } from "../pattern/pattern.ts";
import type { RawPolicy } from "../schema.ts";
import type { Locate } from "../yaml/read.ts";
import type { InlineJwk, Matcher } from "./document.ts";
import { parseKeySet, readInlineKeys } from "./jwks.ts";

/** A file while its meaning is read. */
export interface Reading {
  readonly raw: Partial<RawPolicy>;
  readonly broken: ReadonlySet<string>;
  readonly locate: Locate;
  readonly diagnostics: DiagnosticList;
  /** Compiled once while reading; the document's compilation takes them from here. */
  readonly patterns: Map<string, Pattern>;
  readonly budget: CompileBudget;
}

export const START: Position = { line: 1, column: 1 };

/** `issuer` or `issuer_pattern`, and so on; empty text and null are "not set". */
export function readMatcher(
  reading: Reading,
  name: "issuer" | "subject" | "audience" | "app",
  isRequired: boolean,
): Matcher | undefined {
  const { raw, broken, locate, diagnostics } = reading;
  const patternName = `${name}_pattern` as const;
  const [exact, pattern] = [raw[name], raw[patternName]];
  if (exact && pattern) {
    const later = isBefore(locate(name, "key"), locate(patternName, "key")) ? patternName : name;
    const message = `${name} and ${patternName} are both given`;
    diagnostics.add(later, locate(later, "key"), message, "keep one of them");
  }
  if (pattern) return compileAt(reading, patternName, pattern) ? { kind: "pattern", value: pattern } : undefined;
  if (exact) return { kind: "exact", value: exact };
  if (isRequired && !broken.has(name) && !broken.has(patternName)) {
    const at = locate(name, "key") ?? locate(patternName, "key") ?? START;
    diagnostics.add(name, at, `neither ${name} nor ${patternName} is given`, `add \`${name}: ...\``);
  }
  return undefined;
}

function isBefore(a: Position | undefined, b: Position | undefined): boolean {
  return a !== undefined && b !== undefined && (a.line - b.line || a.column - b.column) < 0;
}

function compileAt({ patterns, budget, diagnostics, locate }: Reading, path: string, source: string): boolean {
  if (patterns.has(source)) return true;
  // Said of the pattern that spent it.
  if (budget.isSpent) return false;
  const result = compilePattern(source, { budget });
  if (result.ok) patterns.set(source, result.value);
  else diagnostics.add(path, locate(path), result.message, result.suggestion);
  return result.ok;
}

/** In the order of their names, so that a refusal does not depend on the order of lines. */
export function readClaimPatterns(reading: Reading): readonly { readonly name: string; readonly pattern: string }[] {
  const { raw, locate, diagnostics } = reading;
  const entries = [...(raw.claim_pattern ?? [])];
  if (entries.length > MAX_CLAIM_PATTERNS) {
    const message = `more than ${MAX_CLAIM_PATTERNS} claim patterns`;
    diagnostics.add(
      "claim_pattern",
      locate("claim_pattern", "key"),
      message,
      "keep those that tell your workload from others",
    );
    return [];
  }
  const claims = entries.flatMap(([name, pattern]) => {
    const path = `claim_pattern.${name}`;
    if (pattern === null) {
      const suggestion = 'write a pattern; `""` matches an empty claim, `.*` any';
      diagnostics.add(path, locate(path, "key"), `claim ${quoted(name)} has no pattern`, suggestion);
      return [];
    }
    return compileAt(reading, path, pattern) ? [{ name, pattern }] : [];
  });
  return claims.sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function checkProgramSize({ patterns, diagnostics }: Reading): void {
  const total = [...patterns.values()].reduce((sum, pattern) => sum + pattern.programSize, 0);
  if (total <= MAX_FILE_INSTRUCTIONS) return;
  const message = `the patterns compile to ${total} instructions together, more than ${MAX_FILE_INSTRUCTIONS}`;
  diagnostics.add("", START, message, "use smaller counts, or fewer patterns");
}

/** Inline keys stand for one issuer, so that issuer must be named exactly. */
export function readJwks({ raw, locate, diagnostics }: Reading): { readonly keys: readonly InlineJwk[] } | undefined {
  if (!raw.jwks) return undefined;
  if (!raw.issuer || raw.issuer_pattern) {
    diagnostics.add(
      "jwks",
      locate("jwks", "key"),
      "jwks needs an exact issuer",
      "write `issuer:` with the one issuer that has these keys",
    );
  }
  if (typeof raw.jwks !== "string") return { keys: readInlineKeys(raw.jwks.keys ?? [], diagnostics, locate) };
  const pasted = parseKeySet(raw.jwks);
  if (pasted.ok) return { keys: readInlineKeys(pasted.keys, diagnostics, locate) };
  diagnostics.add("jwks", locate("jwks"), pasted.message, pasted.suggestion);
  return undefined;
}
