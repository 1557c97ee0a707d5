/**
 * Rules for the organization's list of trusted issuers. Pure.
 */

import { quoted } from "../diagnostics.ts";
import type { TrustedIssuers } from "../issuers.ts";
import type { Mender } from "./context.ts";
import { foreignIssuers } from "./issuer-rules.ts";
import type { Unplaced } from "./value.ts";
import { matcherValue } from "./value.ts";
import { exactRules, patternRules, placeholder } from "./value-rules.ts";

export function listRules(list: TrustedIssuers, mender: Mender | undefined): readonly Unplaced[] {
  const { issuers, patterns } = list.document;
  return [
    ...auditMode(list),
    ...duplicates(list),
    ...issuers.flatMap((issuer, i) => {
      const value = matcherValue("issuer", { kind: "exact", value: issuer }, `issuers[${i}]`);
      return [...exactRules(value, mender).map(asListEntry), ...placeholder(value)];
    }),
    ...patterns.flatMap((pattern, i) => {
      const value = matcherValue("issuer", { kind: "pattern", value: pattern }, `issuer_patterns[${i}]`);
      return [...foreignIssuers(value), ...patternRules(value, mender).map(asListEntry), ...placeholder(value)];
    }),
  ];
}

/** In the list, exact values and patterns have a key each. */
function asListEntry(finding: Unplaced): Unplaced {
  if (finding.id === "issuer-misspelt") {
    return { ...finding, suggestion: finding.suggestion.replace(/`issuers\[\d+\]: /, "`") };
  }
  if (finding.id === "exact-looks-like-pattern") return { ...finding, suggestion: "list it under `issuer_patterns`" };
  return finding;
}

function auditMode({ mode }: TrustedIssuers): readonly Unplaced[] {
  if (mode === "enforce") return [];
  const message = "the list only records what it would refuse: every issuer is still permitted";
  return [
    {
      id: "audit-mode",
      severity: "notice",
      path: "mode",
      message,
      suggestion: "write `mode: enforce` once the record is clean",
    },
  ];
}

function duplicates({ document: { issuers, patterns }, patterns: compiled }: TrustedIssuers): readonly Unplaced[] {
  const finding = (path: string, message: string): readonly Unplaced[] => [
    { id: "duplicate-issuer", severity: "notice", path, message, suggestion: "remove it" },
  ];
  return [
    ...issuers.flatMap((issuer, i) => {
      if (issuers.indexOf(issuer) < i) return finding(`issuers[${i}]`, `${quoted(issuer)} is listed already`);
      const pattern = compiled.find((candidate) => candidate.matches(issuer));
      const message = `${quoted(issuer)} is covered by the pattern ${quoted(pattern?.source ?? "")}`;
      return pattern === undefined ? [] : finding(`issuers[${i}]`, message);
    }),
    ...patterns.flatMap((pattern, i) =>
      patterns.indexOf(pattern) < i ? finding(`issuer_patterns[${i}]`, `${quoted(pattern)} is listed already`) : [],
    ),
  ];
}
