/**
 * A value that a token is compared with: where it stands, its tokens and its language. Pure.
 */

import { type PatternToken, tokensOf } from "../pattern/tokens.ts";
import type { Matcher } from "../policy/document.ts";
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
  const language = kind === "exact" ? languageOfText(value) : languageOf(value);
  return { field, name: NAMES[field], path, kind, text: value, tokens, language };
}

export function claimValue(name: string, pattern: string): Value {
  const path = `claim_pattern.${name}`;
  const [tokens, language] = [tokensOf(pattern), languageOf(pattern)];
  return { field: "claim", name, path, kind: "pattern", text: pattern, tokens, language };
}
