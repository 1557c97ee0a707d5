/**
 * The message of a refusal -> the clause that it names and what the token has there: our messages to the owner's workloads, and
 * octo-sts's. Pure and total.
 */

export interface RefusedClause {
  readonly clause: "issuer" | "subject" | "audience" | "claim";
  /** The claim. */
  readonly name: string;
  /** What the token has; undefined: no such claim. */
  readonly actual: string | readonly string[] | undefined;
  /** Whether `actual` is the whole of it: octo-sts does not show a claim's value, and we cut long ones. */
  readonly isWhole: boolean;
}

const CLAIMS = { issuer: "iss", subject: "sub", audience: "aud" } as const;
const QUOTED = /"(?:[^"\\]|\\.)*"/g;

/** Undefined for a refusal that is about no clause. */
export function refusedClause(message: string): RefusedClause | undefined {
  const text = /trust policy: (.*)/s.exec(message)?.[1];
  if (text === undefined || text.length > MAX_CHARACTERS) return undefined;
  const values = (part: string) => [...part.matchAll(QUOTED)].map(([literal]) => unquoted(literal));
  const named = /^(expected )?(issuer|subject|audience|claim)(_pattern)?\b/.exec(text);
  const kind = kindOf(named?.[2]);
  if (named === null || kind === undefined) return undefined;
  const rest = text.slice(named[0].length);
  const [before = "", after = ""] = split(rest, " did not match");
  const shown = values(before);
  const name = kind === "claim" ? (shown.shift() ?? "") : CLAIMS[kind];
  if (named[1] !== undefined) return { clause: kind, name, actual: undefined, isWhole: true };
  // octo-sts puts the policy's audience first, and the token's behind.
  const found = after.startsWith(" any of [") ? values(after) : shown;
  const isList = after.startsWith(" any of [") || before.includes("[");
  const isWhole = found.length > 0 && found.every((value) => !value.endsWith("…"));
  return { clause: kind, name, actual: isList ? found : found[0], isWhole };
}

/** Of values that are cut at 300 characters, ten at most. */
const MAX_CHARACTERS = 16_384;

function kindOf(word: string | undefined): RefusedClause["clause"] | undefined {
  return word === "issuer" || word === "subject" || word === "audience" || word === "claim" ? word : undefined;
}

function split(text: string, mark: string): readonly string[] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + mark.length)];
}

/** Go escapes a little more than JSON does. */
export function unquoted(literal: string): string {
  try {
    const value: unknown = JSON.parse(literal);
    return typeof value === "string" ? value : "";
  } catch {
    return literal.slice(1, -1);
  }
}
