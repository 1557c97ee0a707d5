/**
 * Token syntax: a compact JWS is read without trusting it. Pure: no I/O, `now` is passed in.
 * Nothing that is read here has been verified, and no problem told here quotes the token.
 */
import { ALGORITHMS } from "../../policies/algorithms.ts";
import { decodeBase64url, isBase64url } from "../../policies/base64url.ts";
import { audienceProblem, isIssuer, subjectProblem } from "../../policies/fields.ts";
import { type JsonObject, ownProperty } from "../../policies/objects.ts";
import { parseStrictObject } from "../../policies/strict-json.ts";
import { accept, type Denial, type Result, refuse } from "../denial.ts";
import { ISSUED_AT_LEEWAY_SECONDS, NOT_BEFORE_LEEWAY_SECONDS, TOKEN_MAX_CHARACTERS } from "../limits.ts";

export interface TokenHeader {
  /** A name of `ALGORITHMS`. */
  readonly alg: string;
  /** Absent when the token has none or an empty one. */
  readonly kid?: string;
  readonly typ?: string;
}

/** What was read of a payload, and only to be had for the very bytes that it was read from: whoever passes tokens around may not mix them up. */
export class SignedPayload {
  readonly #bytes: Uint8Array;
  readonly #json: JsonObject;

  constructor({ bytes, json }: ReadPart) {
    this.#bytes = bytes;
    this.#json = json;
  }

  /** As JSON.parse made it: use Object.hasOwn. Undefined for other bytes. */
  of(signed: Uint8Array): JsonObject | undefined {
    return areEqual(this.#bytes, signed) ? this.#json : undefined;
  }
}

/** A loop, as a callback for each byte would cost what this spares. */
function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}

interface ReadPart {
  readonly bytes: Uint8Array;
  readonly json: JsonObject;
}

/** A well-formed token of which nothing is proven. */
export interface UnverifiedToken extends TokenTimes {
  readonly compact: string;
  readonly header: TokenHeader;
  readonly payload: SignedPayload;
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
}

/** NumericDates (RFC 7519 section 2): seconds since the epoch, perhaps with a fraction. */
export interface TokenTimes {
  readonly expiresAt: number;
  readonly issuedAt?: number;
  readonly notBefore?: number;
}

const malformed = (problem: string): Result<never> => refuse({ reason: "token_malformed", problem });
const unsupported = (problem: string): Result<never> => refuse({ reason: "token_unsupported", problem });

/** Reads a token and judges its form and its times. `nowMs`: ms since the epoch. */
export function readToken(compact: string, nowMs: number): Result<UnverifiedToken> {
  const parts = splitToken(compact);
  if (!parts.ok) return parts;
  const header = readHeader(parts.value.header);
  if (!header.ok) return header;
  const payload = readPart("payload", parts.value.payload, REGISTERED_CLAIMS);
  if (!payload.ok) return payload;
  const claims = readClaims(payload.value.json);
  if (!claims.ok) return claims;
  const untimely = checkTimes(claims.value, nowMs);
  if (untimely) return refuse(untimely);
  return accept({ compact, header: header.value, payload: new SignedPayload(payload.value), ...claims.value });
}

/** The signature part of a well-formed token. */
export const signaturePart = (token: UnverifiedToken): string =>
  token.compact.slice(token.compact.lastIndexOf(".") + 1);

function splitToken(compact: string): Result<{ header: string; payload: string }> {
  if (compact.length > TOKEN_MAX_CHARACTERS) return malformed(`longer than ${TOKEN_MAX_CHARACTERS} characters`);
  if (!/^[A-Za-z0-9_.-]*$/.test(compact)) return malformed("has characters that are not base64url");
  const parts = compact.split(".");
  // Five parts are the compact form of RFC 7516: well formed, but encrypted.
  if (parts.length === 5 && parts[0] !== "") return unsupported("encrypted tokens are not supported");
  const [header, payload, signature] = parts;
  if (parts.length !== 3 || !header || !payload || signature === undefined) return malformed("not three parts");
  if (!isBase64url(signature)) return malformed("signature is not base64url");
  return accept({ header, payload });
}

const REGISTERED_CLAIMS = ["iss", "sub", "aud", "exp", "nbf", "iat"];
const REGISTERED_HEADERS = ["alg", "kid", "typ", "crit", "b64", "enc"];

function readPart(part: "header" | "payload", text: string, registered: readonly string[]): Result<ReadPart> {
  const bytes = decodeBase64url(text);
  if (!bytes) return malformed(`${part} is not base64url`);
  const json = parseStrictObject(bytes);
  if (!json.ok) return malformed(`${part} ${json.problem}`);
  // Some parsers match names without case, and take the last: `SUB` beside `sub` would be two subjects.
  const stray = Object.keys(json.value).some((key) => !registered.includes(key) && registered.includes(fold(key)));
  return stray ? malformed(`${part} has a registered name in another case`) : accept({ bytes, json: json.value });
}

/** By way of upper case, so that U+017F (a long s) is an `s` here as it is to Go. */
const fold = (key: string): string => key.toUpperCase().toLowerCase();

function readHeader(text: string): Result<TokenHeader> {
  const part = readPart("header", text, REGISTERED_HEADERS);
  if (!part.ok) return part;
  // Keys in the header (`jwk`, `jku`, `x5c`, `x5u`) are never looked at: who signs does not choose the key (RFC 8725 section 3.10).
  const { json } = part.value;
  const { alg, kid, typ, b64 = true } = json;
  if (typeof alg !== "string" || !ALGORITHMS.has(alg)) return unsupported("algorithm is missing or not supported");
  if (Object.hasOwn(json, "crit")) return unsupported("critical header extensions are not supported");
  if (b64 !== true) return unsupported("unencoded payloads are not supported");
  if (Object.hasOwn(json, "enc")) return unsupported("encrypted tokens are not supported");
  if (typ !== undefined && !isTokenType(typ)) return malformed("type is not JWT, JOSE or at+jwt");
  if (kid !== undefined && typeof kid !== "string") return malformed("key id is not text");
  return accept({ alg, ...(kid ? { kid } : {}), ...(typ === undefined ? {} : { typ }) });
}

/** Media types compare without case and may leave out `application/` (RFC 7515 section 4.1.9). */
const isTokenType = (typ: unknown): typ is string =>
  typeof typ === "string" && /^(application\/)?(jwt|jose|at\+jwt)$/i.test(typ);

type Claims = Pick<UnverifiedToken, "issuer" | "subject" | "audiences" | keyof TokenTimes>;

function readClaims(payload: JsonObject): Result<Claims> {
  const claim = (name: string): unknown => ownProperty(payload, name);
  const [issuer, subject, audiences] = [claim("iss"), claim("sub"), readAudiences(claim("aud"))];
  if (typeof issuer !== "string" || typeof subject !== "string") return malformed("issuer or subject is not text");
  if (!audiences) return malformed("audience is neither text nor a list of text");
  const times = readTimes(claim("exp"), claim("nbf"), claim("iat"));
  if (!times) return malformed("a time is missing or not a number");
  if (!isIssuer(issuer)) return refuse({ reason: "issuer_malformed" });
  const wrongSubject = subjectProblem(subject);
  if (wrongSubject !== undefined) return refuse({ reason: "subject_malformed", problem: wrongSubject });
  const wrongAudience = audiences.map(audienceProblem).find((problem) => problem !== undefined);
  if (wrongAudience !== undefined) return refuse({ reason: "audience_malformed", problem: wrongAudience });
  return accept({ issuer, subject, audiences, ...times });
}

/** A token without an audience is well formed, and fails at the audience clause. One whose `aud` is null is not (RFC 7519 section 4.1.3). */
function readAudiences(aud: unknown): readonly string[] | undefined {
  if (aud === undefined) return [];
  const list: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return list.every((item) => typeof item === "string") ? list : undefined;
}

function readTimes(exp: unknown, nbf: unknown, iat: unknown): TokenTimes | undefined {
  if (!isDate(exp) || !isOptionalDate(nbf) || !isOptionalDate(iat)) return undefined;
  return {
    expiresAt: exp,
    ...(nbf === undefined ? {} : { notBefore: nbf }),
    ...(iat === undefined ? {} : { issuedAt: iat }),
  };
}

const isDate = (value: unknown): value is number => typeof value === "number";
const isOptionalDate = (value: unknown): value is number | undefined => value === undefined || isDate(value);

/** Why the token is not valid now, if it is not: judged when it is read, and again once its signature holds. */
export function checkTimes(times: TokenTimes, nowMs: number): Denial | undefined {
  const now = nowMs / 1000;
  const denial = (reason: UntimelyReason, missedBy: number): Denial => ({
    reason,
    seconds: Math.ceil(missedBy),
    serverTime: Math.floor(now),
  });
  const { expiresAt, notBefore, issuedAt } = times;
  // RFC 7519 section 4.1.4: refused "on or after" the expiry, without leeway.
  if (now >= expiresAt) return denial("token_expired", now - expiresAt);
  if (notBefore !== undefined && now + NOT_BEFORE_LEEWAY_SECONDS < notBefore) {
    return denial("token_not_yet_valid", notBefore - now);
  }
  if (issuedAt !== undefined && now + ISSUED_AT_LEEWAY_SECONDS < issuedAt) {
    return denial("token_from_the_future", issuedAt - now);
  }
  return undefined;
}

type UntimelyReason = "token_expired" | "token_not_yet_valid" | "token_from_the_future";
