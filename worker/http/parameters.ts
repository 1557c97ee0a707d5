/**
 * Request -> named text values, from the query and (POST) a form or JSON body. Bounded and strict: what cannot be read is
 * refused, never repaired. Knows nothing of what the parameters mean.
 */
import { accept, type Result, refuse } from "../denial.ts";
import { BODY_MAX_BYTES, QUERY_MAX_BYTES } from "../limits.ts";
import { parseJson, readCapped } from "../store/fetch.ts";

/** Each name with its values in the order sent. */
export type Parameters = ReadonlyMap<string, readonly string[]>;

export type BodyKind = "none" | "form" | "json";

/** RFC 9110 section 8.3.1: a token, and after a slash another; parameters are not looked at. */
const MEDIA_TYPE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:\/[!#$%&'*+.^_`|~0-9A-Za-z-]+)?$/;

const invalid = (problem: string) => refuse({ reason: "invalid_request", problem });

/** Which body this request announces; undefined when the Content-Type cannot be read. Other types are not read, as octo-sts. */
export function bodyKind(request: Request): BodyKind | undefined {
  const header = request.headers.get("Content-Type");
  if (header === null || header === "") return "none";
  const type = (header.split(";", 1)[0] ?? "").trim().toLowerCase();
  if (!MEDIA_TYPE.test(type)) return undefined;
  if (type === "application/x-www-form-urlencoded") return "form";
  return type === "application/json" ? "json" : "none";
}

export async function readParameters(request: Request): Promise<Result<Parameters>> {
  const query = queryOf(request.url);
  if (new TextEncoder().encode(query).byteLength > QUERY_MAX_BYTES) {
    return refuse({ reason: "request_too_large", what: "query", limitBytes: QUERY_MAX_BYTES });
  }
  const fromQuery = decodeForm(query, "query");
  if (!fromQuery.ok || request.method !== "POST") return fromQuery;
  const fromBody = await readBody(request);
  if (!fromBody.ok) return fromBody;
  const all = new Map(fromQuery.value);
  for (const [name, values] of fromBody.value) all.set(name, [...(all.get(name) ?? []), ...values]);
  return accept(all);
}

/** The body's parameters alone (RFC 6749 section 3.2: token endpoints take nothing from the query). */
export async function readBody(request: Request): Promise<Result<Parameters>> {
  const kind = bodyKind(request);
  if (kind === undefined) return invalid("the Content-Type header cannot be read");
  if (kind === "none") return accept(new Map());
  const bytes = await readCapped(request, BODY_MAX_BYTES);
  if (bytes === undefined) return refuse({ reason: "request_too_large", what: "body", limitBytes: BODY_MAX_BYTES });
  return kind === "json" ? decodeJson(bytes) : decodeForm(new TextDecoder().decode(bytes), "form body");
}

function queryOf(url: string): string {
  const start = url.indexOf("?");
  return start < 0 ? "" : (url.slice(start + 1).split("#", 1)[0] ?? "");
}

/** application/x-www-form-urlencoded, but with bad escapes and `;` refused where URLSearchParams would guess. */
function decodeForm(text: string, where: string): Result<Parameters> {
  const found = new Map<string, string[]>();
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    if (pair.includes(";")) return invalid(`invalid semicolon separator in ${where}`);
    const [rawName = "", ...rest] = pair.split("=");
    const name = unescaped(rawName);
    const value = unescaped(rest.join("="));
    if (name === undefined || value === undefined) return invalid(`invalid percent escape in ${where}`);
    found.set(name, [...(found.get(name) ?? []), value]);
  }
  return accept(found);
}

function unescaped(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}

/** An object whose values are text or lists of text; null is "not set". */
function decodeJson(bytes: Uint8Array): Result<Parameters> {
  if (bytes.byteLength === 0) return accept(new Map());
  const parsed = parseJson(bytes);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    return invalid("the body is not a JSON object");
  }
  const found = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(parsed)) {
    if (!JSON_NAMES.has(name) || value === null) continue;
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    const texts = values.filter((entry) => typeof entry === "string");
    if (texts.length < values.length) return invalid(`"${name}" in the JSON body is neither text nor a list of text`);
    found.set(name, texts);
  }
  return accept(found);
}

/** Only these are read: whatever else a client sends along is ignored. */
const JSON_NAMES: ReadonlySet<string> = new Set(["scope", "scopes", "identity", "permissions", "repositories"]);
