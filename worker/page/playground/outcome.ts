/** What is shown beneath policy and token. Types, and the words that outcomes share. */
import type { Change } from "../../../policies/cli/advice/clause.ts";
import type { Mendable } from "../../../policies/cli/editing/remedies.ts";
import type { Mended } from "../../../policies/cli/explain.ts";
import type { ClauseView } from "./clause-view.ts";
import type { GrantView } from "./grant-view.ts";

export type PlaygroundOutcome =
  /** Nothing to judge yet, or nothing that can be: why, and whether something is wrong. */
  { readonly kind: "none"; readonly told: string; readonly isWrong: boolean } | ShownVerdict;

export interface ShownVerdict {
  readonly kind: "verdict";
  readonly allow: boolean;
  readonly headline: string;
  readonly clauses: readonly ClauseView[];
  readonly advice: readonly Advice[];
  readonly mended: Mended | undefined;
  readonly grant: GrantView | undefined;
}

/** What would make a clause match. */
export interface Advice extends Change {
  readonly clause: string;
}

export interface Judgement {
  readonly findings: readonly Mendable[];
  readonly outcome: PlaygroundOutcome;
  readonly notes: readonly string[];
}

export type Judged = Pick<Judgement, "outcome" | "notes">;

export const nothing = (told: string, isWrong = false): PlaygroundOutcome => ({ kind: "none", told, isWrong });
/** How the source of the evidence is called in messages. */
export const WHAT = "what you gave";
export const NO_EVIDENCE = nothing("No error. Give the token's claims, and the verdict stands here.");
export const UNUSABLE = nothing("The file has errors: no token is let in by it.", true);

export const asSentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

export const said = (notes: readonly (string | undefined)[]): readonly string[] =>
  notes.filter((note) => note !== undefined);
