/**
 * A value that a token is compared with, as lint looks at it: where it stands, its tokens and its language; and what a rule says
 * of it. Pure.
 */

import { type Diagnostic, inOrder, type Severity } from "../diagnostics.ts";
import { type PatternToken, tokensOf } from "../pattern/tokens.ts";
import type { Matcher } from "../policy/document.ts";
import type { Locate } from "../yaml/read.ts";
import { type Language, languageOf, languageOfText } from "./language.ts";

export interface Value {
  readonly field: "issuer" | "subject" | "audience" | "claim";
  /** The claim's name; `iss`, `sub` and `aud` for the others. */
  readonly name: string;
  readonly path: string;
  readonly kind: "exact" | "pattern";
  readonly text: string;
  /** None for an exact value. */
  readonly tokens: readonly PatternToken[];
  readonly language: Language;
}

const NAMES = { issuer: "iss", subject: "sub", audience: "aud" } as const;

export function matcherValue(field: keyof typeof NAMES, { kind, value }: Matcher, at?: string): Value {
  const path = at ?? (kind === "exact" ? field : `${field}_pattern`);
  const tokens = kind === "exact" ? [] : tokensOf(value);
  const language = languageOfValue(kind, value);
  return { field, name: NAMES[field], path, kind, text: value, tokens, language };
}

export function languageOfValue(kind: Value["kind"], text: string): Language {
  return kind === "exact" ? languageOfText(text) : languageOf(text);
}

export function claimValue(name: string, pattern: string): Value {
  const path = `claim_pattern.${name}`;
  const [tokens, language] = [tokensOf(pattern), languageOf(pattern)];
  return { field: "claim", name, path, kind: "pattern", text: pattern, tokens, language };
}

/** A diagnostic before it has a place in the text. `part`: of what to tell the position, the value if it is not said. */
export interface Unplaced {
  readonly id: string;
  readonly severity: Exclude<Severity, "error">;
  readonly path: string;
  readonly part?: "key" | "value";
  readonly message: string;
  readonly suggestion: string;
}

/** In the order of the text. */
export function placed(found: readonly Unplaced[], locate: Locate): readonly Diagnostic[] {
  const nowhere = { line: 0, column: 0 };
  return inOrder(
    found.map(({ id, severity, path, part, message, suggestion }) => {
      const { line, column } = locate(path, part) ?? locate("") ?? nowhere;
      return { id, severity, path, line, column, message, suggestion };
    }),
  );
}
