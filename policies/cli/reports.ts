/**
 * Findings as text for people, as JSON, and as annotations of a GitHub Actions run. Pure. SARIF is in sarif.ts.
 */

import { countOf, type Finding, type Severity } from "../findings.ts";
import { type Colour, hanging, type Paint, plural, printable, wrap } from "./layout.ts";

const COLOURS: Readonly<Record<Severity, Colour>> = { fault: "red", warning: "yellow", notice: "blue" };

/** `files`: how many were looked at. */
export function textReport(findings: readonly Finding[], files: number, paint: Paint): string {
  const lines: string[] = [];
  let heading: string | undefined;
  for (const finding of findings) {
    if (finding.file !== heading) {
      if (heading !== undefined) lines.push("");
      heading = finding.file;
      lines.push(paint("bold", printable(heading)));
    }
    lines.push(textOf(finding, paint));
  }
  if (findings.length > 0) lines.push("");
  const counts = (["fault", "warning", "notice"] as const).map((severity) =>
    plural(countOf(findings, severity), severity),
  );
  lines.push(...wrap(`${plural(files, "file")} looked at: ${counts.join(", ")}`, 80));
  return `${lines.join("\n")}\n`;
}

const INDENT = 19;

function textOf({ line, column, severity, message, suggestion, id }: Finding, paint: Paint): string {
  const place = `${line}:${column}`.padEnd(7);
  const label = `  ${place} ${paint(COLOURS[severity], severity.padEnd(8))} `;
  const said = hanging(label, INDENT, `${message} [${id}]`);
  return suggestion === undefined ? said : `${said}\n${hanging(" ".repeat(INDENT), INDENT, `-> ${suggestion}`)}`;
}

export function jsonReport(findings: readonly Finding[], files: number): string {
  const counts = {
    files,
    diagnostics: countOf(findings, "fault"),
    warnings: countOf(findings, "warning"),
    notices: countOf(findings, "notice"),
  };
  return `${JSON.stringify({ ...counts, findings }, undefined, 2)}\n`;
}

const COMMANDS: Readonly<Record<Severity, string>> = { fault: "error", warning: "warning", notice: "notice" };

/** One workflow command a finding; GitHub shows it at its line of the pull request. */
export function githubReport(findings: readonly Finding[]): string {
  return findings.map((finding) => `${annotation(finding)}\n`).join("");
}

function annotation({ file, line, column, severity, id, message, suggestion }: Finding): string {
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
