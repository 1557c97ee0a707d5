/**
 * What the commands need of the machine; cli.ts has the one that is real. Paths are absolute, with `/`.
 */

export interface Disk {
  /** The directory in which the command runs. */
  readonly here: string;
  absolute(path: string): string;
  kindOf(path: string): "file" | "directory" | "nothing";
  /** In the order of their names. */
  list(directory: string): readonly { readonly name: string; readonly isDirectory: boolean }[];
  /** Undefined if it is not UTF-8; a byte order mark is kept. `-` is standard input. Throws Unusable. */
  read(path: string): string | undefined;
  /** Makes the directories that are missing. Throws Unusable. */
  write(path: string, text: string): void;
}

/** A wrong call, or a file that cannot be read: told on standard error, exit code 2. */
export class Unusable extends Error {}

export function mustRead(disk: Disk, path: string): string {
  const text = disk.read(path);
  if (text === undefined) throw new Unusable(`${path} is not UTF-8`);
  return text;
}

/** Relative to where the command runs, as annotations and code scanning want it. */
export function shown(disk: Disk, path: string): string {
  return path.startsWith(`${disk.here}/`) ? path.slice(disk.here.length + 1) : path;
}

export function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
