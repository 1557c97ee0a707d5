/**
 * `policy check`: all that is wrong with policies, lists of trusted issuers, and the names of files.
 */

import {
  type CheckedPolicy,
  checkMisnamed,
  checkPolicy,
  checkTrustedIssuers,
  countBySeverity,
  type FileDiagnostic,
  inFile,
} from "../check.ts";
import { type Diagnostic, ofWholeFile, type Severity } from "../diagnostics.ts";
import { roleOfFile } from "../file-names.ts";
import { MENDER } from "../lint/mending/mender.ts";
import { type Disk, nameOf, shown, Unusable } from "./disk.ts";
import type { Paint } from "./layout.ts";
import type { Options } from "./options.ts";
import { type CheckTarget, createLocator, type FilePlace, findTargets, type Locator, rootOf } from "./place.ts";
import { githubReport, jsonReport, sarifReport, textReport } from "./reports.ts";

export interface CommandResult {
  readonly code: 0 | 1;
  readonly text: string;
}

/** Throws Unusable. */
export function checkCommand(operands: readonly string[], options: Options, disk: Disk, paint: Paint): CommandResult {
  const locate = createLocator(disk);
  const results = findTargets(operands, disk).flatMap((target) => {
    const diagnostics = diagnosticsOf(target, options, disk, locate);
    return diagnostics === undefined ? [] : [diagnostics];
  });
  if (results.length === 0) throw new Unusable(`no policy found in ${operands.join(", ")}`);
  const diagnostics = results.flat();
  const isBad =
    countBySeverity(diagnostics, "error") > 0 || (options.strict && countBySeverity(diagnostics, "warning") > 0);
  return { code: isBad ? 1 : 0, text: report(diagnostics, results.length, options.format, paint) };
}

export function report(diagnostics: readonly FileDiagnostic[], files: number, format: string, paint: Paint): string {
  if (format === "json") return jsonReport(diagnostics, files);
  if (format === "sarif") return sarifReport(diagnostics);
  return format === "github" ? githubReport(diagnostics) : textReport(diagnostics, files, paint);
}

/** Undefined for a file that is none of ours. */
function diagnosticsOf(
  target: CheckTarget,
  options: Options,
  disk: Disk,
  locate: Locator,
): readonly FileDiagnostic[] | undefined {
  const { path, isNamed, isDirectory } = target;
  const neverRead = (severity: Severity, message: string, suggestion: string) =>
    inFile(shown(disk, path), [ofWholeFile(severity, "never-read", message, suggestion)]);
  if (isDirectory) return neverRead("error", "a directory, and no file", "give it another name");
  const place = locate(path, options);
  const { role } = place;
  if (role.role === "never_read") {
    const text = disk.read(path);
    const context = { ...options, kind: place.kind, owner: place.owner, mender: MENDER };
    const content = text === undefined ? [] : checkMisnamed(path, text, role.severity, context);
    return [...neverRead(role.severity, role.message, role.suggestion), ...inFile(shown(disk, path), content)];
  }
  if (role.role === "trusted_issuers") return inFile(shown(disk, path), checkList(disk.read(path)));
  // Hooks name each file that was changed; a test is no policy, and `policy test` is for it.
  if (role.role === "test") return isNamed ? [] : undefined;
  if (role.role !== "policy" && !isNamed) return undefined;
  const { diagnostics } = checkFile(path, place, options, disk);
  return inFile(shown(disk, path), [...strayDiagnostic(target), ...diagnostics]);
}

/** A policy elsewhere in a repository may be an example or a template: worth saying, and nothing wrong with it. */
function strayDiagnostic({ path, isInRepository }: CheckTarget): readonly Diagnostic[] {
  const role = isInRepository && rootOf(path) === undefined ? roleOfFile(nameOf(path), false) : undefined;
  if (role?.role !== "never_read") return [];
  return [ofWholeFile(role.severity, "never-read", role.message, role.suggestion)];
}

export function checkFile(
  path: string,
  { kind, owner }: FilePlace,
  { domain, rules, policyRepository }: Options,
  disk: Disk,
): CheckedPolicy {
  const text = disk.read(path);
  if (text === undefined) return { diagnostics: [NOT_TEXT], policy: undefined };
  return checkPolicy(text, { kind, owner, domain, rules, policyRepository, mender: MENDER });
}

const checkList = (text: string | undefined) => (text === undefined ? [NOT_TEXT] : checkTrustedIssuers(text, MENDER));

const NOT_TEXT = ofWholeFile("error", "invalid", "the file is not UTF-8", "save it as UTF-8");
