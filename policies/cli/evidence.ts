/**
 * What people have at hand of a refused workload: a token, its claims, the log of a job in which octo-sts/action printed them, the
 * answer that refused it. Text -> claims, or a refusal. Pure and total: bounded in time, and never throws; verifies nothing, and no
 * message holds a part of a token.
 */

import type { VerifiedClaims } from "../claims.ts";
import { isObject, type JsonObject } from "../objects.ts";
import { type Payload, parseClaims, parseToken, unverifiedClaims } from "./token.ts";

export type Evidence =
  /** In a log both can stand. */
  | { readonly ok: true; readonly claims: VerifiedClaims; readonly refusal: RefusalAnswer | undefined }
  | { readonly ok: true; readonly claims: undefined; readonly refusal: RefusalAnswer }
  | { readonly ok: false; readonly message: string };

/** Our answer, or octo-sts's, which has no reason. */
export interface RefusalAnswer {
  readonly reason: string | undefined;
  readonly message: string;
}

/** Of a log: the end, where a job fails. */
const MAX_CHARACTERS = 4_194_304;
/** Of a token, its claims, a refusal. */
const MAX_OBJECT_CHARACTERS = 65_536;
/** Objects within objects are parsed more than once: together no more than this. */
const MAX_PARSED_CHARACTERS = 4 * MAX_CHARACTERS;

/** `what` names the source in messages. */
export function readEvidence(text: string, what: string): Evidence {
  const whole = text.trim();
  if (whole.length <= MAX_OBJECT_CHARACTERS && /^[A-Za-z0-9_.-]+$/.test(whole)) return fromPayload(parseToken(whole));
  if (whole.startsWith("{") && whole.length <= MAX_OBJECT_CHARACTERS) {
    const payload = parseClaims(whole, what);
    if (payload.ok) return fromObject(payload.claims);
  }
  return fromLog(whole.slice(-MAX_CHARACTERS), what);
}

function fromPayload(payload: Payload): Evidence {
  return payload.ok ? { ok: true, claims: payload.claims, refusal: undefined } : payload;
}

/** The runner's answer to a request for a token has it under `value`. */
function fromObject(object: JsonObject): Evidence {
  const refusal = refusalIn(object);
  if (refusal !== undefined) return { ok: true, claims: undefined, refusal };
  const { value } = object;
  if (typeof value === "string" && !("iss" in object)) return fromPayload(parseToken(value));
  return { ok: true, claims: unverifiedClaims(object), refusal: undefined };
}

function fromLog(text: string, what: string): Evidence {
  const log = text.split("\n").map(withoutPrefix).join("\n");
  const objects = objectsIn(log);
  // A job may ask for several tokens, and ends with the one that was refused.
  const found = objects.findLast(({ iss, sub }) => typeof iss === "string" && typeof sub === "string") ?? tokenIn(log);
  const refusal = objects.map(refusalIn).findLast((answer) => answer !== undefined);
  if (found !== undefined) return { ok: true, claims: unverifiedClaims(found), refusal };
  if (refusal !== undefined) return { ok: true, claims: undefined, refusal };
  return { ok: false, message: `no token, no claims with \`iss\` and \`sub\`, and no refusal found in ${what}` };
}

function refusalIn({ code, reason, message, iss }: JsonObject): RefusalAnswer | undefined {
  if (typeof message !== "string" || iss !== undefined) return undefined;
  if (typeof reason === "string") return { reason, message };
  return typeof code === "number" ? { reason: undefined, message } : undefined;
}

const TIME = /^(?:\d{4}-\d\d-\d\dT[\d:.]+Z|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT) ?/;
/** GitLab marks which stream a line came by. */
const STREAM = /^\d\d[OE][+ ]/;

/** Without what logs put before each line: job and step (`gh run view --log`), a byte order mark, the time. */
function withoutPrefix(line: string): string {
  const plain = withoutSequences(line);
  const [, , ...rest] = plain.split("\t");
  const texts = [rest.join("\t"), plain].map((text) => text.replace(/^\ufeff/, ""));
  const timed = texts.find((text) => TIME.test(text));
  return timed === undefined ? plain : timed.replace(TIME, "").replace(STREAM, "");
}

const ESCAPE = String.fromCharCode(27);

/** Without colours, and Buildkite's time stamps: escape sequences of terminals (ECMA-48). */
function withoutSequences(line: string): string {
  const [first = "", ...rest] = line.split(ESCAPE);
  return [first, ...rest.map((part) => part.replace(/^(?:\[[0-9;]*[A-Za-z]|_[^\p{Cc}]*\p{Cc})/u, ""))].join("");
}

/** Every JSON object of the text, those inside others before them. No text outside of brackets counts, and no string runs past its line. */
function objectsIn(text: string): readonly JsonObject[] {
  const found: JsonObject[] = [];
  const open: number[] = [];
  let isInString = false;
  let budget = MAX_PARSED_CHARACTERS;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === "\n") isInString = false;
    else if (isInString && character === "\\" && text[at + 1] !== "\n") at += 1;
    else if (character === '"') isInString = !isInString && open.length > 0;
    else if (isInString) continue;
    else if (character === "{") open.push(at);
    else if (character === "}") {
      const from = open.pop() ?? at;
      const length = at + 1 - from;
      if (length > MAX_OBJECT_CHARACTERS || length > budget) continue;
      budget -= length;
      const object = objectOf(text.slice(from, at + 1));
      if (object !== undefined) found.push(object);
    }
  }
  return found;
}

function objectOf(text: string): JsonObject | undefined {
  if (!/^\{\s*"/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The payload of the last token, as in `Authorization: Bearer ...`. */
function tokenIn(text: string): JsonObject | undefined {
  const words = text.split(/[^A-Za-z0-9_.-]+/).filter((word) => word.startsWith("eyJ"));
  for (const word of words.slice(-MAX_TOKENS).reverse()) {
    const payload = parseToken(word);
    if (payload.ok) return payload.claims;
  }
  return undefined;
}

const MAX_TOKENS = 20;
