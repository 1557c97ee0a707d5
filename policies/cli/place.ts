/**
 * The files that a call is about, and where each lies: in which repository, and what it is to the service there. Paths are
 * absolute, with `/`.
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
import { type Disk, Unusable } from "./disk.ts";

export interface FilePlace {
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
export function locateFile(path: string, origin: Remote | undefined, options: PlaceOptions): FilePlace {
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

/** The owner and name of a repository. */
export interface Remote {
  readonly owner: string;
  readonly repository: string;
}

/** From the text of `.git/config`, of the remote `origin`: the last two segments of its address, whatever the host. */
export function readOrigin(config: string): Remote | undefined {
  const section = /^\[remote "origin"\]\s*$([^[]*)/m.exec(config)?.[1] ?? "";
  const url = /^\s*url\s*=\s*(\S+)\s*$/m.exec(section)?.[1];
  const path = /^(?:(?:https?|ssh|git):\/\/[^/]+\/|[^/@]+@[^/:]+:)(.*)$/.exec(url ?? "")?.[1];
  const [, owner, repository] = /(?:^|\/)([A-Za-z0-9_-]+)\/([A-Za-z0-9._-]+?)(?:\.git)?\/?$/.exec(path ?? "") ?? [];
  return owner === undefined || repository === undefined ? undefined : { owner, repository };
}

export interface CheckTarget {
  readonly path: string;
  /** Named on the command line, so that it is judged whatever its name is. */
  readonly isNamed: boolean;
  /** Found below the root of a repository, where a policy outside of its directory is of no use. */
  readonly isInRepository: boolean;
  readonly isDirectory: boolean;
}

const SKIPPED_DIRECTORIES: readonly string[] = [".git", "node_modules"];

/** Throws Unusable. */
export function findTargets(operands: readonly string[], disk: Disk): readonly CheckTarget[] {
  return operands.flatMap((operand) => {
    const path = disk.absolute(operand);
    const kind = disk.kindOf(path);
    if (kind === "nothing") throw new Unusable(`cannot read ${operand}: it does not exist`);
    if (kind === "file") return [{ path, isNamed: true, isInRepository: false, isDirectory: false }];
    const isRepository = [".git", ".github"].some((name) => disk.kindOf(`${path}/${name}`) !== "nothing");
    return below(path, isRepository, disk);
  });
}

/** Links to directories are not followed: they may lead round in a circle. */
function below(directory: string, isInRepository: boolean, disk: Disk): readonly CheckTarget[] {
  return disk.list(directory).flatMap(({ name, isDirectory }) => {
    const path = `${directory}/${name}`;
    const target = { path, isNamed: false, isInRepository, isDirectory };
    if (!isDirectory) return [target];
    if (SKIPPED_DIRECTORIES.includes(name)) return [];
    return [...(name.endsWith(POLICY_SUFFIX) ? [target] : []), ...below(path, isInRepository, disk)];
  });
}

export type Locator = (path: string, options: PlaceOptions) => FilePlace;

/** Asks each repository for its origin once. */
export function createLocator(disk: Disk): Locator {
  const origins = new Map<string, Remote | undefined>();
  return (path, options) => {
    const root = rootOf(path);
    if (root === undefined) return locateFile(path, undefined, options);
    if (!origins.has(root)) {
      const config = `${root}/.git/config`;
      origins.set(root, disk.kindOf(config) === "file" ? readOrigin(disk.read(config) ?? "") : undefined);
    }
    return locateFile(path, origins.get(root), options);
  };
}
