/**
 * Diagnostics as text for people, as JSON, as annotations of a GitHub Actions run, and as SARIF 2.1.0 (OASIS). Pure.
 */

import { countBySeverity, type FileDiagnostic } from "../check.ts";
import { plural, type Severity } from "../diagnostics.ts";
import { RULES } from "../lint/lint.ts";
import { ownProperty } from "../objects.ts";
import { type Colour, hanging, type Paint, printable, wrap } from "./layout.ts";

const COLOURS: Readonly<Record<Severity, Colour>> = { error: "red", warning: "yellow", notice: "blue" };

/** `files`: how many were looked at. */
export function textReport(diagnostics: readonly FileDiagnostic[], files: number, paint: Paint): string {
  const lines: string[] = [];
  let heading: string | undefined;
  for (const diagnostic of diagnostics) {
    if (diagnostic.file !== heading) {
      if (heading !== undefined) lines.push("");
      heading = diagnostic.file;
      lines.push(paint("bold", printable(heading)));
    }
    lines.push(textOf(diagnostic, paint));
  }
  if (diagnostics.length > 0) lines.push("");
  const counts = (["error", "warning", "notice"] as const).map((severity) =>
    plural(countBySeverity(diagnostics, severity), severity),
  );
  lines.push(...wrap(`${plural(files, "file")} looked at: ${counts.join(", ")}`, 80));
  return `${lines.join("\n")}\n`;
}

const INDENT = 19;

function textOf({ line, column, severity, message, suggestion, id }: FileDiagnostic, paint: Paint): string {
  const place = `${line}:${column}`.padEnd(7);
  const label = `  ${place} ${paint(COLOURS[severity], severity.padEnd(8))} `;
  const said = hanging(label, INDENT, `${message} [${id}]`);
  return suggestion === undefined ? said : `${said}\n${hanging(" ".repeat(INDENT), INDENT, `-> ${suggestion}`)}`;
}

export function jsonReport(diagnostics: readonly FileDiagnostic[], files: number): string {
  const counts = {
    files,
    errors: countBySeverity(diagnostics, "error"),
    warnings: countBySeverity(diagnostics, "warning"),
    notices: countBySeverity(diagnostics, "notice"),
  };
  return `${JSON.stringify({ ...counts, diagnostics }, undefined, 2)}\n`;
}

const COMMANDS: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", notice: "notice" };

/** One workflow command each; GitHub shows it at its line of the pull request. */
export function githubReport(diagnostics: readonly FileDiagnostic[]): string {
  return diagnostics.map((diagnostic) => `${annotation(diagnostic)}\n`).join("");
}

function annotation({ file, line, column, severity, id, message, suggestion }: FileDiagnostic): string {
  const properties = [
    ["file", file],
    ["line", String(Math.max(1, line))],
    ["col", String(Math.max(1, column))],
    ["title", `Trust policy: ${id}`],
  ] as const;
  const told = properties.map(([name, value]) => `${name}=${escapeProperty(value)}`).join(",");
  return `::${COMMANDS[severity]} ${told}::${escapeData(suggestion === undefined ? message : `${message}\n${suggestion}`)}`;
}

/** Unescaped, a line end would begin a workflow command of the file's own making. */
function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

const LEVELS: Readonly<Record<Severity, "error" | "warning" | "note">> = {
  error: "error",
  warning: "warning",
  notice: "note",
};

/** What the ids mean that are not lint's own. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  invalid: "the file cannot be used as it is",
  "not-accepted": "a deployment with these settings does not accept the policy",
  "never-read": "the file has a name or a place at which it is never read",
};

export function sarifReport(diagnostics: readonly FileDiagnostic[]): string {
  const ids = [...new Set(diagnostics.map(({ id }) => id))].sort();
  const driver = {
    name: "octo-sts-edge policy check",
    rules: ids.map((id) => ({ id, shortDescription: { text: descriptionOf(id) } })),
  };
  const results = diagnostics.map((diagnostic) => resultOf(diagnostic, ids.indexOf(diagnostic.id)));
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{ tool: { driver }, columnKind: "utf16CodeUnits", results }],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

function descriptionOf(id: string): string {
  return ownProperty(DESCRIPTIONS, id) ?? ownProperty(RULES, id) ?? id;
}

function resultOf({ file, severity, id, line, column, message, suggestion }: FileDiagnostic, ruleIndex: number) {
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
