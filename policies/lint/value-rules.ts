/**
 * Rules for a single value, whatever it is compared with: patterns that mean more or less than they look like, exact values that
 * cannot match, placeholders. Pure.
 */

import { quoted } from "../diagnostics.ts";
import { audienceProblem, isIssuer, subjectProblem } from "../fields.ts";
import { BUILT_IN_ISSUERS } from "../issuers.ts";
import { type Rule, valuesOf } from "./context.ts";
import { overlaps } from "./language.ts";
import { bareDots, globOf, soleTextOf, topLevelAlternatives } from "./shapes.ts";
import type { Unplaced, Value } from "./value.ts";

export const valueRules: Rule = (linting) =>
  valuesOf(linting).flatMap((value) => [
    ...(value.kind === "exact" ? exactRules(value) : [...patternRules(value), ...alternation(value)]),
    ...placeholder(value),
  ]);

/** What templates leave for the reader to fill in. */
const PLACEHOLDERS: readonly RegExp[] = [
  /REPLACE[_-]?(?:WITH|ME|THIS)?[A-Z_]*|CHANGE[_-]?ME|FIXME|\bTODO\b|\bX{3,}\b/,
  // A named group of a pattern, `(?P<name>`, is none.
  /(?<!\(\?P?)<[A-Za-z][^<>]*>/,
  /\{\{[^}]*\}\}|\$\{[^}]*\}/,
  /\b(?:YOUR|your|my)[-_](?:github[-_])?(?:org|organi[sz]ation|repo|repository|owner|user|username|account|domain|project|tenant|cluster|group|ORG|REPO|OWNER|USER|ACCOUNT|DOMAIN|PROJECT)\b/,
  /(?<=[:/@])(?:OWNER|ORG|ORGANI[SZ]ATION|REPO|REPOSITORY|USER|NAME|PROJECT|GROUP|TENANT)(?=[:/@]|$)/,
  // RFC 2606: nobody owns these.
  /(?<=^|[/.@])example\.(?:com|net|org)(?=[/:]|$)|(?<=[a-z0-9-])\.example(?=[/:]|$)/,
  /\b0{8}-0{4}-0{4}-0{4}-0{12}\b/,
];

/** The first placeholder of a text, if it has one. */
function placeholderIn(text: string): string | undefined {
  const found = PLACEHOLDERS.flatMap((sign) => sign.exec(text) ?? []);
  return found[0];
}

export function placeholder({ path, text, kind }: Value): readonly Unplaced[] {
  const found = placeholderIn(kind === "pattern" ? text.replaceAll(/\\([^A-Za-z0-9])/g, "$1") : text);
  if (found === undefined) return [];
  const message = `${quoted(found)} looks like a placeholder that was never filled in`;
  return [{ id: "placeholder", severity: "warning", path, message, suggestion: "write the real value" }];
}

/** The issuer that is meant by an address with a slash at its end, capitals, http, or the path of its discovery document. */
function knownIssuerNear(text: string): string | undefined {
  const host = text.toLowerCase().replace(/^https?:\/\//, "");
  const plain = host.replace(/\/+$|\/\.well-known\/.*$/, "");
  const meant = BUILT_IN_ISSUERS.find((issuer) => issuer === `https://${plain}`);
  return meant === text ? undefined : meant;
}

/** Why a token with the value is refused, whatever the policy says. */
const FORMS = {
  issuer: (text: string) => (isIssuer(text) ? undefined : `${quoted(text)} is no issuer URL`),
  subject: subjectProblem,
  audience: audienceProblem,
  claim: () => undefined,
};

export function exactRules({ field, path, text }: Value): readonly Unplaced[] {
  const sign = signOfPattern(text);
  if (sign !== undefined) {
    const isGlob = sign === "*";
    const message = `is compared as it is typed, ${quoted(sign)} included, so that it looks like a pattern and matches none of the tokens that it seems to`;
    const suggestion = isGlob
      ? `write \`${path}_pattern\` with \`[^:/]+\` (one part) or \`.*\` (anything) for the \`*\`, and each \`.\` as \`\\.\``
      : `write it as \`${path}_pattern\``;
    return [{ id: "exact-looks-like-pattern", severity: "warning", path, message, suggestion }];
  }
  const meant = field === "issuer" ? knownIssuerNear(text) : undefined;
  if (meant !== undefined) {
    const message = `issuers are compared byte for byte, and no token has this one: it is nearly ${meant}`;
    return [{ id: "issuer-misspelt", severity: "warning", path, message, suggestion: `write \`${meant}\`` }];
  }
  const problem = FORMS[field](text);
  if (problem === undefined) return [];
  const message = `${problem}, and a token that has it is refused`;
  const suggestion =
    field === "issuer" ? "write the token's `iss`, as `https://host/path`" : "copy the value from a token";
  return [{ id: "matches-nothing", severity: "warning", path, message, suggestion }];
}

/** What only a pattern would hold. A lone `|` is not: Auth0's subjects have it. */
function signOfPattern(text: string): string | undefined {
  const sign = /\.[*+]|\\.|\[[^\]]*-[^\]]*\]|\[[^\]]+\][*+?]|\([^)]*\|[^)]*\)|^\^|\$$|\*/u.exec(text);
  return sign?.[0];
}

/** What a value of the field can be made of, over all issuers. */
const ALPHABETS = {
  issuer: "[Hh][Tt][Tt][Pp][Ss]?://[^\\x00-\\x20?#@\\\\\\x7f-\\x{10FFFF}]+",
  subject: "[^\\x00-\\x20\\x7f-\\xa0](?:[^\\x00-\\x1f\\x7f-\\xa0]*[^\\x00-\\x20\\x7f-\\xa0])?",
  audience: "[^\\x00-\\x20\"'`\\\\<>;&$(){}\\[\\]|@\\x7f-\\xa0]{1,}",
  claim: "(?s).*",
};

/** The first that applies: they are readings of the same text. */
export function patternRules(value: Value): readonly Unplaced[] {
  const { field, path, text, tokens, language } = value;
  const glob = globOf(tokens);
  if (glob !== undefined) {
    const message = `\`${glob}\` is "${glob.slice(0, -1)}" any number of times, and nothing else: a \`*\` by itself is no wildcard in a pattern`;
    const suggestion = "write `[^:/]+` for one part, `.*` for anything";
    return [{ id: "glob-as-pattern", severity: "warning", path, message, suggestion }];
  }
  if (!overlaps(language, ALPHABETS[field])) {
    const message = `${quoted(text)} matches nothing that a token can have here`;
    const suggestion = "look for an anchor in the middle, a space, or a character that such a value never has";
    return [{ id: "matches-nothing", severity: "warning", path, message, suggestion }];
  }
  const sole = soleTextOf(tokens);
  if (field !== "claim" && sole !== undefined && (field !== "issuer" || bareDots(tokens) === 0)) {
    const message = `a pattern for the one value ${quoted(sole)}${bareDots(tokens) > 0 ? ", whose dots match any character" : ""}`;
    // Unquoted, octo-sts would round a number.
    const suggestion = `write \`${path.replace("_pattern", "")}: ${/^[0-9]/.test(sole) ? `"${sole}"` : sole}\``;
    return [{ id: "pattern-could-be-exact", severity: "notice", path, message, suggestion }];
  }
  return unescapedDot(value);
}

/** Workflows are read from `.github/workflows/*.yml` alone, so that a dot there lets in no other file. */
const WORKFLOW_CLAIMS = ["job_workflow_ref", "workflow_ref"];

function unescapedDot({ field, name, path, tokens }: Value): readonly Unplaced[] {
  const dots = bareDots(tokens);
  if (dots === 0 || tokens.length === 1) return [];
  const count = dots === 1 ? "a `.` that is" : `${dots} \`.\` that are`;
  const what =
    field === "issuer"
      ? "in a host it can be a `-`, and so another domain that anyone can register"
      : WORKFLOW_CLAIMS.includes(name)
        ? "harmless in `.github/workflows/` and `.yml`, not in a repository's name or a ref"
        : "it lets in names that differ there";
  return [
    {
      id: "unescaped-dot",
      severity: field === "claim" ? "notice" : "warning",
      path,
      message: `${count} not escaped and match${dots === 1 ? "es" : ""} any character: ${what}`,
      suggestion: "write `\\.` for a dot",
    },
  ];
}

function alternation({ path, text, tokens }: Value): readonly Unplaced[] {
  const alternatives = topLevelAlternatives(text, tokens);
  const [first = "", last = ""] = [alternatives[0], alternatives.at(-1)];
  if (alternatives.length === 1) return [];
  const middle = alternatives.length > 2 ? ", the others have no anchor at all" : "";
  return [
    {
      id: "top-level-alternation",
      severity: "notice",
      path,
      message: `read here as \`^(?:${cut(text)})$\`, each alternative whole; octo-sts reads \`^${cut(text)}$\`, where ${quoted(first)} is only how a value begins and ${quoted(last)} how it ends${middle}`,
      suggestion: "put it in parentheses, which mean the same in both: `(...|...)`",
    },
  ];
}

function cut(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
