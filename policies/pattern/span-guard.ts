/**
 * Whether a pattern of the issuer allow-list can match a `/` at a place that is not fixed, and so run past the host into a domain
 * of someone else (`https://.*\.example\.com` matches `https://evil.example/x.example.com`). Pure.
 *
 * octo-sts judges the syntax tree as Go's parser leaves it, alternatives factored and classes merged: so does this. The tree at
 * hand has counted repetitions written out, so these are found in the text, and what they repeat is judged by itself.
 */

import { kindOf, type SyntaxNode, syntaxTreeOf } from "./syntax-tree.ts";
import { quotedTextOf, tokensOf } from "./tokens.ts";

const SLASH = 0x2f;
const BRANCHING: readonly string[] = ["star", "plus", "option", "choice"];

/** Why the legal pattern of this tree may not stand; undefined if it may. */
export function spanProblem(pattern: string, tree: SyntaxNode): string | undefined {
  for (const operand of countedOperands(pattern)) {
    const repeats = operand.isLiteral ? operand.text === "/" : slashIn(syntaxTreeOf(operand.text), true) !== undefined;
    if (repeats) return 'a "/" stands under a repetition';
  }
  return slashIn(tree, false);
}

/** `isRepeated`: the whole tree stands under a repetition, an option or an alternation. */
function slashIn(root: SyntaxNode, isRepeated: boolean): string | undefined {
  const rest = [{ node: root, inside: isRepeated }];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const { node, inside } = next;
    const kind = kindOf(node);
    if (kind === "any" || kind === "anyButNewline") return '"." can match "/"';
    if (kind === "charClass" && hasRange(node.runes, SLASH)) return 'a character class can match "/"';
    if (kind === "literal" && inside && Array.from(node.runes).includes(SLASH)) {
      return 'a "/" stands under a repetition, an option or an alternation';
    }
    for (const sub of node.subs) rest.push({ node: sub, inside: inside || BRANCHING.includes(kind) });
  }
  return undefined;
}

function hasRange(ranges: ArrayLike<number>, rune: number): boolean {
  for (let i = 0; i + 1 < ranges.length; i += 2) {
    if ((ranges[i] ?? 0) <= rune && rune <= (ranges[i + 1] ?? 0)) return true;
  }
  return false;
}

/** What a counted repetition repeats. `isLiteral`: one character out of `\Q...\E`, to be taken as it is. */
interface Operand {
  readonly text: string;
  readonly isLiteral: boolean;
}

/** The operands of the counted repetitions of a legal pattern, without those that stand in another one. */
function countedOperands(pattern: string): readonly Operand[] {
  const operands: (Operand & { readonly from: number })[] = [];
  const groups: number[] = [];
  let atom: { readonly from: number; readonly to: number; readonly literal?: string } | undefined;
  for (const token of tokensOf(pattern)) {
    const { kind, from, to } = token;
    if (kind === "quote") {
      const literal = [...quotedTextOf(token)].at(-1);
      if (literal !== undefined) atom = { from, to, literal };
    } else if (kind === "open") {
      groups.push(from);
      atom = undefined;
    } else if (kind === "close") atom = { from: groups.pop() ?? 0, to };
    else if (kind === "bar") atom = undefined;
    else if (kind === "count" && atom !== undefined) {
      const { from: start, literal } = atom;
      while ((operands.at(-1)?.from ?? -1) >= start) operands.pop();
      operands.push({ text: literal ?? pattern.slice(start, atom.to), isLiteral: literal !== undefined, from: start });
      atom = { from: start, to };
    } else if (kind === "atom" || kind === "class") atom = { from, to };
  }
  return operands;
}
