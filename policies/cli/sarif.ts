/**
 * Findings as SARIF 2.1.0 (OASIS), as GitHub's code scanning reads it. Pure.
 */

import type { Finding, Severity } from "../findings.ts";
import { RULES } from "../lint/lint.ts";

const LEVELS: Readonly<Record<Severity, "error" | "warning" | "note">> = {
  fault: "error",
  warning: "warning",
  notice: "note",
};

/** What the ids mean that are not lint's own. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  invalid: "the file cannot be used as it is",
  "not-accepted": "a deployment with these settings does not accept the policy",
  "never-read": "the file has a name or a place at which it is never read",
};

export function sarifReport(findings: readonly Finding[]): string {
  const ids = [...new Set(findings.map(({ id }) => id))].sort();
  const driver = {
    name: "octo-sts-edge policy check",
    rules: ids.map((id) => ({ id, shortDescription: { text: descriptionOf(id) } })),
  };
  const results = findings.map((finding) => resultOf(finding, ids.indexOf(finding.id)));
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{ tool: { driver }, columnKind: "utf16CodeUnits", results }],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

function descriptionOf(id: string): string {
  return [DESCRIPTIONS, RULES].flatMap((table) => (Object.hasOwn(table, id) ? [table[id] ?? id] : []))[0] ?? id;
}

function resultOf({ file, severity, id, line, column, message, suggestion }: Finding, ruleIndex: number) {
  return {
    ruleId: id,
    ruleIndex,
    level: LEVELS[severity],
    message: { text: suggestion === undefined ? message : `${message}; ${suggestion}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(file) },
          region: { startLine: Math.max(1, line), startColumn: Math.max(1, column) },
        },
      },
    ],
  };
}

/** A URI reference: relative to where the command ran, or a file URI. */
function uriOf(file: string): string {
  const path = file.replaceAll("\\", "/").split("/").map(encodeURIComponent).join("/");
  return path.startsWith("/") ? `file://${path}` : path;
}
