/**
 * Dots of a pattern that were meant as dots, and match the names of others. Pure.
 */

import { quoted } from "../diagnostics.ts";
import type { PatternToken } from "../pattern/tokens.ts";
import { isBareDot } from "./shapes.ts";
import type { Unplaced, Value } from "./value.ts";

/** Told only where another character makes the name of somebody else: of a host, an e-mail's domain, an owner. */
export function unescapedDot(value: Value): readonly Unplaced[] {
  const { path, tokens } = value;
  const dot = foreignDot(value);
  if (dot === undefined) return [];
  const other = tokens.map((token) => (token === dot ? "-" : token.text)).join("");
  return [
    {
      id: "unescaped-dot",
      severity: "warning",
      path,
      message: `a \`.\` that is not escaped matches any character: also ${quoted(other.replaceAll("\\.", "."))}, which can be somebody else's`,
      suggestion: "write `\\.` for a dot",
    },
  ];
}

const NAMES_OWNERS: ReadonlySet<string> = new Set(
  "repository repository_owner job_workflow_ref workflow_ref project_path namespace_path".split(" "),
);

function foreignDot({ field, name, tokens }: Value): PatternToken | undefined {
  const texts = tokens.map(({ text }) => text);
  const dots = (from: number, isLastFree: boolean) => {
    const end = texts.findIndex((text, i) => i >= from && /^[/|):]$/.test(text));
    const dotted = tokens.flatMap((token, i) =>
      i >= from && (end < 0 || i < end) && /^\\?\.$/.test(token.text) ? [{ token, i }] : [],
    );
    // The last dot of a host stands before a suffix, and no host is without one.
    const telling = isLastFree ? dotted.slice(0, -1) : dotted;
    return telling.find(({ token, i }) => isBareDot(tokens, token, i))?.token;
  };
  if (field === "issuer") return dots(texts.indexOf("/") + 2, true);
  if (/^(?:sub|email|user_email)$/.test(name) && texts.includes("@")) {
    const found = texts.flatMap((text, i) => (text === "@" ? (dots(i + 1, true) ?? []) : []));
    if (found.length > 0) return found[0];
  }
  const [scheme] = /^\^?(?:repo|project_path):/.exec(texts.join("")) ?? [];
  if (field === "subject" ? scheme === undefined : !NAMES_OWNERS.has(name)) return undefined;
  return dots(scheme?.length ?? 0, false);
}
