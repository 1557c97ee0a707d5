/**
 * `policy check`: all that is wrong with policies, lists of trusted issuers, and the names of files.
 */

import { roleOfFile } from "../file-names.ts";
import { asFindings, countOf, type Finding, type Judged, judgePolicy, judgeTrustedIssuers } from "../findings.ts";
import { type Disk, nameOf, shown, Unusable } from "./disk.ts";
import type { Paint } from "./layout.ts";
import type { Options } from "./options.ts";
import { type Place, rootOf } from "./place.ts";
import { githubReport, jsonReport, textReport } from "./reports.ts";
import { sarifReport } from "./sarif.ts";
import { createLocator, type Locator, type Target, targetsOf } from "./targets.ts";

export interface Answer {
  readonly code: 0 | 1;
  readonly text: string;
}

/** Throws Unusable. */
export function check(operands: readonly string[], options: Options, disk: Disk, paint: Paint): Answer {
  const locate = createLocator(disk);
  const results = targetsOf(operands, disk).flatMap((target) => {
    const findings = findingsOf(target, options, disk, locate);
    return findings === undefined ? [] : [findings];
  });
  if (results.length === 0) throw new Unusable(`no policy found in ${operands.join(", ")}`);
  const findings = results.flat();
  const isBad = countOf(findings, "fault") > 0 || (options.strict && countOf(findings, "warning") > 0);
  return { code: isBad ? 1 : 0, text: report(findings, results.length, options.format, paint) };
}

export function report(findings: readonly Finding[], files: number, format: string, paint: Paint): string {
  if (format === "json") return jsonReport(findings, files);
  if (format === "sarif") return sarifReport(findings);
  return format === "github" ? githubReport(findings) : textReport(findings, files, paint);
}

/** Undefined for a file that is none of ours. */
function findingsOf(target: Target, options: Options, disk: Disk, locate: Locator): readonly Finding[] | undefined {
  const { path, isNamed, isDirectory } = target;
  const file = shown(disk, path);
  if (isDirectory) return wholeFile(file, "never-read", "a directory, and no file", "give it another name");
  const place = locate(path, options);
  const { role } = place;
  if (role.role === "never_read") return wholeFile(file, "never-read", role.message, role.suggestion);
  if (role.role === "trusted_issuers") {
    const text = disk.read(path);
    return text === undefined ? notText(file) : judgeTrustedIssuers(file, text);
  }
  if (role.role !== "policy" && !isNamed) return undefined;
  return [...strayFinding(target, file), ...judgeFile(path, place, options, disk).findings];
}

/** A policy elsewhere in a repository may be an example or a template: worth saying, and no fault of it. */
function strayFinding({ path, isInRepository }: Target, file: string): readonly Finding[] {
  const role = isInRepository && rootOf(path) === undefined ? roleOfFile(nameOf(path), false) : undefined;
  if (role?.role !== "never_read") return [];
  return wholeFile(file, "never-read", role.message, role.suggestion).map((finding) => ({
    ...finding,
    severity: "warning",
  }));
}

export function judgeFile(path: string, { kind, owner }: Place, { domain, rules }: Options, disk: Disk): Judged {
  const text = disk.read(path);
  if (text === undefined) return { findings: notText(shown(disk, path)), policy: undefined };
  return judgePolicy(shown(disk, path), text, { kind, owner, domain, rules });
}

function notText(file: string): readonly Finding[] {
  return wholeFile(file, "invalid", "the file is not UTF-8", "save it as UTF-8");
}

function wholeFile(file: string, id: string, message: string, suggestion: string): readonly Finding[] {
  return asFindings(file, id, [{ path: "", line: 1, column: 1, message, suggestion }]);
}
