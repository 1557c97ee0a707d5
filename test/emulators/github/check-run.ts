// What GitHub refuses in a check run. Pure.

import { type Answer, refusal } from "./answers.ts";
import { isRecord } from "./route.ts";

const ANNOTATIONS_MAX = 50;
const TEXT_MAX = 65_535;
const STATUSES = ["queued", "in_progress", "completed"];
const CONCLUSIONS = "action_required cancelled failure neutral success skipped stale timed_out".split(" ");

export const invalid = (what: string): Answer => refusal(422, `Invalid request.\n\n${what}`, "/checks/runs");

function outputFault(output: unknown): Answer | null {
  if (output === undefined) return null;
  if (!isRecord(output) || typeof output.title !== "string" || typeof output.summary !== "string") {
    return invalid('"title", "summary" weren\'t supplied.');
  }
  for (const name of ["summary", "text"]) {
    if (String(output[name] ?? "").length > TEXT_MAX) {
      return invalid(`Only ${TEXT_MAX} characters are allowed for ${name}.`);
    }
  }
  const notes = output.annotations ?? [];
  if (!Array.isArray(notes)) return invalid("For 'annotations', the value is not an array.");
  if (notes.length > ANNOTATIONS_MAX) return invalid(`No more than ${ANNOTATIONS_MAX} items are allowed.`);
  return notes.every(noteIsWhole) ? null : invalid("An annotation lacks a member or has a column across lines.");
}

function noteIsWhole(note: unknown): boolean {
  if (!isRecord(note)) return false;
  const { path, start_line: first, end_line: last, annotation_level: level, message } = note;
  const levels = ["notice", "warning", "failure"];
  if (typeof path !== "string" || typeof message !== "string" || !levels.includes(String(level))) return false;
  if (typeof first !== "number" || typeof last !== "number" || last < first) return false;
  return first === last || (note.start_column === undefined && note.end_column === undefined);
}

/** What is wrong with the body of a new or changed run; null for nothing. */
export function bodyFault(body: Record<string, unknown>): Answer | null {
  const { status, conclusion } = body;
  if (status !== undefined && !STATUSES.includes(String(status))) return invalid(`${status} is not a possible value.`);
  if (conclusion !== undefined && !CONCLUSIONS.includes(String(conclusion))) {
    return invalid(`${conclusion} is not a possible value.`);
  }
  if (status === "completed" && conclusion === undefined) return invalid('"conclusion" wasn\'t supplied.');
  return outputFault(body.output);
}
