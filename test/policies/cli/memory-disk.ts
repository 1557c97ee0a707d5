/** A disk for commands that are run in workerd: a few files, below the directory `/r`. */

import type { Disk } from "../../../policies/cli/disk.ts";

export function memoryDisk(files: Readonly<Record<string, string>> = {}) {
  const held = new Map(Object.entries(files));
  const absolute = (path: string) => (path.startsWith("/") ? path : `/r/${path}`);
  const disk: Disk = {
    here: "/r",
    absolute,
    kindOf: (path) =>
      held.has(path) ? "file" : [...held.keys()].some((name) => name.startsWith(`${path}/`)) ? "directory" : "nothing",
    list: (directory) =>
      [...held.keys()]
        .filter((name) => name.startsWith(`${directory}/`) && !name.slice(directory.length + 1).includes("/"))
        .map((name) => ({ name: name.slice(directory.length + 1), isDirectory: false })),
    read: (path) => held.get(absolute(path)),
    write: (path, text) => void held.set(path, text),
  };
  return { disk, held };
}
