/**
 * A pattern's syntax tree as the program of an automaton: Thompson's construction, without the order in which ways are tried, since only whether
 * a whole text matches is asked. Pure; no recursion, as a count of a thousand is a thousand nodes deep.
 */

import { casesOf, isFolded, kindOf, type SyntaxNode } from "./syntax-tree.ts";

export const Op = { accept: 0, fail: 1, jump: 2, split: 3, rune: 4, ranges: 5, assertion: 6 } as const;

/** What meets at a place in the text, as bits; an assertion wants one of them. */
export const Edge = { textStart: 1, textEnd: 2, lineStart: 4, lineEnd: 8, boundary: 16, noBoundary: 32 } as const;

/** State 0 accepts. */
export interface Program {
  readonly op: readonly number[];
  readonly next: readonly number[];
  /** The second way of a split, the code point of a rune, the bit of an assertion, the index of a class. */
  readonly arg: readonly number[];
  /** Ranges of code points, sorted, from and to. */
  readonly classes: readonly Int32Array[];
  readonly first: number;
}

const ANY = [0, 0x10ffff];
const ANY_BUT_NEWLINE = [0, 9, 11, 0x10ffff];

/** A node that leads from one state to another. */
interface Task {
  readonly node: SyntaxNode;
  readonly from: number;
  readonly to: number;
}

/** Undefined if it has more states than `limit`. */
export function programOf(root: SyntaxNode, limit: number): Program | undefined {
  const writer = new ProgramWriter();
  const first = writer.add();
  const tasks: Task[] = [{ node: root, from: first, to: 0 }];
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    tasks.push(...writer.write(task));
    if (writer.op.length > limit) return undefined;
  }
  const { op, next, arg, classes } = writer;
  return { op, next, arg, classes, first };
}

class ProgramWriter {
  readonly op: number[] = [Op.accept];
  readonly next: number[] = [0];
  readonly arg: number[] = [0];
  readonly classes: Int32Array[] = [];
  readonly #known = new Map<ArrayLike<number> | number, number>();

  add(): number {
    this.next.push(0);
    this.arg.push(0);
    return this.op.push(Op.fail) - 1;
  }

  /** Writes the node's own states; returns what is left to write. */
  write({ node, from, to }: Task): readonly Task[] {
    const kind = kindOf(node);
    const [only] = node.subs;
    switch (kind) {
      case "nothing":
        return [];
      case "empty":
        return this.#set(from, Op.jump, to, 0);
      case "literal":
        return this.#writeLiteral(node, from, to);
      case "charClass":
        return this.#set(from, Op.ranges, to, this.#classOf(node.runes, node.runes));
      case "any":
        return this.#set(from, Op.ranges, to, this.#classOf(ANY, ANY));
      case "anyButNewline":
        return this.#set(from, Op.ranges, to, this.#classOf(ANY_BUT_NEWLINE, ANY_BUT_NEWLINE));
      case "sequence":
        return this.#writeSequence(node.subs, from, to);
      case "choice":
        return this.#writeChoice(node.subs, from, to);
      case "capture":
      case "star":
      case "plus":
      case "option":
        if (only === undefined) throw new TypeError(`the pattern engine's syntax tree has a ${kind} of nothing`);
        return kind === "capture" ? [{ node: only, from, to }] : this.#writeRepeated(kind, only, from, to);
      default:
        return this.#set(from, Op.assertion, to, Edge[kind]);
    }
  }

  #set(state: number, op: number, next: number, arg: number): readonly Task[] {
    this.op[state] = op;
    this.next[state] = next;
    this.arg[state] = arg;
    return [];
  }

  /** Classes that are written more than once, as by a count, are kept once. */
  #classOf(key: ArrayLike<number> | number, ranges: ArrayLike<number>): number {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const index = this.classes.push(Int32Array.from(ranges)) - 1;
    this.#known.set(key, index);
    return index;
  }

  #writeLiteral(node: SyntaxNode, from: number, to: number): readonly Task[] {
    const runes = Array.from(node.runes);
    const folded = isFolded(node);
    let state = from;
    for (const [index, rune] of runes.entries()) {
      const next = index === runes.length - 1 ? to : this.add();
      const known = folded ? (this.#known.get(rune) ?? this.#classOf(rune, casesOf(rune))) : undefined;
      if (known === undefined) this.#set(state, Op.rune, next, rune);
      else this.#set(state, Op.ranges, next, known);
      state = next;
    }
    return [];
  }

  #writeSequence(subs: readonly SyntaxNode[], from: number, to: number): readonly Task[] {
    let state = from;
    return subs.map((node, index) => {
      const next = index === subs.length - 1 ? to : this.add();
      const task = { node, from: state, to: next };
      state = next;
      return task;
    });
  }

  #writeChoice(subs: readonly SyntaxNode[], from: number, to: number): readonly Task[] {
    let state = from;
    return subs.map((node, index) => {
      if (index === subs.length - 1) return { node, from: state, to };
      const [way, rest] = [this.add(), this.add()];
      this.#set(state, Op.split, way, rest);
      state = rest;
      return { node, from: way, to };
    });
  }

  #writeRepeated(kind: "star" | "plus" | "option", node: SyntaxNode, from: number, to: number): readonly Task[] {
    const added = this.add();
    const [body, again] = kind === "plus" ? [from, added] : [added, from];
    this.#set(again, Op.split, body, to);
    return [{ node, from: body, to: kind === "option" ? to : again }];
  }
}
