// What `npm start` prints: a few lines of at most 80 columns. Pure.

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

export function exchangeReport(place: Place, shown: Shown, nowMs: number): string {
  const minutes = Math.round((Date.parse(shown.expiry) - nowMs) / 60_000);
  const { read, write, policy } = shown;
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
    "Once more:",
    pasteable(place, "main"),
    'Refused, because the policy trusts the branch "main" alone:',
    pasteable(place, "feature"),
    "",
    "Serving until Ctrl-C.",
  ].join("\n");
}
