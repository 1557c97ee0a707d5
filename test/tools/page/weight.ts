// What a browser loads of the page, gzipped.

import { gzipSync } from "node:zlib";
import type { BuiltPage } from "./files.ts";

/** worker/README.md, "Bounds". Until something can be read: the document, the entry, and the view that people arrive at. */
export const FIRST_PAINT_BUDGET_BYTES = 60 * 1024;
/** With every view: the policy language, its patterns, and the editor. */
export const PAGE_BUDGET_BYTES = 250 * 1024;

export interface Weight {
  readonly firstPaintBytes: number;
  readonly pageBytes: number;
  /** Gzipped bytes by file, largest first. */
  readonly files: readonly (readonly [path: string, bytes: number])[];
}

export function weigh({ files, document, firstPaint }: BuiltPage): Weight {
  const sizeOf = (path: string): number => gzipSync(files.get(path) ?? "").byteLength;
  const sum = (paths: readonly string[]): number => paths.reduce((total, path) => total + sizeOf(path), 0);
  const paths = [document, ...[...files.keys()].filter((path) => path.startsWith("assets/"))];
  return {
    firstPaintBytes: sum([document, ...firstPaint]),
    pageBytes: sum(paths),
    files: paths.map((path) => [path, sizeOf(path)] as const).sort(([, one], [, other]) => other - one),
  };
}
