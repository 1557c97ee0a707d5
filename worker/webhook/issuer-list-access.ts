/** What a change of the owner's list of trusted issuers does: who is shut out from then on, and who is let in. Pure. */
import { TRUSTED_ISSUERS_NAME } from "../../policies/file-names.ts";
import type { TrustedIssuers } from "../../policies/issuers.ts";
import { type AccessChange, change, type Direction, list } from "./access.ts";

/** Undefined: there is no such file. Without a list: there is, and it cannot be used. */
export type ListSide = { readonly list: TrustedIssuers | undefined } | undefined;

export function issuerListAccess(before: ListSide, after: ListSide): AccessChange {
  const [old, now] = [before?.list, after?.list];
  if (now === undefined) return after === undefined ? removed(before) : unusable(old);
  if (old !== undefined) return edited(old, now);
  const heading = before === undefined ? "a new list of issuers" : "usable, which it was not before";
  return now.mode === "enforce" ? said(heading, ONLY(now), "narrower") : said(heading, NOBODY_SHUT_OUT, "same");
}

const said = (heading: string, lines: string | readonly string[], direction: Direction): AccessChange =>
  change(TRUSTED_ISSUERS_NAME, heading, [lines].flat(), direction);

const entriesOf = ({ document }: TrustedIssuers): readonly string[] => [
  ...document.issuers,
  ...document.patterns.map((pattern) => `issuers that match ${pattern}`),
];

const ONLY = (now: TrustedIssuers): string =>
  `From now on only these issuers are let in: ${list(entriesOf(now))}. Every other issuer is shut out`;
const NOBODY_SHUT_OUT = "It only records what it would refuse: every issuer is let in, and nobody is shut out";

function removed(before: ListSide): AccessChange {
  if (before?.list?.mode === "audit") {
    return said("removed", "It only recorded what it would refuse: every issuer was let in, and still is", "same");
  }
  const only = before?.list ? `. Until now only these were: ${list(entriesOf(before.list))}` : "";
  return said("removed", `Every issuer is let in again${only}`, "wider");
}

function unusable(old: TrustedIssuers | undefined): AccessChange {
  const kept =
    "The last list that could be read stays in force while exchanges go on; where it was not read for an hour, every exchange of this owner is refused";
  const none = "There is no earlier list to go on with: every exchange of this owner is refused";
  return said("not usable", old ? kept : none, "narrower");
}

function edited(old: TrustedIssuers, now: TrustedIssuers): AccessChange {
  if (old.mode !== now.mode) {
    if (now.mode === "enforce") return said("enforced from now on", ONLY(now), "narrower");
    const again = `${NOBODY_SHUT_OUT}. Until now only these were let in: ${list(entriesOf(old))}`;
    return said("not enforced any more", again, "wider");
  }
  const [from, to] = [entriesOf(old), entriesOf(now)];
  const letIn = to.filter((entry) => !from.includes(entry));
  const shutOut = from.filter((entry) => !to.includes(entry));
  if (letIn.length + shutOut.length === 0) return said("access does not change", [], "same");
  if (now.mode === "audit") {
    const listed = letIn.length > 0 ? [`Listed as well: ${list(letIn)}`] : [];
    const gone = shutOut.length > 0 ? [`Listed no more: ${list(shutOut)}`] : [];
    return said("changed", [...listed, ...gone, NOBODY_SHUT_OUT], "same");
  }
  const lines = [
    ...(letIn.length > 0 ? [`Let in from now on: ${list(letIn)}`] : []),
    ...(shutOut.length > 0 ? [`Shut out from now on: ${list(shutOut)}`] : []),
  ];
  return said("changed", lines, letIn.length > 0 ? "wider" : "narrower");
}
