/**
 * A workload's claims from what its author knows of it: the fields of its kind. Pure.
 */

import { ownProperty } from "../objects.ts";
import type { WorkloadField, WorkloadKind } from "./kinds/kind.ts";

type Claims = Readonly<Record<string, unknown>>;
type Given = Readonly<Record<string, string>>;

export type FilledClaims =
  | {
      readonly ok: true;
      readonly claims: Claims;
      /** Those that stand for optional fields: whoever gave one wants it in the policy. */
      readonly also: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

export interface FieldProblem {
  readonly field: string;
  readonly problem: "unknown" | "missing" | "unruly";
  readonly message: string;
}

/** `given`: by the fields' names; an empty text is none. */
export function claimsFromFields(kind: WorkloadKind, given: Given): FilledClaims {
  const problems = [...unknownFields(kind, given), ...unrulyFields(kind, given)];
  if (problems.length > 0) return { ok: false, problems };
  const values = new Map(
    Object.entries(kind.fields).flatMap(([name, field]) => {
      const value = givenOr(field, ownProperty(given, name));
      return value === undefined ? [] : [[name, textOf(field, value)] as const];
    }),
  );
  const filled = Object.entries(kind.claims).flatMap(([claim, template]) => {
    const text = fill(template, values);
    return text === undefined ? [] : [[claim, text] as const];
  });
  const isOptional = (claim: string) => fieldsIn(kind.claims[claim]).some((name) => kind.fields[name]?.optional);
  const also = filled.map(([claim]) => claim).filter((claim) => isOptional(claim));
  return { ok: true, claims: Object.fromEntries(filled), also };
}

function unknownFields(kind: WorkloadKind, given: Given): readonly FieldProblem[] {
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(kind.fields, name));
  return unknown.map((field) => {
    return { field, problem: "unknown", message: `a workload of kind ${kind.name} has no "${field}"` };
  });
}

function unrulyFields(kind: WorkloadKind, given: Given): readonly FieldProblem[] {
  return Object.entries(kind.fields).flatMap(([field, rules]): readonly FieldProblem[] => {
    const value = givenOr(rules, ownProperty(given, field));
    if (value === undefined) {
      return rules.optional ? [] : [{ field, problem: "missing", message: `needed: ${rules.about}` }];
    }
    const { rule, choices, example } = rules;
    if (choices !== undefined && !Object.hasOwn(choices, value)) {
      return [{ field, problem: "unruly", message: `must be one of ${Object.keys(choices).join(", ")}` }];
    }
    return rule === undefined || rule.test(value)
      ? []
      : [{ field, problem: "unruly", message: `must have the form of ${example}` }];
  });
}

const givenOr = ({ fallback }: WorkloadField, given: string | undefined): string | undefined => given || fallback;

/** What a choice stands for is ours, and may name fields; what was given is never read as a template. */
const textOf = ({ choices }: WorkloadField, value: string) => {
  const choice = choices === undefined ? undefined : ownProperty(choices, value);
  return choice === undefined ? { value, isTemplate: false } : { value: choice.text, isTemplate: true };
};

const FIELD = /\{([a-z_]+)\}/g;

const fieldsIn = (template: unknown): readonly string[] =>
  typeof template === "string" ? [...template.matchAll(FIELD)].map(([, name = ""]) => name) : [];

/** Undefined where an optional field is not given. */
function fill(template: unknown, values: ReadonlyMap<string, { value: string; isTemplate: boolean }>): unknown {
  if (typeof template !== "string") return template;
  const chosen = template.replace(FIELD, (whole, name: string) => {
    const text = values.get(name);
    return text?.isTemplate ? text.value : whole;
  });
  if (fieldsIn(chosen).some((name) => !values.has(name))) return undefined;
  return chosen.replace(FIELD, (_, name: string) => values.get(name)?.value ?? "");
}
