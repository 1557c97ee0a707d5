/**
 * The place that a diagnostic's path names, in the tree of the text. Pure.
 */

import type { ListTree, MapEntry, MapTree, Tree } from "../../yaml/tree.ts";

export type TreePlace =
  | { readonly kind: "entry"; readonly map: MapTree; readonly entry: MapEntry }
  | { readonly kind: "item"; readonly list: ListTree; readonly index: number };

/** Names may hold dots themselves: of two readings the one that leads to a place. */
export function placeAt(tree: Tree, path: string): TreePlace | undefined {
  if (tree.kind === "list") {
    const [whole, digits = ""] = /^\[(\d+)\]/.exec(path) ?? [];
    const index = Number(digits);
    const item = tree.items[index];
    if (whole === undefined || item === undefined) return undefined;
    return path === whole ? { kind: "item", list: tree, index } : below(item, path.slice(whole.length));
  }
  if (tree.kind !== "map") return undefined;
  for (const entry of tree.entries) {
    if (path === entry.name) return { kind: "entry", map: tree, entry };
    const found = path.startsWith(entry.name) ? below(entry.value, path.slice(entry.name.length)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function below(tree: Tree, rest: string): TreePlace | undefined {
  if (rest.startsWith(".")) return placeAt(tree, rest.slice(1));
  return rest.startsWith("[") ? placeAt(tree, rest) : undefined;
}
