/**
 * What a pattern can match, judged on its syntax tree as a finite automaton: whether it shares a text with another pattern. Pure;
 * time in the product of the two sizes, which is bounded.
 *
 * Word boundaries and the edges of lines are taken as fulfilled: so the answer "no text in common" can be relied on, and the answer
 * "some text" is wrong only for patterns that no policy was seen to hold.
 */

import { Edge, Op, type Program, programOf } from "../pattern/program.ts";
import { syntaxTreeOf } from "../pattern/syntax-tree.ts";

export type Language = Program;

/** The pattern must be legal alone. */
export function languageOf(pattern: string): Language {
  const program = programOf(syntaxTreeOf(pattern), Number.POSITIVE_INFINITY);
  if (program === undefined) throw new TypeError("an endless bound was passed");
  return program;
}

/** A program that takes this text only: state 0 accepts, the others take a character each. */
export function languageOfText(text: string): Language {
  const runes = [...text].map((character) => character.codePointAt(0) ?? 0);
  const op = [Op.accept, ...runes.map(() => Op.rune)];
  const next = [0, ...runes.map((_, i) => (i === runes.length - 1 ? 0 : i + 2))];
  return { op, next, arg: [0, ...runes], classes: [], first: runes.length === 0 ? 0 : 1 };
}

/** Filled on use with lint's own templates, of which there is a fixed number: nothing that a policy says gets into it. */
const templates = new Map<string, Language>();

function templateOf(template: string): Language {
  const known = templates.get(template) ?? languageOf(template);
  templates.set(template, known);
  return known;
}

/** Whether some text is in both. `template` must be a constant of lint's. */
export function overlaps(language: Language, template: string): boolean {
  return haveCommonText(language, templateOf(template));
}

/** Of a text's language: how many of its characters some text of the template begins with. */
export function farthest(text: Language, template: string): number {
  return reach(text, templateOf(template));
}

/** The same of any language; undefined for one that is too large to tell. */
export function farthestIn(text: Language, other: Language): number | undefined {
  return text.op.length * other.op.length > MAX_PAIRS ? undefined : reach(text, other);
}

function reach(text: Language, other: Language): number {
  const { seen } = walk(text, other);
  const perState = other.op.length * 4;
  const reached = (state: number) => seen.subarray(state * perState, (state + 1) * perState).includes(1);
  // State 0 is behind the last character, the others stand before a character each.
  if (reached(0)) return text.op.length - 1;
  return text.op.findLastIndex((_, state) => reached(state)) - 1;
}

/** Taken as given for languages too large to tell. */
export function haveCommonText(left: Language, right: Language): boolean {
  return left.op.length * right.op.length > MAX_PAIRS || walk(left, right).isCommon;
}

/** Of states, one from each side: a few milliseconds. */
const MAX_PAIRS = 1_048_576;

/** Of the walk, beside the two states: whether a character was taken, whether none may follow. */
const MOVED = 1;
const ENDED = 2;

/**
 * Through both at once, to the first common text. `seen`: the pairs of states up to there, each four times, as MOVED and ENDED may be
 * set.
 */
function walk(left: Language, right: Language): { readonly isCommon: boolean; readonly seen: Uint8Array } {
  const width = right.op.length;
  const seen = new Uint8Array(left.op.length * width * 4);
  const rest: number[] = [];
  const visit = (a: number, b: number, flags: number) => {
    const index = (a * width + b) * 4 + flags;
    if (seen[index] === 0) rest.push(index);
    seen[index] = 1;
  };
  visit(left.first, right.first, 0);
  for (let index = rest.pop(); index !== undefined; index = rest.pop()) {
    const flags = index & 3;
    const b = (index >> 2) % width;
    const a = ((index >> 2) - b) / width;
    if (left.op[a] === Op.accept && right.op[b] === Op.accept) return { isCommon: true, seen };
    const [ranges, others] = [rangesAt(left, a), rangesAt(right, b)];
    if (ranges === undefined) {
      for (const next of ways(left, a, flags)) visit(next, b, flags | endOf(left, a));
    } else if (others === undefined) {
      for (const next of ways(right, b, flags)) visit(a, next, flags | endOf(right, b));
    } else if ((flags & ENDED) === 0 && intersect(ranges, others)) {
      visit(left.next[a] ?? 0, right.next[b] ?? 0, MOVED);
    }
  }
  return { isCommon: false, seen };
}

/** What a state takes; undefined if it takes no character. An accepting state waits for the other side. */
function rangesAt({ op, arg, classes }: Language, state: number): ArrayLike<number> | undefined {
  const own = arg[state] ?? 0;
  if (op[state] === Op.rune) return [own, own];
  if (op[state] === Op.ranges) return classes[own];
  return op[state] === Op.accept ? [] : undefined;
}

/** Where a state leads that takes no character. */
function ways({ op, next, arg }: Language, state: number, flags: number): readonly number[] {
  const [first, own] = [next[state] ?? 0, arg[state] ?? 0];
  if (op[state] === Op.split) return [first, own];
  if (op[state] === Op.jump) return [first];
  return op[state] === Op.assertion && !(own === Edge.textStart && (flags & MOVED) !== 0) ? [first] : [];
}

function endOf({ op, arg }: Language, state: number): number {
  return op[state] === Op.assertion && arg[state] === Edge.textEnd ? ENDED : 0;
}

/** The ranges of a class are sorted, but of two classes one is a template's, with few of them. */
function intersect(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  for (let i = 0; i + 1 < a.length; i += 2) {
    for (let j = 0; j + 1 < b.length; j += 2) {
      if ((a[i] ?? 0) <= (b[j + 1] ?? 0) && (b[j] ?? 0) <= (a[i + 1] ?? 0)) return true;
    }
  }
  return false;
}
