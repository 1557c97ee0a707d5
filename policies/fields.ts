/**
 * The format rules for `iss`, `sub` and `aud`, as octo-sts has them (its Go URL parser included). Pure; linear in the text.
 */

const MAX_CODE_POINTS = 255;
const MAX_PATH_SEGMENT_BYTES = 150;

function hasLegalLength(text: string): boolean {
  if (text.length === 0 || text.length > MAX_CODE_POINTS * 2) return false;
  return text.length <= MAX_CODE_POINTS || [...text].length <= MAX_CODE_POINTS;
}

/** Go's unicode.IsPrint less the space: letters, marks, numbers, punctuation, symbols. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S}]+$/u;

export function isSubject(text: string): boolean {
  return hasLegalLength(text) && PRINTABLE.test(text.toWellFormed()) && !/["'`\\<>;&$(){}[\]]/.test(text);
}

export function isAudience(text: string): boolean {
  return isSubject(text) && !/[|@]/.test(text);
}

/**
 * An https URL without query, fragment or user; or http on the loopback names. Text alone is judged: an address that may not be
 * fetched (private ranges, IP literals) passes, as what is fetched is judged where it is fetched.
 */
export function isIssuer(text: string): boolean {
  if (!hasLegalLength(text)) return false;
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

/** An IPv6 address, with an optional zone behind `%25`. */
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
