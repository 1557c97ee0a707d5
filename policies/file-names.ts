/**
 * What a file of a repository is to the service, by its path alone. Pure.
 *
 * A policy whose name is a little wrong is never read, and nothing says so until an exchange is refused: so it is told here.
 */

import type { Severity } from "./diagnostics.ts";
import { MAX_IDENTITY_CHARACTERS } from "./limits.ts";
import { identityProblem } from "./names.ts";

export type FileRole =
  | { readonly role: "policy"; readonly identity: string }
  | { readonly role: "trusted_issuers" }
  /** Expectations for a policy, see test-file.ts; the service does not read it. */
  | { readonly role: "test" }
  /** An error where the name is so near that nothing else can have been meant; other files may lie in the folder. */
  | { readonly role: "never_read"; readonly severity: Severity; readonly message: string; readonly suggestion: string }
  | { readonly role: "other" };

export const POLICY_DIRECTORY = ".github/chainguard/";
export const POLICY_SUFFIX = ".sts.yaml";
export const TEST_SUFFIX = ".sts.test.yaml";
export const TRUSTED_ISSUERS_NAME = "trusted-token-issuers.yaml";

/** `path` counts from the root of the repository, with `/`. `isPolicyRepository`: the owner's, `.github` by default. */
export function roleOfFile(path: string, isPolicyRepository: boolean): FileRole {
  if (!path.startsWith(POLICY_DIRECTORY)) return roleOutside(path);
  const name = path.slice(POLICY_DIRECTORY.length);
  if (name === TRUSTED_ISSUERS_NAME && isPolicyRepository) return { role: "trusted_issuers" };
  if (name === TRUSTED_ISSUERS_NAME) {
    const message = "the list of trusted issuers is read from the owner's policy repository only";
    return { role: "never_read", severity: "error", message, suggestion: "move it there, or remove it" };
  }
  if (name.endsWith(TEST_SUFFIX)) return { role: "test" };
  if (name.endsWith(POLICY_SUFFIX)) return roleOfIdentity(name.slice(0, -POLICY_SUFFIX.length));
  return misnamed(name);
}

/** Whether it is a policy, an issuer list, or was meant as one. `isPolicyRepository`: true also where nobody knows. */
export function isPolicyPath(path: string, isPolicyRepository: boolean): boolean {
  const { role } = roleOfFile(path, isPolicyRepository);
  return role !== "other" && role !== "test";
}

function roleOutside(path: string): FileRole {
  if (path.endsWith(TEST_SUFFIX)) return { role: "test" };
  if (!path.endsWith(POLICY_SUFFIX)) return { role: "other" };
  const message = `never read: it does not lie in ${POLICY_DIRECTORY}`;
  const suggestion = `move it to ${POLICY_DIRECTORY}${lastSegment(path)}`;
  return { role: "never_read", severity: "warning", message, suggestion };
}

function roleOfIdentity(identity: string): FileRole {
  const problem = identityProblem(identity);
  if (problem === undefined) return { role: "policy", identity };
  const message = `never read: ${JSON.stringify(identity)} is no identity that can be asked for: ${problem}`;
  const name = identity
    .normalize("NFKD")
    .replaceAll(/\p{M}+/gu, "")
    .replaceAll(/[^A-Za-z0-9._/-]+/g, "-")
    .split("/")
    .filter((part) => !/^[.-]*$/.test(part))
    .join("/");
  const suggestion = `name it \`${name.slice(0, MAX_IDENTITY_CHARACTERS) || "name"}${POLICY_SUFFIX}\``;
  return { role: "never_read", severity: "error", message, suggestion };
}

function misnamed(name: string): FileRole {
  if (/^trusted[-_]?(token[-_]?)?issuers?\.ya?ml$/i.test(name)) {
    return {
      role: "never_read",
      severity: "error",
      message: "never read: the name is not quite right",
      suggestion: `name it ${TRUSTED_ISSUERS_NAME}`,
    };
  }
  const [, stem] = /^(.+?)(?:[._-]sts)?\.(?:ya?ml|json)(?:\.ya?ml)?$/i.exec(name) ?? /^(.+)\.sts$/i.exec(name) ?? [];
  if (stem === undefined) return { role: "other" };
  const message = `never read: its name does not end in ${POLICY_SUFFIX}`;
  const severity = /[._-]sts(?:\.|$)/i.test(name) ? "error" : "warning";
  return { role: "never_read", severity, message, suggestion: `name it ${stem}${POLICY_SUFFIX}` };
}

function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
