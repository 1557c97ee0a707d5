/**
 * What a pattern will cost to compile, judged by its text before anything is compiled from it. Pure; linear in the pattern.
 *
 * The parser takes a range without regard to case code point by code point, and sorts the hundreds of ranges of a Unicode class
 * wherever one is written; counts multiply what they repeat.
 */

import { type PatternToken, quotedTextOf, tokensOf } from "./tokens.ts";

export interface PatternCost {
  /** At most so many states will the automaton have, before alternatives are factored. */
  readonly states: number;
  /** In the cost of a byte of plain text. */
  readonly bytes: number;
}

/** Measured: how many of each cost the parser as much as one byte of plain text. */
const STATES_PER_BYTE = 4;
const FOLDED_PER_BYTE = 8;
/** And how many bytes a Unicode class costs, and a character of which the cases are looked up. */
const BYTES_PER_UNICODE_CLASS = 400;
const BYTES_PER_CASES = 24;
const BYTES_PER_ASCII_CASES = 4;
const FOLDED_IN_NAMED_CLASS = 128;
/** The parser refuses a higher one. */
const MAX_COUNT = 1_000;

/** Code points outside of these have no other case. */
const FIRST_FOLDED = 0x41;
const LAST_FOLDED = 0x1e943;

/** A group while its text is read. */
interface Group {
  isFolded: boolean;
  /** States of the alternatives that ended, of the one that is read, and of its last part, which a repetition repeats. */
  ended: number;
  current: number;
  last: number;
  alternatives: number;
}

export function costOf(pattern: string): PatternCost {
  let bytes = pattern.length;
  const group = (isFolded: boolean): Group => ({ isFolded, ended: 0, current: 0, last: 0, alternatives: 1 });
  const groups = [group(false)];
  for (const token of tokensOf(pattern)) {
    const top = groups.at(-1) ?? group(false);
    if (token.kind === "open") groups.push(group(foldingBehind(token.text, top.isFolded)));
    else if (token.kind === "flags") top.isFolded = foldingBehind(token.text, top.isFolded);
    else if (token.kind === "close" && groups.length > 1) {
      groups.pop();
      add(groups.at(-1) ?? top, statesOf(top));
    } else if (token.kind === "bar") {
      top.ended += Math.max(top.current, 1);
      top.current = 0;
      top.alternatives += 1;
    } else if (token.kind === "repeat" || token.kind === "count") repeat(top, token);
    else {
      add(top, token.kind === "quote" ? [...quotedTextOf(token)].length : 1);
      bytes += bytesOf(token, top.isFolded);
    }
  }
  const states = groups.reduce((sum, open) => sum + statesOf(open), 1);
  return { states, bytes: Math.ceil(bytes + states / STATES_PER_BYTE) };
}

function statesOf({ ended, current, alternatives }: Group): number {
  return ended + Math.max(current, 1) + alternatives - 1;
}

function add(group: Group, states: number): void {
  group.current += states;
  group.last = states;
}

function repeat(group: Group, { kind, text }: PatternToken): void {
  const [least = 0, most] = kind === "count" ? [...text.matchAll(/\d+/g)].map(Number) : [];
  const isOpen = kind === "repeat" || (most === undefined && text.includes(","));
  const copies = Math.min(Math.max(least, most ?? 1, 1), MAX_COUNT);
  // Whether to take a copy, or one more, is a state of its own.
  const states = copies * (group.last + (most === undefined ? 0 : 1)) + (isOpen ? 1 : 0);
  group.current += states - group.last;
  group.last = states;
}

/** `(?i)`, `(?i-s:`: whether case is looked at behind it. */
function foldingBehind(text: string, isFolded: boolean): boolean {
  const [on = "", off = ""] = /^\(\?([a-zA-Z]*)(?:-([a-zA-Z]*))?[:)]$/.exec(text)?.slice(1) ?? [];
  if (off.includes("i")) return false;
  return isFolded || on.includes("i");
}

function bytesOf({ kind, text }: PatternToken, isFolded: boolean): number {
  if (kind === "quote") return isFolded ? casesBytes(text) : 0;
  const unicode = (text.match(/\\[pP]/g)?.length ?? 0) * BYTES_PER_UNICODE_CLASS;
  if (!isFolded) return unicode;
  const named = (text.match(/\\[dDsSwW]|\[:/g)?.length ?? 0) * FOLDED_IN_NAMED_CLASS;
  const folded = named + (kind === "class" ? foldedIn(text) : 0);
  return 2 * unicode + folded / FOLDED_PER_BYTE + (kind === "class" ? 0 : casesBytes(text));
}

/** Each letter of a text becomes a class of its own. */
function casesBytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    if (character > "\x7f") bytes += BYTES_PER_CASES;
    else if (/[A-Za-z]/.test(character)) bytes += BYTES_PER_ASCII_CASES;
  }
  return bytes;
}

/** As many code points as have to be looked at in the ranges of a class. */
function foldedIn(text: string): number {
  const members = text.slice(text.startsWith("[^") ? 2 : 1, -1).match(MEMBER) ?? [];
  let folded = 0;
  for (let i = 0; i < members.length; i += 1) {
    const isRange = members[i + 1] === "-" && i + 2 < members.length && !NAMED.test(members[i] ?? "");
    if (!isRange) continue;
    const from = Math.max(codePointOf(members[i] ?? ""), FIRST_FOLDED);
    const to = Math.min(codePointOf(members[i + 2] ?? ""), LAST_FOLDED);
    // A range of all that can have a case is not taken apart.
    if (to >= from && !(from === FIRST_FOLDED && to === LAST_FOLDED)) folded += to - from + 1;
    i += 2;
  }
  return folded;
}

/** Whatever could be read as an earlier end of an escape would begin a range elsewhere, and hide what it costs. */
const MEMBER = /\[:[^\]]*:\]|\\(?:[pP](?:\{[^}]*\}|.)|x(?:\{[^}]*\}|..)|[0-7]{1,3}|.)|[^\\]/gsu;
/** These begin no range. */
const NAMED = /^(?:\[:|\\[dDsSwWpP])/;

function codePointOf(member: string): number {
  const [, hex, octal] = /^\\(?:x\{?([0-9A-Fa-f]+)\}?|([0-7]{1,3}))$/.exec(member) ?? [];
  if (hex !== undefined) return Number.parseInt(hex, 16);
  if (octal !== undefined) return Number.parseInt(octal, 8);
  // `\n` and its like stand below all that has a case.
  if (/^\\[a-z]/.test(member)) return 0;
  return member.codePointAt(member.startsWith("\\") ? 1 : 0) ?? 0;
}
