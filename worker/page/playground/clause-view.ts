/** One clause of a verdict as it is shown: what was wanted, what was found, and where both first differ. Pure. */

import type { VerifiedClaims } from "../../../policies/claims.ts";
import { clauseHint } from "../../../policies/clause-hint.ts";
import { divergenceOf } from "../../../policies/cli/advice/divergence.ts";
import { clauseName, reasonOf } from "../../../policies/cli/explanation.ts";
import { printable } from "../../../policies/cli/layout.ts";
import type { Position } from "../../../policies/diagnostics.ts";
import type { ClauseResult } from "../../../policies/evaluate.ts";

/** A value, cut where it begins to differ. Nothing in it can change how the page around it reads. */
export interface MarkedText {
  readonly alike: string;
  /** One character; empty where nothing differs, or the text ends too early. */
  readonly differing: string;
  readonly rest: string;
  readonly endsEarly: boolean;
}

export interface ClauseView {
  readonly name: string;
  readonly passed: boolean;
  /** "does not match", "is not in the token"; undefined where it passed. */
  readonly reason: string | undefined;
  /** How the policy's value is compared: "exactly", "as a pattern". */
  readonly manner: string;
  readonly wanted: readonly MarkedText[];
  /** Empty: nothing that could be compared. */
  readonly found: readonly MarkedText[];
  /** Where they first differ, in words. */
  readonly difference: string | undefined;
  readonly hint: string | undefined;
  readonly at: Position | undefined;
}

const MAX_SHOWN = 12;

export interface ClauseContext {
  /** Of the whole token, where they are known. */
  readonly claims?: VerifiedClaims | undefined;
  /** Of the clause in the file. */
  readonly at?: Position | undefined;
  /** How many clauses before it are compared sign by sign, which costs something. */
  readonly compared?: number;
}

const MAX_COMPARED = 16;

export function clauseView(result: ClauseResult, { claims, at, compared = 0 }: ClauseContext): ClauseView {
  const { passed, expected, actual } = result;
  const divergence = compared < MAX_COMPARED ? divergenceOf(result) : undefined;
  const texts = [actual ?? []].flat();
  const wanted = expected.kind === "any_of" ? expected.value.split(" ") : [expected.value];
  const mark = (text: string, side: { readonly text: string; readonly at: number | undefined } | undefined) =>
    markedText(text, side?.text === text ? side.at : undefined);
  const unit = result.clause === "max_token_lifetime" ? " s" : "";
  return {
    name: clauseName(result),
    passed,
    reason: passed ? undefined : reasonOf(result),
    manner: MANNERS[expected.kind],
    wanted: wanted.map((text) => mark(`${text}${unit}`, divergence?.wanted)),
    found: texts.slice(0, MAX_SHOWN).map((text) => mark(`${text}${unit}`, divergence?.found)),
    difference: divergence && differenceOf(divergence),
    hint: result.problem ?? (claims && clauseHint(result, claims)),
    at,
  };
}

const MANNERS: Readonly<Record<ClauseResult["expected"]["kind"], string>> = {
  exact: "exactly",
  pattern: "a pattern",
  any_of: "one of, by default",
  at_most: "at most",
  format: "well formed",
};

export function markedText(text: string, at: number | undefined): MarkedText {
  if (at === undefined) return { alike: printable(text), differing: "", rest: "", endsEarly: false };
  const differing = String.fromCodePoint(...[text.codePointAt(at) ?? []].flat());
  return {
    alike: printable(text.slice(0, at)),
    differing: printable(differing),
    rest: printable(text.slice(at + differing.length)),
    endsEarly: at >= text.length,
  };
}

type Side = { readonly text: string; readonly at: number | undefined };

function differenceOf({ wanted, found }: { readonly wanted: Side; readonly found: Side }): string {
  const of = ({ text, at }: Side, whose: string) => {
    if (at === undefined) return undefined;
    if (at >= text.length) return `${whose} ends`;
    const sign = printable(String.fromCodePoint(text.codePointAt(at) ?? 0));
    return `${whose} has ${JSON.stringify(sign)} at character ${[...text.slice(0, at)].length + 1}`;
  };
  const told = [of(wanted, "the policy"), of(found, "the token")].filter((text) => text !== undefined);
  return `Where they first differ, ${told.join(", and ")}.`;
}
