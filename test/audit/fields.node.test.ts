// The fields of the audit event are told: each in the schema, and each in worker/README.md as the schema has it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import schema from "../../worker/event.schema.json";
import { type Described, fieldRows } from "./fields.ts";

/** Fields without a description, and objects that let any field in. */
function untold({ description, properties, items, additionalProperties }: Described, path: string): readonly string[] {
  const own = path === "" || description !== undefined || path.endsWith("[]") ? [] : [`${path} is not described`];
  const isOpen = properties !== undefined && additionalProperties !== false;
  return [
    ...own,
    ...(isOpen ? [`${path} lets any field in`] : []),
    ...Object.entries(properties ?? {}).flatMap(([name, node]) => untold(node, `${path}.${name}`)),
    ...(items === undefined ? [] : untold(items, `${path}[]`)),
  ];
}

/** Texts, lists and maps that may be of any size. */
function unbounded(node: unknown, path: string): readonly string[] {
  if (typeof node !== "object" || node === null) return [];
  const has = (...keywords: readonly string[]) => keywords.some((keyword) => keyword in node);
  const type = "type" in node ? node.type : undefined;
  const isOpen =
    (type === "string" && !has("maxLength", "pattern", "enum", "const", "format")) ||
    (type === "array" && !has("maxItems")) ||
    (type === "object" && !has("properties", "maxProperties"));
  const below = Object.entries(node).flatMap(([name, part]) => unbounded(part, `${path}/${name}`));
  return isOpen ? [path, ...below] : below;
}

it("the schema bounds every text, list and map", () => expect(unbounded(schema, "")).toEqual([]));

it("the schema describes every field, and has no others", () => expect(untold(schema, "")).toEqual([]));

it("worker/README.md lists every field as the schema has it", () => {
  const text = readFileSync(join(import.meta.dirname, "../../worker/README.md"), "utf8");
  const [, section = ""] = text.split("### Fields of the audit event\n");
  const [, ...rows] = [...section.split("\n### ", 1)].join("").match(/^\| [^-].*$/gm) ?? [];
  expect(rows.map((row) => row.replace(/ +\|/g, " |"))).toEqual(fieldRows(schema));
});
