// A built folder on the disk: written only where it differs, so that several builds at once, and whoever reads meanwhile, meet whole files.

import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

/** By path within the folder. */
export type Files = ReadonlyMap<string, Uint8Array>;

export interface BuiltPage {
  readonly files: Files;
  /** Path of the document. */
  readonly document: string;
  /** Paths of the scripts that it needs until something can be read. */
  readonly firstPaint: readonly string[];
}

export async function writeFiles(folder: string, files: Files): Promise<void> {
  await mkdir(folder, { recursive: true });
  await Promise.all([...files].map(([path, content]) => writeIfOther(join(folder, path), content)));
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const left = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    // Another build may be about to rename its own.
    .filter((path) => !files.has(relative(folder, path)) && !path.endsWith(PART));
  await Promise.all(left.map((path) => rm(path, { force: true })));
}

const PART = ".part";

async function writeIfOther(path: string, content: Uint8Array): Promise<void> {
  const there = await readFile(path).catch(() => undefined);
  if (there?.equals(content)) return;
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.${process.pid}${PART}`;
  await writeFile(part, content);
  await rename(part, path);
}
