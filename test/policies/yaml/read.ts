/** A text read as YAML alone: its tree, in plain JSON, or its diagnostics. */

import { DiagnosticList } from "../../../policies/diagnostics.ts";
import { forbiddenCharacter } from "../../../policies/yaml/characters.ts";
import { parseYaml } from "../../../policies/yaml/yaml.ts";
import { readFirst } from "./second-reader.ts";

export type Reading =
  | { readonly ok: true; readonly tree: string }
  | { readonly ok: false; readonly diagnostics: readonly string[] };

/** A byte order mark at the start is taken off, as for every file. A policy is a mapping: any other root is refused there. */
export function readYaml(text: string): Reading {
  const body = text.replace(/^\ufeff/, "");
  const forbidden = forbiddenCharacter(body);
  if (forbidden !== undefined) return { ok: false, diagnostics: [forbidden.message] };
  const list = new DiagnosticList();
  const { root } = parseYaml(body, list);
  const diagnostics = list
    .sorted()
    .map(({ line, column, message, suggestion }) => `${line}:${column} ${message} -> ${suggestion}`);
  if (diagnostics.length > 0 || root === undefined) return { ok: false, diagnostics };
  if (root.kind === "text" || root.kind === "list") return { ok: false, diagnostics: ["not a mapping"] };
  return { ok: true, tree: readFirst(root) };
}
