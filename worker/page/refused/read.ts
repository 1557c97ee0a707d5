/**
 * What people have at hand of a refusal -> its reason and its values: the answer, a log that holds it, the line that an action prints,
 * headers, an audit event, or no more than a reason or a request id. Pure and total; looks at the end of what is long, where a job fails.
 */
import type { VerifiedClaims } from "../../../policies/claims.ts";
import { type Evidence, readEvidence } from "../../../policies/cli/evidence.ts";
import { unquoted } from "../../../policies/cli/refused-clause.ts";
import { REFUSALS, type Reason } from "../../denial.ts";
import { type KnownMessage, knownMessage } from "./forms.ts";
import { type NamedValue, namedValues } from "./values.ts";

export const MAX_CHARACTERS = 65_536;

export interface ReadRefusal {
  readonly reason: Reason | undefined;
  /** What the caller was given in its place, as an audit event says. */
  readonly reported: Reason | undefined;
  readonly message: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly values: readonly NamedValue[];
  /** Of the token, where the log has them. */
  readonly claims: VerifiedClaims | undefined;
  /** Only the end was looked at. */
  readonly isCut: boolean;
}

export function readRefusal(text: string): ReadRefusal {
  const end = text.slice(-MAX_CHARACTERS);
  const { reason, message, ...rest } = inText(readable(end));
  const values = reason !== undefined && message !== undefined ? namedValues(reason, message) : [];
  return { reason, message, values, isCut: text.length > end.length, ...rest };
}

/** A log of logs holds the answer as a string within JSON. */
function readable(text: string): string {
  const texts = [text, withinStrings(text)];
  const answer = texts.find((one) => answerIn(readEvidence(one, WHAT)) !== undefined);
  return answer ?? texts.find((one) => namedIn(one) !== undefined) ?? text;
}

const WHAT = "the text";

/** To find where strings end takes time by the square of a line that has only beginnings. */
const MAX_LINE_CHARACTERS = 16_384;

function withinStrings(text: string): string {
  const lines = text.split("\n").filter(({ length }) => length <= MAX_LINE_CHARACTERS);
  const literals = lines.flatMap((line) => line.match(/"(?:[^"\\]|\\.)*"/g) ?? []);
  return literals
    .filter((literal) => literal.includes('\\"'))
    .map(unquoted)
    .join("\n");
}

type Found = Omit<ReadRefusal, "values" | "isCut">;

function inText(text: string): Found {
  const evidence = readEvidence(text, WHAT);
  const { reason, message } = answerIn(evidence) ?? headerIn(text) ?? {};
  const line = message === undefined ? messageIn(text) : undefined;
  return {
    reason: reason ?? namedIn(text) ?? line?.reason ?? wordIn(text),
    reported: known(lastOf(text, /"reported_reason"\s*:\s*"([a-z_]+)"/g)),
    message: message ?? line?.message,
    requestId: requestIdIn(text),
    retryAfterSeconds: retryAfterIn(text),
    claims: evidence.ok ? evidence.claims : undefined,
  };
}

interface Told {
  readonly reason: Reason | undefined;
  readonly message: string;
}

/** Of a reason that this version does not know only the message may help. */
function answerIn(evidence: Evidence): Told | undefined {
  if (!evidence.ok || evidence.refusal === undefined) return undefined;
  const { reason, message } = evidence.refusal;
  return { reason: known(reason) ?? knownMessage(message)?.reason, message };
}

/** `X-STS-Refusal`, of answers whose body nobody saw. */
function headerIn(text: string): Told | undefined {
  const [, name, message = ""] = /^[< \t]*x-sts-refusal:[ \t]*([a-z_]+): (.*)$/im.exec(text) ?? [];
  const reason = known(name);
  return reason && { reason, message: message.trim() };
}

/** An audit event, the title of our action's annotation, a link to the reason's page. */
function namedIn(text: string): Reason | undefined {
  return (
    known(lastOf(text, /"reason"\s*:\s*"([a-z_]+)"/g)) ??
    known(lastOf(text, /\/reasons\/([a-z_]+)/g)) ??
    known(lastOf(text, /No token: ([a-z_]+)/g))
  );
}

function messageIn(text: string): KnownMessage | undefined {
  // A workflow command writes line ends and percent signs in this way.
  const lines = text
    .replace(/%0[AD]/gi, "\n")
    .replaceAll("%25", "%")
    .split("\n");
  for (const line of lines.reverse()) {
    const message = knownMessage(line);
    if (message !== undefined) return message;
  }
  return undefined;
}

/** A reason that stands in prose has to look like one: `internal` is a word of many. */
function wordIn(text: string): Reason | undefined {
  const whole = known(text.trim());
  if (whole !== undefined) return whole;
  const words = text.match(/\b[a-z]+(?:_[a-z]+)+\b/g) ?? [];
  return words.map(known).findLast((reason) => reason !== undefined);
}

const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";

function requestIdIn(text: string): string | undefined {
  const named = lastOf(text, new RegExp(`request[ _-]id["'\`:\\s]{1,8}(${UUID})`, "gi"));
  return named ?? new RegExp(`^\\s*(${UUID})\\s*$`, "i").exec(text)?.[1];
}

function retryAfterIn(text: string): number | undefined {
  const seconds = lastOf(text, /^[< \t]*retry-after:[ \t]*(\d{1,9})[ \t\r]*$/gim);
  return seconds === undefined ? undefined : Number(seconds);
}

const lastOf = (text: string, form: RegExp): string | undefined => [...text.matchAll(form)].at(-1)?.[1];

const known = (name: string | undefined): Reason | undefined =>
  name !== undefined && Object.hasOwn(REFUSALS, name) ? (name as Reason) : undefined;
