/**
 * Rules for a single value, whatever it is compared with: patterns that mean more or less than they look like, exact values that
 * cannot match, placeholders. Pure.
 */

import { quoted } from "../diagnostics.ts";
import { audienceProblem, isIssuer, subjectProblem } from "../fields.ts";
import { type Mender, type Rule, valuesOf } from "./context.ts";
import { unescapedDot } from "./dots.ts";
import { misfit, misspeltIssuer } from "./form-rules.ts";
import { overlaps } from "./language.ts";
import { assignment, offendingPart } from "./offence.ts";
import { globOf, topLevelAlternatives } from "./shapes.ts";
import type { Unplaced, Value } from "./value.ts";

export const valueRules: Rule = (linting) =>
  valuesOf(linting).flatMap((value) => {
    const found = [
      ...(value.kind === "exact" ? exactRules(value, linting.mender) : patternRules(value, linting.mender)),
      ...placeholder(value),
    ];
    const misfits = found.some(({ id }) => SAYS_THAT_IT_IS_WRONG.has(id)) ? [] : misfit(value, linting);
    return [...found, ...misfits, ...(value.kind === "exact" ? [] : alternation(value))];
  });

/** Beside these the form of the value need not be told. */
const SAYS_THAT_IT_IS_WRONG: ReadonlySet<string> = new Set([
  "brackets-are-a-class",
  "doubled-backslash",
  "exact-looks-like-pattern",
  "glob-as-pattern",
  "matches-nothing",
  "placeholder",
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

/** Why a token with the value is refused, whatever the policy says. */
const FORMS = {
  issuer: (text: string) => (isIssuer(text) ? undefined : `${quoted(text)} is no issuer URL`),
  subject: subjectProblem,
  audience: audienceProblem,
  claim: () => undefined,
};

export function exactRules(value: Value, mender: Mender | undefined): readonly Unplaced[] {
  const { field, path, text } = value;
  const sign = signOfPattern(text);
  if (sign !== undefined) {
    const isGlob = sign === "*";
    const message = `looks like a pattern, and is compared as it is typed, ${quoted(sign)} included`;
    const suggestion = isGlob
      ? `write \`${path}_pattern\` with \`[^:/]+\` (one part) or \`.*\` (anything) for the \`*\`, and each \`.\` as \`\\.\``
      : `write it as \`${path}_pattern\``;
    return [{ id: "exact-looks-like-pattern", severity: "warning", path, message, suggestion }];
  }
  const misspelt = misspeltIssuer(value, mender);
  if (misspelt.length > 0) return misspelt;
  const problem = FORMS[field](text);
  if (problem === undefined) return [];
  const message = `${problem}, and a token that has it is refused`;
  const trimmed = text.trim();
  const suggestion =
    trimmed !== text && FORMS[field](trimmed) === undefined
      ? `write ${assignment(value, trimmed)}`
      : field === "issuer"
        ? "write the token's `iss`, as `https://host/path`"
        : "copy the value from a token";
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
export function patternRules(value: Value, mender: Mender | undefined): readonly Unplaced[] {
  const { field, path, tokens, language } = value;
  const glob = globOf(tokens);
  if (glob !== undefined) {
    const message = `\`${glob}\` is "${glob.slice(0, -1)}" any number of times: a \`*\` by itself is no wildcard`;
    const suggestion = "write `[^:/]+` for one part, `.*` for anything";
    return [{ id: "glob-as-pattern", severity: "warning", path, message, suggestion }];
  }
  const escapes = misreadEscapes(value);
  if (escapes.length > 0) return escapes;
  if (!overlaps(language, ALPHABETS[field])) {
    const message = `matches nothing that a token can have here, ${offendingPart(value, ALPHABETS[field], mender)}`;
    const suggestion = "remove what such a value never has: an anchor in the middle, a space, a character";
    return [{ id: "matches-nothing", severity: "warning", path, message, suggestion }];
  }
  return unescapedDot(value);
}

/** What was meant as one character, and is read as others: `\\.` outside of double quotes, and the `[bot]` of a login. */
function misreadEscapes(value: Value): readonly Unplaced[] {
  const { path, text, tokens } = value;
  const isEscape = tokens.some(
    ({ text: one, to }) => one === "\\\\" && /^(?:[.*+?()[\]{}|^$/]|[dwsDWS](?:[+*{]|$))/.test(text.slice(to)),
  );
  if (isEscape) {
    const message =
      "outside of double quotes `\\\\` is a backslash that the value must have, and what follows is not escaped";
    const suggestion = `write ${assignment(value, text.replaceAll("\\\\", "\\"))}`;
    return [{ id: "doubled-backslash", severity: "warning", path, message, suggestion }];
  }
  if (!tokens.some(({ kind, text: one }) => kind === "class" && one === "[bot]")) return [];
  const message = "`[bot]` is one letter, b, o or t: no app's login has that";
  const suggestion = `write ${assignment(value, text.replaceAll("[bot]", "\\[bot\\]"))}`;
  return [{ id: "brackets-are-a-class", severity: "warning", path, message, suggestion }];
}

function alternation({ path, text, tokens }: Value): readonly Unplaced[] {
  const alternatives = topLevelAlternatives(text, tokens);
  const [first = "", last = ""] = [alternatives[0], alternatives.at(-1)];
  if (alternatives.length === 1) return [];
  return [
    {
      id: "top-level-alternation",
      severity: "notice",
      path,
      message: `octo-sts up to 0.8 takes ${quoted(first)} only as how a value begins and ${quoted(last)} as how it ends; here each alternative is whole`,
      suggestion: "put it in parentheses, which mean the same in both: `(...|...)`",
    },
  ];
}
