/**
 * A text read by js-yaml, in the shape of our own tree, so that the two can be compared. FAILSAFE leaves every scalar as it is
 * typed; nulls and merges are those that we read, too.
 */

import { FAILSAFE_SCHEMA, load, mergeTag, nullCoreTag, realMapTag, YAMLException } from "js-yaml";
import type { Tree } from "../../../policies/yaml/tree.ts";

const SCHEMA = FAILSAFE_SCHEMA.withTags(realMapTag, mergeTag, nullCoreTag);

/** As JSON, mappings as sorted pairs; what js-yaml says if it refuses the text. */
export function readSecond(text: string): string {
  const body = text.replace(/^\ufeff/, "");
  try {
    return JSON.stringify(plain(load(body, { schema: SCHEMA })));
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    // To us no document is an empty one.
    if (error.reason.startsWith("expected a document")) return "null";
    // js-yaml wants a closing bracket deeper than its key, where YAML 1.1 and all other readers leave it at the line's start.
    const deeper = body.replace(/^ *(?=[\]}])/gm, " ".repeat(40));
    return deeper === body ? `refused: ${error.reason}` : readSecond(deeper);
  }
}

function plain(value: unknown): unknown {
  if (value instanceof Map) return { map: sorted([...value].map(([key, below]) => [key, plain(below)])) };
  return Array.isArray(value) ? value.map(plain) : value;
}

export function readFirst(tree: Tree): string {
  return JSON.stringify(plainTree(tree));
}

function plainTree(tree: Tree): unknown {
  if (tree.kind === "nothing") return null;
  if (tree.kind === "text") return tree.value;
  if (tree.kind === "list") return tree.items.map(plainTree);
  return { map: sorted(tree.entries.map(({ name, value }) => [name, plainTree(value)])) };
}

function sorted(entries: readonly (readonly [unknown, unknown])[]): readonly (readonly [unknown, unknown])[] {
  return entries.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}
