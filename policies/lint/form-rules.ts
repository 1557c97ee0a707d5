/**
 * Values and patterns that no token of the issuer can have, as the table of forms tells, and clauses that exclude each other. Pure.
 *
 * Judged only where the policy's issuer is surely of one kind; whether two languages have a text in common is decided exactly, and
 * counts as yes where that would take too long.
 */

import { quoted } from "../diagnostics.ts";
import type { Linting, Mender, Rule } from "./context.ts";
import { type ClausePair, type Forms, formOf, pairOf, patternOf, shownForms, withParts } from "./forms/forms.ts";
import { haveCommonText, languageOf, overlaps } from "./language.ts";
import { assignment, offendingPart } from "./offence.ts";
import { literalSlotOf, plainPrefixOf, soleTextOf } from "./shapes.ts";
import type { Unplaced, Value } from "./value.ts";
import { languageOfValue } from "./value.ts";
import { WORKLOADS } from "./workloads.ts";

/** An exact issuer that is meant to be a known one, and is not. */
export function misspeltIssuer({ field, kind, path, text }: Value, mender: Mender | undefined): readonly Unplaced[] {
  if (field !== "issuer" || kind !== "exact") return [];
  const address = text.trim().replace(/^https?:\/*/i, "");
  const meant = WORKLOADS.find(({ forms }) => forms.hosts.test(address.toLowerCase()))?.forms;
  if (meant === undefined || WORKLOADS.some(({ forms }) => isOf(text, forms.iss))) return [];
  return [
    {
      id: "issuer-misspelt",
      severity: "warning",
      path,
      message: `issuers are compared byte for byte, and no token has this one: the \`iss\` of ${meant.issuer} is ${shownForms(meant.iss)}`,
      suggestion: mender?.issuer(meant, text, path) ?? `write ${shownForms(meant.iss)}`,
    },
  ];
}

const isOf = (text: string, forms: string): boolean => overlaps(languageOfValue("exact", text), patternOf(forms));

/** The kind of workload whose forms all of the issuer's tokens keep to. */
function formsOf({ issuer, workload }: Linting): Forms | undefined {
  const prefix = issuer.kind === "exact" ? issuer.text : plainPrefixOf(issuer.tokens);
  const isSure = issuer.kind === "exact" || /^https:\/\/[^/]+\//.test(prefix) || prefix === soleTextOf(issuer.tokens);
  return isSure ? workload?.forms : undefined;
}

/** Subject and claims that no token of the issuer has. */
export function misfit(value: Value, linting: Linting): readonly Unplaced[] {
  const forms = formsOf(linting);
  const own = forms && ownForm(value, forms);
  if (forms === undefined || own === undefined || isOrdinary(value, forms)) return [];
  const what = value.field === "subject" ? "subjects are" : `\`${value.name}\` is`;
  const { issuer, customized, growing = "" } = forms;
  const suggestion = linting.mender?.value(value, own, linting) ?? "write it in that form, or copy it from a token";
  if (value.field === "subject" && customized !== undefined && overlaps(value.language, withParts(customized[0]))) {
    const message = `only ${customized[1]} gets such subjects: else those of ${issuer} are ${shownForms(own)}`;
    return [{ id: "subject-customized", severity: "notice", path: value.path, message, suggestion }];
  }
  const isNew = growing.split(" ").includes(value.name) && overlaps(value.language, "[a-z_]+");
  const message = `no token of ${issuer} has it, ${offendingPart(value, patternOf(own), linting.mender)}: its ${what} ${shownForms(own)}`;
  return [
    {
      id: "matches-nothing",
      severity: isNew ? "notice" : "warning",
      path: value.path,
      message,
      suggestion,
    },
  ];
}

function ownForm({ field, name }: Value, forms: Forms): string | undefined {
  if (field === "subject") return forms.sub;
  return field === "claim" ? formOf(forms, name) || undefined : undefined;
}

/** Clauses that no token fulfils together. */
export const pairRules: Rule = (linting) => {
  const forms = formsOf(linting);
  if (forms === undefined) return [];
  const named = [linting.issuer, linting.subject, ...linting.claims];
  const ordinary = new Map(named.map((value) => [value.name, value]));
  for (const value of named) if (!isOrdinary(value, forms)) ordinary.delete(value.name);
  const judged = (text: string) => {
    const values = valuesOfPair(pairOf(text), ordinary);
    return values === undefined ? [] : [excluding(text, values, linting, forms)];
  };
  const broken = forms.pairs.flatMap(judged);
  return forms.hint === undefined || broken.length > 0 ? broken : judged(forms.hint);
};

function isOrdinary(value: Value, forms: Forms): boolean {
  const own = ownForm(value, forms);
  return own === undefined || overlaps(value.language, patternOf(own));
}

/** Both values, if none of the pair's rows allows them. `ordinary`: those that the issuer makes unless it is customized. */
function valuesOfPair(
  { of, rows }: ClausePair,
  ordinary: ReadonlyMap<string, Value>,
): readonly [Value, Value] | undefined {
  const [first, second] = [ordinary.get(of[0]), ordinary.get(of[1])];
  if (first === undefined || second === undefined) return undefined;
  return rows.some((row) => allows(row, first, second)) ? undefined : [first, second];
}

function allows([one, other]: ClausePair["rows"][number], first: Value, second: Value): boolean {
  if (one !== "" && !overlaps(first.language, one)) return false;
  if (!other.includes("{}")) return overlaps(second.language, other);
  const slot = literalSlotOf(first.text, first.tokens);
  return slot === undefined || haveCommonText(second.language, languageOf(other.replace("{}", () => `(?:${slot})`)));
}

function excluding(
  text: string,
  [first, second]: readonly [Value, Value],
  { mender }: Linting,
  forms: Forms,
): Unplaced {
  const isHint = text === forms.hint;
  const both = `${assignment(first)} and ${assignment(second)} exclude each other`;
  return {
    id: "never-together",
    severity: isHint ? "notice" : "warning",
    path: first.path,
    message: `no token of ${forms.issuer} has both: ${both}${isHint ? ", unless its subjects are customized" : ""}`,
    suggestion: mender?.pair(pairOf(text), [first, second], isHint) ?? "make them agree, or remove one",
  };
}

/** GitHub compares names without case, and writes them into tokens as their owner did. */
export const ownerCaseRules: Rule = ({ owner, workload, subject, claims }) => {
  if (owner === undefined || !workload?.forms.issuer.startsWith("GitHub")) return [];
  const written = new RegExp(`^(\\W*(?:repo:)?)${owner}(?=[/@)$]|$)`, "i");
  return [subject, ...claims].flatMap((value) => {
    const right = NAMES_OF_OWNERS.includes(value.name) ? value.text.replace(written, `$1${owner}`) : value.text;
    if (right === value.text || haveCommonText(value.language, languageOf(`(?:repo:)?${owner}(?:[/@].*)?`))) return [];
    const message = `GitHub writes the owner as ${quoted(owner)}, and values are compared with their case`;
    const suggestion = `write ${assignment(value, right)}`;
    return [{ id: "owner-case", severity: "warning", path: value.path, message, suggestion }];
  });
};

const NAMES_OF_OWNERS = ["sub", "repository", "repository_owner", "job_workflow_ref", "workflow_ref"];
