// The collection of public repositories' policies, where it lies beside this repository; without it there is nothing to judge.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const collection = join(import.meta.dirname, "../../../shared/real-policies");

export const isThere = existsSync(join(collection, "index.json"));
if (!isThere) console.warn(`skipped: no collection of real policies at ${collection}`);

export interface RealFile {
  readonly file: string;
  readonly repo: string;
  readonly kind: "repo" | "org" | "issuers";
  readonly octoSts: string;
}

export const files: readonly RealFile[] = isThere
  ? JSON.parse(readFileSync(join(collection, "index.json"), "utf8"))
  : [];

export const textOf = ({ file }: Pick<RealFile, "file">): string => readFileSync(join(collection, file), "utf8");
