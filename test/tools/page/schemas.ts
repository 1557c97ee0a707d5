// The JSON Schemas that the Worker serves: the repository's files without their white space.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { SCHEMAS } from "../../../worker/http/schemas.ts";
import type { Files } from "./files.ts";

const ROOT = join(import.meta.dirname, "../../..");

export async function schemaFiles(): Promise<Files> {
  const files = [...SCHEMAS].map(async ([name, source]) => {
    const schema: unknown = JSON.parse(await readFile(join(ROOT, source), "utf8"));
    return [`schemas/${name}`, Buffer.from(JSON.stringify(schema))] as const;
  });
  return new Map(await Promise.all(files));
}
