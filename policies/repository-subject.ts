/**
 * GitHub Actions' subjects: `repo:OWNER/NAME:CONTEXT`, and for repositories made or renamed since July 2026
 * `repo:OWNER@ID/NAME@ID:CONTEXT`; the context is an environment where the job has one, else a ref or `pull_request`
 * (https://docs.github.com/en/actions/reference/security/oidc#example-subject-claims). Pure.
 */

import { type JsonObject, ownProperty } from "./objects.ts";
import { escapePattern } from "./pattern/escape.ts";
import { compilePattern, newMatchBudget } from "./pattern/pattern.ts";
import type { CompiledMatcher } from "./policy/compile.ts";
import type { Matcher } from "./policy/document.ts";

export interface RepositorySubject {
  readonly owner: string;
  readonly ownerId: string | undefined;
  readonly name: string;
  readonly nameId: string | undefined;
  readonly context: string;
}

export function readRepositorySubject(subject: string): RepositorySubject | undefined {
  const [, owner, ownerId, name, nameId, context] =
    /^repo:([^/:@]+)(?:@([0-9]+))?\/([^/:@]+)(?:@([0-9]+))?:(.+)$/s.exec(subject) ?? [];
  if (owner === undefined || name === undefined || context === undefined) return undefined;
  return { owner, ownerId, name, nameId, context };
}

/** Why a subject that is otherwise right does not match. */
export interface SubjectMiss {
  /** `missing`: the token's subject has ids and the policy's has none. `needless`: the other way round. */
  readonly ids?: "missing" | "needless";
  /** The environment that stands in the token's subject, where the policy has the job's ref. */
  readonly environment?: string;
  /** What the policy would have to say. */
  readonly written: Matcher;
}

/** Undefined if the subject differs in something else as well. */
export function subjectMiss(expected: CompiledMatcher, claims: JsonObject): SubjectMiss | undefined {
  const value = textOf(claims, "sub");
  const subject = readRepositorySubject(value);
  if (subject === undefined) return undefined;
  const hasIds = subject.ownerId !== undefined || subject.nameId !== undefined;
  const ids = hasIds ? "missing" : "needless";
  const other = hasIds ? withoutIds(subject) : withIdsOf(subject, claims);
  // Three tries together cost no more than the one that failed.
  const budget = newMatchBudget();
  const fits = (as: RepositorySubject | undefined) => as !== undefined && expected.matches(textOfSubject(as), budget);
  const asIs = { kind: "exact", value } as const;
  if (fits(other)) return { ids, written: (hasIds && numberedPattern(expected, subject, value)) || asIs };
  const environment = /^environment:(.+)$/s.exec(subject.context)?.[1];
  const context = refContext(claims);
  if (environment === undefined || context === undefined) return undefined;
  if (fits({ ...subject, context })) return { environment, written: asIs };
  return fits(other && { ...other, context }) ? { ids, environment, written: asIs } : undefined;
}

const textOf = (claims: JsonObject, name: string): string => {
  const value = ownProperty(claims, name);
  return typeof value === "string" ? value : "";
};

const numbered = (name: string, id: string | undefined): string => (id === undefined ? name : `${name}@${id}`);

const textOfSubject = ({ owner, ownerId, name, nameId, context }: RepositorySubject): string =>
  `repo:${numbered(owner, ownerId)}/${numbered(name, nameId)}:${context}`;

const withoutIds = (subject: RepositorySubject): RepositorySubject => ({
  ...subject,
  ownerId: undefined,
  nameId: undefined,
});

function withIdsOf(subject: RepositorySubject, claims: JsonObject): RepositorySubject | undefined {
  const [ownerId, nameId] = [textOf(claims, "repository_owner_id"), textOf(claims, "repository_id")];
  return ownerId === "" || nameId === "" ? undefined : { ...subject, ownerId, nameId };
}

/** What would stand in the subject if the job had no environment. */
function refContext(claims: JsonObject): string | undefined {
  if (textOf(claims, "event_name") === "pull_request") return "pull_request";
  const ref = textOf(claims, "ref");
  return ref === "" ? undefined : `ref:${ref}`;
}

/** The policy's pattern with the token's ids in it; undefined if its text does not say where they belong. */
function numberedPattern(
  { kind, value }: Matcher,
  { owner, ownerId, name, nameId }: RepositorySubject,
  actual: string,
): Matcher | undefined {
  if (kind === "exact") return undefined;
  const tried = [
    // Up to its end: a name may look like the beginning of a pattern.
    ...[escapePattern(name), name].map((text) => [
      `${owner}/${text}:`,
      `${numbered(owner, ownerId)}/${numbered(text, nameId)}:`,
    ]),
    [`${owner}/`, `${numbered(owner, ownerId)}/`],
  ];
  for (const [plain = "", withId = ""] of tried) {
    if (!value.includes(plain)) continue;
    const source = value.replaceAll(plain, withId);
    const compiled = compilePattern(source);
    if (compiled.ok && compiled.value.matches(actual)) return { kind, value: source };
  }
  return undefined;
}
