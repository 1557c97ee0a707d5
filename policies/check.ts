/**
 * All that is to be said of one file's text, on the command line or in a pull request: errors, what a deployment does not accept,
 * and lint. Pure.
 */

import { type Diagnostic, DiagnosticList, inOrder, type Severity } from "./diagnostics.ts";
import { parseTrustedIssuers } from "./issuers.ts";
import { lintPolicy, lintTrustedIssuers, type Mender } from "./lint/lint.ts";
import { type CompiledPolicy, type PolicyParts, parsePolicy } from "./parse.ts";
import { type DeploymentRules, deploymentDiagnostics } from "./policy/deployment.ts";
import type { PolicyKind } from "./policy/document.ts";
import { parseYaml } from "./yaml/yaml.ts";

/** `file`: as it was given on the command line, or found below what was given. */
export interface FileDiagnostic extends Diagnostic {
  readonly file: string;
}

export interface CheckContext {
  /** Undefined: read off the text. */
  readonly kind: PolicyKind | undefined;
  readonly owner: string | undefined;
  readonly domain: string | undefined;
  readonly rules: DeploymentRules;
  /** The name of the owner's policy repository; `.github`, if it is not said. */
  readonly policyRepository?: string;
  readonly mender?: Mender;
}

export interface CheckedPolicy {
  readonly diagnostics: readonly Diagnostic[];
  /** Undefined if there are errors. */
  readonly policy: CompiledPolicy | undefined;
}

export function checkPolicy(text: string, context: CheckContext): CheckedPolicy {
  const guess = context.kind === undefined || context.owner === undefined ? guessFrom(text) : undefined;
  const kind = context.kind ?? guess?.kind ?? "repository";
  const owner = context.owner ?? guess?.owner ?? "";
  const parsed = parsePolicy(text, { kind, owner });
  const lint = (parts: PolicyParts) =>
    lintPolicy(parts, {
      ...(owner === "" ? {} : { owner }),
      domain: context.domain,
      policyRepository: context.policyRepository,
      mender: context.mender,
    });
  if (!parsed.ok) {
    const beside = parsed.readable ? besideErrors(lint(parsed.readable), parsed.diagnostics) : [];
    return { diagnostics: inOrder([...parsed.diagnostics, ...beside]), policy: undefined };
  }
  const policy = parsed.value;
  const refused = deploymentDiagnostics(policy, context.rules);
  return { diagnostics: inOrder([...refused, ...lint(policy)]), policy: refused.length === 0 ? policy : undefined };
}

/** What another clause may answer: while one is not readable nobody knows. */
const ANSWERED_ELSEWHERE: ReadonlySet<string> = new Set([
  "any-branch",
  "any-pull-request",
  "issuer-of-any-customer",
  "mutable-names",
  "open-subject-write",
  "policies-writable",
  "pull-request-write",
  "repositories-absent",
  "subject-of-anyone",
]);

/** Lint of the clauses that have no error themselves. */
function besideErrors(linted: readonly Diagnostic[], errors: readonly Diagnostic[]): readonly Diagnostic[] {
  const clauseOf = ({ path }: Diagnostic) => /^[^.[]*/.exec(path)?.[0] ?? "";
  const faulty = new Set(errors.map(clauseOf));
  return linted.filter((one) => !ANSWERED_ELSEWHERE.has(one.id) && !faulty.has(clauseOf(one)));
}

/**
 * What is wrong with a file beside its name, for which it is never read: so that it is told before the name is mended. `nameIs`: how
 * bad the name is; only of one that is nearly right the file is surely a policy, and its errors are errors.
 */
export function checkMisnamed(
  path: string,
  text: string,
  nameIs: Severity,
  context: CheckContext,
): readonly Diagnostic[] {
  const isNearly = nameIs === "error";
  const isList = /trusted[-_]?(?:token[-_]?)?issuers?[^/]*$/i.test(path);
  if (!isNearly && !/^(?:issuer|subject)(?:_pattern)?:/m.test(text)) return [];
  const found = isList ? checkTrustedIssuers(text, context.mender) : checkPolicy(text, context).diagnostics;
  return found.map((one) => (one.severity === "error" ? { ...one, severity: nameIs } : one));
}

export function checkTrustedIssuers(text: string, mender?: Mender): readonly Diagnostic[] {
  const parsed = parseTrustedIssuers(text);
  return parsed.ok ? lintTrustedIssuers(parsed.value, mender) : parsed.diagnostics;
}

/** Outside of a repository only the text can say which kind it is: `repositories` stands in organization policies alone. */
function guessFrom(text: string): { readonly kind?: PolicyKind; readonly owner?: string } {
  const { root } = parseYaml(text.replace(/^\ufeff/, ""), new DiagnosticList());
  if (root?.kind !== "map") return {};
  const repositories = root.entries.find(({ name }) => name === "repositories");
  if (repositories === undefined) return {};
  const items = repositories.value.kind === "list" ? repositories.value.items : [];
  const [owner] = items.flatMap((item) =>
    item.kind === "text" && item.value.includes("/") ? item.value.split("/") : [],
  );
  return owner === undefined ? { kind: "organization" } : { kind: "organization", owner };
}

export function inFile(file: string, diagnostics: readonly Diagnostic[]): readonly FileDiagnostic[] {
  return diagnostics.map((diagnostic) => ({ file, ...diagnostic }));
}

export function countBySeverity(diagnostics: readonly Diagnostic[], severity: Severity): number {
  return diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
}
