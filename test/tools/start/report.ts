// What `npm start` prints: a few lines of at most 80 columns. Pure.

import type { Audit } from "./audit.ts";
import { IDENTITY, SCOPE, subjectOf } from "./demo.ts";
import type { Shown } from "./exchange.ts";

export interface Place {
  readonly domain: string;
  readonly issuerUrl: string;
  readonly githubUrl: string;
  tokenUrl(branch: string): string;
}

const listed = (record: Readonly<Record<string, string>>): string =>
  Object.entries(record)
    .map(([name, level]) => `${name}: ${level}`)
    .join(", ");

function row(label: string, ...lines: readonly string[]): string {
  return lines.map((line, i) => `  ${(i === 0 ? label : "").padEnd(9)}${line}`).join("\n");
}

const COLUMNS = 80;
const INDENT = 11;

/** By words, within the columns that are left beside a label. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= COLUMNS - INDENT)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** A few of the event's fields, as they stand in it. */
function auditLines(audit: Audit): string[] {
  const shown = [["request_id"], ["outcome", "reason"], ["scope", "identity"]];
  const field = (name: string): string => `"${name}":${JSON.stringify(audit[name])},`;
  return shown.map((names) => [...names.map(field), "..."].join(" "));
}

export function exchangeReport(place: Place, shown: Shown, nowMs: number): string {
  const minutes = Math.round((Date.parse(shown.expiry) - nowMs) / 60_000);
  const { read, write, policy, refused } = shown;
  return [
    "Octo STS at the edge, between an emulated issuer and an emulated GitHub.",
    "",
    row(
      "asked",
      `GET http://${place.domain}/sts/exchange  (as octo-sts/action does)`,
      `for ${SCOPE} as "${IDENTITY}"`,
      `with a token for ${subjectOf("main")}`,
      `of ${place.issuerUrl}`,
    ),
    row("allowed", `by ${policy.path}`, `(revision ${policy.sha.slice(0, 12)})`),
    row(
      "granted",
      `${listed(shown.permissions)} on ${shown.repositories.join(", ")}`,
      `until ${shown.expiry} (${minutes} minutes)`,
    ),
    row(
      "used",
      `at ${place.githubUrl}`,
      `to read README.md:  ${read.status} ${read.text}`,
      `to write README.md: ${write.status} ${write.text}`,
    ),
    row("refused", `a token for ${subjectOf("feature")}, ${refused.status}:`, ...wrapped(refused.message)),
    row("audited", "as a line of JSON in the operator's log, with the whole trace:", ...auditLines(refused.audit)),
  ].join("\n");
}

/** A command to paste; the token is fetched anew each time. */
export function pasteable(place: Place, branch: string): string {
  return [
    `  curl -s "http://${place.domain}/sts/exchange?scope=${SCOPE}&identity=${IDENTITY}" \\`,
    `    -H "Authorization: Bearer $(curl -s ${place.tokenUrl(branch)})"`,
  ].join("\n");
}

export function serveReport(place: Place): string {
  return [
    "",
    "Try it in another terminal; what the operator sees of each appears here.",
    "A token once more:",
    pasteable(place, "main"),
    'A refusal, because the policy trusts the branch "main" alone:',
    pasteable(place, "feature"),
    "What that reason means, and who must act:",
    `  curl -s http://${place.domain}/reasons/subject_mismatch`,
    "To write and try policies, in a browser:",
    `  http://${place.domain}/`,
    "The token given back:",
    `  curl -s http://${place.domain}/sts/revoke -d token=ghs_...`,
    "",
    "Serving until Ctrl-C.",
  ].join("\n");
}
