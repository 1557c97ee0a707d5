/**
 * What a pattern can match, judged on its syntax tree as a finite automaton: whether it shares a text with another pattern. Pure;
 * time in the product of the two sizes, and the second is always one of lint's own, of constant size.
 *
 * Word boundaries are taken as fulfilled, and a literal without regard to case as its ASCII letters and itself: so the answer
 * "no text in common" can be relied on, and the answer "some text" is wrong only for patterns that no policy was seen to hold.
 */

import { operatorOf, type SyntaxNode, syntaxTreeOf } from "../pattern/syntax-tree.ts";

/** `next` of -1 is the accepting end. `char` takes one code point out of the ranges. */
type State =
  | { readonly kind: "char"; readonly ranges: ArrayLike<number>; readonly next: number }
  | { readonly kind: "split"; readonly next: readonly number[] }
  | { readonly kind: "start" | "end"; readonly next: number };

export interface Language {
  readonly states: readonly State[];
  readonly first: number;
}

const ACCEPT = -1;
const LAST_RUNE = 0x10ffff;
const ANY = [0, LAST_RUNE];
const ANY_BUT_NEWLINE = [0, 9, 11, LAST_RUNE];

/** The pattern must be legal alone. */
export function languageOf(pattern: string): Language {
  return build(syntaxTreeOf(pattern));
}

export function languageOfText(text: string): Language {
  const runes = [...text].map((character) => character.codePointAt(0) ?? 0);
  const states = runes.map((rune, i): State => ({ kind: "char", ranges: [rune, rune], next: i + 1 }));
  return { states: [...states, { kind: "split", next: [ACCEPT] }], first: 0 };
}

/** Filled on use with lint's own templates, of which there is a fixed number: nothing that a policy says gets into it. */
const templates = new Map<string, Language>();

/** Whether some text is in both. `template` must be a constant of lint's. */
export function overlaps(language: Language, template: string): boolean {
  const known = templates.get(template) ?? languageOf(template);
  templates.set(template, known);
  return haveCommonText(language, known);
}

/** The kinds of nodes, learnt from samples, as pattern-tree.ts says. */
function learnKinds() {
  const op = operatorOf;
  const foldedFlag = syntaxTreeOf("(?i)ab").flags & ~syntaxTreeOf("ab").flags;
  return {
    nothing: op("[^\\x00-\\x{10FFFF}]"),
    literal: op("ab"),
    charClass: op("[a-c]"),
    anyButNewline: op("."),
    any: op("(?s)."),
    start: op("^"),
    end: op("$"),
    capture: op("(a)"),
    star: op("a*"),
    plus: op("a+"),
    option: op("a?"),
    sequence: op("a[bc]"),
    choice: op("ab|cd"),
    isFolded: (node: SyntaxNode) => (node.flags & foldedFlag) !== 0,
  };
}

function rangesOfLetter(rune: number, isFolded: boolean): readonly number[] {
  if (!isFolded) return [rune, rune];
  const letter = String.fromCodePoint(rune);
  const cases = [letter, letter.toLowerCase(), letter.toUpperCase()];
  return cases.flatMap((text) => [text.codePointAt(0) ?? rune, text.codePointAt(0) ?? rune]);
}

let learnt: ReturnType<typeof learnKinds> | undefined;

/** Thompson's construction, from the end: each node is built in front of the state that follows it. */
function build(root: SyntaxNode): Language {
  learnt ??= learnKinds();
  const kinds = learnt;
  const states: State[] = [];
  const add = (state: State) => states.push(state) - 1;

  function before(node: SyntaxNode, next: number): number {
    const { op, subs } = node;
    const only = subs[0];
    if (op === kinds.literal) {
      const runes = Array.from(node.runes).reverse();
      const add1 = (after: number, rune: number) =>
        add({ kind: "char", ranges: rangesOfLetter(rune, kinds.isFolded(node)), next: after });
      return runes.reduce(add1, next);
    }
    if (op === kinds.charClass) return add({ kind: "char", ranges: node.runes, next });
    if (op === kinds.any) return add({ kind: "char", ranges: ANY, next });
    if (op === kinds.anyButNewline) return add({ kind: "char", ranges: ANY_BUT_NEWLINE, next });
    if (op === kinds.start || op === kinds.end) return add({ kind: op === kinds.start ? "start" : "end", next });
    if (op === kinds.sequence) return [...subs].reverse().reduce((after, sub) => before(sub, after), next);
    if (op === kinds.choice) return add({ kind: "split", next: subs.map((sub) => before(sub, next)) });
    if (op === kinds.nothing) return add({ kind: "split", next: [] });
    if (only === undefined) return next;
    if (op === kinds.option) return add({ kind: "split", next: [before(only, next), next] });
    if (op === kinds.star || op === kinds.plus) return repeated(only, next, op === kinds.plus);
    return before(only, next);
  }

  function repeated(sub: SyntaxNode, next: number, atLeastOnce: boolean): number {
    const exits: number[] = [];
    const loop = add({ kind: "split", next: exits });
    const body = before(sub, loop);
    exits.push(body, next);
    return atLeastOnce ? body : loop;
  }

  const first = before(root, ACCEPT);
  return { states, first: first === ACCEPT ? add({ kind: "split", next: [ACCEPT] }) : first };
}

/** Of the walk through both: the two states, whether a character was taken, whether none may follow. */
interface Place {
  readonly a: number;
  readonly b: number;
  readonly hasMoved: boolean;
  readonly hasEnded: boolean;
}

function haveCommonText(left: Language, right: Language): boolean {
  const width = right.states.length + 1;
  const seen = new Uint8Array((left.states.length + 1) * width * 4);
  const rest: Place[] = [];
  const visit = (a: number, b: number, hasMoved: boolean, hasEnded: boolean) => {
    const index = ((a + 1) * width + b + 1) * 4 + (hasMoved ? 1 : 0) + (hasEnded ? 2 : 0);
    if (seen[index] === 0) rest.push({ a, b, hasMoved, hasEnded });
    seen[index] = 1;
  };
  /** Takes no character. */
  const pass = (state: Exclude<State, { kind: "char" }>, place: Place, isLeft: boolean) => {
    if (state.kind === "start" && place.hasMoved) return;
    for (const next of state.kind === "split" ? state.next : [state.next]) {
      const [a, b] = isLeft ? [next, place.b] : [place.a, next];
      visit(a, b, place.hasMoved, place.hasEnded || state.kind === "end");
    }
  };
  visit(left.first, right.first, false, false);
  for (let place = rest.pop(); place !== undefined; place = rest.pop()) {
    if (place.a === ACCEPT && place.b === ACCEPT) return true;
    const [a, b] = [left.states[place.a], right.states[place.b]];
    if (a !== undefined && a.kind !== "char") pass(a, place, true);
    else if (b !== undefined && b.kind !== "char") pass(b, place, false);
    else if (a !== undefined && b !== undefined && !place.hasEnded && intersect(a.ranges, b.ranges)) {
      visit(a.next, b.next, true, false);
    }
  }
  return false;
}

/** Ranges of a class are sorted; those of a folded letter are few. */
function intersect(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  for (let i = 0; i + 1 < a.length; i += 2) {
    for (let j = 0; j + 1 < b.length; j += 2) {
      if ((a[i] ?? 0) <= (b[j + 1] ?? 0) && (b[j] ?? 0) <= (a[i + 1] ?? 0)) return true;
    }
  }
  return false;
}
