/**
 * Whether a pattern's program takes a whole text. Pure.
 *
 * All states that a text can be in are followed at once, so that time is at most states times characters, and nothing is kept
 * between two texts: an engine that remembers sets of states is faster for some patterns, and keeps megabytes for a hostile one.
 */

import { Edge, Op, type Program } from "./program.ts";

/** The steps that may still be made; all texts of one token share them. */
export class MatchBudget {
  #steps: number;

  constructor(steps: number) {
    this.#steps = steps;
  }

  spend(steps: number): void {
    this.#steps -= steps;
  }

  get isSpent(): boolean {
    return this.#steps < 0;
  }
}

export class Automaton {
  readonly #op: Uint8Array;
  readonly #next: Int32Array;
  readonly #arg: Int32Array;
  readonly #classes: readonly Int32Array[];
  readonly #first: number;
  readonly #asserts: boolean;

  constructor({ op, next, arg, classes, first }: Program) {
    this.#op = new Uint8Array(op);
    this.#next = new Int32Array(next);
    this.#arg = new Int32Array(arg);
    this.#classes = classes;
    this.#first = first;
    this.#asserts = op.includes(Op.assertion);
  }

  get states(): number {
    return this.#op.length;
  }

  get estimatedBytes(): number {
    const classes = this.#classes.reduce((bytes, ranges) => bytes + ranges.byteLength + 120, 0);
    return 800 + 9 * this.#op.length + classes;
  }

  /** False, too, once the budget is spent. */
  takes(text: string, budget: MatchBudget): boolean {
    // Room for all states is made for each text, however short: a claim may be a list of thousands of empty ones.
    budget.spend(this.#op.length);
    if (budget.isSpent) return false;
    const threads = new Threads(this.#op.length);
    let rune = -1;
    let behind = runeAt(text, 0);
    this.#enter(threads, this.#first, this.#bits(rune, behind));
    for (let index = 0; behind >= 0 && threads.count > 0; ) {
      rune = behind;
      index += rune > 0xffff ? 2 : 1;
      behind = runeAt(text, index);
      const bits = this.#bits(rune, behind);
      const { list, count } = threads.advance();
      for (let i = 0; i < count; i += 1) {
        const state = list[i] ?? 0;
        if (this.#isTaken(state, rune)) this.#enter(threads, this.#next[state] ?? 0, bits);
      }
      budget.spend(count + threads.entered);
      if (budget.isSpent) return false;
    }
    return behind < 0 && threads.accepted;
  }

  /** Follows every way that takes no character. */
  #enter(threads: Threads, first: number, bits: number): void {
    const { stack } = threads;
    let size = 0;
    stack[size++] = first;
    while (size > 0) {
      const state = stack[--size] ?? 0;
      if (!threads.visit(state)) continue;
      const next = this.#next[state] ?? 0;
      const arg = this.#arg[state] ?? 0;
      switch (this.#op[state]) {
        case Op.accept:
          threads.accepted = true;
          break;
        case Op.fail:
          break;
        case Op.jump:
          stack[size++] = next;
          break;
        case Op.split:
          stack[size++] = arg;
          stack[size++] = next;
          break;
        case Op.assertion:
          if ((arg & bits) !== 0) stack[size++] = next;
          break;
        default:
          threads.add(state);
      }
    }
  }

  #isTaken(state: number, rune: number): boolean {
    const arg = this.#arg[state] ?? 0;
    if (this.#op[state] === Op.rune) return arg === rune;
    const ranges = this.#classes[arg];
    return ranges !== undefined && isInRanges(ranges, rune);
  }

  #bits(before: number, behind: number): number {
    if (!this.#asserts) return 0;
    return (
      (before < 0 ? Edge.textStart : 0) |
      (behind < 0 ? Edge.textEnd : 0) |
      (before < 0 || before === NEWLINE ? Edge.lineStart : 0) |
      (behind < 0 || behind === NEWLINE ? Edge.lineEnd : 0) |
      (isWord(before) === isWord(behind) ? Edge.noBoundary : Edge.boundary)
    );
  }
}

/** The states that a text can be in at one place. */
class Threads {
  readonly stack: Int32Array;
  /** Those that take a character. */
  #list: Int32Array;
  #last: Int32Array;
  count = 0;
  /** All of them. */
  entered = 0;
  accepted = false;
  readonly #seen: Int32Array;
  #place = 1;

  constructor(states: number) {
    this.stack = new Int32Array(2 * states + 2);
    this.#list = new Int32Array(states);
    this.#last = new Int32Array(states);
    this.#seen = new Int32Array(states);
  }

  /** Goes on to the next place; returns the states of this one. */
  advance(): { readonly list: Int32Array; readonly count: number } {
    const [list, count] = [this.#list, this.count];
    this.#list = this.#last;
    this.#last = list;
    this.#place += 1;
    this.count = 0;
    this.entered = 0;
    this.accepted = false;
    return { list, count };
  }

  /** False if the state was visited at this place. */
  visit(state: number): boolean {
    if (this.#seen[state] === this.#place) return false;
    this.#seen[state] = this.#place;
    this.entered += 1;
    return true;
  }

  add(state: number): void {
    this.#list[this.count] = state;
    this.count += 1;
  }
}

const NEWLINE = 10;

function runeAt(text: string, index: number): number {
  return text.codePointAt(index) ?? -1;
}

/** RE2's word characters are those of ASCII. */
function isWord(rune: number): boolean {
  return (rune >= 97 && rune <= 122) || (rune >= 65 && rune <= 90) || (rune >= 48 && rune <= 57) || rune === 95;
}

/** By halves: a class of Unicode has hundreds of ranges. */
function isInRanges(ranges: Int32Array, rune: number): boolean {
  let low = 0;
  let high = ranges.length >> 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rune > (ranges[2 * middle + 1] ?? 0)) low = middle + 1;
    else high = middle;
  }
  return 2 * low < ranges.length && rune >= (ranges[2 * low] ?? 0);
}
