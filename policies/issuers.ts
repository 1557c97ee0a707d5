/**
 * Issuers: those that every deployment knows, and the organization's trusted-token-issuers file: parse, compile, allow. Pure; the
 * file has octo-sts's rules and bounds.
 */

import * as v from "valibot";
import { type DiagnosticList, type Parsed, type Position, quoted } from "./diagnostics.ts";
import { isIssuer } from "./fields.ts";
import { MAX_TRUSTED_ISSUER_PATTERN_BYTES, MAX_TRUSTED_ISSUER_PATTERNS, MAX_TRUSTED_ISSUERS } from "./limits.ts";
import {
  CompileBudget,
  type CompiledPattern,
  compilePattern,
  newMatchBudget,
  type Pattern,
} from "./pattern/pattern.ts";
import { spanProblem } from "./pattern/span-guard.ts";
import { TrustedIssuersSchema } from "./schema.ts";
import { nearest } from "./suggest.ts";
import { type FileKind, type Locate, readYamlFile, unknownName } from "./yaml/read.ts";

/**
 * GitHub Actions, GitLab.com, Google, Buildkite, HCP Terraform, as exact strings. Their keys may be fetched before any policy is
 * read, and no policy may bring keys of its own for them.
 */
export const BUILT_IN_ISSUERS: readonly string[] = [
  "https://token.actions.githubusercontent.com",
  "https://gitlab.com",
  "https://accounts.google.com",
  "https://agent.buildkite.com",
  "https://app.terraform.io",
];

/** Raised with every change of the shape or of what it means, so that no cache is read by another version. */
export const ISSUERS_FORMAT = 2;

const DocumentSchema = v.strictObject({
  format: v.literal(ISSUERS_FORMAT),
  mode: v.picklist(["enforce", "audit"]),
  issuers: v.array(v.string()),
  patterns: v.array(v.string()),
});

/** Plain data, for a cache. */
export interface IssuersDocument {
  readonly format: typeof ISSUERS_FORMAT;
  readonly mode: "enforce" | "audit";
  readonly issuers: readonly string[];
  readonly patterns: readonly string[];
}

declare const compiled: unique symbol;

/** Immutable. Made only here, so that whoever holds one holds a list whose patterns compiled and passed the guard. */
export interface TrustedIssuers {
  readonly [compiled]: true;
  readonly document: IssuersDocument;
  readonly mode: "enforce" | "audit";
  readonly patterns: readonly Pattern[];
  /** In memory, of its patterns and of `locate`; the document's own come on top. */
  readonly estimatedBytes: number;
  /** Where a path stands in the text; finds nothing in a list that came from a cache. */
  readonly locate: Locate;
}

/** What a cache returned, if it is a document of this format; undefined is a miss. */
export function readIssuersDocument(value: unknown): IssuersDocument | undefined {
  const result = v.safeParse(DocumentSchema, value);
  return result.success ? result.output : undefined;
}

/** Throws only if a pattern is not fit for the list, which the making of the document has ruled out. */
export function compileTrustedIssuers(document: IssuersDocument): TrustedIssuers {
  return compileWith(document, new Map(), () => undefined);
}

function compileWith(
  document: IssuersDocument,
  known: ReadonlyMap<string, Pattern>,
  locate: Locate,
  locatedBytes = 0,
): TrustedIssuers {
  const patterns = document.patterns.map((source) => {
    const pattern = known.get(source);
    if (pattern !== undefined) return pattern;
    const result = trustedPattern(source);
    if (!result.ok) throw new Error(`an issuer list holds a pattern that is not fit for it: ${result.message}`);
    return result.value;
  });
  const estimatedBytes = patterns.reduce((sum, pattern) => sum + pattern.estimatedBytes, locatedBytes);
  const list = { document, mode: document.mode, patterns, estimatedBytes, locate };
  // The brand exists for the compiler alone; this is its one source.
  return Object.freeze(list) as typeof list & { readonly [compiled]: true };
}

/** Whether the list names the issuer, whatever its mode. Google's tokens may leave the scheme out of `iss`. */
export function allows(list: TrustedIssuers, issuer: string): boolean {
  const budget = newMatchBudget();
  const told = issuer === "accounts.google.com" ? `https://${issuer}` : issuer;
  return list.document.issuers.includes(told) || list.patterns.some((pattern) => pattern.matches(told, budget));
}

const START: Position = { line: 1, column: 1 };

const ISSUERS_FILE: FileKind = {
  unknownKey: (_path, name, known) => unknownName("key", name, nearest(name, known), known),
  shapeOf: (path) => (path === "mode" ? "write `mode: enforce`" : `write \`${path}: ["https://..."]\``),
};

export function parseTrustedIssuers(text: string): Parsed<TrustedIssuers> {
  const file = readYamlFile(text, TrustedIssuersSchema, ISSUERS_FILE);
  const { value: raw, broken, locate, diagnostics } = file;
  if (raw === undefined) return { ok: false, diagnostics: diagnostics.sorted() };
  const mode = readMode(raw.mode ?? "", diagnostics, locate);
  const issuers = readEntries(raw.issuers, "issuers", MAX_TRUSTED_ISSUERS, diagnostics, locate);
  const patterns = readEntries(
    raw.issuer_patterns,
    "issuer_patterns",
    MAX_TRUSTED_ISSUER_PATTERNS,
    diagnostics,
    locate,
  );
  for (const [index, issuer] of issuers.entries()) checkIssuer(issuer, `issuers[${index}]`, diagnostics, locate);
  const compiledPatterns = compilePatterns(patterns, diagnostics, locate);
  if (issuers.length + patterns.length === 0 && broken.size === 0) {
    const suggestion = "list an issuer, or remove the file: without it every issuer is permitted";
    diagnostics.add("", locate("") ?? START, "neither issuers nor issuer_patterns has an entry", suggestion);
  }
  if (mode === undefined || diagnostics.count() > 0) return { ok: false, diagnostics: diagnostics.sorted() };
  const document = { format: ISSUERS_FORMAT, mode, issuers, patterns } as const;
  return { ok: true, value: compileWith(document, compiledPatterns, locate, file.locatedBytes) };
}

function readMode(mode: string, diagnostics: DiagnosticList, locate: Locate): "enforce" | "audit" | undefined {
  if (mode === "" || mode === "enforce") return "enforce";
  if (mode === "audit") return mode;
  diagnostics.add("mode", locate("mode"), `unknown mode ${quoted(mode)}`, "write `enforce` or `audit`");
  return undefined;
}

function readEntries(
  entries: readonly (string | null)[] | null | undefined,
  path: string,
  limit: number,
  diagnostics: DiagnosticList,
  locate: Locate,
): readonly string[] {
  const list = entries ?? [];
  if (list.length > limit)
    diagnostics.add(path, locate(path), `${list.length} entries, more than ${limit}`, "remove some, or use a pattern");
  return list.slice(0, limit).map((entry) => entry ?? "");
}

function checkIssuer(issuer: string, path: string, diagnostics: DiagnosticList, locate: Locate): void {
  if (!isIssuer(issuer)) {
    diagnostics.add(
      path,
      locate(path),
      `${quoted(issuer)} is no issuer URL`,
      "write the token's `iss`, as `https://host/path`",
    );
  } else if (/^[^/]*\/\/[^/]*/.exec(issuer)?.[0] !== /^[^/]*\/\/[^/]*/.exec(issuer.toLowerCase())?.[0]) {
    diagnostics.add(
      path,
      locate(path),
      `${quoted(issuer)} has capitals in its scheme or host`,
      "write these in lower case",
    );
  }
}

/** Those that are fit for the list, by their text: the list's compilation takes them from here. */
function compilePatterns(sources: readonly string[], diagnostics: DiagnosticList, locate: Locate) {
  const budget = new CompileBudget();
  const patterns = new Map<string, Pattern>();
  for (const [index, source] of sources.entries()) {
    if (patterns.has(source)) continue;
    // Said of the pattern that spent it.
    if (budget.isSpent) break;
    const path = `issuer_patterns[${index}]`;
    const result = trustedPattern(source, budget);
    if (result.ok) patterns.set(source, result.value);
    else diagnostics.add(path, locate(path), result.message, result.suggestion);
  }
  return patterns;
}

function trustedPattern(source: string, budget?: CompileBudget): CompiledPattern {
  return compilePattern(source, {
    maxBytes: MAX_TRUSTED_ISSUER_PATTERN_BYTES,
    ...(budget === undefined ? {} : { budget }),
    guard(pattern, tree) {
      const problem = spanProblem(pattern, tree);
      if (problem === undefined) return undefined;
      const message = `${problem}, so that the pattern can run past the host into a domain of someone else`;
      const suggestion = "write `[^/]+` for one part of a host or path, and each `/` at its place";
      return { ok: false, message, suggestion };
    },
  });
}
