/** An access change in Markdown, for the summary of the check run. Pure. */
import type { AccessChange, ClauseChange, Shown } from "./access.ts";
import { code } from "./markdown.ts";

export function accessText(change: AccessChange): string {
  return [`### ${code(change.name)}: ${headline(change)}`, ...lines(change).map((line) => `- ${line}`)].join("\n");
}

function headline({ what, state, isBroken, wasBroken }: AccessChange): string {
  const isList = what === "list";
  if (isBroken) return isList ? "not usable" : "no exchange can use it";
  switch (state) {
    case "new":
      return isList ? "a new list of issuers" : "a new policy";
    case "removed":
      return isList ? "removed: every issuer is permitted again" : "removed: no exchange can use it any more";
    case "changed":
      return wasBroken ? "usable, which it was not before" : "changed";
    case "same":
      return "access does not change";
  }
}

function lines(change: AccessChange): readonly string[] {
  return [
    ...list("Gains", change.gained),
    ...list("Loses", change.lost),
    ...list("Reaches", change.repositoriesGained),
    ...list("Reaches no more", change.repositoriesLost),
    ...change.clauses.map(clauseText),
    ...whoText(change),
    ...list("Extensions, which octo-sts refuses:", change.extensions),
  ];
}

function list(label: string, values: readonly string[]): readonly string[] {
  return values.length === 0 ? [] : [`${label} ${values.map(code).join(", ")}`];
}

function clauseText({ name, before, after }: ClauseChange): string {
  const [head = "", ...rest] = name.split(" ");
  const label = rest.length > 0 ? `${head} ${code(rest.join(" "))}` : head;
  if (before === undefined) return `${label} ${said(after)}`;
  if (after === undefined) return `${label} is not asked for any more; before: ${said(before)}`;
  return `${label} ${said(after)}; before: ${said(before)}`;
}

function said(shown: Shown | undefined): string {
  if (shown?.value === undefined) return shown?.word ?? "";
  return `${shown.word} ${code(shown.value)}`;
}

/** Only where something about who gets in, or what they get, is new. */
function whoText({ who, state, clauses, gained, repositoriesGained }: AccessChange): readonly string[] {
  if (who === undefined || state === "same" || clauses.length + gained.length + repositoriesGained.length === 0)
    return [];
  if (who.kind === "pattern")
    return ["Who: whatever matches the patterns; which workloads these are cannot be told from them"];
  const claims = who.alsoClaims ? ", if its claims match as well" : "";
  return [`Who: exactly the subject ${code(who.subject)} of ${code(who.issuer)}${claims}`];
}
