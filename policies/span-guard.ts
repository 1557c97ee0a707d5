/**
 * Whether a pattern of the issuer allow-list can match a `/` at a place that is not fixed, and so run past the host into a domain
 * of someone else (`https://.*\.example\.com` matches `https://evil.example/x.example.com`). Pure.
 *
 * octo-sts judges the syntax tree as Go's parser leaves it, alternatives factored and classes merged: so does this. The tree at
 * hand has counted repetitions written out, so these are found in the text, and what they repeat is judged by itself.
 */

import { operatorOf, type SyntaxNode, syntaxTreeOf } from "./pattern-tree.ts";

const SLASH = 0x2f;

/** Why the pattern may not stand; undefined if it may. The pattern must be legal alone. */
export function spanFault(pattern: string): string | undefined {
  for (const operand of countedOperands(pattern)) {
    const repeats = operand.isLiteral ? operand.text === "/" : slashIn(syntaxTreeOf(operand.text), true) !== undefined;
    if (repeats) return 'a "/" stands under a repetition';
  }
  return slashIn(syntaxTreeOf(pattern), false);
}

/** `isRepeated`: the whole tree stands under a repetition, an option or an alternation. */
function slashIn(root: SyntaxNode, isRepeated: boolean): string | undefined {
  const op = {
    dots: [operatorOf("."), operatorOf("(?s).")],
    literal: operatorOf("ab"),
    charClass: operatorOf("[a-c]"),
    branching: [operatorOf("a*"), operatorOf("a+"), operatorOf("a?"), operatorOf("ab|cd")],
  };
  const rest = [{ node: root, inside: isRepeated }];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const { node, inside } = next;
    if (op.dots.includes(node.op)) return '"." can match "/"';
    if (node.op === op.charClass && hasRange(node.runes, SLASH)) return 'a character class can match "/"';
    if (node.op === op.literal && inside && Array.from(node.runes).includes(SLASH)) {
      return 'a "/" stands under a repetition, an option or an alternation';
    }
    for (const sub of node.subs) rest.push({ node: sub, inside: inside || op.branching.includes(node.op) });
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

/** One token of the syntax outside of classes: the kinds are told apart by their groups. */
const TOKEN =
  /(?<quote>\\Q(?<quoted>.*?)(?:\\E|$))|(?<flags>\(\?[a-zA-Z-]*\))|(?<open>\((?:\?(?:P?<[^>]*>|[a-zA-Z-]*:))?)|(?<close>\))|(?<bar>\|)|(?<count>\{\d+(?:,\d*)?\}\??)|(?<repeat>[*+?]\??)|(?<class>\[)|(?<atom>\\[pPx]\{[^}]*\}|\\[pP].|\\x..|\\[0-7]{1,3}|\\.|.)/suy;

/** The offset behind a class that begins at `from`: a `]` directly behind its start is a member. */
function endOfClass(pattern: string, from: number): number {
  const member = /\[:[^\]]*:\]|\\[pPx]\{[^}]*\}|\\.|[^\\]/suy;
  let at = from + (pattern[from + 1] === "^" ? 2 : 1);
  for (let isFirst = true; at < pattern.length && (isFirst || pattern[at] !== "]"); isFirst = false) {
    member.lastIndex = at;
    if (member.exec(pattern) === null) break;
    at = member.lastIndex;
  }
  return at + 1;
}

/** The operands of all counted repetitions of a legal pattern. */
function countedOperands(pattern: string): readonly Operand[] {
  const operands: Operand[] = [];
  const groups: number[] = [];
  const token = new RegExp(TOKEN);
  let atom: { readonly from: number; readonly to: number; readonly literal?: string } | undefined;
  for (let match = token.exec(pattern); match !== null && match[0] !== ""; match = token.exec(pattern)) {
    const from = match.index;
    const kind = match.groups ?? {};
    if (kind.class !== undefined) token.lastIndex = endOfClass(pattern, from);
    const to = token.lastIndex;
    if (kind.quote !== undefined) {
      const literal = [...(kind.quoted ?? "")].at(-1);
      if (literal !== undefined) atom = { from, to, literal };
    } else if (kind.open !== undefined) {
      groups.push(from);
      atom = undefined;
    } else if (kind.close !== undefined) atom = { from: groups.pop() ?? 0, to };
    else if (kind.bar !== undefined) atom = undefined;
    else if (kind.count !== undefined && atom !== undefined) {
      operands.push({ text: atom.literal ?? pattern.slice(atom.from, atom.to), isLiteral: atom.literal !== undefined });
      atom = { from: atom.from, to };
    } else if (kind.atom !== undefined || kind.class !== undefined) atom = { from, to };
  }
  return operands;
}
