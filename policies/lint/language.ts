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
  const { reached } = walk(text, templateOf(template));
  return reached.reduce((most, state) => Math.max(most, state === 0 ? text.op.length - 1 : state - 1), 0);
}

/** Taken as given for languages too large to tell. */
export function haveCommonText(left: Language, right: Language): boolean {
  return left.op.length * right.op.length > MAX_PAIRS || walk(left, right).isCommon;
}

/** Of states, one from each side: a few milliseconds. */
const MAX_PAIRS = 1_048_576;

/** Of the walk through both: the two states, whether a character was taken, whether none may follow. */
interface Pair {
  readonly a: number;
  readonly b: number;
  readonly hasMoved: boolean;
  readonly hasEnded: boolean;
}

/** Ends at the first common text; `reached`: the states of the left side up to there, some of them more than once. */
function walk(left: Language, right: Language): { readonly isCommon: boolean; readonly reached: readonly number[] } {
  const width = right.op.length;
  const seen = new Uint8Array(left.op.length * width * 4);
  const rest: Pair[] = [];
  const reached: number[] = [];
  const visit = (a: number, b: number, hasMoved: boolean, hasEnded: boolean) => {
    const index = (a * width + b) * 4 + (hasMoved ? 1 : 0) + (hasEnded ? 2 : 0);
    if (seen[index] === 0) rest.push({ a, b, hasMoved, hasEnded });
    seen[index] = 1;
  };
  visit(left.first, right.first, false, false);
  for (let pair = rest.pop(); pair !== undefined; pair = rest.pop()) {
    const { a, b, hasMoved, hasEnded } = pair;
    reached.push(a);
    if (left.op[a] === Op.accept && right.op[b] === Op.accept) return { isCommon: true, reached };
    const [ranges, others] = [rangesAt(left, a), rangesAt(right, b)];
    if (ranges === undefined) {
      for (const next of ways(left, a, hasMoved)) visit(next, b, hasMoved, hasEnded || isEnd(left, a));
    } else if (others === undefined) {
      for (const next of ways(right, b, hasMoved)) visit(a, next, hasMoved, hasEnded || isEnd(right, b));
    } else if (!hasEnded && intersect(ranges, others)) {
      visit(left.next[a] ?? 0, right.next[b] ?? 0, true, false);
    }
  }
  return { isCommon: false, reached };
}

/** What a state takes; undefined if it takes no character. An accepting state waits for the other side. */
function rangesAt({ op, arg, classes }: Language, state: number): ArrayLike<number> | undefined {
  const own = arg[state] ?? 0;
  if (op[state] === Op.rune) return [own, own];
  if (op[state] === Op.ranges) return classes[own];
  return op[state] === Op.accept ? [] : undefined;
}

/** Where a state leads that takes no character. */
function ways({ op, next, arg }: Language, state: number, hasMoved: boolean): readonly number[] {
  const [first, own] = [next[state] ?? 0, arg[state] ?? 0];
  if (op[state] === Op.split) return [first, own];
  if (op[state] === Op.jump) return [first];
  return op[state] === Op.assertion && !(own === Edge.textStart && hasMoved) ? [first] : [];
}

function isEnd({ op, arg }: Language, state: number): boolean {
  return op[state] === Op.assertion && arg[state] === Edge.textEnd;
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
