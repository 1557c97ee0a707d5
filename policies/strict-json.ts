/**
 * JSON objects with exactly one reading. Pure.
 * JSON.parse keeps the last of two equal keys where other parsers keep the first; a token that says two things is refused instead.
 */

import { MAX_NESTING_DEPTH } from "./limits.ts";
import { isObject, type JsonObject } from "./objects.ts";

export type StrictJson =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly problem: string };

const wrong = (problem: string): StrictJson => ({ ok: false, problem });

/** A byte order mark stays in the text, where JSON.parse refuses it. */
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A JSON object from strict UTF-8 (RFC 7519 section 7.2), or what is wrong with it, told without its content. */
export function parseStrictObject(bytes: Uint8Array): StrictJson {
  let text: string;
  let value: unknown;
  try {
    text = UTF8.decode(bytes);
    value = JSON.parse(text);
  } catch {
    return wrong("is not JSON");
  }
  if (!isObject(value)) return wrong("is not a JSON object");
  if (isPlain(text, value)) return { ok: true, value };
  const problem = findAmbiguity(text);
  return problem === undefined ? { ok: true, value } : wrong(problem);
}

/**
 * Whether the text is what JSON.stringify makes of its value, as nearly every issuer's is. No key stands twice in that, and no number
 * that is too large; nor, without an escape, half a surrogate pair. So the walk, which costs far more, would find nothing.
 */
const isPlain = (text: string, value: JsonObject): boolean =>
  HAS_NO_ESCAPE_AND_FEW_BRACKETS.test(text) && JSON.stringify(value) === text;

/** With so few brackets nothing nests too deep. */
const HAS_NO_ESCAPE_AND_FEW_BRACKETS = new RegExp(String.raw`^[^\\[{]*(?:[[{][^\\[{]*){0,${MAX_NESTING_DEPTH}}$`);

/** Walks text that JSON.parse has accepted: only strings, numbers and brackets need to be told apart. */
function findAmbiguity(text: string): string | undefined {
  // The keys of each open object; undefined stands for an open array.
  const open: (Set<string> | undefined)[] = [];
  let keyIsNext = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "{" || character === "[") {
      keyIsNext = character === "{";
      open.push(keyIsNext ? new Set() : undefined);
      if (open.length > MAX_NESTING_DEPTH) return `is nested more than ${MAX_NESTING_DEPTH} levels deep`;
    } else if (character === "}" || character === "]") {
      open.pop();
    } else if (character === ",") {
      keyIsNext = open.at(-1) !== undefined;
    } else if (character === '"') {
      const end = endOfString(text, at);
      const string = readString(text.slice(at, end));
      // A lone surrogate has no UTF-8 form (RFC 7493 section 2.1): it would become U+FFFD on its way out, another text than was signed.
      if (!string.isWellFormed()) return "has text that is not Unicode";
      const keys = keyIsNext ? open.at(-1) : undefined;
      if (keys?.has(string)) return "names a key twice";
      keys?.add(string);
      keyIsNext = false;
      at = end - 1;
    } else if (character === "-" || isDigit(character)) {
      const end = endOfNumber(text, at);
      // JSON.parse makes Infinity of it and Go an error: no double can hold it (RFC 7493 section 2.2).
      if (!Number.isFinite(Number(text.slice(at, end)))) return "has a number that is too large";
      at = end - 1;
    }
  }
  return undefined;
}

const isDigit = (character = ""): boolean => character >= "0" && character <= "9";

function endOfNumber(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && /[0-9.eE+-]/.test(text[at] ?? "")) at += 1;
  return at;
}

/** The index behind the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1);
  while (isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote + 1;
}

/** By an odd number of backslashes before it. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text[first - 1] === "\\") first -= 1;
  return (at - first) % 2 === 1;
}

function readString(literal: string): string {
  if (!literal.includes("\\")) return literal.slice(1, -1);
  const string: unknown = JSON.parse(literal);
  return typeof string === "string" ? string : "";
}
