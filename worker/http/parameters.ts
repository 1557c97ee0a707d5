/**
 * Request -> named text values, from the query and (POST) a form or JSON body. Bounded and strict: what cannot be read is
 * refused, never repaired and never passed over, since a restriction that the caller asked for could be in it. Knows nothing of
 * what the parameters mean.
 */

import { isLongerThan } from "../../policies/limits.ts";
import { parseStrictObject } from "../../policies/strict-json.ts";
import { accept, CALLER_RATE_LIMITED, type Result, refuse } from "../denial.ts";
import { BODY_MAX_BYTES, BODY_PROMPT_MS, BODY_TIMEOUT_MS, PARAMETERS_MAX, QUERY_MAX_BYTES } from "../limits.ts";
import { readCapped } from "../store/body.ts";
import type { Release } from "../store/room.ts";
import { withinTime } from "../store/within-time.ts";

/** Each name with its values in the order sent. */
export type Parameters = ReadonlyMap<string, readonly string[]>;

/** Takes a place for a body that is slow to come; undefined when there is none. */
export type AcquirePlace = () => Release | undefined;

export type BodyKind = "none" | "form" | "json" | "other";

/** RFC 9110 section 8.3.1: a token, and after a slash another; parameters are not looked at. */
const MEDIA_TYPE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:\/[!#$%&'*+.^_`|~0-9A-Za-z-]+)?$/;

const invalid = (problem: string) => refuse({ reason: "invalid_request", problem });

/** Which body this request announces; undefined when the Content-Type cannot be read. */
export function bodyKind(request: Request): BodyKind | undefined {
  const header = request.headers.get("Content-Type");
  if (header === null || header === "") return "none";
  const type = (header.split(";", 1)[0] ?? "").trim().toLowerCase();
  if (!MEDIA_TYPE.test(type)) return undefined;
  if (type === "application/x-www-form-urlencoded") return "form";
  return type === "application/json" ? "json" : "other";
}

/** Of query and body together. */
export async function readParameters(request: Request, acquire: AcquirePlace): Promise<Result<Parameters>> {
  const fromQuery = readQuery(request.url);
  if (!fromQuery.ok) return fromQuery;
  const fromBody = await readBody(request, acquire);
  if (!fromBody.ok) return fromBody;
  if (fromBody.value.size === 0) return fromQuery;
  const all = new ParameterList();
  for (const part of [fromQuery.value, fromBody.value]) {
    for (const [name, values] of part) if (!all.add(name, [...values])) return tooMany();
  }
  return accept(all.values);
}

export function readQuery(url: string): Result<Parameters> {
  const query = queryOf(url);
  if (isLongerThan(QUERY_MAX_BYTES, query)) {
    return refuse({ reason: "request_too_large", what: "query", limitBytes: QUERY_MAX_BYTES });
  }
  return decodeForm(query, "query");
}

/** The body's parameters alone (RFC 6749 section 3.2: token endpoints take nothing from the query). */
export async function readBody(request: Request, acquire: AcquirePlace): Promise<Result<Parameters>> {
  const kind = bodyKind(request);
  if (kind === undefined) return invalid("the Content-Type header cannot be read");
  const isRead = request.method === "POST" && (kind === "form" || kind === "json");
  if (isRead && isCoded(request)) return unsupported("the body must come without a Content-Encoding");
  const bytes = request.body ? await readInTime(request, isRead ? BODY_MAX_BYTES : 0, acquire) : NO_BYTES;
  if (!bytes.ok) return isRead ? bytes : unread(request, bytes);
  if (!isRead) return NO_PARAMETERS;
  return kind === "json" ? decodeJson(bytes.value) : decodeFormBody(bytes.value);
}

const NO_BYTES = accept(new Uint8Array());
const NO_PARAMETERS: Result<Parameters> = accept(new Map());

/** RFC 9110 section 8.4: nothing here takes the coding off, and what is behind it would be lost. */
const isCoded = ({ headers }: Request): boolean =>
  !/^(?:\s*identity\s*)?$/i.test(headers.get("Content-Encoding") ?? "");

/**
 * Forms are text without control characters, whatever they are made of: as UTF-16, with a pair on each line, or as JSON under the
 * wrong type (the next check, of names) a restriction would be read as something else, and lost.
 */
function decodeFormBody(bytes: Uint8Array): Result<Parameters> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return invalid("the form body is not UTF-8");
  }
  const form = text.replace(/[\r\n]+$/, "");
  return /\p{Cc}/u.test(form) ? invalid("the form body has control characters") : decodeForm(form, "form body");
}

/** A body that trickles in must not hold a request for ever, and one caller's must not fill the isolate. */
async function readInTime(request: Request, maxBytes: number, acquire: AcquirePlace): Promise<Result<Uint8Array>> {
  const deadline = AbortSignal.timeout(BODY_TIMEOUT_MS);
  const done = new AbortController();
  const reading = readCapped(request, maxBytes, AbortSignal.any([deadline, done.signal]));
  let release: Release | undefined;
  try {
    // A crowd behind one address whose bodies come at once takes no place.
    const isPrompt = await withinTime(reading, BODY_PROMPT_MS).then(
      () => true,
      () => false,
    );
    if (!isPrompt) release = acquire();
    if (!isPrompt && !release) return refuse(CALLER_RATE_LIMITED);
    const bytes = await reading;
    return bytes ? accept(bytes) : refuse({ reason: "request_too_large", what: "body", limitBytes: BODY_MAX_BYTES });
  } catch {
    return deadline.aborted ? refuse({ reason: "deadline_exceeded" }) : invalid("the body ends early");
  } finally {
    release?.();
    // With a reason of its own no error is made, which would cost more than the rest of this function.
    done.abort("done");
  }
}

/** Clients name all kinds of types with no body behind; but of a body that is there, nothing may be lost. */
function unread(request: Request, failure: Extract<Result<never>, { ok: false }>): Result<Parameters> {
  if (failure.denial.reason !== "request_too_large") return failure;
  if (request.method !== "POST") return invalid("a body is read with POST only");
  return unsupported("the body must be application/x-www-form-urlencoded or application/json");
}

/** RFC 9110 section 15.5.16. */
const unsupported = (problem: string) => refuse({ reason: "invalid_request", problem, status: 415 });

const tooMany = () => invalid(`more than ${PARAMETERS_MAX} parameters`);

/** Every pair counts, whatever its name and wherever it stands. */
class ParameterList {
  readonly #values = new Map<string, string[]>();
  #pairs = 0;

  get values(): Parameters {
    return this.#values;
  }

  /** Takes the list over. False when that was one too many. A name without a value is a pair as well. */
  add(name: string, values: string[]): boolean {
    this.#pairs += Math.max(1, values.length);
    if (this.#pairs > PARAMETERS_MAX) return false;
    const known = this.#values.get(name);
    if (known) known.push(...values);
    else this.#values.set(name, values);
    return true;
  }
}

function queryOf(url: string): string {
  const start = url.indexOf("?");
  if (start < 0) return "";
  const end = url.indexOf("#", start);
  return url.slice(start + 1, end < 0 ? undefined : end);
}

/** application/x-www-form-urlencoded, but with bad escapes and `;` refused where URLSearchParams would guess. */
function decodeForm(text: string, where: string): Result<Parameters> {
  const found = new ParameterList();
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    if (pair.includes(";")) return invalid(`invalid semicolon separator in ${where}`);
    const equals = pair.indexOf("=");
    const name = unescaped(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? "" : unescaped(pair.slice(equals + 1));
    if (name === undefined || value === undefined) return invalid(`invalid percent escape in ${where}`);
    if (NOT_OF_A_NAME.test(name)) return invalid(`a name in the ${where} has characters that no parameter's has`);
    if (!found.add(name, [value])) return tooMany();
  }
  return accept(found.values);
}

/** JSON under a form's type, escapes that were escaped. */
const NOT_OF_A_NAME = /["%<>\\^`{|}]/;

function unescaped(text: string): string | undefined {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}

/** An object whose values are text or lists of text, with one reading; null is "not set". */
function decodeJson(bytes: Uint8Array): Result<Parameters> {
  if (bytes.byteLength === 0) return NO_PARAMETERS;
  const parsed = parseStrictObject(bytes);
  if (!parsed.ok) return invalid(`the body ${parsed.problem}`);
  const found = new ParameterList();
  for (const [name, value] of Object.entries(parsed.value)) {
    if (value === null) continue;
    const given: readonly unknown[] = Array.isArray(value) ? value : [value];
    const values = given.map((entry) => (name === "dry_run" && typeof entry === "boolean" ? String(entry) : entry));
    const texts = values.filter((entry) => typeof entry === "string");
    const isRead = PARAMETER_NAMES.has(name);
    if (isRead && texts.length < values.length) {
      return invalid(`"${name}" in the JSON body is neither text nor a list of text`);
    }
    const lost = isRead ? undefined : nestedName(value);
    if (lost !== undefined) return invalid(`"${lost}" must be at the top of the JSON body`);
    if (!found.add(name, isRead ? texts : [])) return tooMany();
  }
  return accept(found.values);
}

/** Nested as deep as was parsed. */
function nestedName(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, inside] of Object.entries(value)) {
    const lost = RESTRICTIONS.has(name) ? name : nestedName(inside);
    if (lost !== undefined) return lost;
  }
  return undefined;
}

/** Whoever sends one of these gets less than without it. */
const RESTRICTIONS: ReadonlySet<string> = new Set(["permissions", "repositories", "dry_run"]);

/** Whether it is one value, however often it was sent. */
export const isSame = (values: readonly string[]): boolean => values.every((value) => value === values[0]);

/** Of any other name the value may be of any type: what else a client sends along is ignored. */
export const PARAMETER_NAMES: ReadonlySet<string> = new Set(["scope", "scopes", "identity", "format", ...RESTRICTIONS]);
