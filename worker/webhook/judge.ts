/**
 * What is to be said of one changed file: the diagnostics that the command line has too, and what the deployment, the App's
 * installation and the owner's issuer list add. Pure: no I/O, no clock.
 */
import { checkPolicy, checkTrustedIssuers } from "../../policies/check.ts";
import { type Diagnostic, inOrder, ofWholeFile, quoted } from "../../policies/diagnostics.ts";
import { POLICY_DIRECTORY, POLICY_SUFFIX, roleOfFile } from "../../policies/file-names.ts";
import { allows, parseTrustedIssuers, type TrustedIssuers } from "../../policies/issuers.ts";
import {
  type CompiledPolicy,
  type DeploymentRules,
  deploymentDiagnostics,
  type PolicyKind,
  parsePolicy,
} from "../../policies/parse.ts";
import { type AccessChange, policyAccess, type Side } from "./access.ts";
import { issuerListAccess, type ListSide } from "./issuer-list-access.ts";

/** What stands at a path at one commit, as an exchange would find it. */
export type FileState =
  /** `link`: as a symbolic link says it; the text is that of the file which it leads to. */
  | { readonly kind: "text"; readonly text: string; readonly link?: string }
  | { readonly kind: "too_large" | "not_utf8" | "dead_link" | "submodule" | "folder" };

/** A file that is not the same any more. */
export interface ChangedFile {
  /** From the root of the repository. */
  readonly path: string;
  /** Where it was before, if it was renamed. */
  readonly formerPath?: string;
  /** Absent: the file is new. */
  readonly before?: FileState;
  /** Absent: the file is gone. */
  readonly after?: FileState;
}

export interface JudgeContext {
  readonly owner: string;
  /** Whether the repository is the owner's policy repository. */
  readonly isPolicyRepository: boolean;
  readonly policyRepository: string;
  readonly domain: string;
  readonly rules: DeploymentRules;
  /** `name:level` of what the policy grants, and no App here holds that it lets make the token. */
  readonly missing: (policy: CompiledPolicy) => readonly string[];
  /** The owner's list, if it is enforced and known. */
  readonly enforcedList: TrustedIssuers | undefined;
}

export interface FileVerdict {
  readonly path: string;
  readonly diagnostics: readonly Diagnostic[];
  /** Absent where the file grants nothing and lists nobody. */
  readonly access?: AccessChange;
  readonly what: "policy" | "list" | "other";
  /** `unusable`: without errors, and every exchange is refused all the same. */
  readonly state: "valid" | "unusable" | "invalid" | "removed";
}

export function judgeFile(file: ChangedFile, context: JudgeContext): FileVerdict {
  const role = roleOfFile(file.path, context.isPolicyRepository);
  if (role.role === "policy") return judgePolicyFile(file, role.identity, context);
  if (role.role === "trusted_issuers") return judgeList(file);
  const isGone = role.role !== "never_read" || file.after === undefined;
  const diagnostics = isGone ? [] : [ofWholeFile(role.severity, "never-read", role.message, role.suggestion)];
  return { path: file.path, what: "other", state: stateOf(file.after, diagnostics), diagnostics };
}

function judgePolicyFile(file: ChangedFile, identity: string, context: JudgeContext): FileVerdict {
  const { path, before, after, formerPath } = file;
  const kind: PolicyKind = context.isPolicyRepository ? "organization" : "repository";
  const { owner, domain, rules, policyRepository } = context;
  const was: Side = before && { policy: usableIn(before, kind, context) };
  const renamed = { identity, formerIdentity: formerPath && identityOf(formerPath) };
  const text = after?.kind === "text" ? after.text : undefined;
  const checked = text === undefined ? undefined : checkPolicy(text, { kind, owner, domain, rules, policyRepository });
  const refused = checked?.policy ? refusedAnyway(checked.policy, context) : [];
  const diagnostics = inOrder([...stateDiagnostics(after), ...(checked?.diagnostics ?? []), ...refused]);
  const access = policyAccess(renamed, was, after && { policy: checked?.policy });
  const state = stateOf(after, diagnostics);
  return {
    path,
    what: "policy",
    state: state === "valid" && refused.length > 0 ? "unusable" : state,
    diagnostics,
    access,
  };
}

const identityOf = (path: string): string => path.slice(POLICY_DIRECTORY.length, -POLICY_SUFFIX.length);

function stateOf(after: FileState | undefined, diagnostics: readonly Diagnostic[]): FileVerdict["state"] {
  if (after === undefined) return "removed";
  return diagnostics.some(({ severity }) => severity === "error") ? "invalid" : "valid";
}

/** What an exchange could use before: without errors, here as well as by itself. */
function usableIn(state: FileState, kind: PolicyKind, { owner, rules }: JudgeContext): CompiledPolicy | undefined {
  const parsed = state.kind === "text" ? parsePolicy(state.text, { kind, owner }) : undefined;
  return parsed?.ok && deploymentDiagnostics(parsed.value, rules).length === 0 ? parsed.value : undefined;
}

function judgeList({ path, before, after }: ChangedFile): FileVerdict {
  const was: ListSide = before && { list: listIn(before) };
  const checked = after?.kind === "text" ? checkTrustedIssuers(after.text) : [];
  const diagnostics = [...stateDiagnostics(after), ...checked];
  const access = issuerListAccess(was, after && { list: listIn(after) });
  return { path, what: "list", state: stateOf(after, diagnostics), diagnostics, access };
}

export function listIn(state: FileState | undefined): TrustedIssuers | undefined {
  const parsed = state?.kind === "text" ? parseTrustedIssuers(state.text) : undefined;
  return parsed?.ok ? parsed.value : undefined;
}

/** A policy without an error whose exchanges are refused by what lies outside of it. */
function refusedAnyway(policy: CompiledPolicy, context: JudgeContext): readonly Diagnostic[] {
  const { missing, enforcedList: list, isPolicyRepository } = context;
  const { issuer, jwks } = policy.document;
  const found = missing(policy).map((permission) => ({
    id: "permission-not-held",
    ...placeOf(policy, `permissions.${permission.slice(0, permission.indexOf(":"))}`, "key"),
    message: `the App's installation does not hold ${permission.replace(":", ": ")}, so that no token can be made`,
    suggestion: "have an owner grant it to the App, or remove it here",
  }));
  if (list && !mayBeListed(list, policy)) {
    const isExact = issuer.kind === "exact";
    const unlisted = isExact
      ? `this issuer is not on the owner's enforced list of trusted issuers, so that every exchange is refused: ${quoted(issuer.value)}`
      : `no issuer on the owner's enforced list of trusted issuers matches ${quoted(issuer.value)}, so that every exchange is refused`;
    found.push({
      id: "issuer-not-listed",
      ...placeOf(policy, isExact ? "issuer" : "issuer_pattern"),
      message: unlisted,
      suggestion: "have it added to the list in the owner's policy repository, or name one that is listed",
    });
  }
  if (list && jwks && !isPolicyRepository) {
    found.push({
      id: "jwks-not-accepted",
      ...placeOf(policy, "jwks", "key"),
      message: "keys in a repository's policy are refused while the owner enforces a list of trusted issuers",
      suggestion: "move the policy to the owner's policy repository, or have the issuer publish its keys",
    });
  }
  return found.map((one) => ({ severity: "warning", ...one }));
}

/** Of two patterns nobody can say cheaply whether they have an issuer in common: then nothing is said. */
function mayBeListed(list: TrustedIssuers, { document, issuer }: CompiledPolicy): boolean {
  if (document.issuer.kind === "exact") return allows(list, document.issuer.value);
  return list.patterns.length > 0 || list.document.issuers.some((listed) => issuer.matches(listed));
}

function placeOf(policy: CompiledPolicy, path: string, part?: "key" | "value") {
  const { line, column } = policy.locate(path, part) ?? { line: 1, column: 1 };
  return { path, line, column };
}

const STATES: Readonly<
  Record<Exclude<FileState["kind"], "text">, readonly [id: string, message: string, suggestion: string]>
> = {
  too_large: ["invalid", "the file is larger than 65536 bytes", "shorten it"],
  not_utf8: ["invalid", "the file is not UTF-8", "save it as UTF-8"],
  dead_link: ["invalid", "a symbolic link that leads to no file of this repository", "put the file itself here"],
  submodule: ["invalid", "a submodule, and no file", "put the file itself here"],
  folder: ["never-read", "a directory, and no file", "give it another name"],
};

function stateDiagnostics(state: FileState | undefined): readonly Diagnostic[] {
  if (state === undefined) return [];
  if (state.kind !== "text") {
    const [id, message, suggestion] = STATES[state.kind];
    return [ofWholeFile("error", id, message, suggestion)];
  }
  if (state.link === undefined) return [];
  const message = `a symbolic link: exchanges read what ${quoted(state.link)} leads to, and a change of that file is not checked here`;
  return [ofWholeFile("warning", "symbolic-link", message, "put the file itself here")];
}
