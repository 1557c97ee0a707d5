/**
 * Where a file lies: in which repository, and what it is to the service there. Pure: paths are absolute, with `/`.
 */

import {
  type FileRole,
  POLICY_DIRECTORY,
  POLICY_SUFFIX,
  roleOfFile,
  TEST_SUFFIX,
  TRUSTED_ISSUERS_NAME,
} from "../file-names.ts";
import type { PolicyKind } from "../policy/document.ts";
import type { Origin } from "./origin.ts";

export interface Place {
  readonly role: FileRole;
  /** Undefined outside of a repository's policy directory. */
  readonly kind: PolicyKind | undefined;
  readonly owner: string | undefined;
}

export interface PlaceOptions {
  readonly kind: PolicyKind | undefined;
  readonly owner: string | undefined;
  /** The name of the owner's policy repository. */
  readonly policyRepository: string;
}

/** The root of the repository whose policy directory the file lies in. */
export function rootOf(path: string): string | undefined {
  const at = path.lastIndexOf(`/${POLICY_DIRECTORY}`);
  return at < 0 ? undefined : path.slice(0, at);
}

/** A clone may have any name, so that its origin is believed before the name of its directory. */
export function placeOf(path: string, origin: Origin | undefined, options: PlaceOptions): Place {
  const root = rootOf(path);
  const { kind, owner } = options;
  if (root === undefined) return { role: roleByName(path), kind, owner };
  const repository = origin?.repository ?? root.slice(root.lastIndexOf("/") + 1);
  const isPolicyRepository = repository.toLowerCase() === options.policyRepository.toLowerCase();
  const own = kind ?? (isPolicyRepository ? "organization" : "repository");
  return {
    role: roleOfFile(path.slice(root.length + 1), own === "organization"),
    kind: own,
    owner: owner ?? origin?.owner,
  };
}

/** Outside of a policy directory the name says what a file is meant to be. */
function roleByName(path: string): FileRole {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (name === TRUSTED_ISSUERS_NAME) return { role: "trusted_issuers" };
  if (name.endsWith(TEST_SUFFIX)) return { role: "test" };
  return name.endsWith(POLICY_SUFFIX)
    ? { role: "policy", identity: name.slice(0, -POLICY_SUFFIX.length) }
    : { role: "other" };
}
