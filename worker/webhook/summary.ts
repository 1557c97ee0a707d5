/** What a check run says: conclusion, title, summary, annotations. Pure. */

import type { FileDiagnostic } from "../../policies/check.ts";
import { plural } from "../../policies/diagnostics.ts";
import type { Annotation, CheckState } from "../github/checks.ts";
import { CHECK_SUMMARY_MAX_CHARACTERS } from "../limits.ts";
import { sha256, toHex } from "../store/digest.ts";
import type { Progress, Section } from "./progress.ts";

/** What a later event needs to know of a verdict, so that it is not given twice. */
export interface Marker {
  /** The commit that the head was compared with. */
  readonly base: string;
  /** A digest of the annotations: GitHub adds those of an update to those that are there. */
  readonly annotations: string;
}

const LOCALLY = `The same check on your own machine, in a clone of the service's repository:

\`\`\`
node policies/cli.ts check PATH-OF-YOUR-REPOSITORY
node policies/cli.ts explain POLICY.sts.yaml --claims CLAIMS.json
\`\`\`

\`check\` tells errors and warnings with their lines; \`explain\` tells, clause by clause, what a policy says to a token.`;

const UNDONE = "Trust policies could not be checked.";

const UNDERWAY: CheckState = {
  output: { title: "Checking trust policies.", summary: "The policies of this commit are being read." },
};

/** In progress; with what was found so far. */
export function underway(progress?: Progress): CheckState {
  if (progress === undefined) return UNDERWAY;
  return { output: { title: UNDERWAY.output.title, summary: `So far: ${countsOf(progress)}.` } };
}

/** The end of a check that was done; `left`: annotations that there were no calls for. */
export function verdict(progress: Progress, marker: Marker, left: number): CheckState & { conclusion: string } {
  const isGood = progress.diagnostics === 0 && progress.unchecked === 0;
  const body = summaryOf(progress, left);
  // Last, and in a form that no code span of a policy's text can have: whatever a file says, this line is ours.
  const summary = progress.unchecked > 0 ? body : `${body}\n\n${markerText(marker)}`;
  return { conclusion: isGood ? "success" : "failure", output: { title: titleOf(progress), summary, text: LOCALLY } };
}

/** Never left pending: a check that cannot be done says so, and what to do. */
export function undone(why: string, progress: Progress): CheckState & { conclusion: "failure" } {
  const said = `${why}.\n\nRe-run this check, or push again, when that has passed: nothing is known of what was not read.`;
  const found = progress.files + progress.unchecked > 0 ? `\n\nUntil then:\n\n${summaryOf(progress, 0)}` : "";
  const output = { title: UNDONE, summary: `${said}${found}`, text: LOCALLY };
  return { conclusion: "failure", output };
}

function titleOf({ files, diagnostics, unchecked }: Progress): string {
  if (diagnostics > 0) return "Invalid trust policy.";
  if (unchecked > 0) return files > 0 ? "Not all trust policies were checked." : UNDONE;
  return files > 0 ? "Valid trust policy." : "No trust policy is changed.";
}

function countsOf({ files, diagnostics, warnings, notices }: Progress): string {
  const counts = [plural(diagnostics, "error"), plural(warnings, "warning"), plural(notices, "notice")];
  return `${plural(files, "changed file")} looked at, ${counts.join(", ")}`;
}

function summaryOf(progress: Progress, left: number): string {
  const parts = [
    `${countsOf(progress)}.`,
    ...section("Not checked", progress.uncheckedText),
    ...section("Errors", progress.faultsText),
    ...section("What this changes in access", progress.accessText),
    ...section("Warnings and notices", progress.warningsText),
    ...(left > 0 ? [`${plural(left, "finding")} without an annotation: there were too many.`] : []),
  ];
  return parts.join("\n\n").slice(0, CHECK_SUMMARY_MAX_CHARACTERS - MARKER_MAX);
}

function section(title: string, { text, more }: Section): readonly string[] {
  if (text === "" && more === 0) return [];
  return [`## ${title}`, text, ...(more > 0 ? [`... and ${more} more.`] : [])];
}

const MARKER_MAX = 200;
const MARKER = /\n<!-- base:(none|[0-9a-f]{40,64}) annotations:([0-9a-f]{16}|many) -->\s*$/;

const markerText = ({ base, annotations }: Marker): string => `<!-- base:${base} annotations:${annotations} -->`;

/** Undefined for a run that was not done to its end. */
export function readMarker(summary: string): Marker | undefined {
  const [, base, annotations] = MARKER.exec(summary) ?? [];
  return base !== undefined && annotations !== undefined ? { base, annotations } : undefined;
}

const LEVELS = { error: "failure", warning: "warning", notice: "notice" } as const;
const ORDER = ["failure", "warning", "notice"];

/** What matters most first, in case there is no room for all. */
export function annotationsOf(findings: readonly FileDiagnostic[]): readonly Annotation[] {
  return findings
    .map(annotationOf)
    .toSorted((a, b) => ORDER.indexOf(a.annotation_level) - ORDER.indexOf(b.annotation_level));
}

function annotationOf({ file, line, column, severity, id, message, suggestion }: FileDiagnostic): Annotation {
  const place = Math.max(1, line);
  return {
    path: file,
    start_line: place,
    end_line: place,
    ...(column > 0 && { start_column: column, end_column: column }),
    annotation_level: LEVELS[severity],
    title: `Trust policy: ${id}`,
    message: suggestion === undefined ? message : `${message}\n${suggestion}`,
  };
}

export async function digestOf(annotations: readonly Annotation[]): Promise<string> {
  const digest = await sha256(JSON.stringify(annotations));
  return toHex(digest.slice(0, 8));
}
