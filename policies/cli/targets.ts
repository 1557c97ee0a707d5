/**
 * The files that a call is about, and where each lies.
 */

import { POLICY_SUFFIX } from "../file-names.ts";
import { type Disk, Unusable } from "./disk.ts";
import { type Origin, originOf } from "./origin.ts";
import { type Place, type PlaceOptions, placeOf, rootOf } from "./place.ts";

export interface Target {
  readonly path: string;
  /** Named on the command line, so that it is judged whatever its name is. */
  readonly isNamed: boolean;
  /** Found below the root of a repository, where a policy outside of its directory is of no use. */
  readonly isInRepository: boolean;
  readonly isDirectory: boolean;
}

const SKIPPED_DIRECTORIES: readonly string[] = [".git", "node_modules"];

/** Throws Unusable. */
export function targetsOf(operands: readonly string[], disk: Disk): readonly Target[] {
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
function below(directory: string, isInRepository: boolean, disk: Disk): readonly Target[] {
  return disk.list(directory).flatMap(({ name, isDirectory }) => {
    const path = `${directory}/${name}`;
    const target = { path, isNamed: false, isInRepository, isDirectory };
    if (!isDirectory) return [target];
    if (SKIPPED_DIRECTORIES.includes(name)) return [];
    return [...(name.endsWith(POLICY_SUFFIX) ? [target] : []), ...below(path, isInRepository, disk)];
  });
}

export type Locator = (path: string, options: PlaceOptions) => Place;

/** Asks each repository for its origin once. */
export function createLocator(disk: Disk): Locator {
  const origins = new Map<string, Origin | undefined>();
  return (path, options) => {
    const root = rootOf(path);
    if (root === undefined) return placeOf(path, undefined, options);
    if (!origins.has(root)) {
      const config = `${root}/.git/config`;
      origins.set(root, disk.kindOf(config) === "file" ? originOf(disk.read(config) ?? "") : undefined);
    }
    return placeOf(path, origins.get(root), options);
  };
}
