/** A list of trusted issuers put to a token's issuer. Pure. */
import { divergenceOf } from "../../../policies/cli/advice/divergence.ts";
import { readEvidence } from "../../../policies/cli/evidence.ts";
import { UNCHECKED } from "../../../policies/cli/notes.ts";
import { expiryNote } from "../../../policies/cli/token.ts";
import type { ClauseResult } from "../../../policies/evaluate.ts";
import { allows, parseTrustedIssuers, type TrustedIssuers } from "../../../policies/issuers.ts";
import { clauseView } from "./clause-view.ts";
import type { Input } from "./input.ts";
import { asSentence, type Judged, NO_EVIDENCE, nothing, type ShownVerdict, said, UNUSABLE, WHAT } from "./outcome.ts";

export function judgeIssuers({ policy, evidence }: Input, now: number): Judged {
  const parsed = parseTrustedIssuers(policy);
  if (!parsed.ok) return { outcome: UNUSABLE, notes: [] };
  if (evidence.trim() === "") return { outcome: NO_EVIDENCE, notes: [] };
  const read = readEvidence(evidence, WHAT);
  if (!read.ok) return { outcome: nothing(`${asSentence(read.message)}.`, true), notes: [] };
  const issuer = read.claims?.iss;
  if (typeof issuer !== "string") return { outcome: nothing("There is no issuer in it (`iss`).", true), notes: [] };
  return {
    outcome: verdictOn(parsed.value, issuer),
    notes: said([read.claims && expiryNote(read.claims, now), UNCHECKED]),
  };
}

function verdictOn(list: TrustedIssuers, issuer: string): ShownVerdict {
  const isListed = allows(list, issuer);
  const allow = isListed || list.mode === "audit";
  const [shown, ...others] = entriesOf(list, issuer);
  const [entry, path] = shown ?? [];
  const view = entry && clauseView(entry, { at: list.locate(path ?? "") });
  const hint = others.length === 0 ? undefined : `${others.length} other entries are farther from it`;
  return {
    kind: "verdict",
    allow,
    headline: isListed
      ? "Permitted: the list names the token's issuer"
      : allow
        ? "Permitted, and recorded: in the mode `audit` the list refuses nothing"
        : "Refused: the list does not name the token's issuer",
    clauses: view === undefined ? [] : [{ ...view, ...(!isListed && { hint }) }],
    advice: [],
    mended: undefined,
    grant: undefined,
  };
}

/** Each entry as a clause: first the one that names the issuer, or comes nearest to it. */
function entriesOf(
  { document, patterns }: TrustedIssuers,
  issuer: string,
): readonly (readonly [ClauseResult, string])[] {
  const entry = (kind: "exact" | "pattern", value: string, passed: boolean, path: string) => {
    const expected = { kind, value };
    const result: ClauseResult = {
      ...{ clause: "issuer", name: "iss", expected, actual: issuer, passed },
      ...(!passed && { why: "no_match" }),
    };
    return [result, path, passed ? Number.POSITIVE_INFINITY : (divergenceOf(result)?.found.at ?? 0)] as const;
  };
  const all = [
    ...document.issuers.map((value, i) => entry("exact", value, value === issuer, `issuers[${i}]`)),
    ...patterns.map((one, i) => entry("pattern", one.source, one.matches(issuer), `issuer_patterns[${i}]`)),
  ];
  return all.toSorted(([, , a], [, , b]) => b - a).map(([result, path]) => [result, path] as const);
}
