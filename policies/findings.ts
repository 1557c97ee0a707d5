/**
 * What a check, on the command line or in a pull request, says of one file's text: faults, what a deployment would not accept, and lint. Pure.
 */

import { createDiagnosticList, type Diagnostic } from "./faults.ts";
import { parseTrustedIssuers } from "./issuers.ts";
import { lintPolicy, lintTrustedIssuers } from "./lint/lint.ts";
import { type CompiledPolicy, parsePolicy } from "./parse.ts";
import { type DeploymentRules, deploymentDiagnostics } from "./policy/deployment.ts";
import type { PolicyKind } from "./policy/document.ts";
import { parseYaml } from "./yaml/yaml.ts";

export type Severity = "fault" | "warning" | "notice";

export interface Finding {
  /** As it was given on the command line, or found below what was given. */
  readonly file: string;
  readonly severity: Severity;
  readonly id: string;
  /** As in Fault. */
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly suggestion?: string;
}

export interface Setting {
  /** Undefined: read off the text. */
  readonly kind: PolicyKind | undefined;
  readonly owner: string | undefined;
  readonly domain: string | undefined;
  readonly rules: DeploymentRules;
}

export interface Judged {
  readonly findings: readonly Finding[];
  /** Undefined if there are faults. */
  readonly policy: CompiledPolicy | undefined;
}

export function judgePolicy(file: string, text: string, setting: Setting): Judged {
  const guess = setting.kind === undefined || setting.owner === undefined ? guessFrom(text) : undefined;
  const kind = setting.kind ?? guess?.kind ?? "repository";
  const owner = setting.owner ?? guess?.owner ?? "";
  const parsed = parsePolicy(text, { kind, owner });
  if (!parsed.ok) return { findings: asFindings(file, "invalid", parsed.diagnostics), policy: undefined };
  const policy = parsed.value;
  const refused = asFindings(file, "not-accepted", deploymentDiagnostics(policy, setting.rules));
  const { domain } = setting;
  const linted = lintPolicy(policy, {
    ...(owner === "" ? {} : { owner }),
    ...(domain === undefined ? {} : { domain }),
  }).map((finding) => ({ file, ...finding }));
  return { findings: inOrder([...refused, ...linted]), policy: refused.length === 0 ? policy : undefined };
}

export function judgeTrustedIssuers(file: string, text: string): readonly Finding[] {
  const parsed = parseTrustedIssuers(text);
  if (!parsed.ok) return asFindings(file, "invalid", parsed.diagnostics);
  return inOrder(lintTrustedIssuers(parsed.value).map((finding) => ({ file, ...finding })));
}

/** Outside of a repository only the text can say which kind it is: `repositories` stands in organization policies alone. */
function guessFrom(text: string): { readonly kind?: PolicyKind; readonly owner?: string } {
  const { root } = parseYaml(text.replace(/^\ufeff/, ""), createDiagnosticList());
  if (root?.kind !== "map") return {};
  const repositories = root.entries.find(({ name }) => name === "repositories");
  if (repositories === undefined) return {};
  const items = repositories.value.kind === "list" ? repositories.value.items : [];
  const [owner] = items.flatMap((item) =>
    item.kind === "text" && item.value.includes("/") ? item.value.split("/") : [],
  );
  return owner === undefined ? { kind: "organization" } : { kind: "organization", owner };
}

export function asFindings(file: string, id: string, diagnostics: readonly Diagnostic[]): readonly Finding[] {
  return diagnostics.map((fault) => ({ file, severity: "fault", id, ...fault }));
}

function inOrder(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

export function countOf(findings: readonly Finding[], severity: Severity): number {
  return findings.filter((finding) => finding.severity === severity).length;
}
