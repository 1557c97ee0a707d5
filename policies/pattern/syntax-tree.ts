/**
 * The syntax tree of a pattern, as re2js's parser leaves it after factoring and simplifying. Pure.
 *
 * The engine's own parser is used, because a second one would be a second opinion. Its tree is reached through RE2Set, the one
 * public door to it; the kinds of nodes are learnt from samples, so that a renumbering cannot change what is judged.
 */

import { RE2Set } from "re2js";

export interface SyntaxNode {
  readonly op: number;
  readonly subs: readonly SyntaxNode[];
  /** The text of a literal, or the ranges of a class, as code points. */
  readonly runes: ArrayLike<number>;
  /** The parser's flags: that of a literal without regard to case is the one by which `(?i)ab` differs from `ab`. */
  readonly flags: number;
}

/** Throws RE2JSSyntaxException if the pattern is not legal by itself. Counted repetitions are written out, sharing their nodes. */
export function syntaxTreeOf(pattern: string): SyntaxNode {
  const set = new RE2Set();
  set.add(pattern);
  const root: unknown = set.regexps[0];
  if (!isSyntaxNode(root)) throw new TypeError("the pattern engine's syntax tree has another shape");
  return root;
}

/** re2js types its trees as any: the fields that are relied on are looked at once, at the root. */
function isSyntaxNode(node: unknown): node is SyntaxNode {
  return (
    typeof node === "object" &&
    node !== null &&
    "op" in node &&
    typeof node.op === "number" &&
    "subs" in node &&
    "runes" in node &&
    "flags" in node &&
    typeof node.flags === "number"
  );
}

type NodeKind = keyof typeof SAMPLES;

/** For each kind of node a pattern whose tree is one. */
const SAMPLES = {
  nothing: "[^\\x00-\\x{10FFFF}]",
  empty: "(?:)",
  literal: "ab",
  charClass: "[a-c]",
  any: "(?s).",
  anyButNewline: ".",
  textStart: "\\A",
  textEnd: "\\z",
  lineStart: "(?m)^",
  lineEnd: "(?m)$",
  boundary: "\\b",
  noBoundary: "\\B",
  capture: "(a)",
  star: "a*",
  plus: "a+",
  option: "a?",
  sequence: "a[bc]",
  choice: "ab|cd",
} as const;

interface Learnt {
  readonly kinds: ReadonlyMap<number, NodeKind>;
  readonly foldFlag: number;
}

let learnt: Learnt | undefined;

/** Once, at the first use: nothing that a policy says gets into it. */
function learn(): Learnt {
  const names = Object.keys(SAMPLES) as NodeKind[];
  const kinds = new Map(names.map((name) => [syntaxTreeOf(SAMPLES[name]).op, name]));
  if (kinds.size < names.length) throw new TypeError("the pattern engine's kinds of nodes are other ones");
  return { kinds, foldFlag: syntaxTreeOf("(?i)ab").flags & ~syntaxTreeOf("ab").flags };
}

export function kindOf(node: SyntaxNode): NodeKind {
  learnt ??= learn();
  const kind = learnt.kinds.get(node.op);
  if (kind === undefined) throw new TypeError("the pattern engine's syntax tree has a node of an unknown kind");
  return kind;
}

/** Of a literal: whether it stands for its letters in every case. */
export function isFolded(node: SyntaxNode): boolean {
  learnt ??= learn();
  return (node.flags & learnt.foldFlag) !== 0;
}

/** Filled on use, for ASCII alone: hardly any other letter is written without regard to case. */
const asciiCases: (readonly number[])[] = [];

/** All cases of a code point, as ranges. */
export function casesOf(rune: number): readonly number[] {
  if (rune >= 0x80) return parsedCasesOf(rune);
  const cases = asciiCases[rune] ?? parsedCasesOf(rune);
  asciiCases[rune] = cases;
  return cases;
}

/** The class has a second, far member: the parser makes a literal of one that has none. */
function parsedCasesOf(rune: number): readonly number[] {
  const far = rune < 0x10000 ? 0x10ffff : 0;
  const { runes } = syntaxTreeOf(`(?i)[\\x{${rune.toString(16)}}\\x{${far.toString(16)}}]`);
  return Array.from(runes).filter((bound) => bound !== far);
}
