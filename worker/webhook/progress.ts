/**
 * What a check has found so far, as plain data of bounded size: it may wait in a queue until the next part of the work. Pure.
 */
import * as v from "valibot";
import type { FileDiagnostic } from "../../policies/check.ts";
import { accessText } from "./access-text.ts";
import type { FileVerdict } from "./judge.ts";
import { code, prose } from "./markdown.ts";

const SectionSchema = v.strictObject({ text: v.string(), more: v.number() });

/** Paragraphs, and how many more there are than fit. */
export type Section = Readonly<v.InferOutput<typeof SectionSchema>>;

export const ProgressSchema = v.strictObject({
  files: v.number(),
  diagnostics: v.number(),
  warnings: v.number(),
  notices: v.number(),
  unchecked: v.number(),
  faultsText: SectionSchema,
  accessText: SectionSchema,
  warningsText: SectionSchema,
  uncheckedText: SectionSchema,
});

export type Progress = Readonly<v.InferOutput<typeof ProgressSchema>>;

const nothing: Section = { text: "", more: 0 };

export const NO_PROGRESS: Progress = {
  files: 0,
  diagnostics: 0,
  warnings: 0,
  notices: 0,
  unchecked: 0,
  faultsText: nothing,
  accessText: nothing,
  warningsText: nothing,
  uncheckedText: nothing,
};

/** In bytes, together under GitHub's 65,535 characters and what a queue's message holds. */
const FAULTS_MAX = 20_000;
const ACCESS_MAX = 22_000;
const WARNINGS_MAX = 14_000;
const UNCHECKED_MAX = 4_000;

export function withVerdict(progress: Progress, { findings, access }: FileVerdict): Progress {
  const of = (severity: FileDiagnostic["severity"]) => findings.filter((finding) => finding.severity === severity);
  const [diagnostics, warnings, notices] = [of("error"), of("warning"), of("notice")];
  return {
    ...progress,
    files: progress.files + 1,
    diagnostics: progress.diagnostics + diagnostics.length,
    warnings: progress.warnings + warnings.length,
    notices: progress.notices + notices.length,
    faultsText: appended(progress.faultsText, diagnostics.map(findingText), FAULTS_MAX),
    warningsText: appended(progress.warningsText, [...warnings, ...notices].map(findingText), WARNINGS_MAX),
    accessText: access ? appended(progress.accessText, [`${accessText(access)}\n`], ACCESS_MAX) : progress.accessText,
  };
}

export function withUnchecked(progress: Progress, paths: readonly string[], why: string): Progress {
  if (paths.length === 0) return progress;
  const lines = paths.map((path) => `- ${code(path)}: ${why}`);
  return {
    ...progress,
    unchecked: progress.unchecked + paths.length,
    uncheckedText: appended(progress.uncheckedText, lines, UNCHECKED_MAX),
  };
}

/** The verdict stands; only what the change does to access is not told. */
export function withUncompared(progress: Progress, path: string): Progress {
  const paragraph = `### ${code(path)}: not compared with what it was before, which was not read\n`;
  return { ...progress, accessText: appended(progress.accessText, [paragraph], ACCESS_MAX) };
}

function findingText({ file, line, column, id, message, suggestion }: FileDiagnostic): string {
  const place = line > 0 ? `, line ${line}, column ${column}` : "";
  const advice = suggestion === undefined ? "" : ` → ${prose(suggestion)}`;
  return `- ${code(file)}${place}: ${prose(message)}${advice} (${id})`;
}

function appended(section: Section, paragraphs: readonly string[], maxBytes: number): Section {
  let { text, more } = section;
  for (const paragraph of paragraphs) {
    const longer = text === "" ? paragraph : `${text}\n${paragraph}`;
    // Once something is left out so is all that follows: a reader should not have to guess where the gap is.
    if (more > 0 || new TextEncoder().encode(longer).length > maxBytes) more += 1;
    else text = longer;
  }
  return { text, more };
}
