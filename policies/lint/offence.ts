/**
 * Where a value leaves what it may be, for messages. Pure.
 */

import { quoted } from "../diagnostics.ts";
import { isNullScalar, plainScalarDiagnostic } from "../yaml/scalars.ts";
import type { Mender } from "./context.ts";
import { farthest, languageOfText } from "./language.ts";
import type { Value } from "./value.ts";

/** In words: where no text of the template goes on as the value does. */
export function offendingPart(value: Value, template: string, mender: Mender | undefined): string {
  const { kind, text, tokens } = value;
  const at = kind === "exact" ? farthest(languageOfText(text), template) : mender?.offence(value, template);
  if (at === undefined) return `whatever ${quoted(text)} matches`;
  if (at >= text.length) return `as it ends too early, behind ${quoted(text.slice(-20))}`;
  const from = Math.max(text.lastIndexOf(":", at - 1), text.lastIndexOf("@", at - 1)) + 1;
  const part = text.slice(from).replace(/(?<=.)(?<!\(\?):.*$/s, "");
  const sign = kind === "exact" ? String.fromCodePoint(text.codePointAt(at) ?? 0) : signAt(tokens, at);
  return `from ${quoted(sign)} at its character ${at + 1} on, in ${quoted(part)}`;
}

const signAt = (tokens: Value["tokens"], at: number): string => tokens.find(({ from }) => from >= at)?.text ?? "";

/** A line of a policy, to be pasted. */
export function assignment({ field, name, path, text: own }: Value, text: string = own): string {
  return `\`${field === "claim" ? name : path}: ${scalar(text)}\``;
}

/** Plain where YAML takes it so, and reads the same text. */
function scalar(text: string): string {
  const isPlain = /^[A-Za-z](?:[A-Za-z0-9_./@|*+()\\[\]^$?:-]*[A-Za-z0-9_/)*+])?$/.test(text);
  if (isPlain && plainScalarDiagnostic(text) === undefined && !isNullScalar(text)) return text;
  return /^[0-9]+$/.test(text) || text.includes("'") ? JSON.stringify(text) : `'${text}'`;
}
