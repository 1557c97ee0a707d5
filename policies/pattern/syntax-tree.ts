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

/** Nodes and literal characters, shared nodes as often as they occur; stops counting beyond `limit`. */
export function treeSize(root: SyntaxNode, limit: number): number {
  const literal = operatorOf("ab");
  let size = 0;
  const rest = [root];
  for (let node = rest.pop(); node !== undefined && size <= limit; node = rest.pop()) {
    size += node.op === literal ? node.runes.length : 1;
    if (size + node.subs.length > limit) return limit + 1;
    for (const sub of node.subs) rest.push(sub);
  }
  return size;
}

/** The kind of the root of a sample's tree. */
export function operatorOf(sample: string): number {
  return syntaxTreeOf(sample).op;
}
