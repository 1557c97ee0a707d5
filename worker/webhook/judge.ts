/**
 * What is to be said of one changed file: the findings that the command line has too, and what the deployment and the App's
 * installation add. Pure: no I/O, no clock.
 */

import { checkPolicy, checkTrustedIssuers, type FileDiagnostic, inFile } from "../../policies/check.ts";
import { ofWholeFile, type Severity } from "../../policies/diagnostics.ts";
import { type FileRole, roleOfFile } from "../../policies/file-names.ts";

import { parseTrustedIssuers, type TrustedIssuers } from "../../policies/issuers.ts";
import {
  type CompiledPolicy,
  type DeploymentRules,
  deploymentDiagnostics,
  type PolicyKind,
  parsePolicy,
} from "../../policies/parse.ts";
import { type AccessChange, accessChange, listChange } from "./access.ts";
import type { FileChange } from "./changes.ts";

/** What stands at a path at one commit. */
export type Standing =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "too_large" | "not_utf8" | "link" | "submodule" | "folder" };

export interface Sides {
  readonly before?: Standing;
  readonly after?: Standing;
}

export interface Setting {
  readonly owner: string;
  /** Whether the repository is the owner's policy repository. */
  readonly isPolicyRepository: boolean;
  readonly domain: string;
  readonly rules: DeploymentRules;
  /** `name:level` of what no App here holds, out of a policy's permissions. */
  readonly lacking: (permissions: Readonly<Record<string, string>>) => readonly string[];
}

export interface FileVerdict {
  readonly findings: readonly FileDiagnostic[];
  /** Absent when the file grants nothing and lists nobody. */
  readonly access?: AccessChange;
}

/** Whether the file is one of ours; the others of the folder are nobody's business here. */
export function isOurs({ path }: FileChange, isPolicyRepository: boolean): boolean {
  const { role } = roleOfFile(path, isPolicyRepository);
  return role !== "other" && role !== "test";
}

export function judgeFile({ path, after }: FileChange, sides: Sides, setting: Setting): FileVerdict {
  const role = roleOfFile(path, setting.isPolicyRepository);
  if (role.role === "policy") return judgePolicyFile(path, role.identity, sides, setting);
  if (role.role === "trusted_issuers") return judgeList(path, sides);
  return { findings: role.role === "never_read" && after ? neverRead(path, role, "error") : [] };
}

/** A policy elsewhere in a repository may be an example: worth saying, and no fault of it. */
export function judgeStray(path: string): readonly FileDiagnostic[] {
  const role = roleOfFile(path, false);
  return role.role === "never_read" ? neverRead(path, role, "warning") : [];
}

function judgePolicyFile(path: string, identity: string, { before, after }: Sides, setting: Setting): FileVerdict {
  const kind: PolicyKind = setting.isPolicyRepository ? "organization" : "repository";
  const { owner, domain, rules } = setting;
  const was = before && { policy: usableIn(before, kind, setting) };
  if (after === undefined) return { findings: [], access: accessChange(identity, was, undefined) };
  if (after.kind !== "text") {
    return { findings: unreadable(path, after.kind), access: accessChange(identity, was, { policy: undefined }) };
  }
  const judged = checkPolicy(after.text, { kind, owner, domain, rules });
  const findings = [
    ...inFile(path, judged.diagnostics),
    ...(judged.policy ? notHeld(path, judged.policy, setting) : []),
  ];
  return { findings, access: accessChange(identity, was, { policy: judged.policy }) };
}

/** What an exchange could use before: without faults, here as well as by itself. */
function usableIn(standing: Standing, kind: PolicyKind, { owner, rules }: Setting): CompiledPolicy | undefined {
  const parsed = standing.kind === "text" ? parsePolicy(standing.text, { kind, owner }) : undefined;
  return parsed?.ok && deploymentDiagnostics(parsed.value, rules).length === 0 ? parsed.value : undefined;
}

function judgeList(path: string, { before, after }: Sides): FileVerdict {
  const was = before && { list: listIn(before) };
  if (after === undefined) return { findings: [], access: listChange(was, undefined) };
  const findings = after.kind === "text" ? inFile(path, checkTrustedIssuers(after.text)) : unreadable(path, after.kind);
  return { findings, access: listChange(was, { list: listIn(after) }) };
}

function listIn(standing: Standing): TrustedIssuers | undefined {
  const parsed = standing.kind === "text" ? parseTrustedIssuers(standing.text) : undefined;
  return parsed?.ok ? parsed.value : undefined;
}

/** GitHub grants nothing that the installation has not: the exchange would be refused. */
function notHeld(file: string, policy: CompiledPolicy, { lacking }: Setting): readonly FileDiagnostic[] {
  const asked = Object.fromEntries(policy.document.permissions.map(({ name, level }) => [name, level]));
  return lacking(asked).map((permission) => {
    const path = `permissions.${permission.slice(0, permission.indexOf(":"))}`;
    const { line, column } = policy.locate(path, "key") ?? { line: 1, column: 1 };
    const message = `the App's installation does not hold ${permission.replace(":", ": ")}, so that no token can be made`;
    const suggestion = "have an owner grant it to the App, or remove it here";
    return { file, severity: "warning", id: "permission-not-held", path, line, column, message, suggestion };
  });
}

function neverRead(
  file: string,
  { message, suggestion }: Extract<FileRole, { role: "never_read" }>,
  severity: Severity,
): readonly FileDiagnostic[] {
  return inFile(file, [ofWholeFile(severity, "never-read", message, suggestion)]);
}

const UNREADABLE: Readonly<Record<Exclude<Standing["kind"], "text">, readonly [message: string, suggestion: string]>> =
  {
    too_large: ["the file is larger than 65536 bytes", "shorten it"],
    not_utf8: ["the file is not UTF-8", "save it as UTF-8"],
    link: ["a symbolic link: what it leads to can change without this check", "put the file itself here"],
    submodule: ["a submodule, and no file", "put the file itself here"],
    folder: ["a directory, and no file", "give it another name"],
  };

function unreadable(file: string, kind: Exclude<Standing["kind"], "text">): readonly FileDiagnostic[] {
  const [message, suggestion] = UNREADABLE[kind];
  return inFile(file, [ofWholeFile("error", kind === "folder" ? "never-read" : "invalid", message, suggestion)]);
}
