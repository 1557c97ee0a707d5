/**
 * The format rules for `iss`, `sub` and `aud`: those of octo-sts (its Go URL parser included), but for subjects, which real
 * issuers fill with more. Pure; linear in the text.
 */

import { MAX_SUBJECT_CHARACTERS } from "./limits.ts";

/** Of issuers and audiences, in code points. */
const MAX_CODE_POINTS = 255;
const MAX_PATH_SEGMENT_BYTES = 150;

function hasLegalLength(text: string, max: number): boolean {
  if (text.length === 0 || text.length > max * 2) return false;
  return text.length <= max || [...text].length <= max;
}

/** What nearly all of them look like. These pass nothing that the rules below would not pass, in a fraction of the time. */
const PLAIN_SUBJECT = /^[!-~]+(?: [!-~]+)*$/;
const PLAIN_AUDIENCE = /^[A-Za-z0-9.:/_-]+$/;
const PLAIN_ISSUER =
  /^(?:https:\/\/[A-Za-z0-9.-]+|http:\/\/(?:localhost|127\.0\.0\.1))(?::[0-9]+)?(?:\/[A-Za-z0-9_-]{1,150})*\/?$/;

/** Letters, marks, numbers, punctuation, symbols: Go's unicode.IsPrint less the space. */
const VISIBLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u;
const NOT_IN_AUDIENCES = "\"'`\\<>;&$(){}[]|@";

/**
 * Why a token with such a `sub` is refused, naming the character and its place; undefined for a well-formed one. Spaces stand in
 * subjects (HCP Terraform's default project), braces too (Bitbucket's ids): a subject is compared and logged, and put into no URL.
 */
export function subjectProblem(subject: string): string | undefined {
  if (subject.length <= MAX_SUBJECT_CHARACTERS && PLAIN_SUBJECT.test(subject)) return undefined;
  return problemOf(subject, "subject", MAX_SUBJECT_CHARACTERS, (character, isAtEnd) =>
    character === " " ? !isAtEnd : VISIBLE.test(character),
  );
}

/** The same for one value of `aud`. */
export function audienceProblem(audience: string): string | undefined {
  if (audience.length <= MAX_CODE_POINTS && PLAIN_AUDIENCE.test(audience)) return undefined;
  return problemOf(
    audience,
    "audience",
    MAX_CODE_POINTS,
    (character) => VISIBLE.test(character) && !NOT_IN_AUDIENCES.includes(character),
  );
}

export const isSubject = (text: string): boolean => subjectProblem(text) === undefined;
export const isAudience = (text: string): boolean => audienceProblem(text) === undefined;

type IsAllowed = (character: string, isAtEnd: boolean) => boolean;

function problemOf(text: string, what: string, max: number, isAllowed: IsAllowed): string | undefined {
  if (text === "") return `the ${what} is empty`;
  if (!hasLegalLength(text, max)) return `the ${what} is longer than ${max} characters`;
  const characters = [...text.toWellFormed()];
  const at = characters.findIndex((one, i) => !isAllowed(one, i === 0 || i === characters.length - 1));
  const found = characters[at];
  if (found === undefined) return undefined;
  const place = found === " " && what === "subject" ? (at === 0 ? ", its first," : ", its last,") : "";
  return `character ${at + 1} of the ${what}${place} is ${nameOfCharacter(found)}`;
}

const NAMES: Readonly<Record<string, string>> = {
  " ": "a space",
  "\t": "a tab",
  "\n": "a line feed",
  "\r": "a carriage return",
  "\u00a0": "a no-break space",
  "\u200b": "a zero-width space",
};

/** By its number; shown only if it is visible ASCII, as any other may change what stands beside it. */
function nameOfCharacter(character: string): string {
  const number = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
  const name = NAMES[character] ?? (/^[!-~]$/.test(character) ? `\`${character}\`` : undefined);
  return name === undefined ? number : `${name} (${number})`;
}

/**
 * An https URL without query, fragment or user; or http on the loopback names. Text alone is judged: an address that may not be
 * fetched (private ranges, IP literals) passes, as what is fetched is judged where it is fetched.
 */
export function isIssuer(text: string): boolean {
  if (!hasLegalLength(text, MAX_CODE_POINTS)) return false;
  if (PLAIN_ISSUER.test(text)) return true;
  const parts = /^(https?):\/\/([^/]*)(\/.*)?$/i.exec(text);
  if (parts === null || /[^\x21-\x7e]|[?#@\\]/.test(text)) return false;
  const [, scheme, authority = "", path = ""] = parts;
  const host = hostOf(authority);
  if (host === undefined || !isLegalPath(path)) return false;
  return scheme?.toLowerCase() === "https" || ["localhost", "127.0.0.1", "[::1]"].includes(host);
}

/** The host of an authority that Go's url.Parse accepts, without its port; undefined if it does not, or the host is empty. */
function hostOf(authority: string): string | undefined {
  const [, host, port] = /^(\[.*\]|[^:]*)(:[0-9]*)?$/.exec(authority) ?? [];
  if (host === undefined || host === "") return undefined;
  if (host.startsWith("[")) return isIpLiteral(host.slice(1, -1)) ? host : undefined;
  return /^[A-Za-z0-9\-_.~!$&'()*+,;=\]<>"]+$/.test(host) && port !== null ? host : undefined;
}

/** An IPv6 address, with an optional zone behind `%25`. Zones mean something to one host only (RFC 4007 section 6): none is decoded. */
function isIpLiteral(text: string): boolean {
  const [, address = "", zone] = /^([^%]*)(?:%25([A-Za-z0-9\-_.~!$&'()*+,;=:<>"]+))?$/.exec(text) ?? [];
  return isIpv6(address) && zone !== "";
}

function isIpv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const groups = halves.map((half) => (half === "" ? [] : half.split(":")));
  const tail = groups.at(-1)?.at(-1) ?? "";
  const embedded = tail.includes(".");
  if (embedded && !isIpv4(tail)) return false;
  const all = groups.flat();
  const hex = embedded ? all.slice(0, -1) : all;
  if (!hex.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  const count = hex.length + (embedded ? 2 : 0);
  return halves.length === 2 ? count < 8 : count === 8;
}

function isIpv4(text: string): boolean {
  const numbers = text.split(".");
  return (
    numbers.length === 4 && numbers.every((number) => /^(0|[1-9][0-9]{0,2})$/.test(number) && Number(number) <= 255)
  );
}

function isLegalPath(path: string): boolean {
  if (/%(?![0-9A-Fa-f]{2})/.test(path)) return false;
  const decoded = path.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  if (!/^[A-Za-z0-9\-._~/]*$/.test(decoded) || /\.\.|\/\/|~~|~$/.test(decoded)) return false;
  return decoded
    .split("/")
    .every((segment) => segment !== "." && segment !== "~" && segment.length <= MAX_PATH_SEGMENT_BYTES);
}
