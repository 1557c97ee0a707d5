/**
 * What well-known issuers put into their tokens, as their documentation shows it: names of claims, and the forms of their values. The
 * notation of the tables beside this file; read by form-rules.ts. Pure.
 *
 * A form is text as a token has it. In it a word in capitals stands for a part, and forms of one value are parted by spaces, the most
 * ordinary first: `branch tag`; those behind a `|` are not shown to people. A form too many costs a missed hint, one too few a false
 * warning. So does a claim: optional and recent ones are in.
 */

import { escapePattern } from "../../pattern/escape.ts";

/** One issuer. */
export interface Forms {
  /** The issuer, in a writer's words. */
  readonly issuer: string;
  /** Addresses, without their scheme, by which people mean this issuer. */
  readonly hosts: RegExp;
  readonly iss: string;
  readonly sub: string;
  /** Subjects that the issuer makes only where somebody has changed its settings, as a pattern with parts; and who that is. */
  readonly customized?: readonly [pattern: string, who: string];
  /** Names of claims by the forms of their values; without a form any text. */
  readonly claims: Readonly<Record<string, string>>;
  /** What claim names may begin with where the rest is the user's own. */
  readonly prefixes?: readonly string[];
  /** Claims that are objects, and are looked into by a path. */
  readonly objects?: readonly string[];
  /** Claims whose list of values grows: another word is only likely wrong. */
  readonly growing?: string;
  /**
   * Values of one token that depend on each other: two names, then what the second one is, `{}` standing for the first; or for each
   * kind of the first one what the second one is.
   */
  readonly pairs: readonly string[];
  /** Such a pair that customized subjects can break. */
  readonly hint?: string;
}

/** RFC 7519 section 4.1. */
export const REGISTERED = "iss sub aud exp nbf iat jti";

const REFNAME = "[^\\x00-\\x20~^:?*\\[\\\\\\x7f]+";
const AFTER = REFNAME.replace("+", "*");
const but = (letter: string) => `[^${letter}\\x00-\\x20~^:?*\\[\\\\\\x7f]${AFTER}`;
/** A branch or tag by its name alone: a path of refs would be a branch that is called so. */
const SHORT = `(?:${but("r")}|r(?:${but("e")})?|re(?:${but("f")})?|ref(?:${but("s")})?|refs(?:${but("/")})?|refs/${but("ht")})`;
const UUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
const NAME = "[A-Za-z0-9._-]+";
const TEXT = "[^:\\x00-\\x1f]+";
const REF = `refs/(?:(?:heads|tags)/${REFNAME}|pull/[0-9]+/(?:merge|head)|merge-requests/[0-9]+/(?:merge|head|train))`;

/** What the words in capitals stand for, over all issuers. */
const PARTS: Readonly<Record<string, string>> = {
  ACCOUNT: "[0-9]{12}",
  BRANCH: REFNAME,
  BRANCH_NAME: SHORT,
  CLUSTER: "[0-9A-Za-z]{32}",
  COMMIT: "[^:\\x00-\\x20]+",
  EMAIL: "[^@\\x00-\\x20]+@[^@\\x00-\\x20]+",
  ENVIRONMENT: TEXT,
  FILE: "[^/@:\\x00-\\x20]+\\.ya?ml",
  GROUP: `${NAME}(?:/${NAME})*`,
  HOST: "[A-Za-z0-9.-]+(?::[0-9]+)?",
  ID: "[0-9]+",
  LABEL: "[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?",
  NAME,
  NAMESPACE: "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?",
  /** Of a run that is for no pull request. */
  NONE: "",
  NUMBER: "[0-9]+",
  OWNER: "[A-Za-z0-9][A-Za-z0-9_-]*",
  PAIRWISE_ID: "[A-Za-z0-9_-]{43}",
  PATH: "[^@\\x00-\\x20]+",
  REF,
  REPOSITORY: NAME,
  ROLE: "[^:\\x00-\\x20]+",
  SHA: "(?:[0-9a-f]{40}|[0-9a-f]{64})",
  STEP: "[^:\\x00-\\x20]*",
  TAG: REFNAME,
  TAG_NAME: SHORT,
  TEXT,
  USER_ID: "[A-Za-z0-9-]+",
  UUID,
};

/** A pattern with parts as one without. */
export function withParts(pattern: string): string {
  return pattern.replaceAll(/[A-Z][A-Z_]+/g, (word) => `(?:${PARTS[word] ?? word})`);
}

/** Filled on use with the tables' own forms, of which there is a fixed number. */
const patterns = new Map<string, string>();

/** What any of the forms of a table matches, as a pattern. */
export function patternOf(forms: string): string {
  const pattern = patterns.get(forms) ?? withParts(escapePattern(forms.replace("| ", ""))).replaceAll(" ", "|");
  patterns.set(forms, pattern);
  return pattern;
}

/** For a message. */
export function shownForms(forms: string): string {
  const [ordinary = ""] = forms.split(" | ");
  const all = ordinary.split(" ").map((form) => `\`${form}\``);
  return all.length > MOST_SHOWN
    ? `${all.slice(0, MOST_SHOWN).join(", ")}, ...`
    : all.join(", ").replace(/, ([^,]+)$/, " or $1");
}

const MOST_SHOWN = 4;

const words = (text: string): readonly string[] => text.split(" ");

/** Of the table's own claims: `undefined` for one that it has not, an empty text where any value will do. */
export function formOf({ claims }: Forms, name: string): string | undefined {
  return Object.entries(claims).find(([, names]) => words(names).includes(name))?.[0];
}

export const claimNamesOf = ({ claims }: Forms): readonly string[] => Object.values(claims).flatMap(words);

/** Whether a token of this issuer can have the claim, by its name or by a path. */
export function canHaveClaim(forms: Forms, name: string): boolean {
  const { prefixes = [], objects = [] } = forms;
  if (formOf(forms, name) !== undefined || objects.includes(name)) return true;
  if (prefixes.some((prefix) => name.startsWith(prefix))) return true;
  return objects.some((object) => name.startsWith(object.endsWith("/") ? object : `${object}/`));
}

export interface ClausePair {
  readonly of: readonly [first: string, second: string];
  /** Patterns of both; the first is empty for any. */
  readonly rows: readonly (readonly [one: string, other: string])[];
}

export function pairOf(text: string): ClausePair {
  const [first = "", second = "", ...rest] = words(text);
  const [only = ""] = rest;
  if (rest.length === 1) return { of: [first, second], rows: [["", only]] };
  const rows = rest.flatMap((one, i) => (i % 2 === 0 ? [[one, rest[i + 1] ?? ""] as const] : []));
  return { of: [first, second], rows };
}
